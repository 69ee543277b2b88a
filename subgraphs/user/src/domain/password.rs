//! What a password must be. Length is what counts; rules about digits and signs only make people write them down
//! (NIST SP 800-63B, section 5.1.1.2).

use souk_platform::{ApiError, ApiResult};

/// The fewest characters of a password.
pub const SHORTEST: usize = 10;
/// The most characters of a password.
pub const LONGEST: usize = 128;

/// Accepts a new password, or says `BAD_USER_INPUT` for `argument`.
pub fn acceptable(argument: &str, password: &str) -> ApiResult<()> {
    let length = password.chars().count();
    if (SHORTEST..=LONGEST).contains(&length) {
        return Ok(());
    }
    Err(ApiError::bad_input(
        argument,
        format!("a password has {SHORTEST} to {LONGEST} characters, got {length}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(acceptable("p", "123456789").is_err());
        assert!(acceptable("p", "1234567890").is_ok());
        assert!(acceptable("p", "ππππππππππ").is_ok());
        assert!(acceptable("p", &"π".repeat(128)).is_ok());
        assert!(acceptable("p", &"a".repeat(129)).is_err());
    }
}
