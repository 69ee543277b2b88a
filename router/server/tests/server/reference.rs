//! The reference of the configuration, `docs/router.md`, is held to what the router reads.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use souk_router::RouterConfig;
use souk_router::config::ConfigError;

/// What stands in the reference's examples, with the files that they refer to in a folder that is there.
struct Reference {
    text: String,
    examples: Vec<String>,
    _files: tempfile::TempDir,
}

impl Reference {
    fn read() -> Reference {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/router.md");
        let files = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["router".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        for name in ["authorities.pem", "payment.pem", "router.pem"] {
            std::fs::write(files.path().join(name), &certificate).unwrap();
        }
        std::fs::write(files.path().join("router.key"), key.serialize_pem()).unwrap();

        let text = std::fs::read_to_string(path).unwrap();
        let text = text.replace("/etc/souk/", &format!("{}/", files.path().display()));
        let blocks = text.split("```yaml\n").skip(1);
        let examples = blocks.map(|block| block.split_once("```").unwrap().0.to_owned());
        Reference {
            examples: examples.collect(),
            text,
            _files: files,
        }
    }

    /// The keys of the tables, from the document's root, with what stands for the default.
    fn defaults(&self) -> Vec<(String, String)> {
        let mut defaults = Vec::new();
        // In a table of defaults, what its keys are below.
        let mut above = None;
        for line in self.text.lines() {
            let mut cells = line.split(" | ");
            let (first, second) = (cells.next().unwrap_or_default(), cells.next());
            if let Some(heading) = first.strip_prefix("| key") {
                let of = quoted(heading.trim_start_matches(" of "));
                above =
                    (second == Some("default")).then_some(of.map_or(String::new(), |of| of + "."));
            } else if !line.starts_with('|') {
                above = None;
            } else if let Some(above) = &above
                && let Some(key) = quoted(first.trim_start_matches("| "))
                && let Some(default) = second.and_then(quoted)
            {
                defaults.push((format!("{above}{key}"), default));
            }
        }
        defaults
    }

    fn documents(&self) -> impl Iterator<Item = Value> {
        let parsed = self
            .examples
            .iter()
            .map(|yaml| serde_saphyr::from_str(yaml));
        parsed.map(|document| document.unwrap())
    }
}

#[test]
fn its_examples_are_ones_that_the_router_takes() {
    for example in Reference::read().examples {
        if let Err(error) = RouterConfig::from_yaml(&example) {
            panic!("{example}\n{error}");
        }
    }
}

#[test]
fn its_last_example_has_every_key_at_its_default() {
    let reference = Reference::read();
    let last = reference.examples.last().unwrap();
    assert_eq!(
        RouterConfig::from_yaml(last).unwrap(),
        RouterConfig::default()
    );
    let last = reference.documents().last().unwrap();
    let mut said = BTreeSet::new();
    keys(&last, "", &mut said);
    for key in known(&last) {
        assert!(said.contains(&key), "the last example lacks {key}");
    }
}

#[test]
fn its_tables_tell_the_defaults() {
    // What a map must have, whatever else is in it.
    let needed = [
        ("authentication.router.jwt", json!({})),
        (
            "authentication.router.jwt.jwks[]",
            json!({ "url": "https://id.example/keys" }),
        ),
        ("coprocessor", json!({ "url": "http://127.0.0.1:8081" })),
        ("cors.policies[]", json!({})),
        ("include_subgraph_errors.all", json!({})),
    ];
    let mut told = 0;
    for (key, default) in Reference::read().defaults() {
        let mut document = json!({});
        for (map, content) in &needed {
            if key.starts_with(&format!("{map}.")) {
                *at(&mut document, map) = content.clone();
            }
        }
        let without = RouterConfig::from_value(document.clone()).unwrap();
        *at(&mut document, &key) = serde_saphyr::from_str(&default).unwrap();
        let with = RouterConfig::from_value(document);
        let with = with.unwrap_or_else(|error| panic!("{key}: {default}: {error}"));
        assert_eq!(with, without, "{default} is not the default of {key}");
        told += 1;
    }
    assert!(told > 60, "only {told} defaults were found");
}

#[test]
fn it_has_an_example_of_every_key() {
    let reference = Reference::read();
    let (mut said, mut expected) = (BTreeSet::new(), BTreeSet::new());
    for document in reference.documents() {
        keys(&document, "", &mut said);
        expected.extend(known(&document));
    }
    // Where the walk below ended too early, the other assertion would be about nothing.
    assert!(expected.contains("tls.subgraph.all.client_authentication"));
    assert!(expected.contains("authentication.router.jwt.jwks[].poll_interval"));
    let missing: Vec<&String> = expected.difference(&said).collect();
    assert!(missing.is_empty(), "no example has {missing:#?}");
}

/// Maps from names that whoever writes the file chooses.
const NAMED: [&str; 7] = [
    "headers.subgraphs",
    "traffic_shaping.subgraphs",
    "tls.subgraph.subgraphs",
    "include_subgraph_errors.subgraphs",
    "subscription.mode.passthrough.subgraphs",
    "override_subgraph_url",
    "override_labels",
];

/// What stands between the first two backticks, if the text begins with them.
fn quoted(text: &str) -> Option<String> {
    let (quoted, _) = text.strip_prefix('`')?.split_once('`')?;
    Some(quoted.to_owned())
}

/// The place of a key such as `cors.policies[].origins` or `plugins."a.b"`, made where it is not there.
fn at<'v>(document: &'v mut Value, key: &str) -> &'v mut Value {
    let (path, last) = match key.trim_end_matches('"').split_once(".\"") {
        Some((path, last)) => (path, Some(last)),
        None => (key, None),
    };
    let mut place = document;
    for step in path.split('.').chain(last) {
        place = match step.strip_suffix("[]") {
            Some(list) => {
                let list = &mut place[list];
                if list.is_null() {
                    *list = json!([null]);
                }
                &mut list[0]
            }
            None => &mut place[step],
        };
    }
    place
}

/// Where the value of a key is, with `<name>` for every name.
fn below(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path if NAMED.contains(&path) => format!("{path}.<name>"),
        path => format!("{path}.{key}"),
    }
}

/// Every key of a document.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            for item in items {
                keys(item, &format!("{path}[]"), found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let path = below(path, key);
                keys(value, &path, found);
                found.insert(path);
            }
        }
        _ => {}
    }
}

/// Every key that the router knows beside those of a document. It tells them when it is given one that it does not know.
fn known(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    ask(document, &|part| part, "", &mut found);
    found
}

/// Asks at every map below `value`; `whole` puts a replacement for the value into the document.
fn ask(value: &Value, whole: &dyn Fn(Value) -> Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            for item in items {
                ask(
                    item,
                    &|part| whole(json!([part])),
                    &format!("{path}[]"),
                    found,
                );
            }
        }
        Value::Object(map) => {
            for key in told(&whole(json!({ "?": null }))) {
                found.insert(below(path, &key));
            }
            for (key, value) in map {
                let among = |part| whole(Value::Object(Map::from_iter([(key.clone(), part)])));
                ask(value, &among, &below(path, key), found);
            }
        }
        _ => {}
    }
}

/// The keys that the router expects in the place of the key `?`.
fn told(document: &Value) -> Vec<String> {
    let Err(ConfigError::Invalid(problems)) = RouterConfig::from_value(document.clone()) else {
        return Vec::new();
    };
    let unknown = problems.iter().find_map(|problem| {
        let expected = problem.message.strip_prefix("unknown field `?`, ");
        expected.or(problem.message.strip_prefix("unknown variant `?`, "))
    });
    let quoted = unknown.unwrap_or_default().split('`').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}
