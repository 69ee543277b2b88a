//! @context and @fromContext.

mod common;

use common::{plan, supergraph, try_plan};

const LISTS: &str = r#"
    type Query @t(A) { carts: [Cart!]! @f(A) me: Cart @f(A) lone: Item @f(A) }
    type Cart @t(A, key: "id") @t(B, key: "id") @context(name: "a__cart") {
        id: ID! currency: String! @f(A) region: Region @f(B) items: [Item!]! @f(A)
    }
    type Region @t(B) { code: String! @f(B) }
    type Item @t(A, key: "sku") {
        sku: ID! name: String @f(A)
        price(net: Boolean): Int @f(A, contextArguments: [{context: "a__cart", name: "currency", type: "String", selection: " { currency }"}])
        tax: Int @f(A, contextArguments: [{context: "a__cart", name: "region", type: "String", selection: " { region { code } }"}])
        part: Item @f(A)
    }
"#;

#[test]
fn the_value_goes_along_with_the_entities() {
    let plan = plan(
        LISTS,
        "query ($net: Boolean) { carts { items { name price(net: $net) } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          carts {
            items {
              name
              sku
            }
            currency
          }
        }
      }
      Fetch a {
        $representations from carts[].items[]
          Item { sku }
          $contextualArgument_0_0 from carts[].currency
        query($representations: [_Any!]!, $net: Boolean, $contextualArgument_0_0: String) {
          _entities(representations: $representations) {
            ... on Item {
              price(net: $net, currency: $contextualArgument_0_0)
            }
          }
        }
      }
    }
    ");
}

#[test]
fn the_value_may_come_from_another_subgraph() {
    let plan = plan(LISTS, "{ me { items { tax part { tax price } } } }");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          me {
            items {
              part {
                sku
              }
              sku
            }
            id
            currency
          }
        }
      }
      Fetch b {
        $representations from me
          Cart { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Cart {
              region {
                code
              }
            }
          }
        }
      }
      Fetch a {
        $representations_0 from me.items[]
          Item { sku }
          $contextualArgument_0_0 from me.region.code
        $representations_1 from me.items[].part
          Item { sku }
          $contextualArgument_1_0 from me.region.code
        $representations_2 from me.items[].part
          Item { sku }
          $contextualArgument_2_0 from me.currency
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!, $representations_2: [_Any!]!, $contextualArgument_0_0: String, $contextualArgument_1_0: String, $contextualArgument_2_0: String) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Item {
              tax(region: $contextualArgument_0_0)
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Item {
              tax(region: $contextualArgument_1_0)
            }
          }
          _entities_2: _entities(representations: $representations_2) {
            ... on Item {
              price(currency: $contextualArgument_2_0)
            }
          }
        }
      }
    }
    ");
}

#[test]
fn without_an_enclosing_object_that_sets_the_context_there_is_no_plan() {
    let error = try_plan(&supergraph(LISTS), "{ lone { price } }").unwrap_err();
    assert_eq!(error.to_string(), "no subgraph can resolve `lone.price`");
}

const ABSTRACT: &str = r#"
    type Query @t(A) { place: Place @f(A) seller: Seller @f(A) city: City @f(A) }
    union Place @t(A) @member(A, member: "City") @member(A, member: "Village") @context(name: "a__place") = City | Village
    type City @t(A) { postcode: String @f(A) inhabitant: Person @f(A) twin: City @f(A) quarter: Quarter @f(A) }
    type Quarter @t(A) { inhabitant: Person @f(A) }
    type Village @t(A) { parish: String @f(A) inhabitant: Person @f(A) }
    interface Seller @t(A) @context(name: "a__seller") { licence: String customer: Person }
    type Shop implements Seller @t(A) @impl(A, interface: "Seller") { licence: String @f(A) customer: Person @f(A) }
    type Stall implements Seller @t(A) @impl(A, interface: "Seller") { licence: String @f(A) customer: Person @f(A) }
    type Person @t(A, key: "id") {
        id: ID!
        address: String @f(A, contextArguments: [{context: "a__place", name: "in", type: "String", selection: "... on City { postcode } ... on Village { parish }"}])
        receipt: String @f(A, contextArguments: [{context: "a__seller", name: "licence", type: "String", selection: "{ licence }"}])
    }
"#;

#[test]
fn a_union_sets_the_context_for_its_members_each_with_its_own_field() {
    let plan = plan(
        ABSTRACT,
        "{ place { ... on City { inhabitant { address } quarter { inhabitant { address } } } ... on Village { inhabitant { address } } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          place {
            __typename
            ... on City {
              inhabitant {
                id
              }
              quarter {
                inhabitant {
                  id
                }
              }
              postcode
            }
            ... on Village {
              inhabitant {
                id
              }
              parish
            }
          }
        }
      }
      Fetch a {
        $representations_0 from place|City|.inhabitant
          Person { id }
          $contextualArgument_0_0 from place|City|.postcode
        $representations_1 from place|City|.quarter.inhabitant
          Person { id }
          $contextualArgument_1_0 from place|City|.postcode
        $representations_2 from place|Village|.inhabitant
          Person { id }
          $contextualArgument_2_0 from place|Village|.parish
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!, $representations_2: [_Any!]!, $contextualArgument_0_0: String, $contextualArgument_1_0: String, $contextualArgument_2_0: String) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Person {
              address(in: $contextualArgument_0_0)
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Person {
              address(in: $contextualArgument_1_0)
            }
          }
          _entities_2: _entities(representations: $representations_2) {
            ... on Person {
              address(in: $contextualArgument_2_0)
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interface_sets_the_context_for_the_types_that_implement_it() {
    let plan = plan(ABSTRACT, "{ seller { customer { receipt } } }");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          seller {
            __typename
            customer {
              id
            }
            licence
          }
        }
      }
      Fetch a {
        $representations from seller.customer
          Person { id }
          $contextualArgument_0_0 from seller.licence
        query($representations: [_Any!]!, $contextualArgument_0_0: String) {
          _entities(representations: $representations) {
            ... on Person {
              receipt(licence: $contextualArgument_0_0)
            }
          }
        }
      }
    }
    ");
}

#[test]
fn the_nearest_object_that_sets_the_context_counts() {
    let plan = plan(ABSTRACT, "{ city { twin { inhabitant { address } } } }");
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          city {
            twin {
              inhabitant {
                id
              }
              postcode
            }
          }
        }
      }
      Fetch a {
        $representations from city.twin.inhabitant
          Person { id }
          $contextualArgument_0_0 from city.twin.postcode
        query($representations: [_Any!]!, $contextualArgument_0_0: String) {
          _entities(representations: $representations) {
            ... on Person {
              address(in: $contextualArgument_0_0)
            }
          }
        }
      }
    }
    ");
}

#[test]
fn as_json_the_plan_says_from_where_the_variables_are_set() {
    let plan = plan(ABSTRACT, "{ city { quarter { inhabitant { address } } } }").to_json();
    let node = &plan["node"]["nodes"][1]["node"];
    assert_eq!(
        node["contextRewrites"],
        serde_json::json!([{
            "kind": "KeyRenamer",
            "path": ["..", "..", "postcode"],
            "renameKeyTo": "contextualArgument_0_0",
        }])
    );
    assert_eq!(
        node["variableUsages"],
        serde_json::json!(["contextualArgument_0_0"])
    );
}
