//! What the demo asks of the subgraphs.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use souk_platform::Identity;
use souk_platform::identity::Subject;
use souk_platform::peers::{PeerRequest, PeerTransport};
use uuid::Uuid;

use super::Account;
use super::catalogue::{Category, Kind, Shop};
use crate::failure::Failure;

const PROVISION: &str =
    "mutation($input: ProvisionUserInput!) { provisionUser(input: $input) { user { id } } }";
const SHOPS: &str = "query($owner: _Any!) { _entities(representations: [$owner]) { ... on User {
    shops(first: 100) { edges { node { id name status } } } } } }";
const CREATE_SHOP: &str =
    "mutation($input: CreateShopInput!) { createShop(input: $input) { shop { id name status } } }";
const APPROVE_SHOP: &str =
    "mutation($input: ApproveShopInput!) { approveShop(input: $input) { shop { id } } }";
const CATEGORIES: &str = "query($parent: ID) { categories(parentId: $parent, first: 100) { edges { node { id name } } } }";
const CREATE_CATEGORY: &str = "mutation($input: CreateCategoryInput!) { createCategory(input: $input) { category { id name } } }";
const PRODUCTS: &str = "query($filter: ProductFilter) { products(filter: $filter, first: 100) { edges { node { id name } } } }";
const SEARCH: &str = "query($name: String!) {
    searchProducts(text: $name, first: 100) { nodes { product { id } } }
    searchShops(text: $name, first: 100) { nodes { shop { id } } } }";

fn create_product(kind: Kind) -> &'static str {
    match kind {
        Kind::Book => {
            "mutation($input: CreateBookInput!) { created: createBook(input: $input) { product: book { id } } }"
        }
        Kind::Laptop => {
            "mutation($input: CreateLaptopInput!) { created: createLaptop(input: $input) { product: laptop { id } } }"
        }
        Kind::Mobile => {
            "mutation($input: CreateMobileInput!) { created: createMobile(input: $input) { product: mobile { id } } }"
        }
        Kind::Clothing => {
            "mutation($input: CreateClothingInput!) { created: createClothing(input: $input) { product: clothing { id } } }"
        }
        Kind::GeneralProduct => {
            "mutation($input: CreateGeneralProductInput!) { created: createGeneralProduct(input: $input) { product: generalProduct { id } } }"
        }
    }
}

/// The subgraphs, asked as whoever the demo is about.
pub struct Graph<'a> {
    transport: &'a dyn PeerTransport,
}

impl<'a> Graph<'a> {
    /// Asks through `transport`.
    pub fn new(transport: &'a dyn PeerTransport) -> Graph<'a> {
        Graph { transport }
    }

    /// Makes the account if there is none and gives its identity. One that is there is its user's own: whoever changed
    /// the password keeps it.
    pub async fn account(&self, account: &Account, password: &str) -> Result<Identity, Failure> {
        let roles: Vec<&str> = account.roles.iter().map(|role| role.as_str()).collect();
        let input = json!({ "email": account.email, "name": account.name, "password": password, "roles": roles, "keepExisting": true });
        let souk = Identity::Service("souk".to_owned());
        let data = self
            .ask(&souk, "user", PROVISION, json!({ "input": input }))
            .await?;
        let id = text(&data, "/provisionUser/user/id")?;
        let id = Uuid::parse_str(&id).map_err(Failure::failed)?;
        Ok(Identity::Subject(Subject {
            id,
            roles: account.roles.to_vec(),
            shop_ids: Vec::new(),
            customer_type: "REGULAR".to_owned(),
            session: Uuid::nil(),
            guest: None,
        }))
    }

    /// Makes the categories that are missing and gives the ids of all by name.
    pub async fn categories(
        &self,
        moderator: &Identity,
        wanted: &[Category],
    ) -> Result<HashMap<String, String>, Failure> {
        let mut ids: HashMap<String, String> = HashMap::new();
        let mut read: HashSet<Option<String>> = HashSet::new();
        for category in wanted {
            let parent = category
                .parent
                .as_ref()
                .and_then(|name| ids.get(name).cloned());
            if read.insert(parent.clone()) {
                let siblings = self
                    .ask(
                        moderator,
                        "product",
                        CATEGORIES,
                        json!({ "parent": parent }),
                    )
                    .await?;
                ids.extend(
                    nodes(&siblings, "/categories/edges")?
                        .into_iter()
                        .map(|node| (node.name, node.id)),
                );
            }
            if !ids.contains_key(&category.name) {
                let input = json!({ "name": category.name, "parentId": parent });
                let created = self
                    .ask(
                        moderator,
                        "product",
                        CREATE_CATEGORY,
                        json!({ "input": input }),
                    )
                    .await?;
                ids.insert(
                    category.name.clone(),
                    text(&created, "/createCategory/category/id")?,
                );
            }
        }
        Ok(ids)
    }

    /// Makes the shops that are missing, approves those that wait for it, and gives them in their order; none for one
    /// that a moderator has rejected since, which cannot sell anything.
    ///
    /// A shop may have been renamed since. They are made one after the other before the seller can have made one of his
    /// own, and lists begin with the oldest: those whose names are none of the demo's are first of all renamed ones.
    pub async fn shops(
        &self,
        seller: &Identity,
        moderator: &Identity,
        wanted: &[Shop],
    ) -> Result<Vec<Option<Listed>>, Failure> {
        let Identity::Subject(owner) = seller else {
            return Err(Failure::failed("the demo's seller is not a user"));
        };
        let representation = json!({ "__typename": "User", "id": owner.id });
        let known = self
            .ask(seller, "shop", SHOPS, json!({ "owner": representation }))
            .await?;
        let known = nodes(&known, "/_entities/0/shops/edges")?;
        let (named, others): (Vec<Node>, Vec<Node>) = known
            .into_iter()
            .partition(|node| wanted.iter().any(|shop| shop.name() == node.name));
        let mut renamed = others.into_iter();
        let mut shops = Vec::with_capacity(wanted.len());
        for shop in wanted {
            let same_name = named.iter().find(|node| node.name == shop.name()).cloned();
            let node = match same_name.or_else(|| renamed.next()) {
                Some(node) => node,
                None => self.create_shop(seller, shop).await?,
            };
            if node.status == "PENDING" {
                let input = json!({ "input": { "id": node.id } });
                self.ask(moderator, "shop", APPROVE_SHOP, input).await?;
            }
            let Node { id, name, status } = node;
            shops.push((status != "REJECTED").then_some(Listed { id, name }));
        }
        Ok(shops)
    }

    async fn create_shop(&self, seller: &Identity, shop: &Shop) -> Result<Node, Failure> {
        let created = self
            .ask(seller, "shop", CREATE_SHOP, json!({ "input": shop.input }))
            .await?;
        Ok(Node {
            id: text(&created, "/createShop/shop/id")?,
            name: text(&created, "/createShop/shop/name")?,
            status: text(&created, "/createShop/shop/status")?,
        })
    }

    /// Makes the products that the shop does not have yet, and gives those that it has now. One that was renamed or
    /// archived since still has the SKUs of its variants, so the shop refuses to have it again; it is not among them.
    pub async fn products(
        &self,
        seller: &Identity,
        shop_id: &str,
        shop: &Shop,
        categories: &HashMap<String, String>,
    ) -> Result<Vec<Listed>, Failure> {
        let filter = json!({ "filter": { "shopId": shop_id } });
        let known = self.ask(seller, "product", PRODUCTS, filter).await?;
        let known: HashMap<String, String> = nodes(&known, "/products/edges")?
            .into_iter()
            .map(|node| (node.name, node.id))
            .collect();
        let mut listed = Vec::with_capacity(shop.products.len());
        for product in &shop.products {
            let name = product.name().to_owned();
            if let Some(id) = known.get(&name).cloned() {
                listed.push(Listed { id, name });
                continue;
            }
            let mut input = product.input.clone();
            input.insert("shopId".to_owned(), json!(shop_id));
            input.insert(
                "categoryId".to_owned(),
                json!(categories.get(&product.category)),
            );
            let create = create_product(product.kind);
            let response = self
                .send(seller, "product", create, json!({ "input": input }))
                .await?;
            if !is_sku_taken(&response) {
                let id = text(&data(response, "product")?, "/created/product/id")?;
                listed.push(Listed { id, name });
            }
        }
        Ok(listed)
    }

    /// True when whoever searches for its name finds it.
    pub async fn is_found(&self, listed: &Listed) -> Result<bool, Failure> {
        let name = json!({ "name": listed.name });
        let found = self
            .ask(&Identity::Anonymous, "search", SEARCH, name)
            .await?;
        let has = |nodes: &str, id: &str| {
            let nodes = found.pointer(nodes).and_then(Value::as_array);
            let mut nodes = nodes.into_iter().flatten();
            nodes.any(|node| node.pointer(id).and_then(Value::as_str) == Some(&listed.id))
        };
        Ok(has("/searchProducts/nodes", "/product/id") || has("/searchShops/nodes", "/shop/id"))
    }

    async fn ask(
        &self,
        identity: &Identity,
        subgraph: &'static str,
        query: &'static str,
        variables: Value,
    ) -> Result<Value, Failure> {
        let response = self.send(identity, subgraph, query, variables).await?;
        data(response, subgraph)
    }

    /// The whole response, with its errors.
    async fn send(
        &self,
        identity: &Identity,
        subgraph: &'static str,
        query: &'static str,
        variables: Value,
    ) -> Result<Value, Failure> {
        let request = PeerRequest {
            subgraph,
            query,
            variables,
            identity: identity.clone(),
            correlation_id: format!("demo-{}", Uuid::now_v7()),
        };
        let response = self.transport.execute(request).await;
        response.map_err(|reason| failed(subgraph, &reason))
    }
}

fn failed(subgraph: &str, reason: &str) -> Failure {
    Failure::failed(format!(
        "the demo data cannot be put into {subgraph}: {reason}"
    ))
}

/// The data of a response without errors.
fn data(mut response: Value, subgraph: &str) -> Result<Value, Failure> {
    match response.pointer("/errors/0/message") {
        Some(message) => Err(failed(subgraph, &message.to_string())),
        None => Ok(response
            .get_mut("data")
            .map(Value::take)
            .unwrap_or_default()),
    }
}

/// True when a product was refused because the shop has one of its SKUs: nothing else is wrong with those of the
/// catalogue.
fn is_sku_taken(response: &Value) -> bool {
    let argument = response.pointer("/errors/0/extensions/argument");
    let argument = argument.and_then(Value::as_str);
    argument.is_some_and(|argument| argument.ends_with(".sku"))
}

/// A product or shop that visitors see.
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

#[derive(Clone)]
struct Node {
    id: String,
    name: String,
    status: String,
}

fn nodes(data: &Value, edges: &str) -> Result<Vec<Node>, Failure> {
    let edges = data.pointer(edges).and_then(Value::as_array);
    let edges = edges.ok_or_else(|| {
        Failure::failed("a subgraph's answer to the demo has no list where one is expected")
    })?;
    let field = |edge: &Value, name: &str| {
        edge.pointer(&format!("/node/{name}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Ok(edges
        .iter()
        .map(|edge| Node {
            id: field(edge, "id"),
            name: field(edge, "name"),
            status: field(edge, "status"),
        })
        .collect())
}

fn text(data: &Value, pointer: &str) -> Result<String, Failure> {
    let text = data
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned);
    text.ok_or_else(|| {
        Failure::failed(format!(
            "a subgraph's answer to the demo has nothing at {pointer}"
        ))
    })
}
