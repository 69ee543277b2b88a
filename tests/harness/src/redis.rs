//! A private Redis.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::{Process, free_port, shared, wait_for};

/// A Redis of this test, on a free port. It keeps nothing on disk.
pub struct Redis {
    process: Option<Process>,
    port: u16,
    directory: PathBuf,
}

impl Redis {
    /// Starts one.
    pub async fn start() -> Redis {
        let mut redis = Redis {
            process: None,
            port: free_port(),
            directory: shared::data_directory(),
        };
        redis.restart().await;
        redis
    }

    /// `redis://127.0.0.1:port/0`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again on the same port, empty.
    pub async fn restart(&mut self) {
        self.process = None;
        let mut command = Process::command("redis-server", "redis-server");
        command.args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--port",
            &self.port.to_string(),
        ]);
        command.arg("--dir").arg(&self.directory);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.process = Some(Process::spawn(command));
        let address = ("127.0.0.1", self.port);
        wait_for("Redis", Duration::from_secs(10), async || {
            TcpStream::connect(address).await.is_ok()
        })
        .await;
    }
}
