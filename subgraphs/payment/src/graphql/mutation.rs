//! Mutations. All of them are internal: only the order subgraph moves payments.

use async_graphql::{Context, Object};
use souk_platform::{ApiError, ApiResult, Caller};

use super::types::{
    CancelPaymentInput, CancelPaymentPayload, CreatePaymentInput, CreatePaymentPayload,
    RefundPaymentInput, RefundPaymentPayload,
};
use crate::payments::{Payments, RefundOrder};

/// The mutations.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Internal: the payment of an order, made if there is none. Repeating it gives the same payment.
    #[graphql(inaccessible)]
    async fn create_payment(
        &self,
        ctx: &Context<'_>,
        input: CreatePaymentInput,
    ) -> ApiResult<CreatePaymentPayload> {
        ctx.identity().service()?;
        let amount = input.amount.price_minor("input.amount")?;
        if amount == 0 {
            return Err(ApiError::bad_input(
                "input.amount.amount",
                "there is nothing to pay",
            ));
        }
        let (order, buyer, currency) = (input.order_id.0, input.buyer_id.0, input.amount.currency);
        let payment = payments(ctx)
            .create(order, buyer, amount, currency, ctx.correlation_id())
            .await?;
        Ok(CreatePaymentPayload {
            payment_id: payment.id.into(),
            status: payment.status(),
            expires_at: payment.expires_at,
            checkout_url: payment.checkout_url,
        })
    }

    /// Internal: ends an order's open payment, and lets none be created later.
    #[graphql(inaccessible)]
    async fn cancel_payment(
        &self,
        ctx: &Context<'_>,
        input: CancelPaymentInput,
    ) -> ApiResult<CancelPaymentPayload> {
        ctx.identity().service()?;
        let status = payments(ctx)
            .cancel_order(input.order_id.0, ctx.correlation_id())
            .await?;
        Ok(CancelPaymentPayload { status })
    }

    /// Internal: gives an order's money back, in whole or in part.
    #[graphql(inaccessible)]
    async fn refund_payment(
        &self,
        ctx: &Context<'_>,
        input: RefundPaymentInput,
    ) -> ApiResult<RefundPaymentPayload> {
        ctx.identity().service()?;
        let amount_minor = input.amount.price_minor("input.amount")?;
        if amount_minor == 0 {
            return Err(ApiError::bad_input(
                "input.amount.amount",
                "there is nothing to give back",
            ));
        }
        let request = RefundOrder {
            order_id: input.order_id.0,
            amount_minor,
            currency: input.amount.currency,
            reason: input.reason,
            key: input.idempotency_key,
        };
        let status = payments(ctx)
            .refund_order(request, ctx.correlation_id())
            .await?;
        Ok(RefundPaymentPayload { status })
    }
}

fn payments<'ctx>(ctx: &Context<'ctx>) -> &'ctx Payments {
    ctx.data_unchecked()
}
