//! The rules of a cart.

use std::collections::BTreeMap;

use chrono::Duration;
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult};

/// The most different variants in one cart.
pub const LONGEST_CART: i64 = 100;
/// The most pieces of one variant in one cart.
pub const MOST_PIECES: i32 = 999;

/// How long a guest's cart is kept that nobody touches.
pub const GUEST_CART_KEPT_FOR: Duration = Duration::days(30);

/// The quantity that a client sent for `argument`: 1 to 999.
pub fn quantity(argument: &str, quantity: i32) -> ApiResult<i32> {
    if !(1..=MOST_PIECES).contains(&quantity) {
        let message = format!("a quantity is between 1 and {MOST_PIECES}, got {quantity}");
        return Err(ApiError::bad_input(argument, message));
    }
    Ok(quantity)
}

/// What lines of `(currency, price of one piece in minor units, pieces)` cost, per currency and in its order.
///
/// No overflow: 100 lines of at most 999 pieces of at most 10^12 minor units stay below 10^17.
pub fn subtotals(
    lines: impl IntoIterator<Item = (CurrencyCode, i64, i32)>,
) -> BTreeMap<CurrencyCode, i64> {
    let mut sums = BTreeMap::new();
    for (currency, price, quantity) in lines {
        *sums.entry(currency).or_default() += price * i64::from(quantity);
    }
    sums
}

/// The currency of an order with these lines; `CONFLICT` when there are none or several currencies.
pub fn one_currency(currencies: impl IntoIterator<Item = CurrencyCode>) -> ApiResult<CurrencyCode> {
    let mut found: Vec<CurrencyCode> = currencies.into_iter().collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [] => Err(
            ApiError::conflict("the cart is empty: add something before placing an order")
                .at("cart.items"),
        ),
        [currency] => Ok(currency),
        _ => {
            let codes: Vec<&str> = found.iter().map(|currency| currency.as_str()).collect();
            let message = format!(
                "an order has one currency, and the cart holds prices in {}: order them one after the other",
                codes.join(", ")
            );
            Err(ApiError::conflict(message).at("cart.items"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_bounded() {
        for good in [1, 999] {
            assert_eq!(quantity("q", good), Ok(good));
        }
        for bad in [i32::MIN, -1, 0, 1000, i32::MAX] {
            assert_eq!(
                quantity("input.quantity", bad)
                    .unwrap_err()
                    .argument
                    .as_deref(),
                Some("input.quantity")
            );
        }
    }

    #[test]
    fn subtotals_are_per_currency() {
        let sums = subtotals([
            (CurrencyCode::Eur, 250, 2),
            (CurrencyCode::Jpy, 700, 1),
            (CurrencyCode::Eur, 1, 3),
        ]);
        assert_eq!(
            sums,
            BTreeMap::from([(CurrencyCode::Eur, 503), (CurrencyCode::Jpy, 700)])
        );
        assert!(
            subtotals([(CurrencyCode::Eur, 1_000_000_000_000, MOST_PIECES); 100])
                [&CurrencyCode::Eur]
                > 0
        );
    }

    #[test]
    fn an_order_has_one_currency() {
        assert_eq!(
            one_currency([CurrencyCode::Eur, CurrencyCode::Eur]),
            Ok(CurrencyCode::Eur)
        );
        assert!(one_currency([]).unwrap_err().message.contains("empty"));
        assert!(
            one_currency([CurrencyCode::Eur, CurrencyCode::Usd])
                .unwrap_err()
                .message
                .contains("EUR, USD")
        );
    }
}
