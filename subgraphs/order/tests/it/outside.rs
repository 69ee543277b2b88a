//! Product and payment as order sees them: stock and payments that keep the contract of the internal calls, and that
//! can fail in every way a network or a process can.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use serde_json::{Value, json};
use souk_platform::peers::{PeerRequest, PeerTransport};
use uuid::Uuid;

/// A variant on sale.
#[derive(Debug, Clone)]
pub struct Variant {
    pub id: Uuid,
    pub product: Uuid,
    pub shop: Uuid,
    pub seller: Uuid,
    pub name: String,
    pub price: String,
    pub currency: &'static str,
    pub stock: i64,
    pub listed: bool,
}

/// Stock that an order asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    Reserved(Vec<(Uuid, i64)>),
    Released,
    Committed,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct Payment {
    pub id: Uuid,
    pub minor: i64,
    pub currency: String,
    pub status: &'static str,
    /// Minor units by idempotency key.
    pub refunds: HashMap<String, i64>,
}

/// When a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The caller dies.
    Crash,
    /// No answer reaches the caller.
    NoAnswer,
    /// The answer takes a while.
    Slow,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    call: &'static str,
    when: When,
    how: How,
    left: usize,
}

#[derive(Default)]
struct State {
    variants: HashMap<Uuid, Variant>,
    reservations: HashMap<Uuid, Reservation>,
    payments: HashMap<Uuid, Payment>,
    ended: HashSet<Uuid>,
    time_to_pay_is_over: bool,
    fault: Option<Fault>,
    calls: HashMap<String, usize>,
}

#[derive(Default)]
pub struct Outside {
    state: Mutex<State>,
}

const CALLS: [&str; 6] = [
    "variantOffers",
    "reserveStock",
    "releaseStock",
    "createPayment",
    "cancelPayment",
    "refundPayment",
];

impl Outside {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts a variant on sale.
    pub fn sell(&self, variant: Variant) {
        self.state().variants.insert(variant.id, variant);
    }

    /// Changes a variant.
    pub fn change(&self, id: Uuid, change: impl FnOnce(&mut Variant)) {
        change(self.state().variants.get_mut(&id).unwrap());
    }

    /// Pieces that can be bought now.
    pub fn stock(&self, id: Uuid) -> i64 {
        self.state().variants[&id].stock
    }

    /// The order's stock.
    pub fn reservation(&self, order: Uuid) -> Option<Reservation> {
        self.state().reservations.get(&order).cloned()
    }

    /// Pieces put aside for all orders.
    pub fn reserved(&self) -> i64 {
        let state = self.state();
        let lines = state
            .reservations
            .values()
            .filter_map(|reservation| match reservation {
                Reservation::Reserved(lines) => {
                    Some(lines.iter().map(|(_, pieces)| pieces).sum::<i64>())
                }
                _ => None,
            });
        lines.sum()
    }

    /// The order's payment.
    pub fn payment(&self, order: Uuid) -> Option<Payment> {
        self.state().payments.get(&order).cloned()
    }

    /// All payments by order.
    pub fn payments(&self) -> HashMap<Uuid, Payment> {
        self.state().payments.clone()
    }

    /// The buyer pays; false when the payment is not open any more.
    pub fn pay(&self, order: Uuid) -> bool {
        let mut state = self.state();
        let payment = state.payments.get_mut(&order).unwrap();
        let open = payment.status == "PENDING";
        if open {
            payment.status = "SUCCEEDED";
        }
        open
    }

    /// The payments made from now on have no time left.
    pub fn leave_no_time_to_pay(&self) {
        self.state().time_to_pay_is_over = true;
    }

    /// From now on there is time to pay again.
    pub fn leave_time_to_pay(&self) {
        self.state().time_to_pay_is_over = false;
    }

    /// How often a call was made.
    pub fn calls(&self, call: &str) -> usize {
        self.state().calls.get(call).copied().unwrap_or_default()
    }

    /// Lets the next `times` calls go wrong.
    pub fn fail(&self, call: &'static str, when: When, how: How, times: usize) {
        assert!(CALLS.contains(&call));
        self.state().fault = Some(Fault {
            call,
            when,
            how,
            left: times,
        });
    }

    /// True when the fault has happened as often as it was to.
    pub fn failed(&self) -> bool {
        self.state().fault.is_none()
    }

    /// What product does when an order's status changes.
    pub fn order_became(&self, order: Uuid, status: &str) {
        let mut state = self.state();
        match status {
            "CONFIRMED" => {
                if let Some(reservation) = state.reservations.get_mut(&order)
                    && matches!(reservation, Reservation::Reserved(_))
                {
                    *reservation = Reservation::Committed;
                }
            }
            "CANCELLED" => {
                release(&mut state, order);
            }
            _ => {}
        }
    }

    async fn trouble(&self, call: &str, when: When) -> Result<(), String> {
        let how = {
            let mut state = self.state();
            let Some(fault) = &mut state.fault else {
                return Ok(());
            };
            if fault.call != call || fault.when != when {
                return Ok(());
            }
            let how = fault.how;
            fault.left -= 1;
            if fault.left == 0 {
                state.fault = None;
            }
            how
        };
        match how {
            How::Crash => panic!("the process dies {when:?} {call}"),
            How::NoAnswer => Err("connection reset by peer".to_owned()),
            How::Slow => {
                tokio::time::sleep(Duration::from_millis(400)).await;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl PeerTransport for Outside {
    async fn execute(&self, request: PeerRequest) -> Result<Value, String> {
        let call = CALLS
            .into_iter()
            .find(|call| request.query.contains(&format!("{call}(")))
            .unwrap();
        *self.state().calls.entry(call.to_owned()).or_default() += 1;
        self.trouble(call, When::Before).await?;
        let answer = answer(&mut self.state(), call, &request.variables);
        self.trouble(call, When::After).await?;
        Ok(match answer {
            Ok(data) => json!({ "data": { call: data } }),
            Err((code, message, argument)) => json!({
                "data": null,
                "errors": [{ "message": message, "extensions": { "code": code, "argument": argument } }],
            }),
        })
    }
}

type Refusal = (&'static str, String, Option<String>);

fn answer(state: &mut State, call: &str, variables: &Value) -> Result<Value, Refusal> {
    let input = &variables["input"];
    let order = input["orderId"]
        .as_str()
        .map(|id| id.parse().unwrap())
        .unwrap_or_default();
    match call {
        "variantOffers" => Ok(offers(state, variables)),
        "reserveStock" => reserve(state, order, input),
        "releaseStock" => Ok(json!({ "released": release(state, order) })),
        "createPayment" => create_payment(state, order, input),
        "cancelPayment" => {
            let status = match state.payments.get_mut(&order) {
                Some(payment) => {
                    if payment.status == "PENDING" {
                        payment.status = "CANCELLED";
                    }
                    payment.status
                }
                None => {
                    state.ended.insert(order);
                    "CANCELLED"
                }
            };
            Ok(json!({ "status": status }))
        }
        _ => {
            let payment = state.payments.get_mut(&order).ok_or((
                "NOT_FOUND",
                "no payment".to_owned(),
                None,
            ))?;
            if payment.status != "SUCCEEDED" {
                return Err(("CONFLICT", "it was not paid".to_owned(), None));
            }
            let minor = minor(&input["amount"]["amount"]);
            assert_eq!(input["amount"]["currency"], payment.currency.as_str());
            payment
                .refunds
                .insert(input["idempotencyKey"].as_str().unwrap().to_owned(), minor);
            assert!(
                payment.refunds.values().sum::<i64>() <= payment.minor,
                "more is paid back than was paid"
            );
            Ok(json!({ "status": "SUCCEEDED" }))
        }
    }
}

fn offers(state: &State, variables: &Value) -> Value {
    let ids = variables["variantIds"].as_array().unwrap().iter();
    ids.map(|id| {
        let id: Uuid = id.as_str().unwrap().parse().unwrap();
        state.variants.get(&id).map_or(Value::Null, |variant| {
            json!({
                "variantId": id,
                "productId": variant.product,
                "price": { "amount": variant.price, "currency": variant.currency },
                "available": variant.stock,
                "listed": variant.listed,
            })
        })
    })
    .collect()
}

fn reserve(state: &mut State, order: Uuid, input: &Value) -> Result<Value, Refusal> {
    let lines = input["lines"].as_array().unwrap();
    match state.reservations.get(&order) {
        None => {}
        Some(Reservation::Reserved(_)) => return Ok(lines_answer(state, lines)),
        Some(_) => {
            return Err((
                "CONFLICT",
                "the order's stock was given back".to_owned(),
                None,
            ));
        }
    }
    let mut taken = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let argument = Some(format!("input.lines.{index}"));
        let id: Uuid = line["variantId"].as_str().unwrap().parse().unwrap();
        let pieces = line["quantity"].as_i64().unwrap();
        let variant = state.variants.get(&id).ok_or((
            "NOT_FOUND",
            "there is no such variant".to_owned(),
            argument.clone(),
        ))?;
        if !variant.listed {
            return Err((
                "CONFLICT",
                format!("{} is not sold any more", variant.name),
                argument,
            ));
        }
        if variant.stock < pieces {
            return Err((
                "OUT_OF_STOCK",
                format!("only {} of {} are left", variant.stock, variant.name),
                argument,
            ));
        }
        taken.push((id, pieces));
    }
    for (id, pieces) in &taken {
        state.variants.get_mut(id).unwrap().stock -= pieces;
    }
    state
        .reservations
        .insert(order, Reservation::Reserved(taken));
    Ok(lines_answer(state, lines))
}

fn lines_answer(state: &State, lines: &[Value]) -> Value {
    let answers: Vec<Value> = lines
        .iter()
        .map(|line| {
            let variant =
                &state.variants[&line["variantId"].as_str().unwrap().parse::<Uuid>().unwrap()];
            json!({
                "variantId": variant.id,
                "productId": variant.product,
                "shopId": variant.shop,
                "sellerId": variant.seller,
                "sku": format!("SKU-{}", variant.name),
                "name": variant.name,
                "unitPrice": { "amount": variant.price, "currency": variant.currency },
                "quantity": line["quantity"],
            })
        })
        .collect();
    json!({ "lines": answers })
}

fn release(state: &mut State, order: Uuid) -> bool {
    let Some(Reservation::Reserved(lines)) =
        state.reservations.insert(order, Reservation::Released)
    else {
        return false;
    };
    for (id, pieces) in lines {
        state.variants.get_mut(&id).unwrap().stock += pieces;
    }
    true
}

fn create_payment(state: &mut State, order: Uuid, input: &Value) -> Result<Value, Refusal> {
    if state.ended.contains(&order) {
        return Err(("CONFLICT", "the order was cancelled".to_owned(), None));
    }
    let minor = minor(&input["amount"]["amount"]);
    assert!(minor > 0, "a payment of nothing");
    let currency = input["amount"]["currency"].as_str().unwrap().to_owned();
    let new = Payment {
        id: Uuid::now_v7(),
        minor,
        currency,
        status: "PENDING",
        refunds: HashMap::new(),
    };
    let payment = state.payments.entry(order).or_insert(new);
    assert_eq!(payment.minor, minor, "two amounts for one order");
    let id = payment.id;
    let left = if state.time_to_pay_is_over { -60 } else { 30 };
    let expires_at = Utc::now() + chrono::Duration::minutes(left);
    Ok(json!({ "paymentId": id, "expiresAt": expires_at }))
}

fn minor(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Outside as a transport.
pub fn transport(outside: &Arc<Outside>) -> Arc<dyn PeerTransport> {
    outside.clone()
}
