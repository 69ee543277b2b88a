//! When labels of progressive overrides are on.

use serde::{Deserialize, Deserializer, de};

/// One value of `override_labels`: `true`, `false`, or for how many of a hundred requests the label is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelRule {
    /// For all requests, or for none.
    Always(bool),
    /// For a share of the requests, from 0 to 100, chosen at random.
    Percent(f64),
}

impl<'de> Deserialize<'de> for LabelRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LabelRule, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected true, false or a number from 0 to 100")]
        enum Written {
            Always(bool),
            Percent(f64),
        }
        match Written::deserialize(deserializer)? {
            Written::Always(on) => Ok(LabelRule::Always(on)),
            Written::Percent(percent) if (0.0..=100.0).contains(&percent) => {
                Ok(LabelRule::Percent(percent))
            }
            Written::Percent(percent) => Err(de::Error::custom(format!(
                "{percent} is not a share; expected true, false or a number from 0 to 100"
            ))),
        }
    }
}
