//! Who may do what.

use serde_json::{Value, json};
use souk_harness::{error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::world::{World, place_variables};

/// What everybody gets: the code of the error, or `-` where the caller gets past the question who asks.
#[tokio::test]
async fn every_role_against_every_operation() {
    let world = World::still().await;
    let any = Uuid::now_v7();
    let part = json!({ "input": { "shopOrderId": any } });
    let ship = json!({ "input": { "shopOrderId": any, "carrier": "DHL", "trackingNumber": "1" } });
    let operations: [(&str, &str, Value, [&str; 7]); 11] = [
        // operation, its document, its variables: anonymous, guest, partner, buyer, seller, moderator, admin
        (
            "cart",
            "{ cart { id } }",
            json!({}),
            [
                "UNAUTHENTICATED",
                "-",
                "FORBIDDEN",
                "-",
                "-",
                "FORBIDDEN",
                "-",
            ],
        ),
        (
            "addToCart",
            "mutation ($input: AddToCartInput!) { addToCart(input: $input) { cart { id } } }",
            json!({ "input": { "variantId": any } }),
            [
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
            ],
        ),
        (
            "updateCartItem",
            "mutation ($input: UpdateCartItemInput!) { updateCartItem(input: $input) { cart { id } } }",
            json!({ "input": { "itemId": any, "quantity": 1 } }),
            [
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
            ],
        ),
        (
            "removeFromCart",
            "mutation ($input: RemoveFromCartInput!) { removeFromCart(input: $input) { cart { id } } }",
            json!({ "input": { "itemId": any } }),
            [
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
            ],
        ),
        (
            "clearCart",
            "mutation { clearCart { cart { id } } }",
            json!({}),
            [
                "UNAUTHENTICATED",
                "-",
                "FORBIDDEN",
                "-",
                "-",
                "FORBIDDEN",
                "-",
            ],
        ),
        (
            "placeOrder",
            "mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }",
            place_variables("key"),
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "FORBIDDEN",
                "CONFLICT",
                "CONFLICT",
                "FORBIDDEN",
                "CONFLICT",
            ],
        ),
        (
            "cancelOrder",
            "mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { order { id } } }",
            json!({ "input": { "orderId": any } }),
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "FORBIDDEN",
                "NOT_FOUND",
                "NOT_FOUND",
                "FORBIDDEN",
                "NOT_FOUND",
            ],
        ),
        (
            "startShopOrder",
            "mutation ($input: StartShopOrderInput!) { startShopOrder(input: $input) { shopOrder { id } } }",
            part.clone(),
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
            ],
        ),
        (
            "shipShopOrder",
            "mutation ($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { shopOrder { id } } }",
            ship,
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
            ],
        ),
        (
            "deliverShopOrder",
            "mutation ($input: DeliverShopOrderInput!) { deliverShopOrder(input: $input) { shopOrder { id } } }",
            part.clone(),
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
            ],
        ),
        (
            "cancelShopOrder",
            "mutation ($input: CancelShopOrderInput!) { cancelShopOrder(input: $input) { shopOrder { id } } }",
            part,
            [
                "UNAUTHENTICATED",
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
                "NOT_FOUND",
            ],
        ),
    ];
    let id = Uuid::now_v7;
    let everybody: [(&str, Identity); 7] = [
        ("anonymous", identity::anonymous()),
        ("guest", identity::guest(id())),
        ("partner", identity::partner(id())),
        ("buyer", identity::buyer(id())),
        ("seller", identity::seller(id())),
        ("moderator", identity::moderator(id())),
        ("admin", identity::admin(id())),
    ];
    for (operation, query, variables, expected) in operations {
        for ((role, who), expected) in everybody.iter().zip(expected) {
            let answer = world.ask(who, query, variables.clone()).await;
            let got = if answer["errors"].is_null() {
                "-"
            } else {
                error_code(&answer)
            };
            assert_eq!(got, expected, "{role}: {operation}: {answer}");
        }
    }
}
