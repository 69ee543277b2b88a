//! A private RabbitMQ: one that all test processes share, with a virtual host for each test, or one that a test may
//! stop and start.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Process, free_port, shared, wait_for};

/// How long a boot may take on a busy machine.
const BOOT_WITHIN: Duration = Duration::from_secs(120);
/// Debian's scripts in PATH change the user; those beside them run as whoever calls.
const SCRIPTS: [&str; 2] = ["/usr/lib/rabbitmq/bin", "/usr/sbin"];

/// A broker with a virtual host of its own for the test.
pub struct RabbitMq {
    node: Node,
    virtual_host: String,
    /// The broker and its port mapper, if they are the test's own.
    own: Option<(Process, Process)>,
}

/// Where a broker is and how to talk to it.
#[derive(Clone)]
struct Node {
    directory: PathBuf,
    port: u16,
    distribution_port: u16,
    mapper_port: u16,
}

impl RabbitMq {
    /// The broker that all tests share, and a fresh virtual host on it.
    pub async fn shared() -> RabbitMq {
        let node = shared::start_once("rabbitmq", running, start_shared).await;
        let virtual_host = uuid::Uuid::now_v7().to_string();
        node.add_virtual_host(&virtual_host).await;
        RabbitMq {
            node,
            virtual_host,
            own: None,
        }
    }

    /// A broker of the test's own, which it may [`stop`](RabbitMq::stop) and [`start`](RabbitMq::start).
    pub async fn private() -> RabbitMq {
        let node = Node::new(shared::data_directory());
        let mut broker = RabbitMq {
            node,
            virtual_host: "/".to_owned(),
            own: None,
        };
        broker.start().await;
        broker
    }

    /// `amqp://guest:guest@127.0.0.1:port/host`.
    pub fn url(&self) -> String {
        format!(
            "amqp://guest:guest@127.0.0.1:{}/{}",
            self.node.port,
            self.virtual_host.replace('/', "%2F")
        )
    }

    /// Kills a private broker as a crash would. What it had confirmed is on disk.
    pub fn stop(&mut self) {
        assert!(
            self.own.take().is_some(),
            "only a private, running broker can be stopped"
        );
    }

    /// Deletes everything that a stopped private broker had on disk.
    pub fn lose_disk(&self) {
        assert!(self.own.is_none(), "the broker runs");
        fs::remove_dir_all(self.node.directory.join("mnesia")).expect("the broker's data");
    }

    /// Starts a private broker again, with what it had on disk.
    pub async fn start(&mut self) {
        assert!(self.own.is_none(), "the broker runs");
        let mapper = Process::spawn(self.node.mapper(Process::command("epmd", "erlang-base")));
        let script = server_script();
        let broker = Process::spawn(self.node.broker(Process::command(
            &script.to_string_lossy(),
            "rabbitmq-server",
        )));
        self.node.wait_until_up(async || broker.is_running()).await;
        self.own = Some((broker, mapper));
    }
}

async fn running(directory: &Path) -> Option<Node> {
    let home = directory.join("rabbitmq");
    let ports = fs::read_to_string(home.join("ports")).ok()?;
    let ports: Vec<u16> = ports
        .split_whitespace()
        .filter_map(|port| port.parse().ok())
        .collect();
    let &[port, distribution_port, mapper_port] = ports.as_slice() else {
        return None;
    };
    let node = Node {
        directory: home,
        port,
        distribution_port,
        mapper_port,
    };
    node.greets().await.then_some(node)
}

async fn start_shared(directory: &Path) -> Node {
    let home = directory.join("rabbitmq");
    if home.exists() {
        fs::remove_dir_all(&home).expect("the old broker's files can be removed");
    }
    let node = Node::new(home.clone());
    let script = server_script();
    assert!(
        script.is_file(),
        "rabbitmq-server was not found: install it with `apt-get install rabbitmq-server`"
    );
    let detach = |mut command: Command| -> u32 {
        command.process_group(0);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let pid = child.id();
        // Reaped if it ends before this process; else it outlives it.
        std::thread::spawn(move || child.wait());
        pid
    };
    let mapper = detach(node.mapper(Command::new("epmd")));
    let broker = detach(node.broker(Command::new(script)));
    // Noted before the boot, so that the keeper finds them however the boot ends.
    shared::stop_at_end("rabbitmq", &[("KILL", broker), ("KILL", mapper)]);
    let pid = Pid::from_raw(i32::try_from(broker).expect("a process id"));
    node.wait_until_up(async || kill(pid, None::<Signal>).is_ok())
        .await;
    fs::write(
        home.join("ports"),
        format!(
            "{} {} {}",
            node.port, node.distribution_port, node.mapper_port
        ),
    )
    .expect("the broker's ports");
    node
}

fn server_script() -> PathBuf {
    let candidates = SCRIPTS.map(|directory| Path::new(directory).join("rabbitmq-server"));
    candidates
        .iter()
        .find(|path| path.is_file())
        .cloned()
        .unwrap_or_else(|| PathBuf::from("rabbitmq-server"))
}

impl Node {
    fn new(directory: PathBuf) -> Node {
        fs::create_dir_all(&directory).expect("a directory for the broker");
        fs::write(directory.join("enabled_plugins"), "[].\n").expect("the broker's plugins");
        // Small machines have less free space than the default watermark asks for.
        fs::write(
            directory.join("rabbitmq.conf"),
            "disk_free_limit.absolute = 50MB\nloopback_users = none\n",
        )
        .expect("the broker's configuration");
        Node {
            directory,
            port: free_port(),
            distribution_port: free_port(),
            mapper_port: free_port(),
        }
    }

    /// Erlang's port mapper, in the foreground and only for this broker.
    fn mapper(&self, mut command: Command) -> Command {
        command.args([
            "-port",
            &self.mapper_port.to_string(),
            "-address",
            "127.0.0.1",
        ]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn broker(&self, mut command: Command) -> Command {
        self.configure(&mut command);
        let log = File::create(self.directory.join("output.log")).expect("the broker's log");
        let errors = log.try_clone().expect("the broker's log");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command
    }

    fn configure(&self, command: &mut Command) {
        let in_directory = |name: &str| self.directory.join(name);
        command
            .current_dir(&self.directory)
            // The cookie that lets the command line tool in is made in the home directory.
            .env("HOME", &self.directory)
            .env("ERL_EPMD_PORT", self.mapper_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("souk{}@localhost", self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", in_directory("rabbitmq-env.conf"))
            .env("RABBITMQ_CONFIG_FILE", in_directory("rabbitmq.conf"))
            .env("RABBITMQ_CONFIG_FILES", in_directory("conf.d"))
            .env(
                "RABBITMQ_ADVANCED_CONFIG_FILE",
                in_directory("advanced.config"),
            )
            .env(
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                in_directory("enabled_plugins"),
            )
            .env("RABBITMQ_MNESIA_BASE", in_directory("mnesia"))
            .env("RABBITMQ_LOG_BASE", in_directory("log"))
            .env("RABBITMQ_PID_FILE", in_directory("pid"))
            // Without a shell in front, so that the process started is the broker itself and can be killed.
            .env("RUNNING_UNDER_SYSTEMD", "1")
            // Two schedulers are enough for tests and keep the boot short on small machines.
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+S 2:2 +sbwt none");
    }

    async fn wait_until_up(&self, is_running: impl AsyncFn() -> bool) {
        let log = self.directory.join("output.log");
        wait_for("RabbitMQ to boot", BOOT_WITHIN, async || {
            if !is_running().await {
                panic!(
                    "RabbitMQ ended: {}",
                    fs::read_to_string(&log).unwrap_or_default()
                );
            }
            self.greets().await
        })
        .await;
    }

    /// True when the broker answers the protocol's header, as it does once its boot is complete.
    async fn greets(&self) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let greeting = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
            stream.read_u8().await
        };
        // A method frame: the broker offers to open a connection.
        matches!(
            tokio::time::timeout(Duration::from_secs(2), greeting).await,
            Ok(Ok(1))
        )
    }

    async fn add_virtual_host(&self, name: &str) {
        // One call of the tool instead of two: each starts a virtual machine of its own.
        let expression = format!(
            "rabbit_vhost:add(<<\"{name}\">>, <<\"test\">>), \
             rabbit_auth_backend_internal:set_permissions(<<\"guest\">>, <<\"{name}\">>, <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"test\">>)."
        );
        let tool = server_script().with_file_name("rabbitmqctl");
        let mut command = Command::new(tool);
        self.configure(&mut command);
        command.args(["eval", &expression]).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("a thread");
        let output = output.expect("rabbitmqctl");
        assert!(
            output.status.success(),
            "rabbitmqctl: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
