//! Checking single values.

use std::str::FromStr;
use std::time::Duration;

use figment::value::{Num, Value};
use tracing_subscriber::EnvFilter;

use super::setting::Kind;
use crate::identity::TrustedProxies;

/// The longest length of time that can be configured: 36500 days.
const LONGEST: Duration = Duration::from_secs(36_500 * 24 * 60 * 60);

/// Brings a value into the form that [`super::Config`] reads, or says what would be allowed. The message goes on
/// after "... is ": it never repeats a secret.
pub(super) fn check(kind: Kind, value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(_, text) => text.trim().to_owned(),
        Value::Num(_, number) => match (number.to_i128(), number.to_u128(), number.to_f64()) {
            (Some(number), ..) => number.to_string(),
            (_, Some(number), _) => number.to_string(),
            (_, _, Some(number)) => number.to_string(),
            _ => String::new(),
        },
        Value::Bool(_, value) => value.to_string(),
        _ => return Err(format!("not a single value: {}", allowed(kind))),
    };
    let wrong = || match kind {
        Kind::SecretUrl(_) | Kind::Secret(_) => format!("not usable: {}", allowed(kind)),
        _ => format!("{text:?}: {}", allowed(kind)),
    };
    let accepted = match kind {
        Kind::Text | Kind::Path => !text.is_empty(),
        Kind::Port => {
            return text
                .parse()
                .map(|port: u16| Value::from(port))
                .map_err(|_| wrong());
        }
        Kind::Number(least, most) => {
            let number = text
                .parse()
                .ok()
                .filter(|number: &u64| (least..=most).contains(number))
                .ok_or_else(wrong)?;
            return Ok(Value::from(Num::U64(number)));
        }
        Kind::Duration => parse_duration(&text).is_some(),
        Kind::Url(schemes) | Kind::SecretUrl(schemes) => url::Url::parse(&text)
            .is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host()),
        Kind::Secret(bytes) => text.len() >= bytes,
        Kind::Address => text
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && u16::from_str(port).is_ok()),
        Kind::Word(words) => words.contains(&text.as_str()),
        Kind::Networks => TrustedProxies::parse(&text).is_some(),
        Kind::Level => !text.is_empty() && EnvFilter::builder().parse(&text).is_ok(),
    };
    if accepted {
        Ok(Value::from(text))
    } else {
        Err(wrong())
    }
}

/// What values a kind takes, for people.
fn allowed(kind: Kind) -> String {
    match kind {
        Kind::Text => "expected some text".to_owned(),
        Kind::Path => "expected a path".to_owned(),
        Kind::Port => "expected a port from 0 to 65535".to_owned(),
        Kind::Number(least, most) => format!("expected a whole number from {least} to {most}"),
        Kind::Duration => {
            "expected a length of time such as 500ms, 30s, 15m, 12h or 30d, and at most 36500d"
                .to_owned()
        }
        Kind::Url(schemes) | Kind::SecretUrl(schemes) => {
            format!(
                "expected an address that begins with {}://",
                schemes.join(":// or ")
            )
        }
        Kind::Secret(bytes) => format!("expected a secret of at least {bytes} bytes"),
        Kind::Address => "expected host:port such as 127.0.0.1:4001".to_owned(),
        Kind::Word(words) => format!("expected {}", words.join(" or ")),
        Kind::Networks => {
            "expected none, or networks such as 10.0.0.0/8 with commas between them".to_owned()
        }
        Kind::Level => {
            "expected error, warn, info, debug, trace, or directives such as info,souk_order=debug"
                .to_owned()
        }
    }
}

/// A length of time above zero: a whole number and `ms`, `s`, `m`, `h` or `d`. At most a hundred years, so that every
/// moment reckoned with it is one that databases and tokens can tell.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return None,
    };
    number
        .checked_mul(milliseconds)
        .map(Duration::from_millis)
        .filter(|duration| *duration <= LONGEST)
}

/// Reads a `Duration` from text, for serde.
pub(super) mod duration {
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::parse_duration(&text).ok_or_else(|| Error::custom("not a length of time"))
    }
}
