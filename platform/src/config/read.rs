//! Reading the layers and collecting everything that is wrong with them.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Config;
use super::foreign::is_for_others;
use super::setting::{self, SETTINGS};
use super::value;

/// The configuration file that is read, if it is there, when nobody names one.
const DEFAULT_FILE: &str = "souk.toml";

/// Where the configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file named by `--config`. `SOUK_CONFIG` comes after it, then `souk.toml` if there is one.
    pub file: Option<PathBuf>,
    /// The directory where `souk.toml` is looked for; `None` looks nowhere.
    pub directory: Option<PathBuf>,
    /// Environment variables; those that do not begin with `SOUK_` are not looked at.
    pub environment: Vec<(String, String)>,
    /// Command-line flags.
    pub flags: Vec<Flag>,
}

/// A setting given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag as the user typed it: `--port`.
    pub name: &'static str,
    /// The setting's place: `server.port`.
    pub key: &'static str,
    /// The value.
    pub value: String,
}

impl Sources {
    /// The environment of this process and `souk.toml` in the working directory.
    pub fn of_process() -> Sources {
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        Sources {
            file: None,
            directory: Some(PathBuf::from(".")),
            environment,
            flags: Vec::new(),
        }
    }

    /// Adds a flag if it was given.
    #[must_use]
    pub fn with_flag(
        mut self,
        name: &'static str,
        key: &'static str,
        value: Option<impl ToString>,
    ) -> Sources {
        if let Some(value) = value {
            self.flags.push(Flag {
                name,
                key,
                value: value.to_string(),
            });
        }
        self
    }
}

/// Everything that is wrong with a configuration, a sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The sentences. Never empty.
    pub problems: Vec<String>,
}

impl ConfigError {
    pub(super) fn new(problem: impl Into<String>) -> ConfigError {
        ConfigError {
            problems: vec![problem.into()],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the configuration of this process, with the flags the caller found on the command line.
    pub fn read(sources: Sources) -> Result<Config, ConfigError> {
        let mut problems = Vec::new();
        let mut layers = Figment::new().merge(defaults());

        if let Some(path) = configuration_file(&sources)? {
            layers = layers.merge(file_layer(&path)?);
        }
        layers = layers.merge(environment_layer(&sources.environment, &mut problems));
        layers = layers.merge(flag_layer(sources.flags));

        let merged: Dict = match layers.extract() {
            Ok(merged) => merged,
            Err(error) => {
                return Err(ConfigError::new(format!(
                    "the configuration cannot be read: {error}"
                )));
            }
        };
        let mut checked = Layer::new(Metadata::named("checked"));
        check_all(
            &layers,
            &merged,
            &mut Vec::new(),
            &mut checked,
            &mut problems,
        );
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        Figment::from(checked)
            .extract()
            .map_err(|error| ConfigError::new(error.to_string()))
    }
}

/// Checks every value, whatever layer it comes from.
fn check_all(
    layers: &Figment,
    values: &Dict,
    path: &mut Vec<String>,
    checked: &mut Layer,
    problems: &mut Vec<String>,
) {
    for (name, value) in values {
        path.push(name.clone());
        let key = path.join(".");
        match (setting::find(&key), value) {
            (Some(setting), value) => match value::check(setting.kind, value) {
                Ok(value) => checked.set(&key, value),
                Err(message) => {
                    // A default is a constant and right, so a wrong value always has a source of its own.
                    problems.push(format!("{} is {message}", place(layers, value, path)));
                }
            },
            (None, Value::Dict(_, inner)) if is_section(&key) => {
                check_all(layers, inner, path, checked, problems);
            }
            (None, value) if is_section(&key) => {
                problems.push(format!(
                    "{} is a section: expected settings below it",
                    place(layers, value, path)
                ));
            }
            (None, value) => {
                let near = nearest(&key, &known_places());
                problems.push(format!(
                    "{} is not a setting of souk{near}",
                    place(layers, value, path)
                ));
            }
        }
        path.pop();
    }
}

fn is_section(key: &str) -> bool {
    let prefix = format!("{key}.");
    known_keys().iter().any(|known| known.starts_with(&prefix))
}

fn known_keys() -> Vec<String> {
    SETTINGS.iter().flat_map(setting::keys).collect()
}

/// Settings and the sections around them.
fn known_places() -> Vec<String> {
    let mut places = known_keys();
    for key in known_keys() {
        for (dot, _) in key.match_indices('.') {
            places.push(key[..dot].to_owned());
        }
    }
    places
}

/// Where a value stands: `SOUK_SERVER_PORT`, `--port` or `server.port in souk.toml`.
fn place(layers: &Figment, value: &Value, path: &[String]) -> String {
    match layers.get_metadata(value.tag()) {
        Some(metadata) => {
            match metadata
                .source
                .as_ref()
                .and_then(|source| source.file_path())
            {
                Some(file) => format!("{} in {}", path.join("."), file.display()),
                None => metadata.interpolate(&Profile::Default, path),
            }
        }
        None => path.join("."),
    }
}

/// ` (did you mean ...?)` when something known is close, else nothing.
fn nearest(name: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .min();
    match near {
        Some((distance, candidate)) if distance <= name.len().max(6) / 3 => {
            format!("; did you mean {candidate}?")
        }
        _ => String::new(),
    }
}

/// Levenshtein distance in bytes: names are ASCII.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

fn configuration_file(sources: &Sources) -> Result<Option<PathBuf>, ConfigError> {
    let from_environment = sources
        .environment
        .iter()
        .find(|(name, value)| name == "SOUK_CONFIG" && !value.is_empty());
    let (path, named_by) = match (&sources.file, from_environment) {
        (Some(path), _) => (path.clone(), "--config"),
        (None, Some((_, path))) => (PathBuf::from(path), "SOUK_CONFIG"),
        (None, None) => {
            let path = sources
                .directory
                .as_ref()
                .map(|directory| directory.join(DEFAULT_FILE));
            return Ok(path.filter(|path| path.exists()));
        }
    };
    if path.is_file() {
        Ok(Some(path))
    } else {
        Err(ConfigError::new(format!(
            "{named_by} names the file {}, which does not exist",
            path.display()
        )))
    }
}

fn file_layer(path: &Path) -> Result<Figment, ConfigError> {
    let broken =
        |reason: String| ConfigError::new(format!("{} cannot be read: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
    // Parsed once before figment does it, because the parser's own message has line and column.
    if let Err(error) = text.parse::<toml::Table>() {
        return Err(broken(error.to_string().trim_end().replace('\n', "\n  ")));
    }
    Ok(Figment::from(Toml::file_exact(path)))
}

fn defaults() -> Layer {
    let mut layer = Layer::new(Metadata::named("default"));
    for setting in SETTINGS {
        if let (Some(default), false) = (setting.default, setting.key.contains('*')) {
            layer.set(setting.key, Value::from(default));
        }
    }
    layer
}

/// Empty variables count as not set, as deployment files often leave them.
fn environment_layer(environment: &[(String, String)], problems: &mut Vec<String>) -> Layer {
    let metadata =
        Metadata::named("environment").interpolater(|_, keys| setting::variable(&keys.join(".")));
    let mut layer = Layer::new(metadata);
    let known = setting::variables();
    for (name, value) in environment {
        if !name.starts_with("SOUK_") || is_for_others(name, value) {
            continue;
        }
        match known.iter().find(|variable| variable.name == *name) {
            Some(variable) => {
                if let Some(key) = variable.key.as_ref().filter(|_| !value.is_empty()) {
                    layer.set(key, Value::from(value.as_str()));
                }
            }
            None => {
                let names: Vec<String> =
                    known.iter().map(|variable| variable.name.clone()).collect();
                let near = nearest(name, &names);
                problems.push(format!(
                    "{name} is not an environment variable of souk{near}"
                ));
            }
        }
    }
    layer
}

fn flag_layer(flags: Vec<Flag>) -> Layer {
    let names: Vec<(&str, &str)> = flags.iter().map(|flag| (flag.key, flag.name)).collect();
    let metadata = Metadata::named("flags").interpolater(move |_, keys| {
        let key = keys.join(".");
        let name = names
            .iter()
            .find(|(candidate, _)| *candidate == key)
            .map(|(_, name)| *name);
        name.unwrap_or("a flag").to_owned()
    });
    let mut layer = Layer::new(metadata);
    for flag in flags {
        layer.set(flag.key, Value::from(flag.value));
    }
    layer
}

/// Values of one source.
struct Layer {
    metadata: Metadata,
    values: Dict,
}

impl Layer {
    fn new(metadata: Metadata) -> Layer {
        Layer {
            metadata,
            values: Dict::new(),
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        let mut parts: Vec<&str> = key.split('.').collect();
        let Some(last) = parts.pop() else { return };
        let mut dict = &mut self.values;
        for part in parts {
            let inner = dict
                .entry(part.to_owned())
                .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
            if !matches!(inner, Value::Dict(..)) {
                *inner = Value::Dict(Tag::Default, Dict::new());
            }
            let Value::Dict(_, inner) = inner else { return };
            dict = inner;
        }
        dict.insert(last.to_owned(), value);
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}
