//! The keys that sign access tokens: Ed25519, in the database, shared by all instances.

use std::sync::Arc;

use chrono::Utc;
use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use souk_platform::database::Database;
use souk_platform::identity::AccessClaims;
use souk_platform::{ApiError, ApiResult};
use tokio::sync::OnceCell;

use crate::store;

/// The signing keys, read once. The first instance ever to ask makes the first key.
#[derive(Clone)]
pub struct Keys {
    database: Database,
    set: Arc<OnceCell<KeySet>>,
}

struct KeySet {
    id: String,
    signing: EncodingKey,
    public: JwkSet,
}

impl Keys {
    /// The keys in this database.
    pub fn new(database: Database) -> Keys {
        Keys {
            database,
            set: Arc::default(),
        }
    }

    /// The public keys, for whoever verifies access tokens (RFC 7517).
    pub async fn public(&self) -> ApiResult<JwkSet> {
        Ok(self.set().await?.public.clone())
    }

    /// The signed access token.
    pub async fn sign(&self, claims: &AccessClaims) -> ApiResult<String> {
        let set = self.set().await?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(set.id.clone());
        jsonwebtoken::encode(&header, claims, &set.signing).map_err(ApiError::internal)
    }

    async fn set(&self) -> ApiResult<&KeySet> {
        self.set.get_or_try_init(|| self.read_or_create()).await
    }

    async fn read_or_create(&self) -> ApiResult<KeySet> {
        // Not one of the pool: requests that hold those may be waiting for the keys.
        let mut connection = self.database.connect().await?;
        let mut keys = store::keys::all(&mut connection).await?;
        if keys.is_empty() {
            let (id, pkcs8) = generate()?;
            keys = store::keys::create_first(&mut connection, &id, &pkcs8, Utc::now()).await?;
        }
        let mut public = JwkSet { keys: Vec::new() };
        for key in &keys {
            public
                .keys
                .push(public_key(&key.id, &EncodingKey::from_ed_der(&key.pkcs8))?);
        }
        let newest = keys
            .pop()
            .ok_or_else(|| ApiError::internal("there is no signing key"))?;
        Ok(KeySet {
            signing: EncodingKey::from_ed_der(&newest.pkcs8),
            id: newest.id,
            public,
        })
    }
}

/// A new private key in PKCS #8 and its id: its RFC 7638 thumbprint, so that the same key always has the same id.
fn generate() -> ApiResult<(String, Vec<u8>)> {
    // Without the public half: PKCS #8 version 1 (RFC 8410, section 7), the only one that every reader takes.
    let pair = KeypairBytes {
        secret_key: rand::random(),
        public_key: None,
    };
    let pkcs8 = pair
        .to_pkcs8_der()
        .map_err(ApiError::internal)?
        .as_bytes()
        .to_vec();
    let key = Jwk::from_encoding_key(&EncodingKey::from_ed_der(&pkcs8), Algorithm::EdDSA)
        .map_err(ApiError::internal)?;
    let id = key
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(ApiError::internal)?;
    Ok((id, pkcs8))
}

fn public_key(id: &str, key: &EncodingKey) -> ApiResult<Jwk> {
    let mut public = Jwk::from_encoding_key(key, Algorithm::EdDSA).map_err(ApiError::internal)?;
    public.common.key_id = Some(id.to_owned());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(public)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_shows_its_public_half_only() {
        let (id, pkcs8) = generate().unwrap();
        let public = public_key(&id, &EncodingKey::from_ed_der(&pkcs8)).unwrap();
        assert_eq!(public.common.key_id.as_deref(), Some(id.as_str()));
        let jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(parameters) = &public.algorithm
        else {
            panic!("not an octet key pair: {public:?}");
        };
        assert_eq!(parameters.x.len(), 43, "32 bytes in base64url");
    }
}
