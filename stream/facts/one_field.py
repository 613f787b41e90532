"""Whether one field of an event may hold a value: constants are checked by it before there is an event."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stream.facts.fact import KINDS
from stream.facts.models import EVENTS, MODELS
from stream.facts.refusal import detail_of

_TYPES = tuple(kind.TYPE for kind in KINDS)


def field_names(kind: str) -> frozenset[str]:
    """The fields that events of a type have, as the wire names them; without `type`."""
    return frozenset(field.alias or name for name, field in MODELS[kind].model_fields.items()) - {"type"}


def required_fields(kind: str) -> frozenset[str]:
    """The fields without which no event of a type is valid; without `type` and `event_id`."""
    fields = MODELS[kind].model_fields.items()
    return frozenset(field.alias or name for name, field in fields if field.is_required()) - {"type", "event_id"}


def is_instant_field(kind: str, name: str) -> bool:
    """Whether a field of a type is an instant."""
    return name in _INSTANT_NAMES and name in field_names(kind)


_INSTANT_NAMES = frozenset({"occurred_at", "ended_at", "received_at", "closed_at", "from", "until"})


def refusal_of(kind: str, name: str, value: Any) -> str | None:
    """What is wrong with a field of a type that holds a value (contract 1), by itself; None where nothing is."""
    event = {"type": kind, name: value}
    try:
        EVENTS.validate_python(event)
    except ValidationError as error:
        wrong = [each for each in error.errors(include_url=False) if each["loc"][1:2] == (name,)]
        if wrong:
            said = detail_of(event, error, _TYPES).split("; ")
            return next(
                (line.partition(": ")[2] for line in said if line.startswith((f"{name}:", f"{name}."))), "is wrong"
            )
    return None
