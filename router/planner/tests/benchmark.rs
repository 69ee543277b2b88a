//! The public federation benchmark's query.

mod common;

use common::{levels, plan_for, requests};

const SUPERGRAPH: &str = include_str!("schemas/benchmark.graphql");

const QUERY: &str = include_str!("schemas/benchmark.query.graphql");

#[test]
fn at_most_seven_requests_on_four_levels() {
    let plan = plan_for(SUPERGRAPH, QUERY);
    assert!(levels(&plan) <= 4, "{plan}");
    assert!(requests(&plan) <= 7, "{plan}");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Parallel {
        Fetch accounts {
          query TestQuery__accounts__0 {
            users {
              id
              username
              name
            }
          }
        }
        Fetch products {
          query TestQuery__products__1 {
            topProducts {
              name
              price
              upc
              weight
            }
          }
        }
      }
      Fetch reviews {
        $representations_0 from users[]
          User { id }
        $representations_1 from topProducts[]
          Product { upc }
        query TestQuery__reviews__2($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on User {
              reviews {
                id
                body
                product {
                  upc
                  reviews {
                    id
                    body
                    author {
                      id
                      username
                      reviews {
                        id
                        body
                        product {
                          upc
                        }
                      }
                    }
                  }
                }
              }
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Product {
              reviews {
                id
                body
                author {
                  id
                  username
                  reviews {
                    id
                    body
                    product {
                      upc
                    }
                  }
                }
              }
            }
          }
        }
      }
      Parallel {
        Fetch products {
          $representations_0 from users[].reviews[].product
            Product { upc }
          $representations_1 from users[].reviews[].product.reviews[].author.reviews[].product
            Product { upc }
          $representations_2 from topProducts[].reviews[].author.reviews[].product
            Product { upc }
          query TestQuery__products__3($representations_0: [_Any!]!, $representations_1: [_Any!]!, $representations_2: [_Any!]!) {
            _entities_0: _entities(representations: $representations_0) {
              ... on Product {
                name
                price
                weight
              }
            }
            _entities_1: _entities(representations: $representations_1) {
              ... on Product {
                name
                price
                weight
              }
            }
            _entities_2: _entities(representations: $representations_2) {
              ... on Product {
                name
                price
                weight
              }
            }
          }
        }
        Fetch accounts {
          $representations_0 from users[].reviews[].product.reviews[].author
            User { id }
          $representations_1 from topProducts[].reviews[].author
            User { id }
          query TestQuery__accounts__4($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
            _entities_0: _entities(representations: $representations_0) {
              ... on User {
                name
              }
            }
            _entities_1: _entities(representations: $representations_1) {
              ... on User {
                name
              }
            }
          }
        }
      }
      Fetch inventory {
        $representations_0 from users[].reviews[].product
          Product { upc price weight }
        $representations_1 from users[].reviews[].product.reviews[].author.reviews[].product
          Product { upc price weight }
        $representations_2 from topProducts[]
          Product { upc price weight }
        $representations_3 from topProducts[].reviews[].author.reviews[].product
          Product { upc price weight }
        query TestQuery__inventory__5($representations_0: [_Any!]!, $representations_1: [_Any!]!, $representations_2: [_Any!]!, $representations_3: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Product {
              inStock
              shippingEstimate
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Product {
              inStock
              shippingEstimate
            }
          }
          _entities_2: _entities(representations: $representations_2) {
            ... on Product {
              inStock
              shippingEstimate
            }
          }
          _entities_3: _entities(representations: $representations_3) {
            ... on Product {
              inStock
              shippingEstimate
            }
          }
        }
      }
    }
    ");
}
