//! Tokens, and what becomes of the identity they carry.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use http::request::Parts;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use souk_executor::RequestContext;
use souk_router::{GraphQLError, RequestHook};

use crate::support::socket::Socket;
use crate::support::token::{Signer, claims, fixed, in_seconds};
use crate::support::{Served, Shop, serve_with};

/// Tells subgraphs who asks, and refuses users that are named after the code to refuse them with.
pub struct Identify;

#[async_trait]
impl RequestHook for Identify {
    async fn prepare(
        &self,
        request: &Parts,
        claims: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        assert_eq!(request.uri.path(), "/graphql");
        let user = claims.map_or("anonymous", |claims| claims["sub"].as_str().unwrap());
        if let Some(code) = user.strip_prefix("refused as ") {
            return Err(GraphQLError::new("the session has been revoked", code));
        }
        context.set_header(&HeaderName::from_static("x-user"), &user.parse().unwrap());
        Ok(())
    }
}

async fn served_with(config: &str, keys: Value) -> Served {
    serve_with(config, Shop::default(), |builder| {
        builder.hook(Identify).key_source(fixed(keys, None))
    })
    .await
}

pub async fn who(served: &Served, authorization: Option<&str>) -> (StatusCode, Value) {
    let mut request = served.post().json(&json!({ "query": "{ whoAmI }" }));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub async fn reason(served: &Served, authorization: &str) -> String {
    let (status, body) = who(served, Some(authorization)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
    let error = &body["errors"][0];
    assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED", "{body}");
    assert!(body.get("data").is_none(), "{body}");
    error["extensions"]["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_valid_token_identifies_and_none_is_anonymous() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    let token = signer.sign(claims());
    assert_eq!(
        who(&served, Some(&format!("Bearer {token}"))).await.1,
        json!({ "data": { "whoAmI": "ada" } })
    );
    assert_eq!(
        who(&served, Some(&format!("bearer {token}"))).await.1,
        json!({ "data": { "whoAmI": "ada" } })
    );
    for nobody in [None, Some(""), Some("Bearer"), Some("bearer ")] {
        assert_eq!(
            who(&served, nobody).await.1,
            json!({ "data": { "whoAmI": "anonymous" } })
        );
    }
}

#[tokio::test]
async fn no_header_rule_lets_a_client_say_who_it_is() {
    let all = "all: { request: [{ propagate: { matching: '.*' } }] }";
    let one = "subgraphs: { products: { request: [{ propagate: { named: x-user } }] } }";
    for rules in [all, one] {
        let served = served_with(&format!("headers: {{ {rules} }}"), json!([])).await;
        let request = served.post().json(&json!({ "query": "{ whoAmI }" }));
        let response = request.header("x-user", "ada").send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        let nobody = json!({ "data": { "whoAmI": "anonymous" } });
        assert_eq!(answer, nobody, "{rules}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_the_reason() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    let bearer = |claims: Value| format!("Bearer {}", signer.sign(claims));

    let expired = bearer(json!({ "sub": "ada", "exp": in_seconds(-60) }));
    assert_eq!(reason(&served, &expired).await, "TOKEN_EXPIRED");
    let response = served
        .post()
        .header("authorization", &expired)
        .json(&json!({ "query": "{ whoAmI }" }))
        .send();
    let challenge = response.await.unwrap().headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        challenge,
        "Bearer error=\"invalid_token\", error_description=\"the token has expired\""
    );

    let early = bearer(json!({ "sub": "ada", "exp": in_seconds(120), "nbf": in_seconds(60) }));
    assert_eq!(reason(&served, &early).await, "TOKEN_NOT_YET_VALID");
    assert_eq!(
        reason(&served, &bearer(json!({ "sub": "ada" }))).await,
        "CLAIM_INVALID"
    );
    assert_eq!(reason(&served, "Bearer nonsense").await, "TOKEN_MALFORMED");
    assert_eq!(reason(&served, "Basic YTpi").await, "TOKEN_MALFORMED");

    let valid = signer.sign(claims());
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let root = URL_SAFE_NO_PAD.encode(json!({ "sub": "root", "exp": in_seconds(60) }).to_string());
    assert_eq!(
        reason(&served, &format!("Bearer {header}.{root}.{signature}")).await,
        "SIGNATURE_INVALID"
    );
    let impostor = Signer::new("k1", 2).sign(claims());
    assert_eq!(
        reason(&served, &format!("Bearer {impostor}")).await,
        "SIGNATURE_INVALID"
    );
    let stranger = Signer::new("k9", 9).sign(claims());
    assert_eq!(
        reason(&served, &format!("Bearer {stranger}")).await,
        "KEY_UNKNOWN"
    );
    let unsigned = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
    assert_eq!(
        reason(&served, &format!("Bearer {unsigned}.{root}.")).await,
        "TOKEN_MALFORMED"
    );
}

/// The public key as an HMAC secret: whoever lets the token choose the algorithm accepts it.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".to_owned());
    let public = ed25519_dalek::SigningKey::from_bytes(&signer.seed).verifying_key();
    let forged = jsonwebtoken::encode(
        &header,
        &claims(),
        &EncodingKey::from_secret(public.as_bytes()),
    )
    .unwrap();
    assert_eq!(
        reason(&served, &format!("Bearer {forged}")).await,
        "ALGORITHM_NOT_ACCEPTED"
    );
}

#[tokio::test]
async fn secrets_and_elliptic_curves_verify_too() {
    let secret = b"a secret that is long enough for sha-256";
    let (ec_private, ec_jwk) = elliptic_curve_key();
    let keys = json!([
        { "kty": "oct", "kid": "h", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(secret) },
        ec_jwk,
        { "kty": "unheard-of", "kid": "x" },
    ]);
    let served = served_with("", keys).await;
    for (id, algorithm, key) in [
        ("h", Algorithm::HS256, EncodingKey::from_secret(secret)),
        ("e", Algorithm::ES256, EncodingKey::from_ec_der(&ec_private)),
    ] {
        let mut header = Header::new(algorithm);
        header.kid = Some(id.to_owned());
        let token = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(
            who(&served, Some(&format!("Bearer {token}"))).await.1,
            json!({ "data": { "whoAmI": "ada" } }),
            "{id}"
        );
    }
}

/// The example of RFC 7515, appendix A.2: signed with RS256, and expired in 2011.
#[tokio::test]
async fn rsa_signatures_are_verified() {
    let key = json!({
        "kty": "RSA",
        "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF\
              d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo\
              7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM\
              Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    });
    let token = "eyJhbGciOiJSUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU\
        Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d\
        O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig\
        cN_IoypGlUPQGe77Rw";
    let served = served_with("", json!([key])).await;
    assert_eq!(
        reason(&served, &format!("Bearer {token}")).await,
        "TOKEN_EXPIRED"
    );
    let tampered = token.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJib2Ii");
    assert_eq!(
        reason(&served, &format!("Bearer {tampered}")).await,
        "SIGNATURE_INVALID"
    );
}

#[tokio::test]
async fn a_key_source_can_name_its_issuer() {
    let signer = Signer::new("k1", 1);
    let source = fixed(json!([signer.jwk()]), Some("https://id.example"));
    let served = serve_with("", Shop::default(), |builder| {
        builder.hook(Identify).key_source(source)
    })
    .await;
    let own = format!("Bearer {}", signer.sign(claims()));
    assert_eq!(who(&served, Some(&own)).await.0, 200);
    let foreign =
        signer.sign(json!({ "sub": "ada", "iss": "https://evil.example", "exp": in_seconds(60) }));
    assert_eq!(
        reason(&served, &format!("Bearer {foreign}")).await,
        "ISSUER_NOT_ACCEPTED"
    );
}

/// The P-256 key of RFC 7517's appendix A, as PKCS#8 and as JWK.
fn elliptic_curve_key() -> (Vec<u8>, Value) {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
    let d = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE";
    let mut document = vec![
        0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
        0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30,
        0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
    ];
    document.extend(decode(d));
    document.extend([0xa1, 0x44, 0x03, 0x42, 0x00, 0x04]);
    document.extend(decode(x));
    document.extend(decode(y));
    (
        document,
        json!({ "kty": "EC", "crv": "P-256", "kid": "e", "x": x, "y": y }),
    )
}

#[tokio::test]
async fn a_hook_can_refuse() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    for (code, expected) in [
        ("UNAUTHENTICATED", StatusCode::UNAUTHORIZED),
        ("FORBIDDEN", StatusCode::FORBIDDEN),
        ("NOT_FOUND", StatusCode::NOT_FOUND),
        ("BAD_USER_INPUT", StatusCode::BAD_REQUEST),
        ("CONFLICT", StatusCode::CONFLICT),
        ("RATE_LIMITED", StatusCode::TOO_MANY_REQUESTS),
        ("UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE),
        ("INTERNAL", StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let user = format!("refused as {code}");
        let token = signer.sign(json!({ "sub": user, "exp": in_seconds(60) }));
        let (status, body) = who(&served, Some(&format!("Bearer {token}"))).await;
        assert_eq!(status, expected, "{code}");
        let error = &body["errors"][0];
        assert_eq!(error["message"], "the session has been revoked");
        assert_eq!(error["extensions"]["code"], code);
    }
}

/// Without the id nobody finds the request in the log.
#[tokio::test]
async fn an_internal_error_carries_the_correlation_id() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    let failing = signer.sign(json!({ "sub": "refused as INTERNAL", "exp": in_seconds(60) }));
    let request = served
        .post()
        .bearer_auth(&failing)
        .header("x-correlation-id", "cart-9");
    let request = request.json(&json!({ "query": "{ whoAmI }" }));
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    let expected = json!({ "code": "INTERNAL", "correlationId": "cart-9" });
    assert_eq!(body["errors"][0]["extensions"], expected);
}

#[tokio::test]
async fn a_socket_takes_the_token_from_its_first_message() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    let token = signer.sign(claims());
    let mut socket = Socket::ready(
        &served,
        json!({ "authorization": format!("Bearer {token}") }),
    )
    .await;
    socket.subscribe("1", "{ whoAmI }").await;
    assert_eq!(
        socket.next().await["payload"],
        json!({ "data": { "whoAmI": "ada" } })
    );

    let mut refused = Socket::speaking(&served).await;
    let expired = signer.sign(json!({ "sub": "ada", "exp": in_seconds(-60) }));
    let payload = json!({ "Authorization": format!("Bearer {expired}") });
    refused
        .send(json!({ "type": "connection_init", "payload": payload }))
        .await;
    let (code, reason, _) = refused.closed().await;
    assert_eq!(
        (code, reason.as_str()),
        (4403, "Forbidden: the token has expired")
    );
}

#[tokio::test]
async fn a_token_that_expires_on_an_open_socket_is_refused_for_the_next_operation() {
    let signer = Signer::new("k1", 1);
    let served = served_with("", json!([signer.jwk()])).await;
    // Five seconds of difference between clocks are allowed.
    let token = signer.sign(json!({ "sub": "ada", "exp": in_seconds(-4) }));
    let mut socket = Socket::ready(
        &served,
        json!({ "authorization": format!("Bearer {token}") }),
    )
    .await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    socket.subscribe("1", "{ whoAmI }").await;
    let message = socket.next().await;
    assert_eq!(message["type"], "error");
    assert_eq!(
        message["payload"][0]["extensions"]["reason"],
        "TOKEN_EXPIRED"
    );
}
