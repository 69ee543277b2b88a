//! The rules of stock. A variant has pieces on hand, some of them reserved for orders; what is available is the
//! difference. Every change is an [`Effect`] that must keep `on_hand >= reserved >= 0`.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

/// The most pieces that one variant can have.
pub const MOST_PIECES: i32 = 1_000_000_000;
/// The most pieces that one line of an order can have.
pub const LONGEST_LINE: i32 = 1_000_000;

/// Where the pieces of one line of an order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum LineState {
    /// On hand and put aside.
    Reserved,
    /// Back in what can be bought. Nothing follows.
    Released,
    /// Gone to the buyer, unless the order is cancelled after all.
    Committed,
}

impl LineState {
    fn as_str(self) -> &'static str {
        match self {
            LineState::Reserved => "RESERVED",
            LineState::Released => "RELEASED",
            LineState::Committed => "COMMITTED",
        }
    }
}

/// A change of one variant's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effect {
    /// Added to the pieces on hand.
    pub on_hand: i32,
    /// Added to the pieces reserved.
    pub reserved: i32,
}

/// Putting `quantity` pieces aside.
pub fn reserve(quantity: i32) -> Effect {
    Effect {
        on_hand: 0,
        reserved: quantity,
    }
}

/// Giving back a line of `quantity` pieces, whether it was put aside or already committed (an order that is
/// cancelled after it was paid). `None` when it was given back before.
pub fn release(state: LineState, quantity: i32) -> Option<Effect> {
    match state {
        LineState::Reserved => Some(Effect {
            on_hand: 0,
            reserved: -quantity,
        }),
        LineState::Committed => Some(Effect {
            on_hand: quantity,
            reserved: 0,
        }),
        LineState::Released => None,
    }
}

/// Taking a line of `quantity` pieces out for good. `None` when there is nothing put aside any more.
pub fn commit(state: LineState, quantity: i32) -> Option<Effect> {
    match state {
        LineState::Reserved => Some(Effect {
            on_hand: -quantity,
            reserved: -quantity,
        }),
        LineState::Committed | LineState::Released => None,
    }
}

impl ToSql<Text, Pg> for LineState {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for LineState {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let name = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        let states = [
            LineState::Reserved,
            LineState::Released,
            LineState::Committed,
        ];
        let state = states.into_iter().find(|state| state.as_str() == name);
        state.ok_or_else(|| {
            format!("unknown state {name:?} of a reservation in the database").into()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Reserve(i32),
        Release(usize),
        Commit(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..6).prop_map(Step::Reserve),
            (0_usize..8).prop_map(Step::Release),
            (0_usize..8).prop_map(Step::Commit)
        ]
    }

    proptest! {
        /// Whatever happens in whatever order, no piece appears or vanishes and nothing is oversold.
        #[test]
        fn no_piece_appears_or_vanishes(start in 0..20_i32, steps in prop::collection::vec(step(), 0..60)) {
            let (mut on_hand, mut reserved) = (start, 0);
            let mut lines: Vec<(LineState, i32)> = Vec::new();
            for step in steps {
                let effect = match step {
                    Step::Reserve(quantity) if on_hand - reserved >= quantity => {
                        lines.push((LineState::Reserved, quantity));
                        Some(reserve(quantity))
                    }
                    Step::Reserve(_) => None,
                    Step::Release(index) => lines.get_mut(index).and_then(|line| {
                        let effect = release(line.0, line.1);
                        line.0 = LineState::Released;
                        effect
                    }),
                    Step::Commit(index) => lines.get_mut(index).and_then(|line| {
                        let effect = commit(line.0, line.1);
                        if effect.is_some() {
                            line.0 = LineState::Committed;
                        }
                        effect
                    }),
                };
                let effect = effect.unwrap_or_default();
                on_hand += effect.on_hand;
                reserved += effect.reserved;
                let of = |state| -> i32 { lines.iter().filter(|line| line.0 == state).map(|line| line.1).sum() };
                prop_assert!(on_hand >= reserved && reserved >= 0);
                prop_assert_eq!(reserved, of(LineState::Reserved));
                prop_assert_eq!(on_hand, start - of(LineState::Committed));
            }
        }
    }
}
