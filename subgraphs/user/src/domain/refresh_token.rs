//! Refresh tokens: 256 random bits for the client, their SHA-256 for the database.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A token as the client holds it. It has no `Debug`, so that it cannot get into a log.
pub struct RefreshToken(String);

impl RefreshToken {
    /// A new token from the operating system's randomness.
    pub fn new() -> RefreshToken {
        let secret: [u8; 32] = rand::random();
        RefreshToken(URL_SAFE_NO_PAD.encode(secret))
    }

    /// The text for the client.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The hash under which the database knows it.
    pub fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }
}

/// The hash of a token that a client presents. The token has as much entropy as the hash has bits, so that a fast
/// hash without salt is enough.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_found_by_their_hash() {
        let (one, other) = (RefreshToken::new(), RefreshToken::new());
        assert_ne!(one.hash(), other.hash());
        let stored = one.hash();
        assert_eq!(stored.len(), 32);
        assert_eq!(hash(&one.into_text()), stored);
    }
}
