//! Pages against a naive model: every hit exactly once, in order, whatever is asked for.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use souk_platform::events::ProductSnapshot;
use souk_platform::geo::Coordinates;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::world::{World, at, ids, product, variant};

const KINDS: [(&str, &str); 3] = [
    ("Book", "BOOK"),
    ("Laptop", "LAPTOP"),
    ("Clothing", "CLOTHING"),
];
const WORDS: [&str; 4] = ["amber", "basil", "cedar", "dahlia"];
const CENTRE: Coordinates = Coordinates {
    latitude: 50.0,
    longitude: 10.0,
};

/// What is asked for.
#[derive(Debug, Clone)]
struct Question {
    words: Vec<usize>,
    kinds: Vec<usize>,
    category: Option<usize>,
    price: Option<(i64, i64)>,
    in_stock: Option<bool>,
    radius_km: Option<f64>,
    order: usize,
    page: usize,
}

fn question() -> impl Strategy<Value = Question> {
    let price = prop::option::of((0..50_i64, 0..50_i64));
    (
        prop::collection::vec(0..WORDS.len(), 0..3),
        prop::collection::vec(0..KINDS.len(), 0..3),
        prop::option::of(0..3_usize),
        price.prop_map(|price| price.map(|(a, b)| (a.min(b), a.max(b)))),
        prop::option::of(any::<bool>()),
        prop::option::of(1.0..2000.0_f64),
        0..4_usize,
        1..40_usize,
    )
        .prop_map(
            |(words, kinds, category, price, in_stock, radius_km, order, page)| Question {
                words,
                kinds,
                category,
                price,
                in_stock,
                radius_km,
                order,
                page,
            },
        )
}

impl Question {
    fn order(&self) -> &'static str {
        match self.order {
            0 => "BEST",
            1 => "NEWEST",
            2 => "CHEAPEST",
            _ if self.radius_km.is_some() => "NEAREST",
            _ => "NEWEST",
        }
    }

    fn variables(&self, categories: &[Uuid]) -> Value {
        let text: Vec<&str> = self.words.iter().map(|word| WORDS[*word]).collect();
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| KINDS[*kind].1).collect();
        let price = self.price.map(|(min, max)| json!({ "min": min.to_string(), "max": max.to_string(), "currency": "EUR" }));
        let position = json!({ "latitude": CENTRE.latitude, "longitude": CENTRE.longitude });
        json!({
            "text": text.join(" "),
            "filter": {
                "kinds": kinds,
                "categoryIds": self.category.map(|category| vec![categories[category]]),
                "price": price,
                "inStock": self.in_stock,
            },
            "near": self.radius_km.map(|radius_km| json!({ "position": position, "radiusKm": radius_km })),
            "orderBy": self.order(),
            "first": self.page,
        })
    }

    fn fits(&self, product: &ProductSnapshot, categories: &[Uuid]) -> bool {
        let in_stock = product.variants.iter().any(|variant| variant.available > 0);
        self.words
            .iter()
            .all(|word| product.name.contains(WORDS[*word]))
            && (self.kinds.is_empty()
                || self.kinds.iter().any(|kind| KINDS[*kind].0 == product.kind))
            && self
                .category
                .is_none_or(|category| product.category_ids.contains(&categories[category]))
            && self.in_stock.is_none_or(|wanted| wanted == in_stock)
            && self.price.is_none_or(|(min, max)| {
                let fits = |price: i64| (min * 100..=max * 100).contains(&price);
                product.variants.iter().any(|variant| {
                    variant.currency == CurrencyCode::Eur && fits(variant.price_minor)
                })
            })
            && self
                .radius_km
                .is_none_or(|radius| distance(product).is_some_and(|km| km <= radius))
    }

    /// Where the product stands; the best are sorted by the index alone.
    fn place(&self, product: &ProductSnapshot) -> (i64, Uuid) {
        let key = match self.order() {
            "CHEAPEST" => product
                .variants
                .iter()
                .map(|variant| variant.price_minor)
                .min()
                .unwrap(),
            "NEAREST" => (distance(product).unwrap() * 1e6) as i64,
            _ => -product.created_at.timestamp_micros(),
        };
        (key, product.product_id)
    }
}

fn distance(product: &ProductSnapshot) -> Option<f64> {
    let distances = product.positions.iter().map(|(latitude, longitude)| {
        CENTRE.distance_km(Coordinates {
            latitude: *latitude,
            longitude: *longitude,
        })
    });
    distances.min_by(f64::total_cmp)
}

/// Many that are alike in one thing or another, so that orders have ties.
fn products(categories: &[Uuid]) -> Vec<ProductSnapshot> {
    (0..120_usize)
        .map(|number| {
            let words: Vec<&str> = WORDS
                .iter()
                .enumerate()
                .filter(|(bit, _)| number >> bit & 1 == 1)
                .map(|(_, word)| *word)
                .collect();
            let mut one = product(&words.join(" "));
            let small = i64::try_from(number).unwrap();
            one.kind = KINDS[number % 3].0.to_owned();
            one.category_ids = categories[..number % 4].to_vec();
            one.created_at = at(small / 7);
            let currency = if number % 5 == 0 {
                CurrencyCode::Usd
            } else {
                CurrencyCode::Eur
            };
            one.variants = vec![
                variant(small % 11 * 400, currency, small % 2),
                variant(2500, currency, small % 3 / 2),
            ];
            let north = f64::from(u8::try_from(number % 9).unwrap());
            one.positions = if number % 10 == 0 {
                Vec::new()
            } else {
                vec![(50.0 + north, 10.0), (-40.0, 10.0)]
            };
            one
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_cover_every_hit_exactly_once_and_in_order() {
    let world = World::new().await;
    let categories = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let products = products(&categories);
    // In two steps, so that the index has several segments.
    world.tell(&products[..50]).await;
    world.tell(&products[50..]).await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let config = Config {
            cases: 60,
            failure_persistence: None,
            ..Config::default()
        };
        let result = TestRunner::new(config).run(&question(), |question| {
            runtime.block_on(check(&world, &products, &categories, &question));
            Ok(())
        });
        result.unwrap();
    });
}

async fn check(
    world: &World,
    products: &[ProductSnapshot],
    categories: &[Uuid],
    question: &Question,
) {
    let mut expected: Vec<&ProductSnapshot> = products
        .iter()
        .filter(|product| question.fits(product, categories))
        .collect();
    expected.sort_by_key(|product| question.place(product));
    let mut expected: Vec<Uuid> = expected.iter().map(|product| product.product_id).collect();

    let mut variables = question.variables(categories);
    let text = variables["text"].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    loop {
        let page = world.search(&text, variables.clone()).await;
        assert_eq!(page["totalCount"], expected.len());
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !found.is_empty());
        let ids = ids(&page);
        found.extend_from_slice(&ids);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_eq!(ids.len(), question.page);
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
    if question.order() == "BEST" && !text.is_empty() {
        found.sort();
        expected.sort();
    }
    assert_eq!(found, expected);
}
