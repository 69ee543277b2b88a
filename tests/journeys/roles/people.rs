//! Somebody of each role.

use serde_json::{Value, json};
use souk_harness::Client;
use souk_harness::client::text;
use souk_harness::platform::DEMO_PASSWORD;
use uuid::Uuid;

/// Mutations that end or change the account or session of whoever does them.
const NEEDS_A_NEW_ACCOUNT: [&str; 3] = ["becomeSeller", "changePassword", "logout"];

/// One of the people.
#[derive(Clone)]
pub struct Actor {
    /// How they act.
    pub client: Client,
    /// True for those who can have a cart.
    pub has_cart: bool,
}

/// Somebody of each role, whom no other test knows.
pub struct People {
    pub anyone: Client,
    pub admin: Client,
    pub guest: Client,
    pub buyer: Client,
    pub owner: Client,
    pub seller: Client,
    pub moderator: Client,
    pub new_admin: Client,
    pub partner: Client,
}

impl People {
    /// Makes the accounts.
    pub async fn gather(anyone: &Client) -> People {
        let admin = anyone.login("admin@souk.example").await;
        let account =
            async |roles: &'static [&'static str]| new_account(anyone, &admin, roles).await;
        People {
            anyone: anyone.clone(),
            guest: anyone.guest().await,
            buyer: account(&["BUYER"]).await,
            owner: account(&["BUYER", "SELLER"]).await,
            seller: account(&["BUYER", "SELLER"]).await,
            moderator: account(&["MODERATOR"]).await,
            new_admin: account(&["ADMIN"]).await,
            partner: account(&["PARTNER"]).await,
            admin,
        }
    }

    /// Somebody with the role who may do the mutation without harm to later ones.
    pub async fn actor(&self, role: &str, mutation: &str) -> Actor {
        let has_cart = !["anonymous", "moderator", "partner"].contains(&role);
        let client = if NEEDS_A_NEW_ACCOUNT.contains(&mutation) {
            match role {
                "anonymous" => self.anyone.clone(),
                "guest" => self.anyone.guest().await,
                _ => new_account(&self.anyone, &self.admin, roles_of(role)).await,
            }
        } else {
            self.lasting(role).clone()
        };
        Actor { client, has_cart }
    }

    fn lasting(&self, role: &str) -> &Client {
        match role {
            "anonymous" => &self.anyone,
            "guest" => &self.guest,
            "buyer" => &self.buyer,
            "owner" => &self.owner,
            "seller" => &self.seller,
            "moderator" => &self.moderator,
            "admin" => &self.new_admin,
            "partner" => &self.partner,
            other => panic!("nobody is {other}"),
        }
    }
}

fn roles_of(role: &str) -> &'static [&'static str] {
    match role {
        "buyer" => &["BUYER"],
        "owner" | "seller" => &["BUYER", "SELLER"],
        "moderator" => &["MODERATOR"],
        "admin" => &["ADMIN"],
        "partner" => &["PARTNER"],
        other => panic!("{other} has no account"),
    }
}

/// An e-mail address that nobody has.
pub fn new_email() -> String {
    format!("{}@roles.example", Uuid::now_v7().simple())
}

/// What `register` and `login` take for this address.
pub fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": DEMO_PASSWORD })
}

async fn new_account(anyone: &Client, admin: &Client, roles: &[&str]) -> Client {
    const REGISTER: &str =
        "mutation($input: RegisterInput!) { register(input: $input) { user { id } } }";
    const ASSIGN: &str =
        "mutation($input: AssignRolesInput!) { assignRoles(input: $input) { user { id } } }";
    let email = new_email();
    let mut input = credentials(&email);
    input["name"] = json!("Somebody New");
    let registered = anyone.ask(REGISTER, json!({ "input": input })).await;
    let id = text(&registered, "/register/user/id");
    admin
        .ask(ASSIGN, json!({ "input": { "userId": id, "roles": roles } }))
        .await;
    anyone.login(&email).await
}
