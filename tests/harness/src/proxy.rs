//! A TCP proxy that breaks: for tests of what happens when a database or broker cannot be reached.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// Stands in front of a server. Drop it to take it away.
pub struct Proxy {
    url: String,
    mode: Arc<watch::Sender<Mode>>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass(Duration),
    Cut,
}

#[derive(Clone)]
enum Target {
    Tcp(String),
    Socket(PathBuf),
}

impl Proxy {
    /// A proxy in front of the server at this URL; a host that is a directory means PostgreSQL's socket in it.
    pub async fn in_front_of(url: &str) -> Proxy {
        let mut url = Url::parse(url).expect("the server's URL");
        let host = url
            .host_str()
            .expect("the server's host")
            .replace("%2F", "/");
        let target = if host.starts_with('/') {
            Target::Socket(PathBuf::from(host).join(".s.PGSQL.5432"))
        } else {
            Target::Tcp(format!(
                "{host}:{}",
                url.port_or_known_default().expect("the server's port")
            ))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        url.set_host(Some("127.0.0.1")).expect("a URL with a host");
        url.set_port(Some(port)).expect("a URL with a port");

        let mode = Arc::new(watch::Sender::new(Mode::Pass(Duration::ZERO)));
        let accepting = tokio::spawn(accept(listener, target, mode.clone()));
        Proxy {
            url: url.into(),
            mode,
            accepting,
        }
    }

    /// The URL of the server through the proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Breaks every connection, and refuses new ones until [`Proxy::restore`].
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Lets everything pass again.
    pub fn restore(&self) {
        self.mode.send_replace(Mode::Pass(Duration::ZERO));
    }

    /// Delays every piece of data by this much, in each direction.
    pub fn delay(&self, by: Duration) {
        self.mode.send_replace(Mode::Pass(by));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.mode.send_replace(Mode::Cut);
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: Target, mode: Arc<watch::Sender<Mode>>) {
    while let Ok((client, _)) = listener.accept().await {
        if *mode.borrow() == Mode::Cut {
            continue;
        }
        let (target, mode) = (target.clone(), mode.subscribe());
        tokio::spawn(async move {
            match target {
                Target::Tcp(address) => {
                    if let Ok(server) = TcpStream::connect(address).await {
                        connect(client, server, mode).await;
                    }
                }
                Target::Socket(path) => {
                    if let Ok(server) = UnixStream::connect(path).await {
                        connect(client, server, mode).await;
                    }
                }
            }
        });
    }
}

async fn connect(
    client: TcpStream,
    server: impl AsyncRead + AsyncWrite,
    mut mode: watch::Receiver<Mode>,
) {
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = tokio::io::split(server);
    tokio::select! {
        () = copy(client_reads, server_writes, mode.clone()) => {}
        () = copy(server_reads, client_writes, mode.clone()) => {}
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mode: watch::Receiver<Mode>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => length,
        };
        let delay = match *mode.borrow() {
            Mode::Pass(delay) => delay,
            Mode::Cut => return,
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
