//! Holds `Dockerfile`, `docker-compose.yml` and `deploy/` to what souk reads and does: no container engine runs them here.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::Value;
use souk_platform::config::{Config, Sources};
use souk_router::RouterConfig;

use super::*;

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

fn compose_file() -> Value {
    serde_saphyr::from_str(&file("docker-compose.yml")).unwrap()
}

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, service)| service["image"] == "souk")
}

fn texts(value: &Value) -> Vec<&str> {
    let words = value.as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn docker_compose_runs_commands_that_souk_knows() {
    let compose = compose_file();
    let mut seen = HashSet::new();
    for (name, service) in services(&compose) {
        let command = [vec!["souk"], texts(&service["command"])].concat();
        Cli::try_parse_from(&command).unwrap_or_else(|error| panic!("{name}: {error}"));
        seen.insert(name.clone());
        if let Some(check) = service.pointer("/healthcheck/test") {
            let check = texts(check);
            assert_eq!(check[0], "CMD", "{name}");
            Cli::try_parse_from(&check[1..]).unwrap_or_else(|error| panic!("{name}: {error}"));
        } else {
            assert!(
                ["migrate", "seed"].contains(&name.as_str()),
                "{name} has no health check"
            );
        }
    }
    for process in [
        "user", "shop", "product", "order", "payment", "search", "router", "migrate", "seed",
    ] {
        assert!(
            seen.contains(process),
            "docker-compose.yml does not start {process}"
        );
    }
}

#[test]
fn docker_compose_sets_variables_that_souk_reads() {
    let compose = compose_file();
    let known: HashSet<String> = Config::variables()
        .into_iter()
        .map(|variable| variable.name)
        .collect();
    for (name, service) in services(&compose) {
        let environment = service["environment"].as_object().unwrap();
        for variable in environment.keys() {
            assert!(
                known.contains(variable),
                "{name} sets {variable}, which is no setting"
            );
        }
        // With the placeholders filled in, the values are ones that the configuration accepts.
        let filled = environment
            .iter()
            .map(|(key, value)| (key.clone(), fill_in(value.as_str().unwrap())))
            .collect();
        Config::read(Sources {
            environment: filled,
            ..Sources::default()
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// What docker compose makes of `${NAME:?message}` and `${NAME:-default}`.
fn fill_in(value: &str) -> String {
    let Some((before, rest)) = value.split_once("${") else {
        return value.to_owned();
    };
    let (placeholder, after) = rest.split_once('}').unwrap();
    let filled = match placeholder.split_once(":-") {
        Some((_, default)) => default,
        None => "0123456789abcdef0123456789abcdef",
    };
    format!("{before}{filled}{after}")
}

/// The port behind the last colon of an address.
fn port(address: &str) -> u16 {
    let port = address.rsplit(':').next().unwrap();
    let port = port.split('/').next().unwrap();
    port.parse().unwrap_or_else(|_| panic!("{address}"))
}

#[test]
fn docker_compose_and_the_router_find_everybody_where_he_listens() {
    let compose = compose_file();
    let yaml = file("deploy/router.yaml");
    RouterConfig::from_yaml(&yaml).unwrap();
    let router: Value = serde_saphyr::from_str(&yaml).unwrap();
    let services: HashMap<&String, &Value> = services(&compose).collect();
    let checked = |service: &Value| {
        service["healthcheck"]["test"][3]
            .as_str()
            .unwrap()
            .to_owned()
    };

    for member in crate::graph::MEMBERS {
        let name = member.name;
        let service = services[&name.to_owned()];
        let command: Vec<&str> = texts(&service["command"]);
        assert_eq!(command[..3], ["subgraph", name, "--listen"]);
        let listens = port(command[3]);
        let url = format!("http://{name}:{listens}/graphql");
        let variable = format!("SOUK_SUBGRAPHS_{}_URL", name.to_uppercase());
        for (other, service) in &services {
            assert_eq!(service["environment"][&variable], url, "{other}");
        }
        assert_eq!(router["override_subgraph_url"][name], url);
        let readiness = format!("http://localhost:{listens}/readiness");
        assert_eq!(checked(service), readiness, "{name}");
    }

    let user = router["override_subgraph_url"]["user"].as_str().unwrap();
    let keys = user.replace("/graphql", "/.well-known/jwks.json");
    assert_eq!(
        router["authentication"]["router"]["jwt"]["jwks"][0]["url"],
        keys
    );
    let listens = port(router["supergraph"]["listen"].as_str().unwrap());
    assert_eq!(
        checked(services[&"router".to_owned()]),
        format!("http://localhost:{listens}/readiness")
    );
    // What a browser is sent to is published under the same number.
    let pay = &services[&"payment".to_owned()]["environment"]["SOUK_PAYMENTS_PUBLIC_URL"];
    for (name, port) in [
        ("router", listens),
        ("payment", port(&fill_in(pay.as_str().unwrap()))),
    ] {
        let published = &services[&name.to_owned()]["ports"];
        assert_eq!(texts(published), [format!("{port}:{port}")], "{name}");
    }
}

/// The lines of the image that runs, after the one that builds.
fn image() -> String {
    let file = file("Dockerfile");
    let (_, image) = file.rsplit_once("\nFROM ").unwrap();
    image.to_owned()
}

#[test]
fn the_image_has_every_file_that_commands_read() {
    let image = image();
    let copied: Vec<String> = image
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from="))
        .filter(|line| line.ends_with(" /etc/souk/"))
        .flat_map(|line| line.split_whitespace().skip(1))
        .filter(|source| *source != "/etc/souk/")
        .map(str::to_owned)
        .collect();
    for source in &copied {
        file(source);
    }
    for (name, service) in services(&compose_file()) {
        for word in texts(&service["command"]) {
            let Some(read) = word.strip_prefix("/etc/souk/") else {
                continue;
            };
            let is_there = |source: &String| Path::new(source).file_name().unwrap() == read;
            assert!(copied.iter().any(is_there), "{name} reads {word}");
        }
    }
}

// Clients of HTTPS, the router's key sets among them, refuse to start without.
#[test]
fn the_image_has_certificates() {
    let installs =
        |line: &str| line.contains("apt-get install") && line.contains("ca-certificates");
    assert!(image().lines().any(installs));
}

#[test]
fn every_variable_in_the_environment_of_the_image_is_documented() {
    let guide = file("docs/operations.md");
    for variable in Config::variables() {
        // Variables of single subgraphs are documented once, for all six.
        let general = crate::graph::MEMBERS
            .iter()
            .fold(variable.name.clone(), |name, member| {
                name.replace(
                    &format!("SUBGRAPHS_{}_", member.name.to_uppercase()),
                    "SUBGRAPHS_<NAME>_",
                )
            });
        assert!(
            guide.contains(&general),
            "docs/operations.md does not explain {general}"
        );
    }
}
