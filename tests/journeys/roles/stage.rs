//! What mutations are about: shops, products, carts and orders in the state that each needs.

use std::collections::HashMap;

use serde_json::{Value, json};
use souk_harness::Client;
use souk_harness::client::text;
use souk_harness::platform::DEMO_PASSWORD;
use uuid::Uuid;

use super::people::{Actor, People, credentials, new_email};

/// The owner's shop and what is in it, and what single mutations are about. Those are made again once they were used.
pub struct Stage {
    shop: String,
    variant: String,
    bystander: String,
    props: HashMap<String, Value>,
}

impl Stage {
    /// Opens the owner's shop and puts a product into it.
    pub async fn build(people: &People) -> Stage {
        let shop = create_shop(&people.owner).await;
        people
            .moderator
            .ask(
                "mutation($id: ID!) { approveShop(input: { id: $id }) { __typename } }",
                json!({ "id": shop }),
            )
            .await;
        let product = create_product(people, &shop, "Book").await;
        let bystander = people.buyer.ask("{ me { id } }", json!({})).await;
        Stage {
            variant: text(&product, "/variants/0/id").to_owned(),
            shop,
            bystander: text(&bystander, "/me/id").to_owned(),
            props: HashMap::new(),
        }
    }

    /// What the mutation was about is used up.
    pub fn forget(&mut self, mutation: &str) {
        self.props.remove(mutation);
    }

    /// A correct input for the mutation.
    pub async fn input(&mut self, people: &People, mutation: &str, actor: &Actor) -> Value {
        if mutation == "placeOrder" && actor.has_cart {
            self.fill_cart(&actor.client).await;
        }
        if !self.props.contains_key(mutation) {
            let prop = self.make(people, mutation).await;
            self.props.insert(mutation.to_owned(), prop);
        }
        self.props[mutation].clone()
    }

    async fn make(&self, people: &People, mutation: &str) -> Value {
        let shop = &self.shop;
        match mutation {
            "startGuestSession" | "clearCart" | "becomeSeller" | "logout" => Value::Null,
            "register" => {
                let mut input = credentials(&new_email());
                input["name"] = json!("Nora New");
                input
            }
            "login" => credentials("buyer@souk.example"),
            "refresh" => json!({ "refreshToken": refresh_token(&people.anyone).await }),
            "changePassword" => {
                json!({ "currentPassword": DEMO_PASSWORD, "newPassword": "a better password" })
            }
            "updateProfile" => json!({ "name": "Somebody Else" }),
            "assignRoles" => json!({ "userId": self.bystander, "roles": ["BUYER"] }),

            "addAddress" => json!({ "address": address() }),
            "updateAddress" => {
                json!({ "id": add_address(&people.buyer).await, "address": address() })
            }
            "setDefaultAddress" | "removeAddress" => {
                json!({ "id": add_address(&people.buyer).await })
            }

            "createShop" => json!({ "name": "A Shop" }),
            "updateShop" => json!({ "id": shop, "description": "changed" }),
            "approveShop" => json!({ "id": create_shop(&people.owner).await }),
            "rejectShop" => {
                json!({ "id": create_shop(&people.owner).await, "reason": "no address" })
            }
            "addBranch" => json!({ "shopId": shop, "branch": branch() }),
            "updateBranch" => {
                json!({ "id": self.add_branch(&people.owner).await, "branch": branch() })
            }
            "removeBranch" => json!({ "id": self.add_branch(&people.owner).await }),

            "createCategory" => json!({ "name": format!("Category {}", Uuid::now_v7()) }),
            "updateCategory" => {
                json!({ "id": create_category(people).await, "name": format!("Category {}", Uuid::now_v7()) })
            }
            "removeCategory" => json!({ "id": create_category(people).await }),
            "createBook"
            | "createClothing"
            | "createGeneralProduct"
            | "createLaptop"
            | "createMobile" => product_input(&mutation["create".len()..], shop),
            "updateBook"
            | "updateClothing"
            | "updateGeneralProduct"
            | "updateLaptop"
            | "updateMobile" => {
                let product = create_product(people, shop, &mutation["update".len()..]).await;
                json!({ "id": product["id"], "name": "Another name" })
            }
            "archiveProduct" => json!({ "id": create_product(people, shop, "Book").await["id"] }),
            "addVariant" => {
                let mut input = variant();
                input["productId"] = create_product(people, shop, "Book").await["id"].take();
                input
            }
            "updateVariant" => {
                json!({ "variantId": self.variant, "attributes": [{ "name": "size", "value": "L" }] })
            }
            "removeVariant" => {
                let product = create_product(people, shop, "Book").await;
                json!({ "variantId": product["variants"][1]["id"] })
            }
            "setStock" => {
                let product = create_product(people, shop, "Book").await;
                let variant = &product["variants"][0];
                json!({ "variantId": variant["id"], "onHand": 7, "expectedRevision": variant["stock"]["revision"] })
            }
            "adjustStock" => json!({ "variantId": self.variant, "delta": 1 }),

            "addToCart" => json!({ "variantId": self.variant }),
            "updateCartItem" => {
                json!({ "itemId": self.fill_cart(&people.buyer).await, "quantity": 2 })
            }
            "removeFromCart" => json!({ "itemId": self.fill_cart(&people.buyer).await }),
            "placeOrder" => place_order_input(),
            "cancelOrder" => json!({ "orderId": self.place(&people.buyer).await["id"] }),
            "startShopOrder" | "cancelShopOrder" => {
                json!({ "shopOrderId": self.paid_part(people).await })
            }
            "shipShopOrder" => shipment(&self.paid_part(people).await),
            "deliverShopOrder" => {
                let part = self.paid_part(people).await;
                let ship = "mutation($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { __typename } }";
                people
                    .owner
                    .ask(ship, json!({ "input": shipment(&part) }))
                    .await;
                json!({ "shopOrderId": part })
            }
            other => panic!("the stage has nothing for {other}"),
        }
    }

    async fn add_branch(&self, owner: &Client) -> String {
        let add =
            "mutation($input: AddBranchInput!) { addBranch(input: $input) { branch { id } } }";
        let added = owner
            .ask(
                add,
                json!({ "input": { "shopId": self.shop, "branch": branch() } }),
            )
            .await;
        text(&added, "/addBranch/branch/id").to_owned()
    }

    /// Puts a piece into the cart and gives the line's id.
    async fn fill_cart(&self, client: &Client) -> String {
        let add =
            "mutation($id: ID!) { addToCart(input: { variantId: $id }) { cart { items { id } } } }";
        let added = client.ask(add, json!({ "id": self.variant })).await;
        text(&added, "/addToCart/cart/items/0/id").to_owned()
    }

    /// An order of one piece that is not paid yet.
    async fn place(&self, buyer: &Client) -> Value {
        self.fill_cart(buyer).await;
        let place = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) {
            order { id payment { checkoutUrl } shopOrders { id } } } }";
        let mut placed = buyer
            .ask(place, json!({ "input": place_order_input() }))
            .await;
        placed["placeOrder"]["order"].take()
    }

    /// The owner's part of an order that is paid.
    async fn paid_part(&self, people: &People) -> String {
        let order = self.place(&people.buyer).await;
        let part = text(&order, "/shopOrders/0/id").to_owned();
        let mut watch = people
            .buyer
            .subscribe(
                "subscription($id: ID!) { orderStatusChanged(orderId: $id) { status } }",
                json!({ "id": order["id"] }),
            )
            .await;
        let pay = format!("{}/pay", text(&order, "/payment/checkoutUrl"));
        Client::submit(&pay).await.expect("the checkout page");
        while watch.next().await["orderStatusChanged"]["status"] != "CONFIRMED" {}
        part
    }
}

async fn refresh_token(anyone: &Client) -> String {
    let tokens = anyone
        .ask(
            "mutation { startGuestSession { tokens { refreshToken } } }",
            json!({}),
        )
        .await;
    text(&tokens, "/startGuestSession/tokens/refreshToken").to_owned()
}

async fn add_address(buyer: &Client) -> String {
    let add = "mutation($input: AddAddressInput!) { addAddress(input: $input) { address { id } } }";
    let added = buyer
        .ask(add, json!({ "input": { "address": address() } }))
        .await;
    text(&added, "/addAddress/address/id").to_owned()
}

async fn create_shop(owner: &Client) -> String {
    let create = "mutation($input: CreateShopInput!) { createShop(input: $input) { shop { id } } }";
    let created = owner
        .ask(
            create,
            json!({ "input": { "name": "The Owner's", "branches": [branch()] } }),
        )
        .await;
    text(&created, "/createShop/shop/id").to_owned()
}

async fn create_category(people: &People) -> String {
    let create =
        "mutation($name: String!) { createCategory(input: { name: $name }) { category { id } } }";
    let name = format!("Category {}", Uuid::now_v7());
    let created = people.moderator.ask(create, json!({ "name": name })).await;
    text(&created, "/createCategory/category/id").to_owned()
}

async fn create_product(people: &People, shop: &str, kind: &str) -> Value {
    let field = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
    let create = format!(
        "mutation($input: Create{kind}Input!) {{ create{kind}(input: $input) {{
            product: {field} {{ id variants {{ id stock {{ revision }} }} }} }} }}"
    );
    let mut created = people
        .owner
        .ask(&create, json!({ "input": product_input(kind, shop) }))
        .await;
    created[format!("create{kind}")]["product"].take()
}

fn product_input(kind: &str, shop: &str) -> Value {
    let mut input =
        json!({ "shopId": shop, "name": format!("A {kind}"), "variants": [variant(), variant()] });
    let own = match kind {
        "Book" => json!({ "author": "A. Author" }),
        "Clothing" => json!({ "material": "wool" }),
        "GeneralProduct" => json!({}),
        "Laptop" => json!({ "brand": "B", "cpu": "C", "ramGb": 16, "storageGb": 512 }),
        "Mobile" => json!({ "brand": "B", "operatingSystem": "O", "storageGb": 128 }),
        other => panic!("{other} is no kind of product"),
    };
    for (field, value) in own.as_object().into_iter().flatten() {
        input[field] = value.clone();
    }
    input
}

fn variant() -> Value {
    let sku = Uuid::now_v7().simple().to_string();
    json!({ "sku": sku, "price": { "amount": "9.50", "currency": "EUR" }, "stock": 1000 })
}

fn branch() -> Value {
    json!({
        "name": "Main",
        "address": { "line1": "Street 1", "city": "Berlin", "country": "DE" },
        "position": { "latitude": 52.5, "longitude": 13.4 },
    })
}

fn address() -> Value {
    json!({ "recipient": "B. Buyer", "line1": "Street 2", "city": "Berlin", "country": "DE" })
}

fn place_order_input() -> Value {
    json!({ "idempotencyKey": Uuid::now_v7(), "shippingAddress": address() })
}

fn shipment(part: &str) -> Value {
    json!({ "shopOrderId": part, "carrier": "Post", "trackingNumber": "1" })
}
