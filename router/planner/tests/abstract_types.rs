//! Interfaces, unions, interface objects.

mod common;

use common::{plan, requests};

const MEDIA: &str = r#"
    type Query @t(A) @t(B) { media: [Media!]! @f(A) rated: [Media] @f(B) book: Book @f(A) }
    interface Media @t(A, key: "id") @t(B, key: "id", isInterfaceObject: true) {
        id: ID! title: String @f(A) rating: Int @f(B) reviews: [Review] @f(B)
    }
    type Book implements Media @impl(A, interface: "Media") @t(A, key: "id") {
        id: ID! title: String pages: Int rating: Int @join__field reviews: [Review] @join__field
    }
    type Film implements Media @impl(A, interface: "Media") @t(A, key: "id") {
        id: ID! title: String minutes: Int rating: Int @join__field reviews: [Review] @join__field
    }
    type Review @t(B) { text: String }
    "#;

#[test]
fn fields_of_an_interface_object_are_fetched_by_the_interfaces_key() {
    insta::assert_snapshot!(plan(MEDIA, "{ media { title rating } }"), @r"
    Sequence {
      Fetch a {
        {
          media {
            __typename
            title
            id
          }
        }
      }
      Fetch b {
        $representations from media[]
          Media|Book|Film as Media { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Media {
              rating
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interface_object_learns_its_type_from_the_interface() {
    insta::assert_snapshot!(plan(MEDIA, "{ rated { __typename rating ... on Book { pages } } }"), @r"
    Sequence {
      Fetch b {
        {
          rated {
            __typename
            rating
            id
          }
        }
      }
      Fetch a {
        $representations from rated[]
          Media|Book|Film { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Media {
              __typename
              ... on Book {
                pages
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interface_object_alone_needs_no_type() {
    let plan = plan(MEDIA, "{ rated { rating reviews { text } } }");
    assert_eq!(requests(&plan), 1, "{plan}");
    let souk_planner::plan::SelectedValue::Composite { possible, .. } =
        &plan.response.fields[0].value
    else {
        panic!("rated is an object");
    };
    assert_eq!(
        possible
            .iter()
            .map(apollo_compiler::Name::as_str)
            .collect::<Vec<_>>(),
        ["Book", "Film", "Media"]
    );
}

#[test]
fn an_object_type_has_the_interface_objects_fields() {
    insta::assert_snapshot!(plan(MEDIA, "{ book { pages rating } media { ... on Film { reviews { text } } } }"), @r"
    Sequence {
      Fetch a {
        {
          book {
            pages
            id
          }
          media {
            __typename
            ... on Film {
              id
            }
          }
        }
      }
      Fetch b {
        $representations_0 from book
          Book as Media { id }
        $representations_1 from media[]
          Film as Media { id }
        query($representations_0: [_Any!]!, $representations_1: [_Any!]!) {
          _entities_0: _entities(representations: $representations_0) {
            ... on Media {
              rating
            }
          }
          _entities_1: _entities(representations: $representations_1) {
            ... on Media {
              reviews {
                text
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn fragments_on_members_go_to_their_own_subgraphs() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { search: [Hit] @f(A) }
        union Hit @t(A) @member(A, member: "User") @member(A, member: "Product") = User | Product
        type User @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(B) }
        type Product @t(A, key: "id") @t(B, key: "id") @t(C, key: "id") { id: Int! name: String @f(B) price: Int @f(C) }
        "#,
        "{ search { ... on User { name } ... on Product { name price } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          search {
            __typename
            ... on User {
              id
            }
            ... on Product {
              id_1: id
            }
          }
        }
      }
      Parallel {
        Fetch b {
          $representations from search[]
            User { id }
            Product { id=id_1 }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on User {
                name
              }
              ... on Product {
                name
              }
            }
          }
        }
        Fetch c {
          $representations from search[]
            Product { id=id_1 }
          query($representations: [_Any!]!) {
            _entities(representations: $representations) {
              ... on Product {
                price
              }
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interfaces_field_is_split_when_its_types_come_from_different_subgraphs() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { animals: [Animal] @f(A) }
        interface Animal @t(A) { id: ID! name: String }
        type Dog implements Animal @impl(A, interface: "Animal") @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A, external: true) @f(B) }
        type Cat implements Animal @impl(A, interface: "Animal") @t(A, key: "id") { id: ID! name: String }
        "#,
        "{ animals { name } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          animals {
            __typename
            ... on Dog {
              id
            }
            ... on Cat {
              name
            }
          }
        }
      }
      Fetch b {
        $representations from animals[]
          Dog { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Dog {
              name
            }
          }
        }
      }
    }
    ");
}

#[test]
fn one_response_key_with_different_arguments_on_different_types() {
    let plan = plan(
        r#"
        type Query @t(A) { search: [Hit] }
        union Hit @t(A) @member(A, member: "User") @member(A, member: "Product") = User | Product
        type User @t(A) { image(size: Int): String! label: String }
        type Product @t(A) { image(size: Int): String! title: String }
        "#,
        "{ search { ... on User { image(size: 1) text: label } ... on Product { image(size: 2) text: title } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Fetch a {
      {
        search {
          __typename
          ... on User {
            image(size: 1)
            text: label
          }
          ... on Product {
            image_1: image(size: 2)
            text_1: title
          }
        }
      }
    }
    ");
    insta::assert_debug_snapshot!(common::keys(&plan.response), @r#"
    [
        "search from search",
        "image from image on User",
        "text from text on User",
        "image from image_1 on Product",
        "text from text_1 on Product",
    ]
    "#);
}

#[test]
fn types_that_clash_in_a_subgraph_get_aliases() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { search: [Hit] @f(A) }
        union Hit @t(A) @member(A, member: "User") @member(A, member: "Product") = User | Product
        type User @t(A) @t(B) { name: String @f(A, type: "String!") @f(B) }
        type Product @t(A) { name: String }
        "#,
        "{ search { ... on User { name } ... on Product { name } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Fetch a {
      {
        search {
          __typename
          ... on User {
            name
          }
          ... on Product {
            name_1: name
          }
        }
      }
    }
    ");
    insta::assert_debug_snapshot!(common::keys(&plan.response), @r#"
    [
        "search from search",
        "name from name on User",
        "name from name_1 on Product",
    ]
    "#);
}

#[test]
fn fragments_on_other_interfaces_and_nested_fragments() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { node: Node @f(A) }
        interface Node @t(A) { id: ID! }
        interface Named @t(A) @t(B) { name: String }
        type User implements Node & Named @impl(A, interface: "Node") @impl(A, interface: "Named") @impl(B, interface: "Named") @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) @f(B) age: Int @f(B) }
        type Shop implements Node & Named @impl(A, interface: "Node") @impl(A, interface: "Named") @t(A, key: "id") { id: ID! name: String }
        type Ghost implements Node @impl(A, interface: "Node") @t(A) { id: ID! }
        "#,
        "{ node { id ...N ... { ... on Node { ... on User { ... on Node { id ... on Named { name ... on User { age } } } } } } } } fragment N on Named { name }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          node {
            __typename
            id
            ... on User {
              name
              id
            }
            ... on Shop {
              name
            }
          }
        }
      }
      Fetch b {
        $representations from node
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              age
            }
          }
        }
      }
    }
    ");
}

#[test]
fn an_interface_with_a_key_is_entered_as_a_whole() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) { products: [Product] @f(A) }
        interface Product @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) stock: Int @f(B) }
        type Book implements Product @impl(A, interface: "Product") @impl(B, interface: "Product") @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) stock: Int @f(B) }
        type Toy implements Product @impl(A, interface: "Product") @impl(B, interface: "Product") @t(A, key: "id") @t(B, key: "id") { id: ID! name: String @f(A) stock: Int @f(B) }
        "#,
        "{ products { name stock } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch a {
        {
          products {
            __typename
            name
            id
          }
        }
      }
      Fetch b {
        $representations from products[]
          Book|Toy { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Product {
              stock
            }
          }
        }
      }
    }
    ");
}

#[test]
fn entities_below_a_type_condition_on_an_interface_object_wait_for_the_type() {
    let plan = plan(
        r#"
        type Query @t(A) @t(B) @t(C) { rated: [Media] @f(B) }
        interface Media @t(A, key: "id") @t(B, key: "id", isInterfaceObject: true) { id: ID! by: User @f(B) }
        type Book implements Media @impl(A, interface: "Media") @t(A, key: "id") { id: ID! by: User @join__field }
        type Film implements Media @impl(A, interface: "Media") @t(A, key: "id") { id: ID! by: User @join__field }
        type User @t(B, key: "id") @t(C, key: "id") { id: ID! name: String @f(C) }
        "#,
        "{ rated { ... on Book { by { name } } } }",
    );
    insta::assert_snapshot!(plan, @r"
    Sequence {
      Fetch b {
        {
          rated {
            __typename
            by {
              id
            }
            id
          }
        }
      }
      Fetch a {
        $representations from rated[]
          Media|Book|Film { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Media {
              __typename
            }
          }
        }
      }
      Fetch c {
        $representations from rated[]|Book|.by
          User { id }
        query($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on User {
              name
            }
          }
        }
      }
    }
    ");
}
