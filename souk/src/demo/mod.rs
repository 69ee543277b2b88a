//! The demo data: an account per role, two shops, and products of every kind.
//!
//! It is put in through the subgraphs' own schemas, as the people it is about, and each piece only when it is not
//! there yet: whatever interrupts it, the next start completes it. What somebody renamed, archived or rejected since is
//! there, and stays as it is.

mod catalogue;
mod graph;

use std::time::Duration;

use souk_platform::Role;
use souk_platform::peers::PeerTransport;

use self::graph::{Graph, Listed};
use crate::failure::Failure;

/// How long it may take until the search finds what was put in. It follows within a second if the machine is not busy.
const FOUND_WITHIN: Duration = Duration::from_secs(60);
/// The pause before the search is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The password of every demo account.
const PASSWORD: &str = "souk-demo-2026";

/// A demo account.
struct Account {
    email: &'static str,
    name: &'static str,
    roles: &'static [Role],
}

const ADMIN: Account = Account {
    email: "admin@souk.example",
    name: "Ada Admin",
    roles: &[Role::Admin, Role::Buyer],
};
const MODERATOR: Account = Account {
    email: "moderator@souk.example",
    name: "Mona Moderator",
    roles: &[Role::Moderator, Role::Buyer],
};
const SELLER: Account = Account {
    email: "seller@souk.example",
    name: "Selim Seller",
    roles: &[Role::Seller, Role::Buyer],
};
const BUYER: Account = Account {
    email: "buyer@souk.example",
    name: "Berta Buyer",
    roles: &[Role::Buyer],
};
const PARTNER: Account = Account {
    email: "partner@souk.example",
    name: "Pavel Partner",
    roles: &[Role::Partner],
};
const ACCOUNTS: [&Account; 5] = [&ADMIN, &MODERATOR, &SELLER, &BUYER, &PARTNER];

/// Puts in what is missing of the demo data. Gives the shops and products that the search has to find then: all that
/// are still sold under their names.
pub async fn fill(transport: &dyn PeerTransport) -> Result<Vec<Listed>, Failure> {
    let graph = Graph::new(transport);
    for account in ACCOUNTS {
        graph.account(account, PASSWORD).await?;
    }
    let seller = graph.account(&SELLER, PASSWORD).await?;
    let moderator = graph.account(&MODERATOR, PASSWORD).await?;
    let catalogue = catalogue::read()?;
    let categories = graph.categories(&moderator, &catalogue.categories).await?;
    let shops = graph.shops(&seller, &moderator, &catalogue.shops).await?;
    let mut listed = Vec::new();
    for (wanted, shop) in catalogue.shops.iter().zip(shops) {
        let Some(shop) = shop else { continue };
        let products = graph.products(&seller, &shop.id, wanted, &categories);
        listed.extend(products.await?);
        if shop.name == wanted.name() {
            listed.push(shop);
        }
    }
    Ok(listed)
}

/// Waits until the search, which hears of everything by events, finds all of these.
pub async fn until_found(transport: &dyn PeerTransport, listed: &[Listed]) -> Result<(), Failure> {
    let graph = Graph::new(transport);
    let mut failure = Failure::failed("the search does not find all of the demo data");
    let found = async {
        for one in listed {
            loop {
                match graph.is_found(one).await {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(error) => failure = error,
                }
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
            }
        }
    };
    if tokio::time::timeout(FOUND_WITHIN, found).await.is_ok() {
        return Ok(());
    }
    Err(failure)
}

/// Prints how to be each of them.
#[allow(clippy::print_stdout)]
pub fn print_accounts() {
    println!("Demo accounts, all with the password {PASSWORD}:");
    for account in ACCOUNTS {
        let role = account.roles.first().map_or("", |role| role.as_str());
        println!("  {role:<10} {}", account.email);
    }
    println!(
        "  {:<10} mutation {{ startGuestSession {{ tokens {{ accessToken }} }} }}",
        "GUEST"
    );
    println!();
    println!("Log in, and send the token in the header \"authorization: Bearer <token>\":");
    println!(
        "  mutation {{ login(input: {{ email: \"{}\", password: \"{PASSWORD}\" }}) {{ tokens {{ accessToken }} }} }}",
        BUYER.email
    );
}
