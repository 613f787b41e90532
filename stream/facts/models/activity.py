"""The events of `collections.activity.v1`: what agents, bots and the legal department do beside calls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from stream.facts.models.base import Amount, BaseEvent, Currency, Date, Identifier, Integer, Word


class Visit(BaseEvent):
    """A visit in the field."""

    type: Literal["visit"]
    visit_id: Identifier
    case_id: Identifier
    agent_id: Identifier
    met_debtor: bool


class Message(BaseEvent):
    """A letter, SMS, e-mail or chat message."""

    type: Literal["message"]
    message_id: Identifier
    channel: Literal["letter", "sms", "email", "chat"]
    direction: Literal["outbound", "inbound"]
    delivered: bool | None = None
    number_id: Identifier | None = None


class QualityReview(BaseEvent):
    """A reviewed conversation."""

    type: Literal["quality_review"]
    review_id: Identifier
    agent_id: Identifier
    passed: bool
    call_id: Identifier | None = None
    score: Annotated[int, Field(ge=0, le=100)] | None = None


class AgentState(BaseEvent):
    """What an agent does from `occurred_at` until the next such event; keyed by agent, a debtor is ignored."""

    type: Literal["agent_state"]
    agent_id: Identifier
    state: Literal["logged_out", "available", "on_call", "wrap", "break", "training", "meeting"]
    reason: Word | None = Field(default=None, description="The site's own word for it.")

    @model_validator(mode="before")
    @classmethod
    def _no_debtor(cls, event: Any) -> Any:
        return {name: value for name, value in event.items() if name not in ("debtor_id", "case_id")}


class Survey(BaseEvent):
    """An answered satisfaction survey."""

    type: Literal["survey"]
    survey_id: Identifier
    score: Annotated[int, Field(ge=1, le=5)]
    call_id: Identifier | None = None


class BotSession(BaseEvent):
    """A conversation that a bot led."""

    type: Literal["bot_session"]
    session_id: Identifier
    handed_over: bool
    handover_correct: bool | None = None
    mandate_signed: bool


class LegalStep(BaseEvent):
    """A legal step that falls due, or that was done."""

    type: Literal["legal_step"]
    step_id: Identifier
    case_id: Identifier
    status: Literal["due", "done"]
    due_on: Date


class Measurement(BaseEvent):
    """A value that people or another system give for a period, for scorecards; it counts in no window.

    It is keyed by its own id: an agent or debtor on it is ignored.
    """

    type: Literal["measurement"]
    measurement_id: Identifier
    indicator: Annotated[str, Field(pattern="^[a-z0-9_]{1,64}$", description="1-64 of a-z, 0-9 and _.")]
    level: Literal["agent", "team", "queue", "segment", "site"]
    entity: Identifier
    period_start: Date
    period: Literal["day", "month", "quarter"]
    numerator: Integer
    denominator: Amount | None = Field(default=None, description="None for a plain count or amount.")
    currency: Currency | None = None
