"""The events of `collections.activity.v1`: what agents, bots and the legal department do beside calls."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stream.facts.models.base import BaseEvent, Date, Identifier


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
