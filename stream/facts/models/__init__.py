"""The events of contract 1 as pydantic models: the definition of the wire and the source of its JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field, TypeAdapter

from stream.facts.fact import KINDS
from stream.facts.models import activity, call, case, complaint, payment, promise
from stream.facts.models.base import BaseEvent

_MODULES = (activity, call, case, complaint, payment, promise)


def _model(name: str) -> type[BaseEvent]:
    found: list[type[BaseEvent]] = [vars(module)[name] for module in _MODULES if name in vars(module)]
    if not found:
        raise AssertionError(f"stream/facts/models has no {name}, which stream/facts/fact.py has")
    return found[0]


MODELS: Mapping[str, type[BaseEvent]] = {kind.TYPE: _model(kind.__name__) for kind in KINDS}
"""Type -> its model: of the same name as its struct."""

if TYPE_CHECKING:
    Event = BaseEvent
else:
    Event = Union[tuple(MODELS.values())]  # noqa: UP007  made at run time

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""The tagged union of all event types."""


def read_event(raw: dict[str, Any]) -> Event:
    """The event that a JSON object states, null fields being the same as absent ones.

    Raises pydantic.ValidationError, whose entries name the fields and what is wrong with them.
    """
    return EVENTS.validate_python({name: value for name, value in raw.items() if value is not None})


__all__ = ["together"]
