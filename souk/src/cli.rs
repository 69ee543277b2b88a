//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use souk_platform::Role;

/// One typed commerce graph, and the engine that federates it.
#[derive(Debug, Parser)]
#[command(name = "souk", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What souk can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole platform in one process: six subgraphs, the router and the workers.
    Serve(ServeArgs),
    /// Run one subgraph on its own, over HTTP and WebSocket.
    Subgraph(SubgraphArgs),
    /// Run a router over a supergraph, ours or any other.
    Router(RouterArgs),
    /// Compose subgraph schemas into a supergraph.
    Compose(ComposeArgs),
    /// Show the query plan of an operation.
    Plan(PlanArgs),
    /// Create and migrate the databases, and declare the message queues.
    Migrate(ConfigArgs),
    /// Put the demo data into the databases.
    Seed(ConfigArgs),
    /// Work with accounts that nobody can make by registering.
    User {
        /// What to do with them.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Work with the subgraphs' schemas.
    Schema {
        /// What to do with them.
        #[command(subcommand)]
        command: SchemaCommand,
    },
    /// Work with the search index.
    Search {
        /// What to do with it.
        #[command(subcommand)]
        command: SearchCommand,
    },
    /// Look at events that could not be worked, and try them again.
    Events {
        /// What to do with them.
        #[command(subcommand)]
        command: EventsCommand,
    },
    /// List every setting with its environment variable and default.
    Settings,
    /// Ask a running server whether it is well: exit code 0 when it answers with 2xx.
    Health {
        /// The address to ask.
        #[arg(default_value = "http://127.0.0.1:4000/readiness")]
        url: String,
    },
}

/// The configuration file.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// The configuration file (souk.toml by default, if there is one).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `souk serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The port to listen on; 0 takes a free one.
    #[arg(long)]
    pub port: Option<String>,
    /// The address to listen on.
    #[arg(long)]
    pub host: Option<String>,
    /// The directory for everything that souk writes.
    #[arg(long, value_name = "DIRECTORY")]
    pub data: Option<PathBuf>,
    /// The router's configuration (router.yaml); without it every default holds.
    #[arg(long, value_name = "FILE")]
    pub router_config: Option<PathBuf>,
    /// Start without demo data.
    #[arg(long)]
    pub no_demo: bool,
}

/// `souk subgraph`.
#[derive(Debug, Args)]
pub struct SubgraphArgs {
    /// Which one.
    pub name: SubgraphName,
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The address, or the name of a host, to listen on, such as 0.0.0.0:4001.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
}

/// The subgraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum SubgraphName {
    User,
    Shop,
    Product,
    Order,
    Payment,
    Search,
}

/// `souk router`.
#[derive(Debug, Args)]
pub struct RouterArgs {
    /// The supergraph's schema. It is read again when the file changes.
    #[arg(long, value_name = "FILE")]
    pub supergraph: PathBuf,
    /// The router's configuration (router.yaml); without it every default holds.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address, or the name of a host, to listen on; wins over the configuration's `supergraph.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
}

/// `souk compose`.
#[derive(Debug, Args)]
pub struct ComposeArgs {
    /// The list of subgraphs, in the format of rover's supergraph.yaml; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Where the supergraph goes; standard output without it.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where the API schema goes: what clients see of the supergraph.
    #[arg(long, value_name = "FILE")]
    pub api_schema: Option<PathBuf>,
    /// Compose again whenever a schema changes, until Ctrl-C. What cannot be composed is reported and leaves the output
    /// as it was.
    #[arg(long, requires = "output")]
    pub watch: bool,
    /// How often subgraphs that tell their schema over HTTP are asked again, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds, requires = "watch")]
    pub polling_interval: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("has to be more than 0".to_owned()),
    }
}

/// `souk plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The supergraph's schema.
    #[arg(long, value_name = "FILE")]
    pub supergraph: PathBuf,
    /// A file with the operation.
    #[arg(long, value_name = "FILE")]
    pub operation: PathBuf,
    /// Which operation, when the file has several.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How the plan is written.
    #[arg(long, default_value = "text")]
    pub format: PlanFormat,
    /// For whom: without any of these, for who may see everything.
    #[command(flatten)]
    pub client: PlanClient,
}

/// The client that an operation is planned for. What it may not see is left out, and said on standard error.
#[derive(Debug, Args)]
pub struct PlanClient {
    /// For a client that nothing is known of.
    #[arg(long, conflicts_with_all = ["authenticated", "scope", "policy"])]
    pub anonymous: bool,
    /// For a client that is known (`@authenticated`).
    #[arg(long)]
    pub authenticated: bool,
    /// For a client that has this scope (`@requiresScopes`); may be given several times.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// For a client that passes this policy (`@policy`); may be given several times.
    #[arg(long, value_name = "POLICY")]
    pub policy: Vec<String>,
}

/// The ways to write a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// Apollo's format, for tools.
    Json,
    /// A picture in the DOT language: `souk plan ... | dot -Tsvg`.
    Graphviz,
    /// A picture as a Mermaid flowchart, which Markdown can have in it.
    Mermaid,
}

/// `souk schema`.
#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Write each subgraph's schema, as composition reads it, to a file of its name.
    Export {
        /// The directory the files go to.
        #[arg(long, value_name = "DIRECTORY", default_value = "schema")]
        output: PathBuf,
    },
}

/// `souk search`.
#[derive(Debug, Subcommand)]
pub enum SearchCommand {
    /// Make the index again from what the product and shop subgraphs have.
    Rebuild(ConfigArgs),
}

/// `souk user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account, such as the first admin's, or change the one of this e-mail address, so that it has this name,
    /// these roles, and the password that is read from standard input.
    Provision(ProvisionArgs),
}

/// `souk user provision`.
#[derive(Debug, Args)]
pub struct ProvisionArgs {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The e-mail address to log in with, by which an existing account is found.
    #[arg(long)]
    pub email: String,
    /// The name that others see.
    #[arg(long)]
    pub name: String,
    /// A role: BUYER, SELLER, MODERATOR, ADMIN or PARTNER. Repeat it for several; the account has these and no others.
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    pub roles: Vec<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    let role = Role::parse(&text.to_uppercase()).filter(|role| *role != Role::Guest);
    role.ok_or_else(|| "expected BUYER, SELLER, MODERATOR, ADMIN or PARTNER".to_owned())
}

/// `souk events`.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// List the events that were given up, with the reason.
    DeadLetters {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Try events that were given up again.
    Replay {
        /// The configuration file.
        #[command(flatten)]
        config: ConfigArgs,
        /// The event; all of them without it.
        #[arg(long, value_name = "ID")]
        event: Option<uuid::Uuid>,
    },
}

#[cfg(test)]
mod deployment;
