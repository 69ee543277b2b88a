//! Filters, facets, places and what is refused.

use serde_json::json;
use souk_platform::geo::Coordinates;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::world::{World, at, counts, ids, product, variant};

#[tokio::test]
async fn facets_count_what_each_other_choice_would_give() {
    let world = World::new().await;
    let (books, novels) = (Uuid::now_v7(), Uuid::now_v7());
    let mut products = Vec::new();
    for (kind, categories, price, available) in [
        ("Book", vec![books], 500, 1),
        ("Book", vec![books, novels], 1500, 0),
        ("Book", vec![books, novels], 2500, 3),
        ("Laptop", vec![], 90_000, 1),
        ("Laptop", vec![], 120_000, 0),
    ] {
        let mut one = product("thing");
        one.kind = kind.to_owned();
        one.category_ids = categories;
        one.variants = vec![variant(price, CurrencyCode::Eur, available)];
        products.push(one);
    }
    let mut in_yen = product("thing");
    in_yen.kind = "Mobile".to_owned();
    in_yen.variants = vec![
        variant(80_000, CurrencyCode::Jpy, 1),
        variant(700, CurrencyCode::Jpy, 0),
    ];
    products.push(in_yen);
    world.tell(&products).await;

    let all = world.search("thing", json!({})).await;
    assert_eq!(all["totalCount"], 6);
    let kinds = [
        ("BOOK".to_owned(), 3),
        ("LAPTOP".to_owned(), 2),
        ("MOBILE".to_owned(), 1),
    ]
    .into();
    assert_eq!(counts(&all["facets"]["kinds"], "/kind"), kinds);
    let in_categories = [(books.to_string(), 3), (novels.to_string(), 2)].into();
    assert_eq!(
        counts(&all["facets"]["categories"], "/category/id"),
        in_categories
    );
    assert_eq!(
        (&all["facets"]["inStock"], &all["facets"]["outOfStock"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(
        all["facets"]["prices"],
        json!([
            { "min": { "amount": "5.00", "currency": "EUR" }, "max": { "amount": "1200.00" } },
            { "min": { "amount": "700", "currency": "JPY" }, "max": { "amount": "80000" } },
        ])
    );

    // Books in stock: other kinds in stock are still counted, and books out of stock, but no laptops out of stock.
    let some = world
        .search(
            "thing",
            json!({ "filter": { "kinds": ["BOOK"], "inStock": true } }),
        )
        .await;
    assert_eq!(some["totalCount"], 2);
    let kinds = [
        ("BOOK".to_owned(), 2),
        ("LAPTOP".to_owned(), 1),
        ("MOBILE".to_owned(), 1),
    ]
    .into();
    assert_eq!(counts(&some["facets"]["kinds"], "/kind"), kinds);
    assert_eq!(
        (&some["facets"]["inStock"], &some["facets"]["outOfStock"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(some["facets"]["prices"][0]["max"]["amount"], "25.00");

    let total = async |filter: serde_json::Value| {
        world.search("thing", json!({ "filter": filter })).await["totalCount"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(total(json!({ "kinds": ["BOOK", "MOBILE"] })).await, 4);
    assert_eq!(total(json!({ "categoryIds": [novels] })).await, 2);
    assert_eq!(
        total(json!({ "categoryIds": [novels, Uuid::now_v7()] })).await,
        2
    );
    assert_eq!(total(json!({ "categoryIds": [Uuid::now_v7()] })).await, 0);
    assert_eq!(total(json!({ "categoryIds": [] })).await, 6);
    assert_eq!(
        total(json!({ "shopIds": [products[0].shop_id, products[3].shop_id] })).await,
        2
    );
    assert_eq!(total(json!({ "inStock": false })).await, 2);
    assert_eq!(
        total(json!({ "price": { "min": "5", "max": "15.00", "currency": "EUR" } })).await,
        2
    );
    assert_eq!(
        total(json!({ "price": { "min": "15.01", "currency": "EUR" } })).await,
        3
    );
    assert_eq!(
        total(json!({ "price": { "max": "700", "currency": "JPY" } })).await,
        1
    );
    assert_eq!(
        total(json!({ "price": { "min": "701", "max": "79999", "currency": "JPY" } })).await,
        0
    );
    assert_eq!(total(json!({ "price": { "currency": "GBP" } })).await, 0);
}

#[tokio::test]
async fn orders_sort_by_what_they_say() {
    let world = World::new().await;
    let mut products = Vec::new();
    for (seconds, price) in [(10, 300), (30, 100), (20, 200)] {
        let mut one = product("thing");
        one.created_at = at(seconds);
        one.variants = vec![
            variant(price * 2, CurrencyCode::Eur, 1),
            variant(price, CurrencyCode::Eur, 1),
        ];
        products.push(one);
    }
    world.tell(&products).await;
    let order = |indexes: [usize; 3]| indexes.map(|index| products[index].product_id).to_vec();
    assert_eq!(
        world.ids("thing", json!({ "orderBy": "NEWEST" })).await,
        order([1, 2, 0])
    );
    assert_eq!(
        world.ids("", json!({})).await,
        order([1, 2, 0]),
        "newest without a text"
    );
    assert_eq!(
        world.ids("thing", json!({ "orderBy": "CHEAPEST" })).await,
        order([1, 2, 0])
    );
}

#[tokio::test]
async fn the_nearest_branch_counts() {
    let world = World::new().await;
    // Over the date line, at the pole and around the corner.
    let centres = [(52.52, 13.405), (0.0, 179.95), (89.9, 0.0), (-33.9, 18.4)];
    let mut products = Vec::new();
    for number in 0..40_i32 {
        let mut one = product("thing");
        let far = f64::from(number) * 0.37;
        one.positions = centres
            .iter()
            .take(usize::try_from(number % 4).unwrap())
            .map(|(latitude, longitude)| {
                let longitude = longitude + far;
                let longitude = if longitude > 180.0 {
                    longitude - 360.0
                } else {
                    longitude
                };
                ((latitude - far / 3.0).clamp(-90.0, 90.0), longitude)
            })
            .collect();
        products.push(one);
    }
    world.tell(&products).await;
    for (latitude, longitude) in centres {
        for radius_km in [5.0, 300.0, 1000.0, 20_000.0] {
            let centre = Coordinates {
                latitude,
                longitude,
            };
            let mut expected: Vec<(f64, Uuid)> = Vec::new();
            for one in &products {
                let distances = one.positions.iter().map(|(latitude, longitude)| {
                    centre.distance_km(Coordinates {
                        latitude: *latitude,
                        longitude: *longitude,
                    })
                });
                let nearest = distances.min_by(f64::total_cmp);
                expected.extend(
                    nearest
                        .filter(|km| *km <= radius_km)
                        .map(|km| (km, one.product_id)),
                );
            }
            expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let near = json!({ "position": { "latitude": latitude, "longitude": longitude }, "radiusKm": radius_km });
            let found = world
                .search(
                    "thing",
                    json!({ "near": near, "orderBy": "NEAREST", "first": 100 }),
                )
                .await;
            assert_eq!(found["totalCount"], expected.len());
            assert_eq!(
                ids(&found),
                expected.iter().map(|(_, id)| *id).collect::<Vec<_>>()
            );
            for (node, (km, _)) in found["nodes"].as_array().unwrap().iter().zip(&expected) {
                assert!((node["distanceKm"].as_f64().unwrap() - km).abs() < 1e-6);
            }
        }
    }
}

#[tokio::test]
async fn wrong_input_is_named() {
    let world = World::new().await;
    let position =
        |latitude: f64, longitude: f64| json!({ "latitude": latitude, "longitude": longitude });
    let near = |position: serde_json::Value, km: f64| json!({ "near": { "position": position, "radiusKm": km } });
    let price = |min: &str, max: &str| json!({ "filter": { "price": { "min": min, "max": max, "currency": "EUR" } } });
    let many: Vec<Uuid> = (0..51).map(|_| Uuid::now_v7()).collect();
    let cases = [
        (json!({ "first": 0 }), "first"),
        (json!({ "first": 101 }), "first"),
        (json!({ "after": "nonsense" }), "after"),
        (json!({ "after": "WzEsMl0" }), "after"),
        (json!({ "text": "x".repeat(201) }), "text"),
        (json!({ "orderBy": "NEAREST" }), "orderBy"),
        (near(position(90.1, 0.0), 1.0), "near.position.latitude"),
        (near(position(0.0, -180.1), 1.0), "near.position.longitude"),
        (near(position(0.0, 0.0), 0.0), "near.radiusKm"),
        (near(position(0.0, 0.0), -5.0), "near.radiusKm"),
        (near(position(0.0, 0.0), 30_000.0), "near.radiusKm"),
        (price("-1", "5"), "filter.price.min"),
        (price("1", "0.001"), "filter.price.max"),
        (price("5", "1"), "filter.price.max"),
        (
            json!({ "filter": { "categoryIds": many } }),
            "filter.categoryIds",
        ),
        (json!({ "filter": { "shopIds": many } }), "filter.shopIds"),
    ];
    for (variables, argument) in cases {
        let refused = world.refused(variables.clone()).await;
        assert_eq!(
            refused,
            ("BAD_USER_INPUT".to_owned(), argument.to_owned()),
            "{variables}"
        );
    }
    for variables in [
        json!({ "filter": { "shopIds": ["x"] } }),
        json!({ "filter": { "kinds": ["CAR"] } }),
    ] {
        assert_eq!(world.refused(variables).await.0, "BAD_USER_INPUT");
    }
}
