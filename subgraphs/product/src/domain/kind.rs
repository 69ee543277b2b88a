//! The kinds of product.

use async_graphql::Enum;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// What kind of product it is; each kind is a type of its own that implements `Product`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, AsExpression, FromSqlRow)]
#[graphql(name = "ProductKind")]
#[diesel(sql_type = Text)]
pub enum Kind {
    /// The type `Book`.
    Book,
    /// The type `Laptop`.
    Laptop,
    /// The type `Mobile`.
    Mobile,
    /// The type `Clothing`.
    Clothing,
    /// The type `GeneralProduct`.
    GeneralProduct,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [
        Kind::Book,
        Kind::Laptop,
        Kind::Mobile,
        Kind::Clothing,
        Kind::GeneralProduct,
    ];

    /// The name of its GraphQL type, which also stands in the database and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Book => "Book",
            Kind::Laptop => "Laptop",
            Kind::Mobile => "Mobile",
            Kind::Clothing => "Clothing",
            Kind::GeneralProduct => "GeneralProduct",
        }
    }
}

impl ToSql<Text, Pg> for Kind {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for Kind {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let name = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.ok_or_else(|| format!("unknown kind of product {name:?} in the database").into())
    }
}
