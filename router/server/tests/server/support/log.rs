//! What is logged while a test runs.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// Log lines as text, from when it was made until it is dropped, of the thread that made it.
pub struct Log {
    lines: Lines,
    _default: DefaultGuard,
    /// While a process has one log only, a span that is first met on a thread without it is switched off for all
    /// threads. Other tests are such threads, so there are two.
    _other: Dispatch,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn begin() -> Log {
        let other = Dispatch::new(tracing_subscriber::registry());
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Log {
            lines,
            _default: tracing::subscriber::set_default(subscriber),
            _other: other,
        }
    }

    /// The first line with this text in it.
    pub fn line(&self, text: &str) -> String {
        let found = self.lines(text).into_iter().next();
        found.unwrap_or_else(|| panic!("{}", self.text()))
    }

    /// All lines with this text in them.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let all = self.text();
        let lines = all.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect()
    }

    fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }
}
