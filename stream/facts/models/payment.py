"""The `payment` and `payment_reversal` events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.facts.models.base import Amount, BaseEvent, Currency, Date, Identifier, Instant


class Dated(BaseEvent):
    """What may carry the date `occurred_on` instead of `occurred_at`: banks' files have no time."""

    occurred_at: Instant | None = None  # type: ignore[assignment]  # exactly one of the two
    occurred_on: Date | None = Field(default=None, description="Instead of `occurred_at`.")


class Payment(Dated):
    """Money that came in; without a case it belongs to the debtor's only one."""

    type: Literal["payment"]
    payment_id: Identifier
    amount_minor: Amount
    currency: Currency
    channel: Literal["debtor", "field", "auto_debit", "legal", "other"] | None = None


class PaymentReversal(Dated):
    """Money of a payment that went back; several of one payment add up."""

    type: Literal["payment_reversal"]
    reversal_id: Identifier | None = Field(default=None, description="The reversal's own id; else its `event_id`.")
    payment_id: Identifier = Field(description="The payment that is reversed.")
    case_id: Identifier
    amount_minor: Amount
    currency: Currency
