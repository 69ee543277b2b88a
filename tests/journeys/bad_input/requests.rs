//! Requests that are no GraphQL, no HTTP for GraphQL, or too much of it.

use serde_json::{Value, json};
use souk_harness::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::refused;
use crate::in_one_process;

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_request() {
    let big = format!(
        r#"{{ "query": "{{ __typename }}", "padding": "{}" }}"#,
        "x".repeat(10_000_000)
    );
    let deep = format!(
        r#"{{ "query": "{{ __typename }}", "variables": {{ "a": {}1{} }} }}"#,
        "[".repeat(1000),
        "]".repeat(1000)
    );
    let cases: [(&str, &[u8], u16, &str, &str); 16] = [
        (JSON, b"", 400, "BAD_REQUEST", "the request body is empty"),
        (
            JSON,
            b"{\"query\":",
            400,
            "BAD_REQUEST",
            "not a GraphQL request in JSON: EOF while parsing a value at line 1 column 9",
        ),
        (
            JSON,
            b"\"{ __typename }\"",
            400,
            "BAD_REQUEST",
            "the request body must be a JSON object",
        ),
        (
            JSON,
            b"[{ \"query\": \"{ __typename }\" }]",
            400,
            "BAD_REQUEST",
            "batches of requests are not supported",
        ),
        (
            JSON,
            b"{}",
            400,
            "BAD_REQUEST",
            "the parameter `query` is missing",
        ),
        (
            JSON,
            b"{\"query\":\"\"}",
            400,
            "BAD_REQUEST",
            "the parameter `query` is empty",
        ),
        (
            JSON,
            b"{\"query\":7}",
            400,
            "BAD_REQUEST",
            "the parameter `query` must be a string, not a number",
        ),
        (
            JSON,
            b"{\"query\":\"{ __typename }\",\"variables\":[]}",
            400,
            "BAD_REQUEST",
            "`variables` must be an object or null, not a list",
        ),
        (
            JSON,
            b"{\"query\":\"{ __typename }\",\"operationName\":7}",
            400,
            "BAD_REQUEST",
            "`operationName` must be a string or null, not a number",
        ),
        (
            JSON,
            b"{\"query\":\"{ \xff\xfe __typename }\"}",
            400,
            "BAD_REQUEST",
            "not UTF-8: invalid byte at position 12",
        ),
        (
            JSON,
            b"{\"query\":\"\\ud800 { __typename }\"}",
            400,
            "BAD_REQUEST",
            "not a GraphQL request in JSON",
        ),
        (
            JSON,
            deep.as_bytes(),
            400,
            "BAD_REQUEST",
            "recursion limit exceeded",
        ),
        (
            JSON,
            big.as_bytes(),
            413,
            "MAX_REQUEST_BYTES_LIMIT",
            "longer than the 2000000 bytes allowed; the limit is configured as limits.http_max_request_bytes",
        ),
        (
            "text/plain",
            b"{\"query\":\"{ __typename }\"}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "text/plain is not supported",
        ),
        (
            "application/json; charset=utf-16",
            b"{\"query\":\"{ __typename }\"}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "UTF-8",
        ),
        (
            "application/x-www-form-urlencoded",
            b"query={__typename}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "must have the content-type application/json",
        ),
    ];
    let client = Client::new(in_one_process().await.url());
    for (content_type, body, status, code, message) in cases {
        let request = client
            .request("/graphql")
            .header("content-type", content_type);
        let refused = refused(request.body(body.to_vec())).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (status, code),
            "{shown}: {}",
            refused.message
        );
        assert!(
            refused.message.contains(message),
            "{shown}: {}",
            refused.message
        );
        works(&client).await;
    }
}

/// Many clients look for an answer only when all is sent, and would take a closed connection for a broken network.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_ten_megabytes_before_it_reads_gets_its_answer() {
    let platform = in_one_process().await;
    let host = platform.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: {JSON}\r\ncontent-length: 10000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..100 {
        stream
            .write_all(&[b' '; 100_000])
            .await
            .expect("the connection stays open");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("MAX_REQUEST_BYTES_LIMIT"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_and_media_types_that_do_not_fit() {
    let client = Client::new(in_one_process().await.url());
    let http = reqwest::Client::new();
    let graphql = format!("{}/graphql", in_one_process().await.url());
    let get = |query: &str| http.get(format!("{graphql}?{query}"));
    let query = json!({ "query": "{ __typename }" });
    for (request, status, code, message) in [
        (
            http.put(&graphql).json(&query),
            405,
            "METHOD_NOT_ALLOWED",
            "use POST or GET",
        ),
        (
            get("query=mutation{startGuestSession{guestId}}"),
            405,
            "METHOD_NOT_ALLOWED",
            "use POST",
        ),
        (
            get("query={__typename}&variables={"),
            400,
            "BAD_REQUEST",
            "the parameter `variables` is not JSON",
        ),
        (
            get("extensions={}"),
            400,
            "BAD_REQUEST",
            "the parameter `query` is missing",
        ),
        (
            client
                .request("/graphql")
                .header("accept", "application/xml")
                .json(&query),
            406,
            "NOT_ACCEPTABLE",
            "application/json",
        ),
    ] {
        // Without this header a GET could come from any page that a browser shows.
        let refused = refused(request.header("apollo-require-preflight", "1")).await;
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (status, code),
            "{}",
            refused.message
        );
        assert!(refused.message.contains(message), "{}", refused.message);
        works(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_cannot_be_executed() {
    let deep = format!(
        "{{ category(id: \"x\") {{ {}id{} }} }}",
        "parent { ".repeat(1000),
        " }".repeat(1000)
    );
    let list = format!(
        "{{ product(id: {}7{}) {{ id }} }}",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    let aliases: String = (0..300)
        .map(|number| format!("a{number}: __typename "))
        .collect();
    let tokens = format!("{{ {} }}", "__typename ".repeat(20_000));
    let bomb: String = (0..25)
        .map(|n| {
            format!(
                "fragment f{n} on Query {{ ...f{0} __typename ...f{0} }} ",
                n + 1
            )
        })
        .collect();
    let bomb = format!("{{ ...f0 }} {bomb} fragment f25 on Query {{ a: __typename }}");
    let cases = [
        ("{ me { id }", "GRAPHQL_PARSE_FAILED", "syntax error"),
        (
            "{ me { id \u{a7} } }",
            "GRAPHQL_PARSE_FAILED",
            "Unexpected character \"\u{a7}\"",
        ),
        (
            "{ mee { id } }",
            "GRAPHQL_VALIDATION_FAILED",
            "type `Query` does not have a field `mee`",
        ),
        (
            "{ products(limit: 3) { nodes { id } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "the argument `limit` is not supported by `Query.products`",
        ),
        (
            "{ products }",
            "GRAPHQL_VALIDATION_FAILED",
            "must have a subselection set",
        ),
        (
            "{ me { id { more } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "`ID` must not have subselections",
        ),
        (
            "{ products @maybe { nodes { id } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "cannot find directive `@maybe`",
        ),
        (
            "{ products { nodes { ... on Boat { id } } } }",
            "GRAPHQL_VALIDATION_FAILED",
            "type condition `Boat`",
        ),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
            "cannot reference itself",
        ),
        (
            "query A { __typename } query B { __typename }",
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
            "the document has several operations",
        ),
        (
            &deep,
            "MAX_DEPTH_LIMIT",
            "more than the 50 allowed; the limit is configured as limits.max_depth",
        ),
        (
            &list,
            "MAX_RECURSION_LIMIT",
            "more than the 500 allowed; the limit is configured as limits.parser_max_recursion",
        ),
        (
            &tokens,
            "MAX_TOKENS_LIMIT",
            "more than the 15000 allowed; the limit is configured as limits.parser_max_tokens",
        ),
        (
            &bomb,
            "MAX_ROOT_FIELDS_LIMIT",
            "more than the 200 allowed; the limit is configured as limits.max_root_fields",
        ),
        (
            &format!("{{ {aliases} }}"),
            "MAX_ROOT_FIELDS_LIMIT",
            "is 300, more than the 200 allowed",
        ),
        (
            &format!(
                "{{ products {{ nodes {{ {aliases} }} }} shops {{ nodes {{ {aliases} }} }} }}"
            ),
            "MAX_ALIASES_LIMIT",
            "is 600, more than the 500 allowed",
        ),
    ];
    let client = Client::new(in_one_process().await.url());
    for (query, code, message) in cases {
        let refusal = client.fails(query, json!({})).await;
        let shown: String = query.chars().take(80).collect();
        assert_eq!(refusal.code, code, "{shown}: {}", refusal.message);
        assert!(
            refusal.message.contains(message),
            "{shown}: {}",
            refusal.message
        );
        works(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_do_not_fit() {
    let cases: [(&str, Value, &str); 9] = [
        (
            "query($id: ID!) { product(id: $id) { id } }",
            json!({}),
            "non-null variable 'id'",
        ),
        (
            "query($id: ID!) { product(id: $id) { id } }",
            json!({ "id": null }),
            "null value for variable id",
        ),
        (
            "query($n: Int) { products(first: $n) { nodes { id } } }",
            json!({ "n": "five" }),
            "variable n: \"five\" to type Int",
        ),
        (
            "query($n: Int) { products(first: $n) { nodes { id } } }",
            json!({ "n": 1.5 }),
            "variable n: 1.5 to type Int",
        ),
        (
            "query($n: Int) { products(first: $n) { nodes { id } } }",
            json!({ "n": 3_000_000_000_u32 }),
            "variable n: 3000000000 to type Int",
        ),
        (
            "query($t: String) { searchProducts(text: $t) { totalCount } }",
            json!({ "t": ["a"] }),
            "variable t: [\"a\"] to type String",
        ),
        (
            "query($o: SearchOrder!) { searchProducts(orderBy: $o) { totalCount } }",
            json!({ "o": "FASTEST" }),
            "variable o: \"FASTEST\" to type SearchOrder",
        ),
        (
            "mutation($i: AddToCartInput!) { addToCart(input: $i) { __typename } }",
            json!({ "i": { "variantId": "x", "amount": 2 } }),
            "variable i has the key amount, which type AddToCartInput does not have",
        ),
        (
            "mutation($i: AddToCartInput!) { addToCart(input: $i) { __typename } }",
            json!({ "i": { "quantity": 2 } }),
            "variable i lacks the field variantId, which type AddToCartInput needs",
        ),
    ];
    let client = Client::new(in_one_process().await.url());
    for (query, variables, message) in cases {
        let refusal = client.fails(query, variables.clone()).await;
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
        works(&client).await;
    }
}

async fn works(client: &Client) {
    assert_eq!(
        client.ask("{ __typename }", json!({})).await,
        json!({ "__typename": "Query" })
    );
}
