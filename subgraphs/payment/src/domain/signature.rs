//! Signatures of webhooks: HMAC-SHA256 over the time and the body, so that neither can be changed and an old
//! webhook cannot be replayed.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// How old, or how far in the future, a webhook may be, in seconds.
pub const TOLERANCE: i64 = 300;

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not of the form `t=<seconds>,v1=<hex>`.
    #[error("the signature must have the form t=<seconds since 1970>,v1=<64 hexadecimal digits>")]
    Form,
    /// Signed too long ago or in the future.
    #[error("the signature's time is more than {TOLERANCE} seconds from now")]
    Time,
    /// Signed with another secret, or the body was changed.
    #[error("the signature does not fit the body")]
    Mismatch,
}

fn mac(secret: &str, time: i64, body: &[u8]) -> Hmac<Sha256> {
    // HMAC takes keys of any length, so this cannot fail; an empty key would only never verify.
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC-SHA256 accepts keys of every length"));
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

/// The value of the signature header.
pub fn sign(secret: &str, time: i64, body: &[u8]) -> String {
    format!(
        "t={time},v1={}",
        hex::encode(mac(secret, time, body).finalize().into_bytes())
    )
}

/// Checks a signature header at the time `now` (seconds since 1970).
pub fn verify(secret: &str, header: &str, now: i64, body: &[u8]) -> Result<(), SignatureError> {
    let (time, digest) = parse(header).ok_or(SignatureError::Form)?;
    if now.abs_diff(time) > TOLERANCE.unsigned_abs() {
        return Err(SignatureError::Time);
    }
    // Compares in constant time.
    mac(secret, time, body)
        .verify_slice(&digest)
        .map_err(|_| SignatureError::Mismatch)
}

fn parse(header: &str) -> Option<(i64, Vec<u8>)> {
    let (time, digest) = header.split_once(',')?;
    let time = time.strip_prefix("t=")?.parse().ok()?;
    let digest = hex::decode(digest.strip_prefix("v1=")?).ok()?;
    Some((time, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_secret_time_and_body_only() {
        let header = sign("secret", 1000, b"body");
        assert_eq!(verify("secret", &header, 1100, b"body"), Ok(()));
        assert_eq!(
            verify("other", &header, 1100, b"body"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("secret", &header, 1100, b"bodY"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("secret", &header, 1301, b"body"),
            Err(SignatureError::Time)
        );
        assert_eq!(
            verify("secret", &header, 600, b"body"),
            Err(SignatureError::Time)
        );
        assert_eq!(
            verify("secret", &header.replace("t=1000", "t=1001"), 1100, b"body"),
            Err(SignatureError::Mismatch)
        );
        for wrong in ["", "t=1000", "t=,v1=00", "v1=00,t=1000", "t=1000,v1=xx"] {
            assert_eq!(
                verify("secret", wrong, 1000, b"body"),
                Err(SignatureError::Form)
            );
        }
        assert_eq!(
            verify("secret", "t=9223372036854775807,v1=00", -1, b""),
            Err(SignatureError::Time)
        );
    }
}
