//! `souk settings`: everything that can be configured.

use souk_platform::config::Config;

/// Prints every setting with its environment variable, its default and what it does.
#[allow(clippy::print_stdout)]
pub fn print() {
    for variable in Config::variables() {
        let default = variable
            .default
            .map(|default| format!(" (default {default})"))
            .unwrap_or_default();
        match variable.key {
            Some(key) => println!("{}  {key}{default}\n    {}", variable.name, variable.about),
            None => println!("{}{default}\n    {}", variable.name, variable.about),
        }
    }
}
