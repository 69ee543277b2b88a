//! Who may do what: every mutation against everybody.

use serde_json::{Value, json};
use souk_harness::{error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::market::Market;

/// Who asks.
fn everybody(market: &Market) -> Vec<(&'static str, Identity)> {
    vec![
        ("nobody", identity::anonymous()),
        ("guest", identity::guest(Uuid::now_v7())),
        ("buyer", identity::buyer(Uuid::now_v7())),
        ("partner", identity::partner(Uuid::now_v7())),
        ("other seller", identity::seller(Uuid::now_v7())),
        ("moderator", identity::moderator(Uuid::now_v7())),
        ("admin", identity::admin(Uuid::now_v7())),
        ("service", identity::service("order")),
        ("owner", identity::seller(market.seller)),
        (
            "owner who may not sell any more",
            identity::buyer(market.seller),
        ),
    ]
}

/// The expected outcome, in the order of [`everybody`].
const OWNER_ONLY: [&str; 10] = [
    "UNAUTHENTICATED",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "UNAUTHENTICATED",
    "ok",
    "FORBIDDEN",
];
const MODERATORS: [&str; 10] = [
    "UNAUTHENTICATED",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "ok",
    "ok",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "FORBIDDEN",
];
const SERVICES: [&str; 10] = [
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "FORBIDDEN",
    "ok",
    "FORBIDDEN",
    "FORBIDDEN",
];

async fn outcome(
    market: &Market,
    who: Identity,
    field: &str,
    input: &Value,
    selection: &str,
) -> String {
    let kind = match field {
        "releaseStock" | "commitStock" => "OrderStock".to_owned(),
        _ => field[..1].to_uppercase() + &field[1..],
    };
    let query =
        format!("mutation ($input: {kind}Input!) {{ {field}(input: $input) {{ {selection} }} }}");
    let response = market.ask(who, &query, json!({ "input": input })).await;
    match response.get("errors") {
        None => "ok".to_owned(),
        Some(_) => error_code(&response).to_owned(),
    }
}

#[tokio::test]
async fn only_owners_moderators_and_services_do_what_is_theirs() {
    let market = Market::open().await;
    let price = json!({ "amount": "1", "currency": "EUR" });
    let product = |sku: &str, own: Value| {
        let mut input = json!({ "shopId": market.shop, "name": "Thing",
                                "variants": [{ "sku": sku, "stock": 9, "price": price }] });
        input
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        input
    };
    let creations = [
        (
            "createBook",
            product("o1", json!({ "author": "A" })),
            "book { id variants { id } }",
        ),
        (
            "createLaptop",
            product(
                "o2",
                json!({ "brand": "B", "cpu": "C", "ramGb": 8, "storageGb": 256 }),
            ),
            "laptop { id }",
        ),
        (
            "createMobile",
            product(
                "o3",
                json!({ "brand": "B", "operatingSystem": "Android", "storageGb": 64 }),
            ),
            "mobile { id }",
        ),
        (
            "createClothing",
            product("o4", json!({ "material": "wool" })),
            "clothing { id }",
        ),
        (
            "createGeneralProduct",
            product("o5", json!({})),
            "generalProduct { id }",
        ),
    ];
    for (field, input, selection) in &creations {
        check(&market, field, input, selection, OWNER_ONLY).await;
    }

    let book = market.book("Mine", 9).await;
    let [laptop, mobile, clothing, general] = kinds(&market).await;
    let removable = json!({ "productId": book.id, "sku": "o6", "stock": 1, "price": price });
    check(
        &market,
        "addVariant",
        &removable,
        "variant { id }",
        OWNER_ONLY,
    )
    .await;
    let variant = book.variants[0];
    let order = Uuid::now_v7();
    let category = market.category("Any", None).await;
    let cases = [
        (
            "updateBook",
            json!({ "id": book.id, "name": "x" }),
            "book { id }",
            OWNER_ONLY,
        ),
        (
            "updateLaptop",
            json!({ "id": laptop, "name": "x" }),
            "laptop { id }",
            OWNER_ONLY,
        ),
        (
            "updateMobile",
            json!({ "id": mobile, "name": "x" }),
            "mobile { id }",
            OWNER_ONLY,
        ),
        (
            "updateClothing",
            json!({ "id": clothing, "name": "x" }),
            "clothing { id }",
            OWNER_ONLY,
        ),
        (
            "updateGeneralProduct",
            json!({ "id": general, "name": "x" }),
            "generalProduct { id }",
            OWNER_ONLY,
        ),
        (
            "updateVariant",
            json!({ "variantId": variant, "sku": "o7" }),
            "variant { id }",
            OWNER_ONLY,
        ),
        (
            "setStock",
            json!({ "variantId": variant, "onHand": 5, "expectedRevision": 1 }),
            "variant { id }",
            OWNER_ONLY,
        ),
        (
            "adjustStock",
            json!({ "variantId": variant, "delta": 1 }),
            "variant { id }",
            OWNER_ONLY,
        ),
        (
            "createCategory",
            json!({ "name": "C" }),
            "category { id }",
            MODERATORS,
        ),
        (
            "updateCategory",
            json!({ "id": category }),
            "category { id }",
            MODERATORS,
        ),
        (
            "removeCategory",
            json!({ "id": category }),
            "removedId",
            MODERATORS,
        ),
        (
            "reserveStock",
            json!({ "orderId": order, "lines": [{ "variantId": variant, "quantity": 1 }] }),
            "lines { sku }",
            SERVICES,
        ),
        (
            "commitStock",
            json!({ "orderId": order }),
            "committed",
            SERVICES,
        ),
        (
            "releaseStock",
            json!({ "orderId": order }),
            "released",
            SERVICES,
        ),
        (
            "removeVariant",
            json!({ "variantId": variant }),
            "product { id }",
            OWNER_ONLY,
        ),
        (
            "archiveProduct",
            json!({ "id": book.id }),
            "product { id }",
            OWNER_ONLY,
        ),
    ];
    for (field, input, selection, expected) in &cases {
        check(&market, field, input, selection, *expected).await;
    }
    let mut tested = vec!["addVariant"];
    tested.extend(creations.iter().map(|case| case.0));
    tested.extend(cases.iter().map(|case| case.0));
    assert_every_mutation_is_tested(&market, &tested);
}

async fn kinds(market: &Market) -> [Uuid; 4] {
    let query =
        "query ($shop: ID!) { products(filter: { shopId: $shop }) { nodes { id __typename } } }";
    let list = souk_harness::data(market.sell(query, json!({ "shop": market.shop })).await);
    let nodes = list["products"]["nodes"].as_array().unwrap();
    ["Laptop", "Mobile", "Clothing", "GeneralProduct"].map(|kind| {
        let node = nodes
            .iter()
            .find(|node| node["__typename"] == kind)
            .unwrap();
        crate::market::id(&node["id"])
    })
}

async fn check(market: &Market, field: &str, input: &Value, selection: &str, expected: [&str; 10]) {
    for ((name, who), expected) in everybody(market).into_iter().zip(expected) {
        let mut input = input.clone();
        if field == "createCategory" {
            // Two may create it, but not of the same name.
            input["name"] = json!(format!("Of {name}"));
        }
        if field == "removeCategory" {
            // Two may remove it, but not the same.
            input["id"] = json!(market.category(&format!("For {name}"), None).await);
        }
        assert_eq!(
            outcome(market, who, field, &input, selection).await,
            expected,
            "{field} by {name}"
        );
    }
}

fn assert_every_mutation_is_tested(market: &Market, tested: &[&str]) {
    let sdl = market.subgraph.schema.sdl();
    let start = sdl.find("type Mutation {").unwrap();
    let body = &sdl[start..start + sdl[start..].find("\n}").unwrap()];
    for line in body
        .lines()
        .filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"))
    {
        if let Some((name, _)) = line.trim().split_once('(')
            && name.chars().all(char::is_alphanumeric)
        {
            assert!(tested.contains(&name), "{name} is missing in the table");
        }
    }
    assert!(body.contains("archiveProduct("), "the mutations are found");
}

#[tokio::test]
async fn internal_queries_answer_services_only() {
    let market = Market::open().await;
    let queries = [
        "query { variantOffers(variantIds: []) { sku } }",
        "query { productSnapshots { endCursor } }",
    ];
    for query in queries {
        for ((name, who), expected) in everybody(&market).into_iter().zip(SERVICES) {
            let response = market.ask(who, query, json!({})).await;
            let outcome = if response.get("errors").is_none() {
                "ok"
            } else {
                error_code(&response)
            };
            assert_eq!(outcome, expected, "{query} by {name}");
        }
    }
}

#[tokio::test]
async fn exact_stock_is_shown_to_the_owner_only() {
    let market = Market::open().await;
    let book = market.book("Mine", 9).await;
    let query = "query ($id: ID!) { product(id: $id) { variants { available stock { onHand } } } }";
    for (name, who) in everybody(&market) {
        let answer = souk_harness::data(market.ask(who, query, json!({ "id": book.id })).await);
        let expected = if name.starts_with("owner") {
            json!({ "onHand": 9 })
        } else {
            Value::Null
        };
        assert_eq!(
            answer["product"]["variants"],
            json!([{ "available": 9, "stock": expected }]),
            "{name}"
        );
    }
}
