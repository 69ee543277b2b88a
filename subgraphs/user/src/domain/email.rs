//! E-mail addresses: one account per address, however it is typed.

use souk_platform::{ApiError, ApiResult};

/// The longest address that mail systems accept (RFC 5321, section 4.5.3.1.3, less the brackets).
const LONGEST: usize = 254;
/// The longest part before the `@` (RFC 5321, section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The address without spaces around it and in lower case, as it is stored and compared. `BAD_USER_INPUT` for
/// `argument` when it cannot be an e-mail address. Whether mail arrives there, only mail can tell.
pub fn normalised(argument: &str, email: &str) -> ApiResult<String> {
    let email = email.trim().to_lowercase();
    if !plausible(&email) {
        return Err(ApiError::bad_input(
            argument,
            "this is not an e-mail address",
        ));
    }
    Ok(email)
}

fn plausible(email: &str) -> bool {
    if email.chars().count() > LONGEST || email.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        return false;
    }
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    if local.is_empty() || local.len() > LONGEST_LOCAL || domain.contains('@') {
        return false;
    }
    // A domain has at least two labels, none of them empty.
    domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_spaces_do_not_make_another_address() {
        assert_eq!(
            normalised("e", " Ada@Example.COM "),
            Ok("ada@example.com".to_owned())
        );
        assert_eq!(
            normalised("e", "ÄNNE@müller.example"),
            Ok("änne@müller.example".to_owned())
        );
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_domain = format!("a@{}.com", "b".repeat(260));
        for wrong in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a da@example.com",
            "a@b@c.com",
            "a@b..com",
            "a@.com",
        ]
        .into_iter()
        .chain([long_local.as_str(), long_domain.as_str()])
        {
            let error = normalised("input.email", wrong).unwrap_err();
            assert_eq!(error.argument.as_deref(), Some("input.email"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,20}@\\PC{1,10}\\.\\PC{1,5}") {
            if let Ok(once) = normalised("e", &text) {
                prop_assert_eq!(normalised("e", &once), Ok(once.clone()));
            }
        }
    }
}
