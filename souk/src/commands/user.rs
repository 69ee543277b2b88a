//! `souk user`: accounts that nobody can make by registering.

use std::io::IsTerminal;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use souk_platform::ErrorCode;
use souk_platform::peers::{PeerError, Peers};
use uuid::Uuid;

use crate::cli::ProvisionArgs;
use crate::commands::configure;
use crate::commands::reached::Reached;
use crate::failure::Failure;

const PROVISION: &str = "mutation($input: ProvisionUserInput!) { provisionUser(input: $input) {
    created user { email roles } } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provisioned {
    provision_user: Account,
}

#[derive(Deserialize)]
struct Account {
    created: bool,
    user: User,
}

#[derive(Deserialize)]
struct User {
    email: String,
    roles: Vec<String>,
}

/// Makes the account or changes it.
#[allow(clippy::print_stdout)]
pub async fn provision(args: ProvisionArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args.config, |sources| sources)?);
    let password = password()?;
    let input = json!({
        "email": args.email,
        "name": args.name,
        "password": password,
        "roles": args.roles,
    });
    let subgraphs = Reached::open(config).await?;
    let souk = Peers::new("souk", subgraphs.transport.clone());
    let correlation = format!("provision-{}", Uuid::now_v7());
    let answer = souk.query("user", PROVISION, json!({ "input": input }), &correlation);
    let answer: Result<Provisioned, PeerError> = answer.await;
    subgraphs.close().await;
    let Account { created, user } = answer.map_err(refused)?.provision_user;
    let what = if created {
        "was made"
    } else {
        "was there already"
    };
    let roles = user.roles.join(", ");
    println!(
        "the account {} {what}; it has the roles {roles}",
        user.email
    );
    Ok(())
}

/// The first line of standard input. As an argument, everybody on the machine could read it.
#[allow(clippy::print_stderr)]
fn password() -> Result<String, Failure> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("The password, which can be read while you type it:");
    }
    let mut line = String::new();
    input
        .read_line(&mut line)
        .map_err(|error| Failure::setup(format!("the password cannot be read: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::setup(
            "there is no password: it is read from the first line of standard input",
        ));
    }
    Ok(password.to_owned())
}

/// What is wrong, in the words of the command line.
fn refused(error: PeerError) -> Failure {
    match error {
        PeerError::Refused {
            code: ErrorCode::BadUserInput,
            message,
            argument,
            ..
        } => {
            let what = match argument.as_deref() {
                Some("input.email") => "--email",
                Some("input.name") => "--name",
                Some("input.roles") => "--role",
                _ => "the password",
            };
            Failure::setup(format!("{what}: {message}"))
        }
        error => Failure::failed(error),
    }
}
