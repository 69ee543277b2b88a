//! Tokens, and the keys to verify them with.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use souk_router::{KeySource, KeySourceError};

/// RFC 8410's wrapping of a raw Ed25519 key, as a PKCS#8 document.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Somebody who issues tokens.
pub struct Signer {
    id: &'static str,
    pub seed: [u8; 32],
}

impl Signer {
    pub fn new(id: &'static str, seed: u8) -> Signer {
        Signer {
            id,
            seed: [seed; 32],
        }
    }

    pub fn jwk(&self) -> Value {
        let public = ed25519_dalek::SigningKey::from_bytes(&self.seed).verifying_key();
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": URL_SAFE_NO_PAD.encode(public.as_bytes()) })
    }

    pub fn sign(&self, claims: Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.to_owned());
        let document = [PKCS8_PREFIX.as_slice(), &self.seed].concat();
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&document)).unwrap()
    }
}

pub fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    now as i64 + seconds
}

pub fn claims() -> Value {
    json!({ "sub": "ada", "iss": "https://id.example", "aud": "shop", "exp": in_seconds(60) })
}

/// A key set in the test's process.
pub struct Fixed {
    keys: Arc<JwkSet>,
    issuer: Option<&'static str>,
}

#[async_trait]
impl KeySource for Fixed {
    async fn keys(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        Ok(self.keys.clone())
    }

    fn issuers(&self) -> Option<Vec<String>> {
        Some(vec![self.issuer?.to_owned()])
    }
}

pub fn fixed(keys: Value, issuer: Option<&'static str>) -> Arc<Fixed> {
    let keys = serde_json::from_value(json!({ "keys": keys })).unwrap();
    Arc::new(Fixed {
        keys: Arc::new(keys),
        issuer,
    })
}
