//! The states of a shop.

use async_graphql::Enum;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// Whether a shop may sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum ShopStatus {
    /// Waits for a moderator. Only the owner and moderators see it; it sells nothing.
    Pending,
    /// Everybody sees it, and it sells.
    Approved,
    /// A moderator said no, or the owner may not sell any more. Only the owner and moderators see it; it sells
    /// nothing. When the owner changes it, it waits again.
    Rejected,
}

impl ShopStatus {
    const ALL: [ShopStatus; 3] = [
        ShopStatus::Pending,
        ShopStatus::Approved,
        ShopStatus::Rejected,
    ];

    /// The name in the database and in GraphQL.
    pub fn as_str(self) -> &'static str {
        match self {
            ShopStatus::Pending => "PENDING",
            ShopStatus::Approved => "APPROVED",
            ShopStatus::Rejected => "REJECTED",
        }
    }

    /// The status after the owner changed the shop: what was rejected is put before the moderators again.
    pub fn after_edit(self) -> ShopStatus {
        match self {
            ShopStatus::Rejected | ShopStatus::Pending => ShopStatus::Pending,
            ShopStatus::Approved => ShopStatus::Approved,
        }
    }
}

impl ToSql<Text, Pg> for ShopStatus {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for ShopStatus {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let name = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        let status = ShopStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == name);
        status.ok_or_else(|| format!("{name} is not a status of a shop").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_appeals_a_rejection_and_keeps_an_approval() {
        assert_eq!(ShopStatus::Pending.after_edit(), ShopStatus::Pending);
        assert_eq!(ShopStatus::Approved.after_edit(), ShopStatus::Approved);
        assert_eq!(ShopStatus::Rejected.after_edit(), ShopStatus::Pending);
    }
}
