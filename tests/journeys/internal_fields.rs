//! What subgraphs ask of each other is no part of the API.

use apollo_compiler::Schema;
use serde_json::{Value, json};
use souk_harness::Client;

use crate::in_one_process;

const FIELDS: &str =
    "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn internal_fields_do_not_exist_at_the_router() {
    let supergraph = include_str!("../../schema/supergraph.graphql");
    let supergraph = Schema::parse(supergraph, "supergraph.graphql").unwrap();
    let client = Client::new(in_one_process().await.url());
    let introspected = client.ask(FIELDS, json!({})).await;
    for (type_name, operation, root) in [
        ("Query", "query", "queryType"),
        ("Mutation", "mutation", "mutationType"),
    ] {
        let fields = introspected["__schema"][root]["fields"].as_array().unwrap();
        let public: Vec<&Value> = fields.iter().map(|field| &field["name"]).collect();
        let all = &supergraph.get_object(type_name).unwrap().fields;
        let internal = all
            .values()
            .filter(|field| field.directives.has("inaccessible"));
        let mut names: Vec<&str> = internal.map(|field| field.name.as_str()).collect();
        assert_eq!(
            names.len() + public.len(),
            all.len(),
            "a field of {type_name} is public or internal"
        );
        assert!(
            names.len() >= 4,
            "{type_name} has internal fields, found {names:?}"
        );
        // Federation's own fields are for the router alone, too.
        names.extend(["_entities", "_service"]);
        for name in names {
            assert!(!public.contains(&&json!(name)), "{name} is introspected");
            let refusal = client
                .fails(
                    &format!("{operation} {{ {name} {{ __typename }} }}"),
                    json!({}),
                )
                .await;
            assert_eq!(refusal.code, "GRAPHQL_VALIDATION_FAILED", "{name}");
            // A suggestion would tell that there is something.
            let message = format!("type `{type_name}` does not have a field `{name}`");
            assert_eq!(refusal.message, message);
        }
    }
}
