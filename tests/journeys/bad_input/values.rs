//! Inputs of the right type that make no sense.

use serde_json::{Value, json};
use souk_harness::Client;
use souk_harness::client::text;
use souk_harness::market::fresh_email;

use crate::in_one_process;

const ADD_TO_CART: &str =
    "mutation($input: AddToCartInput!) { addToCart(input: $input) { cart { id } } }";
const CREATE_BOOK: &str =
    "mutation($input: CreateBookInput!) { createBook(input: $input) { book { id } } }";
const ADD_BRANCH: &str =
    "mutation($input: AddBranchInput!) { addBranch(input: $input) { branch { id } } }";
const UPDATE_CART_ITEM: &str =
    "mutation($input: UpdateCartItemInput!) { updateCartItem(input: $input) { __typename } }";
const SET_STOCK: &str =
    "mutation($input: SetStockInput!) { setStock(input: $input) { __typename } }";
const ADJUST_STOCK: &str =
    "mutation($input: AdjustStockInput!) { adjustStock(input: $input) { __typename } }";
const PLACE_ORDER: &str =
    "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }";
const REGISTER: &str =
    "mutation($input: RegisterInput!) { register(input: $input) { user { id } } }";
const SHOPS_NEAR: &str = "query($latitude: Float!, $longitude: Float!, $radiusKm: Float!) {
    shopsNear(latitude: $latitude, longitude: $longitude, radiusKm: $radiusKm) { nodes { distanceKm } } }";
const SEARCH_NEAR: &str = "query($near: NearInput!) { searchProducts(near: $near) { totalCount } }";

/// A seller with an approved shop that sells one book, and everything that bad input could have changed.
struct Stall {
    seller: Client,
    shop: String,
    variant: String,
}

impl Stall {
    async fn open() -> Stall {
        let anyone = Client::new(in_one_process().await.url());
        let seller = anyone
            .register(&fresh_email("stall"), "Stella Stall")
            .await
            .become_seller()
            .await;
        let opened = seller
            .ask(
                "mutation { createShop(input: { name: \"Stall\" }) { shop { id } } }",
                json!({}),
            )
            .await;
        let shop = text(&opened, "/createShop/shop/id").to_owned();
        let moderator = anyone.login("moderator@souk.example").await;
        moderator
            .ask(
                "mutation($id: ID!) { approveShop(input: { id: $id }) { __typename } }",
                json!({ "id": shop }),
            )
            .await;
        let input = book(&shop, &json!({ "amount": "9.50", "currency": "EUR" }), 5);
        let create = CREATE_BOOK.replace("{ id }", "{ variants { id } }");
        let created = seller.ask(&create, json!({ "input": input })).await;
        let variant = text(&created, "/createBook/book/variants/0/id").to_owned();
        Stall {
            seller,
            shop,
            variant,
        }
    }

    async fn state(&self) -> Value {
        const STATE: &str = "query($shop: ID!) { cart { items { quantity } } me { name orders { nodes { id } } }
            shop(id: $shop) { version branches { nodes { id } }
            products { nodes { id variants { price { amount } stock { onHand reserved revision } } } } } }";
        self.seller.ask(STATE, json!({ "shop": self.shop })).await
    }

    /// Each of the inputs is refused with this argument and message, and changes nothing.
    async fn refuses(&self, query: &str, cases: impl IntoIterator<Item = (Value, &str, &str)>) {
        let before = self.state().await;
        for (variables, argument, message) in cases {
            let refusal = self.seller.fails(query, variables.clone()).await;
            assert_eq!(
                refusal.code, "BAD_USER_INPUT",
                "{variables}: {}",
                refusal.message
            );
            assert!(
                refusal.message.contains(message),
                "{variables}: {}",
                refusal.message
            );
            assert!(
                !refusal.message.contains("occurred while"),
                "{variables}: {}",
                refusal.message
            );
            let expected = (!argument.is_empty()).then_some(argument);
            assert_eq!(
                refusal.argument.as_deref(),
                expected,
                "{variables}: {}",
                refusal.message
            );
        }
        assert_eq!(self.state().await, before);
    }
}

fn book(shop: &str, price: &Value, stock: i64) -> Value {
    json!({ "shopId": shop, "name": "A book", "author": "A. Author",
        "variants": [{ "sku": "ONE", "price": price, "stock": stock }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities() {
    let stall = Stall::open().await;
    let cases = [-1, 0, 1000, 2_147_483_647].map(|quantity| {
        let input = json!({ "input": { "variantId": stall.variant, "quantity": quantity } });
        (input, "input.quantity", "a quantity is between 1 and 999")
    });
    stall.refuses(ADD_TO_CART, cases).await;
    let add = ADD_TO_CART.replace("{ id }", "{ items { id } }");
    let input = json!({ "variantId": stall.variant, "quantity": 2 });
    let added = stall.seller.ask(&add, json!({ "input": input })).await;
    let item = text(&added, "/addToCart/cart/items/0/id");
    let cases = [-1, 0, 1000, 2_147_483_647].map(|quantity| {
        let input = json!({ "input": { "itemId": item, "quantity": quantity } });
        (input, "input.quantity", "a quantity is between 1 and 999")
    });
    stall.refuses(UPDATE_CART_ITEM, cases).await;
    let cases = [i32::MIN, -1, 1_000_000_001].map(|on_hand| {
        let input = json!({ "variantId": stall.variant, "onHand": on_hand, "expectedRevision": 1 });
        (
            json!({ "input": input }),
            "input.onHand",
            "between 0 and 1000000000",
        )
    });
    stall.refuses(SET_STOCK, cases).await;
    let cases = [i32::MIN, -1_000_000_001, 0, i32::MAX].map(|delta| {
        let input = json!({ "input": { "variantId": stall.variant, "delta": delta } });
        (
            input,
            "input.delta",
            "must not be zero, and at most 1000000000 pieces",
        )
    });
    stall.refuses(ADJUST_STOCK, cases).await;
    let cases = [-1, 1_000_000_001].map(|stock| {
        let input = book(
            &stall.shop,
            &json!({ "amount": "1.00", "currency": "EUR" }),
            stock,
        );
        (
            json!({ "input": input }),
            "input.variants.0.stock",
            "between 0 and 1000000000",
        )
    });
    stall.refuses(CREATE_BOOK, cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices() {
    let stall = Stall::open().await;
    let amount = "input.variants.0.price.amount";
    let no_number = "is not a decimal number such as \"12.50\"";
    let cases = [
        (
            json!("12.345"),
            "EUR",
            amount,
            "an amount in EUR has at most 2 decimals",
        ),
        (
            json!(12.345),
            "EUR",
            amount,
            "an amount in EUR has at most 2 decimals",
        ),
        (
            json!("100.5"),
            "JPY",
            amount,
            "an amount in JPY has at most 0 decimals",
        ),
        (json!("-1.00"), "EUR", amount, "a price cannot be negative"),
        (
            json!("0.00"),
            "EUR",
            amount,
            "a price must be more than zero",
        ),
        (
            json!("10000000000.01"),
            "EUR",
            amount,
            "a price is at most 10,000,000,000",
        ),
        (
            json!("99999999999999999999"),
            "EUR",
            amount,
            "a price is at most 10,000,000,000",
        ),
        (json!("1e400"), "EUR", "", no_number),
        (json!("1,50"), "EUR", "", no_number),
        (json!("NaN"), "EUR", "", no_number),
        (json!(""), "EUR", "", no_number),
        (
            json!(true),
            "EUR",
            "",
            "Expected input type \"Decimal\", found true",
        ),
        (
            json!("1.00"),
            "eur",
            "",
            "variable input.variants[0].price.currency: \"eur\" to type CurrencyCode",
        ),
        (
            json!("1.00"),
            "XYZ",
            "",
            "variable input.variants[0].price.currency: \"XYZ\" to type CurrencyCode",
        ),
    ]
    .map(|(amount, currency, argument, message)| {
        let input = book(
            &stall.shop,
            &json!({ "amount": amount, "currency": currency }),
            1,
        );
        (json!({ "input": input }), argument, message)
    });
    stall.refuses(CREATE_BOOK, cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_off_the_globe() {
    let stall = Stall::open().await;
    let off = [
        (
            90.01,
            0.0,
            "latitude",
            "a latitude is between -90 and 90 degrees",
        ),
        (
            -91.0,
            0.0,
            "latitude",
            "a latitude is between -90 and 90 degrees",
        ),
        (
            1e308,
            0.0,
            "latitude",
            "a latitude is between -90 and 90 degrees",
        ),
        (
            0.0,
            180.01,
            "longitude",
            "a longitude is between -180 and 180 degrees",
        ),
        (
            0.0,
            -181.0,
            "longitude",
            "a longitude is between -180 and 180 degrees",
        ),
    ];
    for (latitude, longitude, argument, message) in off {
        let position = json!({ "latitude": latitude, "longitude": longitude });
        let address = json!({ "line1": "Street 1", "city": "Berlin", "country": "DE" });
        let branch = json!({ "name": "Off", "address": address, "position": position });
        let input = json!({ "input": { "shopId": stall.shop, "branch": branch } });
        stall
            .refuses(
                ADD_BRANCH,
                [(
                    input,
                    &*format!("input.branch.position.{argument}"),
                    message,
                )],
            )
            .await;
        let mut near = position.clone();
        near["radiusKm"] = json!(5);
        stall.refuses(SHOPS_NEAR, [(near, argument, message)]).await;
        let near = json!({ "near": { "position": position, "radiusKm": 5 } });
        stall
            .refuses(
                SEARCH_NEAR,
                [(near, &*format!("near.position.{argument}"), message)],
            )
            .await;
    }
    for radius in [0.0, -1.0, 1e9] {
        let near = json!({ "latitude": 1, "longitude": 1, "radiusKm": radius });
        stall
            .refuses(
                SHOPS_NEAR,
                [(near, "radiusKm", "a radius is more than 0 and at most")],
            )
            .await;
        let near = json!({ "near": { "position": { "latitude": 1, "longitude": 1 }, "radiusKm": radius } });
        stall
            .refuses(
                SEARCH_NEAR,
                [(near, "near.radiusKm", "a radius is more than 0 and at most")],
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_ids() {
    let stall = Stall::open().await;
    for list in [
        "products",
        "searchProducts",
        "shops",
        "searchShops",
        "categories",
        "me { orders",
        "me { shops",
        "me { addresses",
    ] {
        let end = if list.starts_with("me") { "} }" } else { "}" };
        let query = format!(
            "query($first: Int, $after: String) {{ {list}(first: $first, after: $after) {{ pageInfo {{ endCursor }} }} {end}"
        );
        let sizes = [-1, 0, 101, i32::MAX].map(|first| {
            (
                json!({ "first": first }),
                "first",
                "first must be between 1 and 100",
            )
        });
        stall.refuses(&query, sizes).await;
        let cursors = ["", "garbage", "YWJj", "\u{0}", "\u{1f9de}"].map(|after| {
            (
                json!({ "after": after }),
                "after",
                "this cursor is not one of this list",
            )
        });
        stall.refuses(&query, cursors).await;
    }
    let no_uuid = "is not an id: expected a UUID";
    for (id, message) in [
        (json!("nonsense"), no_uuid),
        (json!(""), no_uuid),
        (json!("01890a5d-ac96-774b-bcce-b302099a805g"), no_uuid),
        (json!("a\u{0}b"), no_uuid),
        (json!(7), "found 7"),
    ] {
        for field in ["product", "shop", "user", "order", "payment", "category"] {
            let query = format!("query($id: ID!) {{ {field}(id: $id) {{ id }} }}");
            stall
                .refuses(&query, [(json!({ "id": id }), "", message)])
                .await;
        }
    }
}

/// PostgreSQL takes no zero character in texts, and nobody wants other control characters in names.
#[tokio::test(flavor = "multi_thread")]
async fn texts() {
    let stall = Stall::open().await;
    let control = "this must not contain line breaks or control characters";
    let address = |field: &str, value: &str| {
        let mut address =
            json!({ "recipient": "B", "line1": "S 1", "city": "Berlin", "country": "DE" });
        address[field] = json!(value);
        json!({ "input": { "idempotencyKey": "key", "shippingAddress": address } })
    };
    let order = [
        (
            address("recipient", "a\u{0}b"),
            "input.shippingAddress.recipient",
            control,
        ),
        (
            address("line1", ""),
            "input.shippingAddress.line1",
            "this must not be empty",
        ),
        (
            address("city", &"x".repeat(101)),
            "input.shippingAddress.city",
            "at most 100 characters long, got 101",
        ),
        (
            address("country", "Germany"),
            "input.shippingAddress.country",
            "two letters of ISO 3166-1, such as DE",
        ),
    ];
    stall.refuses(PLACE_ORDER, order).await;

    let register = |email: &str, name: &str, password: &str| json!({ "input": { "email": email, "name": name, "password": password } });
    let registration = [
        (
            register("no address", "N", "long enough 1"),
            "input.email",
            "this is not an e-mail address",
        ),
        (
            register("a\u{0}@b.example", "N", "long enough 1"),
            "input.email",
            "this is not an e-mail address",
        ),
        (
            register("a@b.example", "N\u{0}", "long enough 1"),
            "input.name",
            control,
        ),
        (
            register("a@b.example", "N", "short"),
            "input.password",
            "10 to 128 characters, got 5",
        ),
    ];
    stall.refuses(REGISTER, registration).await;

    let with = |field: &str, value: Value| {
        let mut input = book(
            &stall.shop,
            &json!({ "amount": "1.00", "currency": "EUR" }),
            1,
        );
        input[field] = value;
        json!({ "input": input })
    };
    let books = [
        (with("name", json!("a\u{0}b")), "input.name", control),
        (
            with("name", json!("x".repeat(201))),
            "input.name",
            "at most 200 characters long, got 201",
        ),
        (
            with("description", json!("a\u{0}b")),
            "input.description",
            "this must not contain control characters",
        ),
        (
            with("isbn", json!("123")),
            "input.isbn",
            "an ISBN has 10 or 13 digits",
        ),
        (
            with("publishedOn", json!("2020-13-45")),
            "",
            "\"2020-13-45\" is not a day such as",
        ),
        (
            with("variants", json!([])),
            "input.variants",
            "a product has at least one variant",
        ),
    ];
    stall.refuses(CREATE_BOOK, books).await;

    for text in [
        "a\u{0}b",
        "\u{feff}",
        "AND OR NOT \"",
        "name:*",
        &"x".repeat(200),
    ] {
        let found = stall
            .seller
            .ask(
                "query($t: String) { searchProducts(text: $t) { totalCount } }",
                json!({ "t": text }),
            )
            .await;
        assert!(
            found["searchProducts"]["totalCount"].is_number(),
            "a search for {text:?} is no error"
        );
    }
}
