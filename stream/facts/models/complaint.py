"""The `complaint` event."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stream.facts.models.base import BaseEvent, Identifier, Instant, Text


class Complaint(BaseEvent):
    """A complaint as it stands; later versions replace it."""

    type: Literal["complaint"]
    complaint_id: Identifier
    status: Literal["received", "acknowledged", "closed"]
    received_at: Instant
    closed_at: Instant | None = None
    category: Text | None = None
    upheld: bool | None = None
    call_id: Identifier | None = Field(default=None, description="The call that the complaint is about.")
