//! Checks of what clients send, the same in every subgraph.

use crate::error::{ApiError, ApiResult};

/// Text that must say something: trimmed, 1 to `longest` characters, no control characters. Otherwise
/// `BAD_USER_INPUT` for `argument`.
pub fn line(argument: &str, value: &str, longest: usize) -> ApiResult<String> {
    let value = optional_line(argument, value, longest)?;
    if value.is_empty() {
        return Err(ApiError::bad_input(argument, "this must not be empty"));
    }
    Ok(value)
}

/// Text that may be empty: trimmed, at most `longest` characters, no control characters. Otherwise `BAD_USER_INPUT`
/// for `argument`.
pub fn optional_line(argument: &str, value: &str, longest: usize) -> ApiResult<String> {
    let value = value.trim();
    if value.chars().any(char::is_control) {
        return Err(ApiError::bad_input(
            argument,
            "this must not contain line breaks or control characters",
        ));
    }
    at_most(argument, value, longest)
}

/// Text of several lines that may be empty: trimmed, at most `longest` characters, no control characters but line
/// breaks and tabs. Otherwise `BAD_USER_INPUT` for `argument`.
pub fn paragraphs(argument: &str, value: &str, longest: usize) -> ApiResult<String> {
    let value = value.trim();
    if value
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(ApiError::bad_input(
            argument,
            "this must not contain control characters",
        ));
    }
    at_most(argument, value, longest)
}

fn at_most(argument: &str, value: &str, longest: usize) -> ApiResult<String> {
    let length = value.chars().count();
    if length > longest {
        return Err(ApiError::bad_input(
            argument,
            format!("this may be at most {longest} characters long, got {length}"),
        ));
    }
    Ok(value.to_owned())
}

/// The country codes of ISO 3166-1 alpha-2 that are officially assigned.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG \
    KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX \
    MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG \
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG \
    VI VN VU WF WS YE YT ZA ZM ZW";

/// A country as ISO 3166-1 alpha-2 in upper case, or `BAD_USER_INPUT` for `argument`.
pub fn country(argument: &str, value: &str) -> ApiResult<String> {
    let code = value.trim().to_ascii_uppercase();
    if !COUNTRIES
        .split_ascii_whitespace()
        .any(|known| known == code)
    {
        return Err(ApiError::bad_input(
            argument,
            "a country is two letters of ISO 3166-1, such as DE",
        ));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line("a", "  Grüße ", 5), Ok("Grüße".to_owned()));
        assert!(line("a", "   ", 5).is_err());
        assert!(line("a", "123456", 5).is_err());
        assert!(line("a", "a\nb", 5).is_err());
        assert_eq!(paragraphs("a", "a\nb", 5), Ok("a\nb".to_owned()));
        assert!(paragraphs("a", "a\0b", 5).is_err());
    }

    #[test]
    fn countries_are_those_of_iso_3166() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        assert_eq!(country("c", "de"), Ok("DE".to_owned()));
        for wrong in ["", "D", "XX", "DEU", "D E", "UK"] {
            assert_eq!(
                country("input.country", wrong)
                    .unwrap_err()
                    .argument
                    .as_deref(),
                Some("input.country")
            );
        }
    }
}
