"""The `promise` and `promise_cancelled` events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.facts.models.base import Amount, BaseEvent, Currency, Date, Identifier, Wire


class Instalment(Wire):
    """A part of a promise."""

    due_on: Date
    amount_minor: Amount


class Promise(BaseEvent):
    """A promise to pay, made at `occurred_at`."""

    type: Literal["promise"]
    promise_id: Identifier
    case_id: Identifier
    agent_id: Identifier
    currency: Currency
    instalments: list[Instalment] = Field(min_length=1, max_length=60, description="One, or more for a plan.")
    call_id: Identifier | None = None


class PromiseCancelled(BaseEvent):
    """A promise is void from `occurred_at` on."""

    type: Literal["promise_cancelled"]
    promise_id: Identifier
    case_id: Identifier
