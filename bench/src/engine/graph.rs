//! Four small subgraphs whose data are constants, so that a request's cost is that of the engine: accounts, inventory,
//! products and reviews, as in the public benchmark of federation gateways. The answers have its sizes.

use std::sync::{Arc, LazyLock};

use async_graphql::{
    ComplexObject, EmptyMutation, EmptySubscription, ID, Object, ObjectType, Schema, SimpleObject,
    ValidationMode,
};
use souk_composition::{SubgraphInput, compose};
use souk_platform::GraphqlService;

/// Everything of everybody: four levels of requests to subgraphs, and an answer of some 90 KB.
pub const QUERY: &str = "fragment User on User { id username name }
fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }
query Everything {
  users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } } }
  topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
}";

/// A subgraph by its name.
pub type Member = (&'static str, Arc<dyn GraphqlService>);

/// All of them.
pub fn members() -> [Member; 4] {
    [
        ("accounts", schema(Accounts)),
        ("inventory", schema(Inventory)),
        ("products", schema(Products)),
        ("reviews", schema(Reviews)),
    ]
}

/// The supergraph of subgraphs that are reached under this address.
pub fn supergraph(address: &str) -> String {
    let inputs = members().map(|(name, service)| SubgraphInput {
        name: name.to_owned(),
        url: format!("{address}/{name}"),
        sdl: service.sdl(),
    });
    let composed = compose(&inputs).unwrap_or_else(|errors| panic!("{errors}"));
    composed.supergraph_sdl
}

/// Documents come from the router, which has validated what it planned them from: as in Souk's own subgraphs.
fn schema<Query: ObjectType + 'static>(query: Query) -> Arc<dyn GraphqlService> {
    let schema = Schema::build(query, EmptyMutation, EmptySubscription)
        .enable_federation()
        .validation_mode(ValidationMode::Fast)
        .finish();
    Arc::new(schema)
}

/// The names of the users; the first of them has written every review.
const USERS: [(&str, &str); 6] = [
    ("ada", "Ada Lovelace"),
    ("alan", "Alan Turing"),
    ("barbara", "Barbara Liskov"),
    ("edsger", "Edsger Dijkstra"),
    ("grace", "Grace Hopper"),
    ("tony", "Tony Hoare"),
];

/// Name, price and weight.
const PRODUCTS: [(&str, i32, i32); 9] = [
    ("Table", 899, 100),
    ("Couch", 1299, 1000),
    ("Glass", 15, 20),
    ("Chair", 499, 100),
    ("Lamp", 120, 30),
    ("Carpet", 650, 300),
    ("Shelf", 240, 450),
    ("Desk", 1100, 800),
    ("Mirror", 75, 60),
];

/// The product of each review, and how long its text is, in bytes.
const REVIEWS: [(usize, usize); 11] = [
    (1, 445),
    (1, 290),
    (1, 275),
    (1, 145),
    (2, 445),
    (2, 290),
    (2, 275),
    (2, 145),
    (3, 145),
    (4, 145),
    (5, 840),
];

/// How many reviews a user shows.
const SHOWN: usize = 2;

static REVIEW_TEXTS: LazyLock<Vec<Review>> = LazyLock::new(|| {
    let words = "it does what it should, came in time and looks as good as on the picture; ";
    let review = |(index, &(product, length)): (usize, &(usize, usize))| {
        let body: String = words.chars().cycle().take(length).collect();
        Review {
            id: ID((index + 1).to_string()),
            body: Some(body.leak()),
            product: Some(ReviewedProduct {
                upc: product.to_string(),
            }),
        }
    };
    REVIEWS.iter().enumerate().map(review).collect()
});

#[derive(SimpleObject, Clone)]
#[graphql(serial)]
struct User {
    id: ID,
    #[graphql(shareable)]
    username: Option<&'static str>,
    name: Option<&'static str>,
}

fn user(index: usize) -> Option<User> {
    let &(username, name) = USERS.get(index)?;
    Some(User {
        id: ID((index + 1).to_string()),
        username: Some(username),
        name: Some(name),
    })
}

/// The place in its list of what has this id.
fn index(id: &str) -> usize {
    id.parse::<usize>().map_or(usize::MAX, |id| id - 1)
}

struct Accounts;

#[Object(name = "Query")]
impl Accounts {
    async fn users(&self) -> Option<Vec<Option<User>>> {
        Some((0..USERS.len()).map(user).collect())
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<User> {
        user(index(&id))
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(serial)]
struct Product {
    upc: String,
    name: Option<&'static str>,
    price: Option<i32>,
    weight: Option<i32>,
}

fn product(index: usize) -> Option<Product> {
    let &(name, price, weight) = PRODUCTS.get(index)?;
    Some(Product {
        upc: (index + 1).to_string(),
        name: Some(name),
        price: Some(price),
        weight: Some(weight),
    })
}

struct Products;

#[Object(name = "Query")]
impl Products {
    async fn top_products(
        &self,
        #[graphql(default = 5)] first: Option<i32>,
    ) -> Option<Vec<Option<Product>>> {
        let count = usize::try_from(first.unwrap_or(5)).unwrap_or(0);
        let count = count.min(PRODUCTS.len());
        Some((0..count).map(product).collect())
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: String) -> Option<Product> {
        product(index(&upc))
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(complex, serial, name = "Product")]
struct StockedProduct {
    upc: String,
    in_stock: Option<bool>,
    #[graphql(external)]
    price: Option<i32>,
    #[graphql(external)]
    weight: Option<i32>,
}

#[ComplexObject]
impl StockedProduct {
    /// What is dear is sent for nothing.
    #[graphql(requires = "price weight")]
    async fn shipping_estimate(&self) -> Option<i32> {
        match (self.price?, self.weight?) {
            (1001.., _) => Some(0),
            (_, weight) => Some(weight / 2),
        }
    }
}

struct Inventory;

#[Object(name = "Query")]
impl Inventory {
    #[graphql(entity)]
    async fn find_product(
        &self,
        #[graphql(key)] upc: String,
        price: Option<i32>,
        weight: Option<i32>,
    ) -> Option<StockedProduct> {
        let in_stock = index(&upc) % 3 != 1;
        Some(StockedProduct {
            upc,
            in_stock: Some(in_stock),
            price,
            weight,
        })
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(complex, serial)]
struct Review {
    id: ID,
    body: Option<&'static str>,
    product: Option<ReviewedProduct>,
}

#[ComplexObject]
impl Review {
    #[graphql(provides = "username")]
    async fn author(&self) -> Option<Author> {
        Some(Author {
            id: "1".into(),
            username: Some(USERS[0].0),
        })
    }
}

#[derive(SimpleObject)]
#[graphql(complex, serial, name = "User")]
struct Author {
    id: ID,
    #[graphql(external)]
    username: Option<&'static str>,
}

#[ComplexObject]
impl Author {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        let shown = REVIEW_TEXTS.iter().take(SHOWN);
        Some(shown.cloned().map(Some).collect())
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(complex, serial, name = "Product")]
struct ReviewedProduct {
    upc: String,
}

#[ComplexObject]
impl ReviewedProduct {
    async fn reviews(&self) -> Option<Vec<Option<Review>>> {
        let of_this = |review: &&Review| {
            let product = review.product.as_ref();
            product.is_some_and(|product| product.upc == self.upc)
        };
        let reviews = REVIEW_TEXTS.iter().filter(of_this);
        Some(reviews.cloned().map(Some).collect())
    }
}

struct Reviews;

#[Object(name = "Query")]
impl Reviews {
    #[graphql(entity)]
    async fn find_review(&self, id: ID) -> Option<Review> {
        REVIEW_TEXTS.get(index(&id)).cloned()
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<Author> {
        let username = Some(USERS.get(index(&id))?.0);
        Some(Author { id, username })
    }

    #[graphql(entity)]
    async fn find_product(&self, upc: String) -> Option<ReviewedProduct> {
        Some(ReviewedProduct { upc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subgraphs_compose() {
        assert!(supergraph("http://localhost").contains("http://localhost/reviews"));
    }
}
