//! Child processes that never outlive the test.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// A child process in a group of its own. The group is killed when this is dropped, and the process itself also when
/// the test process dies without a chance to do so.
pub struct Process {
    pid: Pid,
    waiter: Option<JoinHandle<std::io::Result<ExitStatus>>>,
}

impl Process {
    /// A command for [`Process::spawn`]. `package` is what to install when the program is missing.
    pub fn command(program: &str, package: &str) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = Path::new(program).is_file()
            || std::env::split_paths(&path).any(|place| place.join(program).is_file());
        assert!(
            found,
            "{program} was not found: install it with `apt-get install {package}`"
        );
        let setpriv = Path::new("/usr/bin/setpriv");
        if setpriv.is_file() {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--", program]);
            command
        } else {
            Command::new(program)
        }
    }

    /// Starts it. Its thread lives as long as the process, because the system takes the end of the thread that started
    /// a process for the death of its parent.
    pub fn spawn(mut command: Command) -> Process {
        command.process_group(0);
        let (sender, receiver) = mpsc::channel();
        let waiter = thread::spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    let _ = sender.send(Err(format!("{command:?}: {error}")));
                    return Err(error);
                }
            };
            let _ = sender.send(Ok(child.id()));
            child.wait()
        });
        let pid = receiver
            .recv()
            .expect("the thread of a child process")
            .unwrap_or_else(|error| panic!("{error}"));
        Process {
            pid: Pid::from_raw(i32::try_from(pid).expect("a process id")),
            waiter: Some(waiter),
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// True until it has ended.
    pub fn is_running(&self) -> bool {
        self.waiter
            .as_ref()
            .is_some_and(|waiter| !waiter.is_finished())
    }

    /// Sends a signal to the process alone, such as `SIGTERM`, or `SIGKILL` to see what a crash does.
    pub fn signal(&self, signal: Signal) {
        if self.is_running() {
            kill(self.pid, signal).expect("a signal to a child process");
        }
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        let waiter = self.waiter.take().expect("a process is waited for once");
        waiter
            .join()
            .expect("the thread of a child process")
            .expect("the end of a child process")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.take() {
            // The leader may be gone and others of its group may not.
            let _ = killpg(self.pid, Signal::SIGKILL);
            let _ = waiter.join();
        }
    }
}

/// A port on loopback that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Asks again and again until the answer is yes. Panics with `what` after `within`.
pub async fn wait_for(what: &str, within: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + within;
    while !is_so().await {
        assert!(
            Instant::now() < until,
            "waited {within:?} in vain for {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
