//! What may happen to a placed order, and what it then becomes.

use uuid::Uuid;

use super::status::{OrderStatus, PartStatus};

/// A shop's part of an order, as far as the rules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The shop order.
    pub id: Uuid,
    /// Where it is.
    pub status: PartStatus,
    /// What its lines cost, in minor units.
    pub subtotal_minor: i64,
}

/// Something that happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The payment service has the money.
    Pay,
    /// The payment was declined, or nobody paid in time.
    LosePayment,
    /// The buyer does not want it any more.
    Cancel,
    /// The seller begins to work on the part.
    Start(Uuid),
    /// The seller hands the part to a carrier.
    Ship(Uuid),
    /// The part reached the buyer.
    Deliver(Uuid),
    /// The seller cannot deliver the part.
    CancelPart(Uuid),
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// Every part that changes, with its new status; never empty.
    pub moves: Vec<(Uuid, PartStatus)>,
    /// The order's status afterwards.
    pub status: OrderStatus,
    /// What must be paid back, in minor units: the cancelled parts that had been paid.
    pub refund_minor: i64,
    /// True when a payment may still be open and must be ended.
    pub ends_payment: bool,
}

/// Why an action is not possible now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The order has no such part.
    #[error("the order has no such part")]
    UnknownPart,
    /// The part's status does not allow it.
    #[error("a part that is {} cannot become {}", .from.as_str(), .to.as_str())]
    Part {
        /// What it is.
        from: PartStatus,
        /// What it was to become.
        to: PartStatus,
    },
    /// A part is already with a carrier or the buyer.
    #[error("the order cannot be cancelled any more: a part of it is {}", .0.as_str())]
    OnItsWay(PartStatus),
    /// Nothing of the order is left to act on.
    #[error("the order is {} already", .0.as_str())]
    Over(OrderStatus),
    /// The seller cannot cancel what is not paid yet: the one open payment is for all shops.
    #[error(
        "the order is not paid yet; a part can be cancelled once it is, and an unpaid order ends by itself"
    )]
    Unpaid,
}

/// Applies `action` to an order with these parts.
pub fn decide(parts: &[Part], action: Action) -> Result<Transition, Refusal> {
    match action {
        Action::Pay => all_pending(parts, PartStatus::Confirmed),
        Action::LosePayment => all_pending(parts, PartStatus::Cancelled),
        Action::Cancel => cancel(parts),
        Action::Start(part) => one(parts, part, PartStatus::Processing),
        Action::Ship(part) => one(parts, part, PartStatus::Shipped),
        Action::Deliver(part) => one(parts, part, PartStatus::Delivered),
        Action::CancelPart(part) => {
            if parts
                .iter()
                .any(|other| other.id == part && other.status == PartStatus::Pending)
            {
                return Err(Refusal::Unpaid);
            }
            one(parts, part, PartStatus::Cancelled)
        }
    }
}

fn all_pending(parts: &[Part], next: PartStatus) -> Result<Transition, Refusal> {
    let pending: Vec<&Part> = parts
        .iter()
        .filter(|part| part.status == PartStatus::Pending)
        .collect();
    if pending.is_empty() {
        return Err(Refusal::Over(OrderStatus::of_parts(
            parts.iter().map(|part| part.status),
        )));
    }
    let moves = pending.into_iter().map(|part| (part.id, next)).collect();
    Ok(transition(parts, moves))
}

fn cancel(parts: &[Part]) -> Result<Transition, Refusal> {
    if let Some(part) = parts
        .iter()
        .find(|part| matches!(part.status, PartStatus::Shipped | PartStatus::Delivered))
    {
        return Err(Refusal::OnItsWay(part.status));
    }
    let live = parts
        .iter()
        .filter(|part| part.status != PartStatus::Cancelled);
    let moves: Vec<(Uuid, PartStatus)> =
        live.map(|part| (part.id, PartStatus::Cancelled)).collect();
    if moves.is_empty() {
        return Err(Refusal::Over(OrderStatus::Cancelled));
    }
    let mut transition = transition(parts, moves);
    transition.ends_payment = parts.iter().any(|part| part.status == PartStatus::Pending);
    Ok(transition)
}

fn one(parts: &[Part], id: Uuid, next: PartStatus) -> Result<Transition, Refusal> {
    let part = parts
        .iter()
        .find(|part| part.id == id)
        .ok_or(Refusal::UnknownPart)?;
    if !part.status.may_become(next) {
        return Err(Refusal::Part {
            from: part.status,
            to: next,
        });
    }
    Ok(transition(parts, vec![(id, next)]))
}

fn transition(parts: &[Part], moves: Vec<(Uuid, PartStatus)>) -> Transition {
    let after = |part: &Part| {
        moves
            .iter()
            .find(|(id, _)| *id == part.id)
            .map_or(part.status, |(_, next)| *next)
    };
    let status = OrderStatus::of_parts(parts.iter().map(after));
    let paid_back =
        |part: &&Part| part.status != PartStatus::Pending && after(part) == PartStatus::Cancelled;
    let newly_cancelled = parts
        .iter()
        .filter(|part| part.status != PartStatus::Cancelled)
        .filter(paid_back);
    let refund_minor = newly_cancelled.map(|part| part.subtotal_minor).sum();
    Transition {
        moves,
        status,
        refund_minor,
        ends_payment: false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(statuses: &[PartStatus]) -> Vec<Part> {
        statuses
            .iter()
            .enumerate()
            .map(|(index, status)| Part {
                id: Uuid::from_u128(index as u128),
                status: *status,
                subtotal_minor: 100,
            })
            .collect()
    }

    fn action(which: u8, part: u8) -> Action {
        let part = Uuid::from_u128(u128::from(part));
        match which {
            0 => Action::Pay,
            1 => Action::LosePayment,
            2 => Action::Cancel,
            3 => Action::Start(part),
            4 => Action::Ship(part),
            5 => Action::Deliver(part),
            _ => Action::CancelPart(part),
        }
    }

    proptest! {
        /// Whatever is tried in whatever order: parts only take legal steps, the order never goes back, its status is
        /// that of its parts, and every paid part is delivered, still on its way, or paid back exactly once.
        #[test]
        fn no_sequence_of_actions_breaks_the_rules(
            count in 1_usize..5,
            actions in prop::collection::vec((0_u8..7, 0_u8..6), 0..40),
        ) {
            let mut parts = parts(&vec![PartStatus::Pending; count]);
            let mut status = OrderStatus::Pending;
            let mut paid = false;
            let mut refunded = 0;
            for (which, part) in actions {
                let action = action(which, part);
                let Ok(transition) = decide(&parts, action) else { continue };
                prop_assert!(!transition.moves.is_empty());
                prop_assert!(!status.is_final(), "{action:?} changed an order that was {status:?}");
                for (id, next) in &transition.moves {
                    let part = parts.iter_mut().find(|part| part.id == *id).unwrap();
                    prop_assert!(part.status.may_become(*next), "{:?} -> {next:?}", part.status);
                    part.status = *next;
                }
                paid |= action == Action::Pay;
                refunded += transition.refund_minor;
                prop_assert!(transition.status >= status, "{status:?} went back to {:?}", transition.status);
                status = transition.status;
                prop_assert_eq!(status, OrderStatus::of_parts(parts.iter().map(|part| part.status)));
                let cancelled = parts.iter().filter(|part| part.status == PartStatus::Cancelled).count();
                prop_assert_eq!(refunded, if paid { 100 * i64::try_from(cancelled).unwrap() } else { 0 });
            }
        }
    }

    #[test]
    fn a_paid_order_cannot_lose_its_payment() {
        let paid = parts(&[PartStatus::Confirmed]);
        assert_eq!(
            decide(&paid, Action::LosePayment),
            Err(Refusal::Over(OrderStatus::Confirmed))
        );
        assert_eq!(
            decide(&paid, Action::Pay),
            Err(Refusal::Over(OrderStatus::Confirmed))
        );
    }

    #[test]
    fn the_buyer_cancels_until_the_first_part_ships() {
        let waiting = decide(&parts(&[PartStatus::Pending]), Action::Cancel).unwrap();
        assert_eq!(
            (waiting.status, waiting.refund_minor, waiting.ends_payment),
            (OrderStatus::Cancelled, 0, true)
        );

        let paid = decide(
            &parts(&[PartStatus::Processing, PartStatus::Cancelled]),
            Action::Cancel,
        )
        .unwrap();
        assert_eq!(
            (paid.status, paid.refund_minor, paid.ends_payment),
            (OrderStatus::Cancelled, 100, false)
        );

        let shipped = parts(&[PartStatus::Confirmed, PartStatus::Shipped]);
        assert_eq!(
            decide(&shipped, Action::Cancel),
            Err(Refusal::OnItsWay(PartStatus::Shipped))
        );
    }

    #[test]
    fn a_seller_cancels_only_what_is_paid_and_here() {
        let id = Uuid::from_u128(0);
        assert_eq!(
            decide(&parts(&[PartStatus::Pending]), Action::CancelPart(id)),
            Err(Refusal::Unpaid)
        );
        let transition = decide(
            &parts(&[PartStatus::Confirmed, PartStatus::Confirmed]),
            Action::CancelPart(id),
        )
        .unwrap();
        assert_eq!(
            (transition.status, transition.refund_minor),
            (OrderStatus::Processing, 100)
        );
        assert_eq!(
            decide(
                &parts(&[PartStatus::Confirmed]),
                Action::Ship(Uuid::from_u128(9))
            ),
            Err(Refusal::UnknownPart)
        );
    }
}
