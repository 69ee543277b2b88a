//! The figures, as a table for people and as JSON for machines.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::load::Outcome;

/// Everything that was measured.
#[derive(Default, Serialize)]
pub struct Report {
    rates: Vec<Rate>,
    facts: Vec<Fact>,
}

/// What came out of a load. CPU in milliseconds per request.
#[derive(Serialize)]
struct Rate {
    what: String,
    mode: String,
    clients: usize,
    per_second: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    failures: u64,
    souk_ms: f64,
    postgres_ms: f64,
    servers_ms: f64,
    load_ms: f64,
}

/// One figure.
#[derive(Serialize)]
struct Fact {
    what: String,
    value: f64,
    unit: &'static str,
}

impl Report {
    /// Adds what came out of a load.
    pub fn rate(&mut self, what: &str, mode: &str, clients: usize, outcome: &Outcome) {
        #[allow(
            clippy::cast_precision_loss,
            reason = "a number of requests is far below 2^52"
        )]
        let requests = outcome.latencies.len().max(1) as f64;
        let each = |seconds: f64| seconds * 1000.0 / requests;
        let rate = Rate {
            what: what.to_owned(),
            mode: mode.to_owned(),
            clients,
            per_second: requests / outcome.elapsed.as_secs_f64(),
            p50_ms: milliseconds(outcome.percentile(0.5)),
            p95_ms: milliseconds(outcome.percentile(0.95)),
            p99_ms: milliseconds(outcome.percentile(0.99)),
            failures: outcome.failures,
            souk_ms: each(outcome.cpu.souk),
            postgres_ms: each(outcome.cpu.postgres),
            servers_ms: each(outcome.cpu.servers),
            load_ms: each(outcome.cpu.load),
        };
        eprintln!("{}", rate.line());
        self.rates.push(rate);
    }

    /// Adds one figure.
    pub fn fact(&mut self, what: &str, value: f64, unit: &'static str) {
        eprintln!("{what}: {value:.1} {unit}");
        self.facts.push(Fact {
            what: what.to_owned(),
            value,
            unit,
        });
    }

    /// A table in Markdown.
    pub fn table(&self) -> String {
        let mut table = String::new();
        if !self.rates.is_empty() {
            table.push_str("| what | mode | clients | per second | p50 ms | p95 ms | p99 ms | failed | souk ms | PostgreSQL ms | RabbitMQ, Redis ms | load ms |\n");
            table.push_str(
                "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
            );
        }
        for rate in &self.rates {
            let _ = writeln!(table, "{}", rate.line());
        }
        if !self.facts.is_empty() {
            table.push_str("\n| what | |\n| --- | --: |\n");
        }
        for fact in &self.facts {
            let _ = writeln!(table, "| {} | {:.1} {} |", fact.what, fact.value, fact.unit);
        }
        table
    }

    /// All of it as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Rate {
    fn line(&self) -> String {
        format!(
            "| {} | {} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            self.what,
            self.mode,
            self.clients,
            self.per_second,
            self.p50_ms,
            self.p95_ms,
            self.p99_ms,
            self.failures,
            self.souk_ms,
            self.postgres_ms,
            self.servers_ms,
            self.load_ms
        )
    }
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
