//! The small value types of the configuration, each of which refuses what it cannot mean.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderName;
use regex::Regex;
use serde::{Deserialize, Deserializer, de};

/// A length of time, written as a number with a unit: `500ms`, `30s`, `5m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub Duration);

impl Period {
    /// A period of whole seconds.
    pub const fn seconds(seconds: u64) -> Period {
        Period(Duration::from_secs(seconds))
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Period, String> {
        let wrong = || {
            format!(
                "\"{text}\" is not a duration; write a number and a unit, such as 500ms, 30s, 5m or 1h"
            )
        };
        let text = text.trim();
        let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(unit_at);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let milliseconds_per_unit = match unit.trim() {
            "ms" => 1,
            "s" | "sec" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        number
            .checked_mul(milliseconds_per_unit)
            .map(Duration::from_millis)
            .map(Period)
            .ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
        deserialize_text(deserializer, "a duration such as 500ms, 30s, 5m or 1h")
    }
}

/// The name of an HTTP header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderText(pub HeaderName);

impl FromStr for HeaderText {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderText, String> {
        HeaderName::from_str(text)
            .map(HeaderText)
            .map_err(|_| format!("\"{text}\" is not a header name"))
    }
}

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HeaderText, D::Error> {
        deserialize_text(deserializer, "a header name")
    }
}

/// The value of an HTTP header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderValueText(pub http::HeaderValue);

impl FromStr for HeaderValueText {
    type Err = String;

    fn from_str(text: &str) -> Result<HeaderValueText, String> {
        http::HeaderValue::from_str(text)
            .map(HeaderValueText)
            .map_err(|_| "a header value must be visible ASCII text".to_owned())
    }
}

impl<'de> Deserialize<'de> for HeaderValueText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HeaderValueText, D::Error> {
        deserialize_text(deserializer, "a header value")
    }
}

/// A regular expression that has to match a text as a whole.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether the pattern matches all of `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Pattern, String> {
        // Tried on its own first: what is wrong with it should not be told of the text around it.
        let whole = Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$")));
        whole.map(Pattern).map_err(|error| {
            // The lines before the last draw the pattern with a mark under it.
            let error = error.to_string();
            let reason = error
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            format!("\"{text}\" is not a regular expression: {reason}")
        })
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        deserialize_text(deserializer, "a regular expression")
    }
}

/// An absolute path of a URL, such as `/graphql`, without a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlPath(pub String);

impl FromStr for UrlPath {
    type Err = String;

    fn from_str(text: &str) -> Result<UrlPath, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
        if text.starts_with('/') && text.chars().all(plain) {
            return Ok(UrlPath(text.to_owned()));
        }
        Err(format!(
            "\"{text}\" is not a path; write one that starts with a slash, such as /graphql"
        ))
    }
}

impl<'de> Deserialize<'de> for UrlPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<UrlPath, D::Error> {
        deserialize_text(deserializer, "a path such as /graphql")
    }
}

/// The URL of a key set: `http`, `https` or `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetUrl(pub url::Url);

impl FromStr for KeySetUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<KeySetUrl, String> {
        parse_url(text, &["http", "https", "file"]).map(KeySetUrl)
    }
}

impl<'de> Deserialize<'de> for KeySetUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KeySetUrl, D::Error> {
        deserialize_text(deserializer, "a URL")
    }
}

/// The URL of a service over HTTP: `http` or `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(pub url::Url);

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<HttpUrl, String> {
        parse_url(text, &["http", "https"]).map(HttpUrl)
    }
}

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<HttpUrl, D::Error> {
        deserialize_text(deserializer, "a URL")
    }
}

/// A URL with one of these schemes.
fn parse_url(text: &str, schemes: &[&str]) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|error| format!("\"{text}\" is not a URL: {error}"))?;
    if schemes.contains(&url.scheme()) {
        return Ok(url);
    }
    Err(format!(
        "\"{text}\" has the scheme \"{}\"; supported are {}",
        url.scheme(),
        schemes.join(", ")
    ))
}

/// A host and a port to listen on: `127.0.0.1:4000`, `[::1]:4000`, or the name of a host, `localhost:4000`, which is
/// looked up by who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress(pub String);

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<ListenAddress, String> {
        let is_name = |host: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !host.is_empty() && host.chars().all(known)
        };
        let named = text
            .rsplit_once(':')
            .is_some_and(|(host, port)| is_name(host) && port.parse::<u16>().is_ok());
        if named || text.parse::<std::net::SocketAddr>().is_ok() {
            return Ok(ListenAddress(text.to_owned()));
        }
        Err(format!(
            "\"{text}\" is not an address to listen on; write one such as 127.0.0.1:4000 or localhost:4000"
        ))
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ListenAddress, D::Error> {
        deserialize_text(deserializer, "an address and a port such as 127.0.0.1:4000")
    }
}

/// Deserializes a string through `FromStr`, so that the reason for a refusal reaches whoever wrote the file.
fn deserialize_text<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    struct Text<T>(&'static str, std::marker::PhantomData<T>);

    impl<T: FromStr<Err = String>> de::Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(expected, std::marker::PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!("1500ms".parse(), Ok(Period(Duration::from_millis(1500))));
        assert_eq!("5m".parse(), Ok(Period::seconds(300)));
        for wrong in [
            "",
            "5",
            "s",
            "-5s",
            "5 fortnights",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong} was accepted");
        }
    }

    #[test]
    fn a_host_to_listen_on_may_have_a_name() {
        for right in [
            "127.0.0.1:4000",
            "[::1]:0",
            "localhost:4000",
            "router.shop.svc:65535",
        ] {
            assert!(
                right.parse::<ListenAddress>().is_ok(),
                "{right} was refused"
            );
        }
        for wrong in [
            "",
            "localhost",
            ":4000",
            "::1:4000",
            "localhost:65536",
            "localhost:http",
            "http://localhost:4000",
            "local host:4000",
        ] {
            assert!(
                wrong.parse::<ListenAddress>().is_err(),
                "{wrong} was accepted"
            );
        }
    }

    #[test]
    fn paths_start_with_a_slash() {
        assert!("/graphql".parse::<UrlPath>().is_ok());
        for wrong in ["graphql", "", "/a?b", "/{capture}", "/a b"] {
            assert!(wrong.parse::<UrlPath>().is_err(), "{wrong} was accepted");
        }
    }
}
