//! The states of a payment and what moves it between them.

use async_graphql::Enum;

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum PaymentStatus {
    /// Waits for the buyer.
    Pending,
    /// The money has arrived.
    Succeeded,
    /// The provider or the buyer declined.
    Failed,
    /// Nobody paid in time.
    Expired,
    /// The order was cancelled before it was paid.
    Cancelled,
    /// The money was given back in full.
    Refunded,
}

/// Something that happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The provider has the money.
    Paid,
    /// The provider or the buyer declined.
    Declined,
    /// The time to pay is over.
    TimeOver,
    /// The order was cancelled.
    OrderCancelled,
    /// All of the money was given back.
    GivenBack,
}

impl PaymentStatus {
    /// All states.
    pub const ALL: [PaymentStatus; 6] = [
        PaymentStatus::Pending,
        PaymentStatus::Succeeded,
        PaymentStatus::Failed,
        PaymentStatus::Expired,
        PaymentStatus::Cancelled,
        PaymentStatus::Refunded,
    ];

    /// The state's name in GraphQL and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentStatus::Pending => "PENDING",
            PaymentStatus::Succeeded => "SUCCEEDED",
            PaymentStatus::Failed => "FAILED",
            PaymentStatus::Expired => "EXPIRED",
            PaymentStatus::Cancelled => "CANCELLED",
            PaymentStatus::Refunded => "REFUNDED",
        }
    }

    /// The state with this name.
    pub fn parse(name: &str) -> Option<PaymentStatus> {
        PaymentStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// The state after `fact`, or `None` when the fact changes nothing.
    ///
    /// Money that arrives counts whatever we thought before: a payment that expired or was cancelled while the
    /// buyer paid has succeeded, and the order's side gives the money back.
    pub fn after(self, fact: Fact) -> Option<PaymentStatus> {
        use PaymentStatus::{Cancelled, Expired, Failed, Pending, Refunded, Succeeded};
        match (self, fact) {
            (Pending | Failed | Expired | Cancelled, Fact::Paid) => Some(Succeeded),
            (Pending, Fact::Declined) => Some(Failed),
            (Pending, Fact::TimeOver) => Some(Expired),
            (Pending, Fact::OrderCancelled) => Some(Cancelled),
            (Succeeded, Fact::GivenBack) => Some(Refunded),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_arrived_is_never_forgotten() {
        for status in PaymentStatus::ALL {
            let after = status.after(Fact::Paid).unwrap_or(status);
            assert!(
                matches!(after, PaymentStatus::Succeeded | PaymentStatus::Refunded),
                "{status:?} became {after:?}"
            );
        }
    }

    #[test]
    fn only_an_open_payment_ends_without_money() {
        for fact in [Fact::Declined, Fact::TimeOver, Fact::OrderCancelled] {
            for status in PaymentStatus::ALL {
                assert_eq!(
                    status.after(fact).is_some(),
                    status == PaymentStatus::Pending
                );
            }
        }
    }
}
