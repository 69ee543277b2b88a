//! Which roles an account can have.

use souk_platform::{ApiError, ApiResult, Role};

/// The roles for an account, sorted and without repetition. `BAD_USER_INPUT` for `argument` when there is none, or
/// when `GUEST` is among them: guests have no account.
pub fn assignable(argument: &str, roles: &[Role]) -> ApiResult<Vec<Role>> {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() {
        return Err(ApiError::bad_input(
            argument,
            "an account needs at least one role",
        ));
    }
    if roles.contains(&Role::Guest) {
        return Err(ApiError::bad_input(
            argument,
            "GUEST cannot be assigned: guests have no account",
        ));
    }
    Ok(roles)
}

/// The roles as the database stores them.
pub fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

/// The roles with these names. A name that this version does not know gives no right, so it is left out.
pub fn parse(names: &[String]) -> Vec<Role> {
    names.iter().filter_map(|name| Role::parse(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_at_least_one_role_and_are_never_guests() {
        assert!(assignable("r", &[]).is_err());
        assert!(assignable("r", &[Role::Buyer, Role::Guest]).is_err());
        assert_eq!(
            assignable("r", &[Role::Seller, Role::Buyer, Role::Seller]),
            Ok(vec![Role::Buyer, Role::Seller])
        );
        assert_eq!(
            parse(&names(&[Role::Buyer, Role::Partner])),
            [Role::Buyer, Role::Partner]
        );
        assert_eq!(parse(&["EMPEROR".to_owned()]), []);
    }
}
