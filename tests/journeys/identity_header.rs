//! The header in which the router vouches for a client: nobody else can make one, and nobody can send one through.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use souk_harness::platform::INTERNAL_SECRET;
use souk_harness::{Client, identity};
use souk_platform::Identity;
use souk_platform::identity::{IDENTITY_HEADER, InternalSigner};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use uuid::Uuid;

use crate::{in_one_process, in_separate_processes};

const SUBGRAPHS: [&str; 6] = ["user", "shop", "product", "order", "payment", "search"];
const WHO_AM_I: &str = "{ me { id } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_answers_only_whom_the_router_vouches_for() {
    let platform = in_separate_processes().await;
    let (signed, forged) = headers();
    for subgraph in SUBGRAPHS {
        let client = Client::new(&platform.url_of(subgraph));
        for (what, value) in &forged {
            let mut request = client
                .request("/graphql")
                .json(&json!({ "query": "{ __typename }" }));
            if let Some(value) = value {
                request = request.header(IDENTITY_HEADER, value);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{subgraph}, {what}");
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["data"], Value::Null, "{subgraph}, {what}");
            assert_eq!(
                answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED",
                "{subgraph}, {what}"
            );
        }
        let request = client
            .request("/graphql")
            .json(&json!({ "query": "{ __typename }" }));
        let answer = request
            .header(IDENTITY_HEADER, &signed)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            answer,
            json!({ "data": { "__typename": "Query" } }),
            "{subgraph} knows the router"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_upgrades_no_stranger_to_a_web_socket() {
    let platform = in_separate_processes().await;
    let (signed, forged) = headers();
    for subgraph in SUBGRAPHS {
        let url = platform.url_of(subgraph).replacen("http", "ws", 1) + "/graphql";
        let connect = async |value: Option<&str>| {
            let mut request = url.as_str().into_client_request().unwrap();
            let headers = request.headers_mut();
            headers.insert(
                "sec-websocket-protocol",
                "graphql-transport-ws".parse().unwrap(),
            );
            if let Some(value) = value {
                headers.insert(IDENTITY_HEADER, value.parse().unwrap());
            }
            tokio_tungstenite::connect_async(request).await
        };
        for (what, value) in &forged {
            let refused = connect(value.as_deref()).await;
            let Err(tungstenite::Error::Http(answer)) = refused else {
                panic!("{subgraph}, {what}, is not refused: {refused:?}");
            };
            assert_eq!(answer.status(), 401, "{subgraph}, {what}");
        }
        let known = connect(Some(&signed)).await;
        assert!(known.is_ok(), "{subgraph} knows the router: {known:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_a_client_has_no_effect_in_one_process() {
    sends_the_header_in_vain(in_one_process().await.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_of_a_client_has_no_effect_over_separate_processes() {
    sends_the_header_in_vain(in_separate_processes().await.url()).await;
}

/// Even the right key does not help a client: the router speaks for itself.
async fn sends_the_header_in_vain(url: &str) {
    const USERS: &str = "{ users { edges { node { id } } } }";
    let buyer = Client::new(url).login("buyer@souk.example").await;
    let me = buyer.ask(WHO_AM_I, json!({})).await;
    let admin = signed_by(INTERNAL_SECRET, &identity::admin(Uuid::now_v7()), 60);
    let service = signed_by(INTERNAL_SECRET, &identity::service("order"), 60);
    for header in [&admin, &service] {
        let with_header = async |client: &Client, query: &str| -> Value {
            let request = client.request("/graphql").header(IDENTITY_HEADER, header);
            let answer = request
                .json(&json!({ "query": query }))
                .send()
                .await
                .unwrap();
            answer.json().await.unwrap()
        };
        let nobody = Client::new(url);
        assert_eq!(
            with_header(&nobody, WHO_AM_I).await["data"],
            json!({ "me": null })
        );
        assert_eq!(with_header(&buyer, WHO_AM_I).await["data"], me);
        assert_eq!(
            with_header(&nobody, USERS).await["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
        assert_eq!(
            with_header(&buyer, USERS).await["errors"][0]["extensions"]["code"],
            "FORBIDDEN"
        );
    }
}

/// The header of an admin as the router makes it, and what somebody might try instead.
fn headers() -> (String, Vec<(&'static str, Option<String>)>) {
    let admin = identity::admin(Uuid::now_v7());
    let signed = InternalSigner::new(INTERNAL_SECRET.as_bytes())
        .sign(&admin)
        .unwrap();
    let (header, claims) = signed.split_at(signed.find('.').unwrap());
    let unsigned = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
    let forged = vec![
        ("absent", None),
        ("empty", Some(String::new())),
        ("garbage", Some("let me in".to_owned())),
        (
            "the identity itself",
            Some(serde_json::to_string(&admin).unwrap()),
        ),
        (
            "signed with another key",
            Some(signed_by("another secret of 32 bytes or more", &admin, 60)),
        ),
        ("expired", Some(signed_by(INTERNAL_SECRET, &admin, -60))),
        (
            "without a signature",
            Some(format!(
                "{unsigned}{}.",
                &claims[..claims.rfind('.').unwrap()]
            )),
        ),
        ("cut off", Some(signed[..signed.len() - 2].to_owned())),
        ("with another header", Some(format!("{header}A{claims}"))),
    ];
    (signed, forged)
}

/// A header as the router makes it, good for so many seconds from now.
fn signed_by(secret: &str, identity: &Identity, seconds: i64) -> String {
    let expires = chrono::Utc::now().timestamp() + seconds;
    let claims = json!({ "exp": expires, "identity": identity });
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
}
