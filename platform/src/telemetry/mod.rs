//! Logs and metrics.
//!
//! Every line of the log that belongs to a client's request carries its correlation id: the id is a field of the
//! request's span ([`request_span`]), and lines inherit the fields of their spans.
//!
//! Metrics are recorded with the `metrics` macros and named `souk_<what>_<unit>`: counters end in `_total`, times are
//! histograms in seconds that end in `_seconds`. Labels have few values (a subgraph, an outcome), never an id.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::{Span, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Upper bounds of the buckets that times are counted in, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// What libraries warn of without need: the file watch of each watched folder that is removed, as in every deployment of a
/// Kubernetes ConfigMap. What is configured for the same target wins.
const TOO_LOUD: &str = "notify=error";

/// How often recorded times are sorted into buckets.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Why logs or metrics cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `RUST_LOG` or the configured level is no list of directives.
    #[error("the log level {level:?} is not understood: {reason}")]
    Level {
        /// What was configured.
        level: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else in this process has taken the log.
    #[error("the log is already set up: {0}")]
    Log(String),
    /// Somebody else in this process records metrics.
    #[error("metrics are already recorded: {0}")]
    Metrics(#[from] BuildError),
}

/// Sends the log to standard error in the configured format, once per process. `RUST_LOG` wins over the level in
/// the configuration.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let level = std::env::var("RUST_LOG")
        .ok()
        .filter(|level| !level.is_empty())
        .unwrap_or_else(|| log.level.clone());
    // Colours are for people at a terminal, not for files.
    let colours = std::io::stderr().is_terminal();
    let log = subscriber(log.format, &level, colours, std::io::stderr)?;
    log.try_init()
        .map_err(|error| TelemetryError::Log(error.to_string()))
}

/// Writes the log in this format: lines of these levels, in colours if wanted, to `writer`.
pub fn subscriber<W>(
    format: LogFormat,
    level: &str,
    colours: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(format!("{TOO_LOUD},{level}"))
        .map_err(|error| TelemetryError::Level {
            level: level.to_owned(),
            reason: error.to_string(),
        })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A line that cannot be written, as on a full disk, is lost, and nothing else: telling of it on standard error panics
        // where that is what is broken.
        .log_internal_errors(false)
        .with_writer(writer);
    Ok(match format {
        LogFormat::Pretty => Box::new(builder.with_ansi(colours).finish()),
        LogFormat::Json => Box::new(
            builder
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .finish(),
        ),
    })
}

/// The recorder of this process's metrics, installed by the first call.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    match builder.install_recorder() {
        Ok(handle) => {
            keep_up(handle.clone());
            Ok(RECORDER.get_or_init(|| handle).clone())
        }
        // Another thread was faster: its handle is the one that counts.
        Err(error) => RECORDER
            .get()
            .cloned()
            .ok_or(TelemetryError::Metrics(error)),
    }
}

/// Sorts what histograms have recorded into their buckets, as long as the process lives: otherwise every recorded time
/// would be kept until somebody reads the metrics.
fn keep_up(handle: PrometheusHandle) {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP_INTERVAL);
            handle.run_upkeep();
        }
    };
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    if let Err(error) = thread.spawn(upkeep) {
        tracing::warn!(%error, "cannot start the thread that keeps metrics small");
    }
}

/// The span of one GraphQL request at a subgraph: what is logged inside carries the correlation id. It is of the
/// highest level, because a line has no id when the level of its span is switched off.
pub fn request_span(subgraph: &str, correlation_id: &str) -> Span {
    tracing::error_span!("request", subgraph, correlation_id)
}
