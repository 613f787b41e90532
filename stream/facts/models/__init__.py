"""The events of contract 1 as pydantic models: the definition of the wire and the source of its JSON Schemas."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from stream.facts.models.activity import Activity
from stream.facts.models.call import Call
from stream.facts.models.case import Case, Restriction
from stream.facts.models.complaint import Complaint
from stream.facts.models.payment import Payment, PaymentReversal
from stream.facts.models.promise import Promise, PromiseCancelled

Event = Call | Payment | PaymentReversal | Promise | PromiseCancelled | Complaint | Case | Restriction | Activity
"""Any event."""

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""The tagged union of all event types."""


def read_event(raw: dict[str, Any]) -> Event:
    """The event that a JSON object states, null fields being the same as absent ones.

    Raises pydantic.ValidationError, whose first entry names the field and what is wrong with it.
    """
    return EVENTS.validate_python({name: value for name, value in raw.items() if value is not None})
