"""Bytes of the wire to facts: quickly where all is well, and by the pydantic models where anything is not.

The quick way is msgspec into the structs of `fact.py`, plus the checks that a type cannot say. Whatever it refuses is
judged again by the models, which are the definition: they alone decide that an event is bad, and why.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, cast, get_args, get_type_hints

import msgspec
import orjson
from pydantic import ValidationError

from stream.facts import fact as kinds
from stream.facts.fact import DEFAULT_SITE, KINDS, MOST_IDENTIFIER, Fact, Identifier
from stream.facts.instant import checked_date, instant_ms, utc_midnight_ms
from stream.facts.models import read_event
from stream.facts.refusal import detail_of, of_type
from stream.facts.wrapping import NotPlain, another_systems, event_in, looks_like, unframed

# Instants are text in what it reads, until they are finished: not what the fields' types say.
_quick: Callable[[bytes], Any] = msgspec.json.Decoder(Fact).decode


class Rejection(NamedTuple):
    """Why bytes are no fact: `malformed` (no JSON) or `invalid` (JSON, but no event), with a sentence for a person."""

    reason: Literal["malformed", "invalid"]
    detail: str


DayBeginsMs = Callable[[str, str], int]
"""(site, date) -> the instant at which that day begins there."""


def decode(value: bytes | None, midnight_ms: DayBeginsMs = utc_midnight_ms) -> Fact | Rejection:
    """The fact that a record's value holds, or why it holds none. Never raises for any input.

    `midnight_ms` says when a day begins at a site: a payment that has a date occurs then.
    """
    return _decode(value, False, midnight_ms)


def decode_all(values: Sequence[bytes | None], midnight_ms: DayBeginsMs = utc_midnight_ms) -> list[Fact | Rejection]:
    """What `decode` says of each value; a look at all of them together spares one at each."""
    try:
        plain = _is_plain(b"".join(values))  # type: ignore[arg-type]
    except TypeError:  # one of them is None
        plain = False
    return [_decode(value, plain, midnight_ms) for value in values]


def _is_plain(value: bytes) -> bool:
    """Whether no text in it can be an identifier that holds what it must not, nor be anything but UTF-8."""
    if not value.isascii() or b"\\" in value or b"|" in value or b"\x7f" in value or b"specversion" in value:
        return False
    # A text that begins or ends with a space. Most JSON is compact, and to find that it has no space costs nothing.
    return b" " not in value or (_ENDS.search(value) is None and (b'" ' not in value or _BEGINS.search(value) is None))


# The quote that opens a text stands behind one of these signs, and that which closes one before one of them.
_BEGINS = re.compile(rb'[{\[,:]\s*" ')
_ENDS = re.compile(rb' "\s*[,:}\]]')


def _decode(value: bytes | None, plain: bool, midnight_ms: DayBeginsMs) -> Fact | Rejection:
    if value is None:
        return Rejection("malformed", "the record has no value")
    try:
        fact = _quick(value)
        if not plain and not _is_plain(value):
            # Identifiers may hold what they must not, and msgspec does not look into fields that it skips.
            value.decode()
            if b"specversion" in value:
                raise ValueError("specversion")  # of a CloudEvent only what is inside counts
            _check_identifiers(fact)
        if fact.site_id is None:
            fact.site_id = DEFAULT_SITE
        if fact.debtor_id is None and fact.case_id is not None:
            raise ValueError("case_id")
        fact.occurred_at = instant_ms(fact.occurred_at)  # of a fact that has a date the models take care
        finish = _FINISH.get(type(fact))
        if finish is not None:
            finish(fact)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return _judge(value, midnight_ms)
    return cast("Fact", fact)


def _judge(value: bytes, midnight_ms: DayBeginsMs = utc_midnight_ms) -> Fact | Rejection:
    inner = unframed(value)
    try:
        raw = _read_json(value if inner is None else inner)
    except (ValueError, RecursionError) as error:
        return Rejection("malformed", looks_like(value) or _is_no_json(error))
    event = event_in(raw)
    if inner is not None and event is not raw and not isinstance(event, NotPlain):
        event = NotPlain("a CloudEvent in the frame of a schema registry; send one or the other")
    if isinstance(event, NotPlain):
        return Rejection("invalid", event.detail)
    if isinstance(event.get("type"), list | dict):  # pydantic writes a type out, however deeply it is nested
        return Rejection("invalid", another_systems(event) or of_type(event["type"], TYPES))
    try:
        read = read_event(event)
    except ValidationError as error:
        return Rejection("invalid", another_systems(event) or detail_of(event, error, TYPES))
    return to_fact(read.model_dump(), midnight_ms)


def _is_no_json(error: Exception) -> str:
    """Where it ceases to be JSON; what a parser calls that is of no use to a producer."""
    if isinstance(error, json.JSONDecodeError):
        return f"is no JSON from character {error.pos + 1} on; send one JSON object per record"
    if isinstance(error, RecursionError):
        return "is nested too deeply; send one flat JSON object per record"
    return f"is no JSON: {error}; send one JSON object per record"


def _read_json(value: bytes) -> Any:
    """What the bytes say; ValueError (or RecursionError, for absurd nesting) where they are no JSON."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        # JSON allows more than orjson reads: integers of any length, numbers beyond a double, lone surrogates.
        return json.loads(value.decode(), parse_int=_integer, parse_constant=_refuse)


def _integer(digits: str) -> object:  # declared as a float, a compiled one would make 5.0 of 5
    return int(digits) if len(digits) < 20 else math.inf


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def to_fact(event: dict[str, object], midnight_ms: DayBeginsMs = utc_midnight_ms) -> Fact:
    """The fact of an event that the models have read: their dump, with instants already in milliseconds."""
    fields = dict(event)
    if fields["occurred_at"] is None:
        fields["occurred_at"] = midnight_ms(str(fields["site_id"] or DEFAULT_SITE), str(fields["occurred_on"]))
    kind = _BY_TYPE[cast("str", fields.pop("type"))]
    if kind is kinds.Promise:
        parts = cast("list[dict[str, object]]", fields["instalments"])
        fields["instalments"] = [kinds.Instalment(**part) for part in parts]  # type: ignore[arg-type]
    if kind is kinds.Measurement:
        fields |= {"debtor_id": None, "agent_id": None}
    return kind(**fields)  # type: ignore[arg-type]


def is_identifier(text: str) -> bool:
    """Whether a text is 1-256 printable characters without `|`, and no space first or last (contract 1)."""
    return (
        0 < len(text) <= MOST_IDENTIFIER
        and text.isprintable()
        and "|" not in text
        and text[0] != " "
        and text[-1] != " "
    )


def _check_identifiers(fact: Fact) -> None:
    for name in _IDENTIFIERS[type(fact)]:
        text = getattr(fact, name)
        if text is not None and not is_identifier(text):
            raise ValueError(name)


def _call(fact: Any) -> None:
    fact.ended_at = instant_ms(fact.ended_at)


def _payment(fact: kinds.Payment | kinds.PaymentReversal) -> None:
    if fact.occurred_on is not None or (fact.case_id is None and fact.debtor_id is None):
        raise ValueError("occurred_on")


def _promise(fact: kinds.Promise) -> None:
    for part in fact.instalments:
        checked_date(part.due_on)


def _complaint(fact: Any) -> None:
    fact.received_at = instant_ms(fact.received_at)
    if fact.closed_at is not None:
        fact.closed_at = instant_ms(fact.closed_at)
    if fact.category is not None:
        fact.category.encode()  # half of a surrogate pair cannot be kept: a ValueError


def _case(fact: kinds.Case) -> None:
    if fact.overdue_minor and fact.currency is None:
        raise ValueError("currency")
    if fact.debtor_zone is not None and not (0 < len(fact.debtor_zone) <= 64 and fact.debtor_zone.isprintable()):
        raise ValueError("debtor_zone")


def _restriction(fact: kinds.Restriction) -> None:
    raise ValueError(fact.kind)  # rare: the models read it


def _agent_state(fact: kinds.AgentState) -> None:
    fact.debtor_id = fact.case_id = None  # contract 1: ignored
    if fact.reason is not None and not fact.reason.isprintable():
        raise ValueError("reason")


def _measurement(fact: kinds.Measurement) -> None:
    raise ValueError(fact.indicator)  # rare: the models read it


def _legal_step(fact: kinds.LegalStep) -> None:
    checked_date(fact.due_on)


TYPES = tuple(kind.TYPE for kind in KINDS)
_BY_TYPE: dict[str, type[Fact]] = {kind.TYPE: kind for kind in KINDS}
_IDENTIFIERS: dict[type, tuple[str, ...]] = {
    kind: tuple(
        name
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if hint == Identifier or Identifier in get_args(hint)
    )
    for kind in KINDS
}
_FINISH: dict[type, Callable[..., None]] = {
    kinds.Call: _call,
    kinds.Payment: _payment,
    kinds.PaymentReversal: _payment,
    kinds.Promise: _promise,
    kinds.Complaint: _complaint,
    kinds.Case: _case,
    kinds.Restriction: _restriction,
    kinds.AgentState: _agent_state,
    kinds.LegalStep: _legal_step,
    kinds.Measurement: _measurement,
}
