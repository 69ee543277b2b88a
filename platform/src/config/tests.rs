use std::fs;
use std::time::Duration;

use insta::assert_snapshot;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Sources {
    let environment = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Sources {
        environment,
        ..Sources::default()
    }
}

fn with_file(content: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("souk.toml"), content).unwrap();
    let sources = Sources {
        directory: Some(directory.path().to_owned()),
        ..Sources::default()
    };
    (directory, sources)
}

/// The problems, with the temporary directory's name taken out.
fn problems(directory: &tempfile::TempDir, sources: &Sources) -> String {
    let error = Config::read(sources.clone()).unwrap_err();
    error
        .to_string()
        .replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn the_defaults_hold() {
    let config = Config::default();
    assert_eq!(config.server.port, None);
    assert_eq!(config.public_url(), "http://127.0.0.1:4000");
    assert_eq!(
        config.identity.access_token_lifetime,
        Duration::from_secs(15 * 60)
    );
    assert_eq!(
        config.identity.refresh_token_lifetime,
        Duration::from_secs(30 * 24 * 60 * 60)
    );
    assert_eq!(config.log.format, LogFormat::Pretty);
    assert!(config.subgraphs.is_empty());
    assert!(config.database.url.is_none());
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let (_directory, mut sources) =
        with_file("[server]\nhost = \"0.0.0.0\"\nport = 1\n[orders]\nstalled_after = \"9s\"");
    sources.environment = vec![
        ("SOUK_SERVER_PORT".to_owned(), "2".to_owned()),
        (
            "SOUK_SUBGRAPHS_ORDER_URL".to_owned(),
            "http://order:4001/graphql".to_owned(),
        ),
        ("SOUK_EVENTS_URL".to_owned(), String::new()),
    ];
    let config = Config::read(sources.clone().with_flag("--port", "server.port", Some(3))).unwrap();
    assert_eq!(config.server.port, Some(3));
    assert_eq!(Config::read(sources).unwrap().server.port, Some(2));
    assert_eq!(config.server.host, "0.0.0.0");
    assert_eq!(config.orders.stalled_after, Duration::from_secs(9));
    assert_eq!(
        config.subgraphs["order"].url.as_deref(),
        Some("http://order:4001/graphql")
    );
    assert!(
        config.events.url.is_none(),
        "an empty variable counts as not set"
    );
    assert_eq!(config.public_url(), "http://localhost:3");
}

#[test]
fn every_problem_is_named_with_its_place() {
    let (directory, mut sources) = with_file(
        r#"
data_dirr = "x"
[server]
port = "many"
publik_url = "http://x"
[database]
url = "mysql://user:secret@host"
pool_size = 0
[payments]
expire_after = 30
[subgraphs.ordr]
url = "http://x"
[subgraphs.order]
listen = "4001"
[log]
format = ["json"]
"#,
    );
    sources.environment = vec![
        ("SOUK_SEVER_PORT".to_owned(), "1".to_owned()),
        (
            "SOUK_IDENTITY_INTERNAL_SECRET".to_owned(),
            "short-and-secret".to_owned(),
        ),
        ("SOUK_LOG_LEVEL".to_owned(), "souk=loud".to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
    ];
    let sources = sources.with_flag("--host", "server.host", Some(""));
    let problems = problems(&directory, &sources);
    assert!(
        !problems.contains("short-and-secret") && !problems.contains("user:secret"),
        "{problems}"
    );
    assert_snapshot!(problems);
}

#[test]
fn files_that_are_missing_or_broken_are_named() {
    let (directory, mut sources) = with_file("port = = 1");
    assert_snapshot!(problems(&directory, &sources));
    sources.file = Some(directory.path().join("other.toml"));
    assert_snapshot!(problems(&directory, &sources), @"--config names the file other.toml, which does not exist");
    sources.file = None;
    sources.environment = vec![("SOUK_CONFIG".to_owned(), "/nowhere/souk.toml".to_owned())];
    assert_snapshot!(problems(&directory, &sources), @"SOUK_CONFIG names the file /nowhere/souk.toml, which does not exist");
}

#[test]
fn a_value_where_a_section_belongs_is_named() {
    let (directory, sources) = with_file("server = 4000");
    assert_snapshot!(problems(&directory, &sources), @"server in souk.toml is a section: expected settings below it");
}

#[test]
fn secrets_are_not_shown() {
    let config = Config::read(environment(&[
        ("SOUK_DATABASE_URL", "postgres://souk:hunter2@db/souk"),
        (
            "SOUK_IDENTITY_INTERNAL_SECRET",
            "0123456789abcdef0123456789abcdef",
        ),
    ]))
    .unwrap();
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
    assert_eq!(
        config.database.url.as_deref(),
        Some("postgres://souk:hunter2@db/souk")
    );
    assert!(config.internal_signer().is_ok());
    assert!(
        Config::default()
            .internal_signer()
            .err()
            .unwrap()
            .to_string()
            .contains("SOUK_IDENTITY_INTERNAL_SECRET")
    );
}

#[test]
fn secrets_that_look_like_numbers_stay_text() {
    let secret = "12345678901234567890123456789012";
    let config = Config::read(environment(&[("SOUK_PAYMENTS_WEBHOOK_SECRET", secret)])).unwrap();
    assert_eq!(config.payments.webhook_secret.as_deref(), Some(secret));
}

#[test]
fn every_variable_is_read() {
    for variable in Config::variables() {
        let Some(key) = &variable.key else { continue };
        // No kind of setting takes this, so each must complain in the variable's name.
        let error = Config::read(environment(&[(&variable.name, "\u{0}")]));
        match error {
            Err(error) => assert!(
                error.problems[0].starts_with(&format!("{} is ", variable.name)),
                "{error}"
            ),
            Ok(_) => assert!(
                matches!(setting::find(key).unwrap().kind, Kind::Text | Kind::Path),
                "{key}"
            ),
        }
    }
}

#[test]
fn variables_of_kubernetes_and_of_the_build_are_passed_over() {
    let read = Config::read(environment(&[
        ("SOUK_GRAPHIQL", "required"),
        ("SOUK_ROUTER_SERVICE_HOST", "10.0.0.7"),
        ("SOUK_ROUTER_SERVICE_PORT", "4000"),
        ("SOUK_ROUTER_SERVICE_PORT_HTTP", "4000"),
        ("SOUK_ROUTER_PORT", "tcp://10.0.0.7:4000"),
        ("SOUK_ROUTER_PORT_4000_TCP", "tcp://10.0.0.7:4000"),
        ("SOUK_ROUTER_PORT_4000_TCP_PROTO", "tcp"),
        ("SOUK_ROUTER_PORT_4000_TCP_PORT", "4000"),
        ("SOUK_ROUTER_PORT_4000_TCP_ADDR", "10.0.0.7"),
        // A service named souk-server.
        ("SOUK_SERVER_PORT", "tcp://10.0.0.8:4000"),
    ]));
    assert_eq!(read.unwrap().server.port, None);
    for (name, value) in [
        ("SOUK_ROUTER_PORT", "4000"),
        ("SOUK_ROUTER_PORT_HTTP", "4000"),
        ("SOUK_GRAPHIQ", "cdn"),
    ] {
        let error = Config::read(environment(&[(name, value)])).unwrap_err();
        assert!(error.problems[0].starts_with(name), "{error}");
    }
}

#[test]
fn each_subgraph_has_its_own_database() {
    let url = |server: &str| subgraph_database_url(server, "order").unwrap();
    assert_eq!(url("postgres://db:5432"), "postgres://db:5432/souk_order");
    assert_eq!(
        url("postgres://u:p@db/shop1?sslmode=disable"),
        "postgres://u:p@db/shop1_order?sslmode=disable"
    );
    assert_eq!(
        url("postgres://souk@%2Fvar%2Flib%2Fsouk/"),
        "postgres://souk@%2Fvar%2Flib%2Fsouk/souk_order"
    );
    assert!(subgraph_database_url("nonsense", "order").is_err());
}

#[test]
fn durations_have_units() {
    assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(parse_duration("30d"), Some(Duration::from_secs(2_592_000)));
    // Longer ones would leave the calendar that times are reckoned in.
    assert!(parse_duration("36500d").is_some());
    for wrong in [
        "",
        "5",
        "0s",
        "-1s",
        "1.5h",
        "5 s",
        "s",
        "36501d",
        "200000000d",
        "99999999999999999999d",
    ] {
        assert_eq!(parse_duration(wrong), None, "{wrong}");
    }
}
