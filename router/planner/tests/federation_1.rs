//! Supergraphs of Federation 1 (join v0.1), in the form that Apollo's composition of it writes them.

mod common;

use souk_planner::plan::QueryPlan;

/// `accounts` owns users, `products` products; `reviews` and `shipping` extend them, each by another key.
fn plan(operation: &str) -> QueryPlan {
    common::plan_for(include_str!("schemas/federation_1.graphql"), operation)
}

#[test]
fn a_key_is_known_to_who_extends_by_it() {
    insta::assert_snapshot!(plan("{ reviews { author { email } } }"), @r"
    Fetch reviews {
      {
        reviews {
          author {
            email
          }
        }
      }
    }
    ");
    insta::assert_snapshot!(plan("{ reviews { author { id country { code } } } }"), @r"
    Sequence {
      Fetch reviews {
        {
          reviews {
            author {
              country {
                code
              }
              email
            }
          }
        }
      }
      Fetch accounts {
        $representations from reviews[].author
          User { email }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              id
            }
          }
        }
      }
    }
    ");
}

#[test]
fn nested_keys_lead_to_the_owner() {
    insta::assert_snapshot!(plan("{ reviews { product { upc brand { id label } } } }"), @r"
    Sequence {
      Fetch reviews {
        {
          reviews {
            product {
              brand {
                id
              }
              sku
            }
          }
        }
      }
      Fetch products {
        $representations_0 from reviews[].product.brand
          Brand { id }
        $representations_1 from reviews[].product
          Product { sku brand { id } }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Brand {
              label
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Product {
              upc
            }
          }
        }
      }
    }
    ");
}

#[test]
fn subgraphs_with_different_keys_meet_at_the_owner() {
    insta::assert_snapshot!(plan("{ reviews { product { cost } author { zone } } }"), @r"
    Sequence {
      Fetch reviews {
        {
          reviews {
            product {
              sku
              brand {
                id
              }
            }
            author {
              email
              country {
                code
                title
              }
            }
          }
        }
      }
      Parallel {
        Fetch products {
          $representations from reviews[].product
            Product { sku brand { id } }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Product {
                upc
                weight
                size {
                  height
                }
              }
            }
          }
        }
        Fetch accounts {
          $representations from reviews[].author
            User { email }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on User {
                id
              }
            }
          }
        }
      }
      Fetch shipping {
        $representations_0 from reviews[].product
          Product { upc weight size { height } }
        $representations_1 from reviews[].author
          User { id country { code title } }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Product {
              cost
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on User {
              zone
            }
          }
        }
      }
    }
    ");
}

#[test]
fn required_fields_are_fetched_from_the_owner() {
    insta::assert_snapshot!(plan("{ products { cost } me { zone } }"), @r"
    Sequence {
      Parallel {
        Fetch products {
          {
            products {
              upc
              weight
              size {
                height
              }
            }
          }
        }
        Fetch accounts {
          {
            me {
              id
              country {
                code
                title
              }
            }
          }
        }
      }
      Fetch shipping {
        $representations_0 from products[]
          Product { upc weight size { height } }
        $representations_1 from me
          User { id country { code title } }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Product {
              cost
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on User {
              zone
            }
          }
        }
      }
    }
    ");
}

#[test]
fn provided_fields_come_from_who_provides_them() {
    insta::assert_snapshot!(plan("{ reviews { author { name { first } country { title } } } }"), @r"
    Fetch reviews {
      {
        reviews {
          author {
            name {
              first
            }
            country {
              title
            }
          }
        }
      }
    }
    ");
    insta::assert_snapshot!(plan("{ reviews { author { name { last } } } }"), @r"
    Fetch reviews {
      {
        reviews {
          author {
            name {
              last
            }
          }
        }
      }
    }
    ");
    // Elsewhere the same subgraph does not have them.
    insta::assert_snapshot!(plan("{ topReviewer { country { title } } }"), @r"
    Sequence {
      Fetch reviews {
        {
          topReviewer {
            email
          }
        }
      }
      Fetch accounts {
        $representations from topReviewer
          User { email }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              country {
                title
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn value_types_come_from_wherever_they_are() {
    insta::assert_snapshot!(plan("{ prices { amount currency } products { price { amount } average { amount currency } } }"), @r"
    Sequence {
      Parallel {
        Fetch reviews {
          {
            prices {
              amount
              currency
            }
          }
        }
        Fetch products {
          {
            products {
              price {
                amount
              }
              sku
              brand {
                id
              }
            }
          }
        }
      }
      Fetch reviews {
        $representations from products[]
          Product { sku brand { id } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              average {
                amount
                currency
              }
            }
          }
        }
      }
    }
    ");
    insta::assert_snapshot!(plan("{ media { ... on Price { amount } ... on Product { upc reviews { body author { email } } } } }"), @r"
    Sequence {
      Fetch products {
        {
          media {
            __typename
            ... on Price {
              amount
            }
            ... on Product {
              upc
              sku
              brand {
                id
              }
            }
          }
        }
      }
      Fetch reviews {
        $representations from media[]
          Product { sku brand { id } }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              reviews {
                body
                author {
                  email
                }
              }
            }
          }
        }
      }
    }
    ");
}
