//! From the lines that product put aside to the order's frozen items, parts and total.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use souk_platform::money::{CurrencyCode, Money};
use souk_platform::{ApiError, ErrorCode};
use uuid::Uuid;

/// A line as the cart had it when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedLine {
    /// What to buy.
    pub variant_id: Uuid,
    /// How many, 1 to 999.
    pub quantity: i32,
    /// The price of one piece that the buyer saw, in minor units of the order's currency.
    pub unit_price_minor: i64,
}

/// A line as product put it aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedLine {
    /// What is put aside.
    pub variant_id: Uuid,
    /// The variant's product.
    pub product_id: Uuid,
    /// Who sells it.
    pub shop_id: Uuid,
    /// The shop's owner.
    pub seller_id: Uuid,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: String,
    /// The price of one piece now, in minor units.
    pub unit_price_minor: i64,
    /// The price's currency.
    pub currency: CurrencyCode,
    /// How many pieces.
    pub quantity: i32,
}

/// An order with everything about its price settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// The sum of the parts, in minor units.
    pub total_minor: i64,
    /// One part per shop, in the order in which the shops first occur in the cart.
    pub parts: Vec<PricedPart>,
}

/// What one shop delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedPart {
    /// The shop.
    pub shop_id: Uuid,
    /// Its owner.
    pub seller_id: Uuid,
    /// The sum of the lines, in minor units.
    pub subtotal_minor: i64,
    /// Its lines, each with its position in the cart, from 0.
    pub lines: Vec<(usize, ReservedLine)>,
}

/// Why what was put aside is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// These lines cost something else now: `(position in the cart, price the buyer saw, line)`.
    Prices(Vec<(usize, i64, ReservedLine)>),
    /// Product answered with other lines or quantities than it was asked for.
    Lines,
}

/// Compares what was put aside with what was asked for and adds it up.
pub fn price(
    requested: &[RequestedLine],
    currency: CurrencyCode,
    reserved: Vec<ReservedLine>,
) -> Result<Priced, Mismatch> {
    let mut by_variant: HashMap<Uuid, ReservedLine> = reserved
        .into_iter()
        .map(|line| (line.variant_id, line))
        .collect();
    let mut lines = Vec::with_capacity(requested.len());
    let mut changed = Vec::new();
    for (position, wanted) in requested.iter().enumerate() {
        let line = by_variant
            .remove(&wanted.variant_id)
            .ok_or(Mismatch::Lines)?;
        if line.quantity != wanted.quantity {
            return Err(Mismatch::Lines);
        }
        if line.unit_price_minor != wanted.unit_price_minor || line.currency != currency {
            changed.push((position, wanted.unit_price_minor, line.clone()));
        }
        lines.push((position, line));
    }
    if !changed.is_empty() {
        return Err(Mismatch::Prices(changed));
    }
    let mut parts: Vec<PricedPart> = Vec::new();
    for (position, line) in lines {
        let cost = line.unit_price_minor * i64::from(line.quantity);
        match parts.iter_mut().find(|part| part.shop_id == line.shop_id) {
            Some(part) => {
                part.subtotal_minor += cost;
                part.lines.push((position, line));
            }
            None => parts.push(PricedPart {
                shop_id: line.shop_id,
                seller_id: line.seller_id,
                subtotal_minor: cost,
                lines: vec![(position, line)],
            }),
        }
    }
    let total_minor = parts.iter().map(|part| part.subtotal_minor).sum();
    Ok(Priced { total_minor, parts })
}

/// `PRICE_CHANGED`, naming the first line and what every changed line costs now.
pub fn price_changed(currency: CurrencyCode, changed: &[(usize, i64, ReservedLine)]) -> ApiError {
    let mut sentences = Vec::with_capacity(changed.len());
    for (_, old_minor, line) in changed {
        let old = Money::from_minor(*old_minor, currency);
        let new = Money::from_minor(line.unit_price_minor, line.currency);
        sentences.push(format!(
            "\"{}\" ({}) costs {} {} now instead of {} {}",
            line.name,
            line.sku,
            new.amount.0,
            new.currency.as_str(),
            old.amount.0,
            old.currency.as_str()
        ));
    }
    let message = format!(
        "{}; the cart has the new price, place the order again to accept it",
        sentences.join(", ")
    );
    let error = ApiError::new(ErrorCode::PriceChanged, message);
    match changed.first() {
        Some((position, ..)) => error.at(format!("cart.items.{position}")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reserved(variant: u128, shop: u128, price: i64, quantity: i32) -> ReservedLine {
        ReservedLine {
            variant_id: Uuid::from_u128(variant),
            product_id: Uuid::from_u128(variant),
            shop_id: Uuid::from_u128(shop),
            seller_id: Uuid::from_u128(shop),
            sku: format!("SKU-{variant}"),
            name: format!("Thing {variant}"),
            unit_price_minor: price,
            currency: CurrencyCode::Eur,
            quantity,
        }
    }

    fn requested(line: &ReservedLine) -> RequestedLine {
        RequestedLine {
            variant_id: line.variant_id,
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
        }
    }

    proptest! {
        /// The total is what the lines cost, each line is in exactly one part, and each shop has one part.
        #[test]
        fn parts_add_up(lines in prop::collection::vec((0_u128..4, 0_i64..1_000_000, 1_i32..=999), 1..100)) {
            let reserved: Vec<ReservedLine> = lines
                .iter()
                .enumerate()
                .map(|(index, (shop, price, quantity))| reserved(index as u128, *shop, *price, *quantity))
                .collect();
            let requested: Vec<RequestedLine> = reserved.iter().map(requested).collect();
            let mut answer = reserved.clone();
            answer.reverse();
            let priced = price(&requested, CurrencyCode::Eur, answer).unwrap();
            let cost: i64 = lines.iter().map(|(_, price, quantity)| price * i64::from(*quantity)).sum();
            prop_assert_eq!(priced.total_minor, cost);
            let mut positions: Vec<usize> = priced.parts.iter().flat_map(|part| part.lines.iter().map(|line| line.0)).collect();
            positions.sort_unstable();
            prop_assert_eq!(positions, (0..lines.len()).collect::<Vec<_>>());
            for (index, part) in priced.parts.iter().enumerate() {
                prop_assert!(priced.parts[..index].iter().all(|other| other.shop_id != part.shop_id));
                prop_assert!(part.lines.iter().all(|(_, line)| line.shop_id == part.shop_id));
            }
        }
    }

    #[test]
    fn a_changed_price_names_the_line() {
        let first = reserved(1, 1, 100, 1);
        let mut wanted = vec![requested(&first), requested(&reserved(2, 1, 1000, 3))];
        let now = reserved(2, 1, 1200, 3);
        let Err(Mismatch::Prices(changed)) =
            price(&wanted, CurrencyCode::Eur, vec![first.clone(), now])
        else {
            panic!("the price change was not noticed");
        };
        let error = price_changed(CurrencyCode::Eur, &changed);
        assert_eq!(error.argument.as_deref(), Some("cart.items.1"));
        assert!(
            error
                .message
                .starts_with("\"Thing 2\" (SKU-2) costs 12.00 EUR now instead of 10.00 EUR")
        );

        wanted.truncate(1);
        wanted[0].quantity = 2;
        assert_eq!(
            price(&wanted, CurrencyCode::Eur, vec![first]),
            Err(Mismatch::Lines)
        );
    }
}
