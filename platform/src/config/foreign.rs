//! Variables that begin with `SOUK_` and are not meant for souk's configuration.

/// True for a variable that somebody else sets or reads: `SOUK_GRAPHIQL` is for builds, and Kubernetes tells every
/// container where the services of its namespace are. For a service `souk-router` these are `SOUK_ROUTER_SERVICE_HOST`,
/// `SOUK_ROUTER_SERVICE_PORT`, `SOUK_ROUTER_SERVICE_PORT_HTTP`, `SOUK_ROUTER_PORT=tcp://10.0.0.1:4000`,
/// `SOUK_ROUTER_PORT_4000_TCP`, `SOUK_ROUTER_PORT_4000_TCP_ADDR` and so on.
pub(super) fn is_for_others(name: &str, value: &str) -> bool {
    if name == "SOUK_GRAPHIQL" || name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT")
    {
        return true;
    }
    if name.contains("_SERVICE_PORT_") {
        return true;
    }
    if name.ends_with("_PORT") && is_address(value) {
        return true;
    }
    let Some((_, port)) = name.rsplit_once("_PORT_").or_else(|| {
        // `..._PORT_4000_TCP_PORT` ends with the word itself.
        name.strip_suffix("_PORT")?.rsplit_once("_PORT_")
    }) else {
        return false;
    };
    let mut words = port.split('_');
    let number = words.next().unwrap_or_default();
    let protocol = words.next().unwrap_or_default();
    number.parse::<u16>().is_ok() && PROTOCOLS.contains(&protocol)
}

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// `tcp://10.0.0.1:4000`
fn is_address(value: &str) -> bool {
    value.split_once("://").is_some_and(|(scheme, _)| {
        PROTOCOLS
            .iter()
            .any(|protocol| protocol.eq_ignore_ascii_case(scheme))
    })
}
