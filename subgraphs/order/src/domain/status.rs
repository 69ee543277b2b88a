//! The status of a shop's part of an order, which ones may follow it, and the order's status derived from its parts.

use async_graphql::Enum;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

use crate::text_enum::text_enum;

/// Where a shop's part of an order is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, AsExpression, FromSqlRow,
)]
#[graphql(name = "ShopOrderStatus")]
#[diesel(sql_type = Text)]
pub enum PartStatus {
    /// The order waits for its payment.
    Pending,
    /// Paid; the seller can begin.
    Confirmed,
    /// The seller packs it.
    Processing,
    /// Handed to the carrier.
    Shipped,
    /// The buyer has it. Final.
    Delivered,
    /// It will not be delivered; what was paid for it goes back. Final.
    Cancelled,
}

text_enum!(PartStatus {
    Pending = "PENDING",
    Confirmed = "CONFIRMED",
    Processing = "PROCESSING",
    Shipped = "SHIPPED",
    Delivered = "DELIVERED",
    Cancelled = "CANCELLED",
});

/// Where an order is as a whole. It follows from its parts and never goes back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = Text)]
pub enum OrderStatus {
    /// Placed, with stock put aside; waits for its payment.
    Pending,
    /// Paid; no shop has begun.
    Confirmed,
    /// At least one shop is at work, and not every part is on its way.
    Processing,
    /// Every part that is not cancelled is on its way or delivered.
    Shipped,
    /// Every part that is not cancelled is delivered. Final.
    Delivered,
    /// Every part is cancelled. Final.
    Cancelled,
}

text_enum!(OrderStatus {
    Pending = "PENDING",
    Confirmed = "CONFIRMED",
    Processing = "PROCESSING",
    Shipped = "SHIPPED",
    Delivered = "DELIVERED",
    Cancelled = "CANCELLED",
});

impl PartStatus {
    /// True when a part may go from this status straight to `next`.
    pub fn may_become(self, next: PartStatus) -> bool {
        use PartStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Shipped};
        match self {
            Pending => matches!(next, Confirmed | Cancelled),
            Confirmed => matches!(next, Processing | Shipped | Cancelled),
            Processing => matches!(next, Shipped | Cancelled),
            Shipped => next == Delivered,
            Delivered | Cancelled => false,
        }
    }
}

impl OrderStatus {
    /// True when nothing follows.
    pub fn is_final(self) -> bool {
        matches!(self, OrderStatus::Delivered | OrderStatus::Cancelled)
    }

    /// The status of an order whose parts have these statuses; `PENDING` when it has none yet.
    pub fn of_parts(parts: impl IntoIterator<Item = PartStatus>) -> OrderStatus {
        let parts: Vec<PartStatus> = parts.into_iter().collect();
        let live: Vec<PartStatus> = parts
            .iter()
            .copied()
            .filter(|status| *status != PartStatus::Cancelled)
            .collect();
        let (Some(slowest), Some(fastest)) = (live.iter().min(), live.iter().max()) else {
            return if parts.is_empty() {
                OrderStatus::Pending
            } else {
                OrderStatus::Cancelled
            };
        };
        match slowest {
            PartStatus::Pending => OrderStatus::Pending,
            PartStatus::Delivered => OrderStatus::Delivered,
            PartStatus::Shipped => OrderStatus::Shipped,
            // A cancelled part beside live ones means that a shop has begun: without this, an order in PROCESSING
            // could fall back to CONFIRMED when the only part at work is cancelled.
            PartStatus::Confirmed
                if *fastest == PartStatus::Confirmed && live.len() == parts.len() =>
            {
                OrderStatus::Confirmed
            }
            PartStatus::Confirmed | PartStatus::Processing | PartStatus::Cancelled => {
                OrderStatus::Processing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PartStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Shipped};
    use super::*;

    #[test]
    fn the_order_is_what_its_parts_make_it() {
        for (parts, status) in [
            (vec![], OrderStatus::Pending),
            (vec![Pending, Pending], OrderStatus::Pending),
            (vec![Confirmed, Confirmed], OrderStatus::Confirmed),
            (vec![Confirmed, Processing], OrderStatus::Processing),
            (vec![Confirmed, Shipped], OrderStatus::Processing),
            (vec![Confirmed, Cancelled], OrderStatus::Processing),
            (vec![Shipped, Delivered], OrderStatus::Shipped),
            (vec![Shipped, Cancelled], OrderStatus::Shipped),
            (vec![Delivered, Cancelled], OrderStatus::Delivered),
            (vec![Delivered, Delivered], OrderStatus::Delivered),
            (vec![Cancelled, Cancelled], OrderStatus::Cancelled),
        ] {
            assert_eq!(OrderStatus::of_parts(parts.clone()), status, "{parts:?}");
        }
    }

    #[test]
    fn a_final_status_is_final() {
        for next in PartStatus::ALL {
            assert!(!Delivered.may_become(*next));
            assert!(!Cancelled.may_become(*next));
            assert!(!next.may_become(Pending));
            assert!(!next.may_become(*next));
        }
    }

    #[test]
    fn text_and_value_agree() {
        for status in PartStatus::ALL {
            assert_eq!(PartStatus::parse(status.as_str()), Some(*status));
        }
        assert_eq!(OrderStatus::parse("LOST"), None);
    }
}
