//! How a command ends when it does not succeed.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// A failed command: what to print and how to exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The command was understood and could not be done: exit code 1.
    pub fn failed(message: impl Display) -> Failure {
        Failure {
            message: message.to_string(),
            code: 1,
        }
    }

    /// The configuration, the command line or the machine is not as it must be: exit code 2.
    pub fn setup(message: impl Display) -> Failure {
        Failure {
            message: message.to_string(),
            code: 2,
        }
    }

    /// Several failures as one; `None` when there is none.
    pub fn all(failures: Vec<Failure>) -> Option<Failure> {
        failures.into_iter().reduce(|one, other| Failure {
            message: format!("{}\n{}", one.message, other.message),
            code: one.code.max(other.code),
        })
    }

    /// Prints the message to standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        for line in self.message.lines() {
            // Nobody may read it.
            let _ = writeln!(std::io::stderr(), "souk: {line}");
        }
        ExitCode::from(self.code)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
