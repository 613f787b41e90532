"""The `payment` and `payment_reversal` events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.facts.models.base import Amount, BaseEvent, Currency, Identifier


class Payment(BaseEvent):
    """Money that came in on a case."""

    type: Literal["payment"]
    payment_id: Identifier
    case_id: Identifier
    amount_minor: Amount
    currency: Currency
    channel: Literal["debtor", "field", "auto_debit", "legal", "other"] | None = None


class PaymentReversal(BaseEvent):
    """Money of a payment that went back; several of one payment add up."""

    type: Literal["payment_reversal"]
    payment_id: Identifier = Field(description="The payment that is reversed.")
    case_id: Identifier
    amount_minor: Amount
    currency: Currency
