"""The `call` event."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.facts.models.base import BaseEvent, Count, Identifier, Instant


class Call(BaseEvent):
    """One attempt or conversation; `occurred_at` is its start."""

    type: Literal["call"]
    call_id: Identifier
    direction: Literal["outbound", "inbound"]
    outcome: Literal["human", "machine", "no_answer", "busy", "invalid_number", "abandoned", "failed", "callback"] = (
        Field(description="callback: the caller left the queue to be called back.")
    )
    party: Literal["right", "third", "unknown"] | None = None
    ended_at: Instant
    queue_ms: Count | None = None
    talk_ms: Count | None = Field(default=None, description="0 where absent.")
    hold_ms: Count | None = Field(default=None, description="0 where absent.")
    wrap_ms: Count | None = Field(default=None, description="0 where absent.")
    effective_ms: Count | None = Field(default=None, description="Substantive talk, where the recorder knows it.")
    number_id: Identifier | None = None
    recorded: bool | None = None
    queue_id: Identifier | None = Field(default=None, description="Queue, skill or campaign.")
    transferred_from: Identifier | None = Field(
        default=None, description="`call_id` of the leg before: this is a later leg of the same conversation."
    )
