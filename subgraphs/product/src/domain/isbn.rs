//! International Standard Book Numbers (ISO 2108).

/// Why a text is not an ISBN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IsbnError {
    /// Neither ten nor thirteen digits.
    #[error("an ISBN has 10 or 13 digits; hyphens and spaces between them are fine")]
    Digits,
    /// An ISBN-13 of another prefix.
    #[error("an ISBN of 13 digits starts with 978 or 979")]
    Prefix,
    /// The last digit does not fit the others.
    #[error("the check digit of this ISBN is wrong: is a digit mistyped?")]
    CheckDigit,
}

/// The ISBN as 13 digits without hyphens; an ISBN-10 becomes its ISBN-13, so that one book has one number.
pub fn normalise(text: &str) -> Result<String, IsbnError> {
    let characters: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    match characters.len() {
        13 => from_thirteen(&characters),
        10 => from_ten(&characters),
        _ => Err(IsbnError::Digits),
    }
}

fn from_thirteen(characters: &[char]) -> Result<String, IsbnError> {
    let digits = digits(characters)?;
    if !matches!(digits[..3], [9, 7, 8 | 9]) {
        return Err(IsbnError::Prefix);
    }
    if check_digit(&digits[..12]) != digits[12] {
        return Err(IsbnError::CheckDigit);
    }
    Ok(text(&digits))
}

fn from_ten(characters: &[char]) -> Result<String, IsbnError> {
    let body = digits(&characters[..9])?;
    // In an ISBN-10 the check digit counts modulo 11, X is ten.
    let last = match characters[9] {
        'x' | 'X' => 10,
        other => digits(&[other])?[0],
    };
    let weighted: u32 = body
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    if !(weighted + last).is_multiple_of(11) {
        return Err(IsbnError::CheckDigit);
    }
    let mut thirteen = vec![9, 7, 8];
    thirteen.extend(body);
    thirteen.push(check_digit(&thirteen));
    Ok(text(&thirteen))
}

fn digits(characters: &[char]) -> Result<Vec<u32>, IsbnError> {
    characters
        .iter()
        .map(|c| c.to_digit(10).ok_or(IsbnError::Digits))
        .collect()
}

/// The thirteenth digit: with weights 1 and 3 in turn the sum is a multiple of ten.
fn check_digit(twelve: &[u32]) -> u32 {
    let sum: u32 = twelve
        .iter()
        .enumerate()
        .map(|(index, digit)| if index % 2 == 0 { *digit } else { 3 * digit })
        .sum();
    (10 - sum % 10) % 10
}

fn text(digits: &[u32]) -> String {
    digits
        .iter()
        .filter_map(|digit| char::from_digit(*digit, 10))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_become_thirteen_digits() {
        assert_eq!(
            normalise("978-0-306-40615-7"),
            Ok("9780306406157".to_owned())
        );
        assert_eq!(normalise("0-306-40615-2"), Ok("9780306406157".to_owned()));
        assert_eq!(normalise("0 8044 2957 X"), Ok("9780804429573".to_owned()));
    }

    #[test]
    fn wrong_numbers_are_refused() {
        assert_eq!(normalise("978-0-306-40615-8"), Err(IsbnError::CheckDigit));
        assert_eq!(normalise("0-306-40615-3"), Err(IsbnError::CheckDigit));
        assert_eq!(normalise("1234567890128"), Err(IsbnError::Prefix));
        assert_eq!(normalise("97803064061"), Err(IsbnError::Digits));
        assert_eq!(normalise("97803064061X7"), Err(IsbnError::Digits));
        assert_eq!(normalise(""), Err(IsbnError::Digits));
    }
}
