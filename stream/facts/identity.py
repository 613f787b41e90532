"""Which fact an event states, which key carries it, and which of two events of one fact counts (contract 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import orjson
from msgspec import structs

from stream.facts import fact as kinds
from stream.facts.fact import INSTANTS, Fact
from stream.facts.instant import instant_text

_DEFAULTS = {"talk_ms": 0, "hold_ms": 0, "wrap_ms": 0}


_OWN_ID: dict[str, Callable[[Any], str]] = {kind.LETTER: attrgetter(kind.OWN_ID) for kind in kinds.KINDS} | {
    kinds.LegalStep.LETTER: lambda step: f"{step.step_id}|{step.status}"
}


def own_id(fact: Fact) -> str:
    """The id that, with key and type, is the fact's identity; a legal step's carries its status too."""
    return _OWN_ID[fact.LETTER](fact)


def expected_key(fact: Fact) -> str:
    """The record key that a producer must have used: debtor, else agent, else the fact's own id."""
    return fact.debtor_id or fact.agent_id or cast("str", getattr(fact, fact.OWN_ID))


def version(fact: Fact) -> int:
    """The version of a call or a complaint; 1 for what has none."""
    return cast("int", fact.version) if isinstance(fact, kinds.Call | kinds.Complaint) else 1


def same_content(one: Fact, other: Fact) -> bool:
    """Whether two events of one identity say the same: all known fields, defaults applied, `event_id` aside."""
    if isinstance(one, kinds.Call) and isinstance(other, kinds.Call):
        return _call_content(one) == _call_content(other)
    return structs.astuple(one)[1:] == structs.astuple(other)[1:]


def _call_content(call: kinds.Call) -> dict[str, object]:
    content = structs.asdict(call)
    del content["event_id"]
    for name, default in _DEFAULTS.items():
        if content[name] is None:
            content[name] = default
    return content


def content_hash(fact: Fact) -> bytes:
    """Eight bytes that tell one content of an identity from another, `event_id` aside."""
    content = _call_content(fact) if isinstance(fact, kinds.Call) else structs.astuple(fact)[1:]
    return hashlib.blake2b(orjson.dumps(content, default=structs.astuple), digest_size=8).digest()


def counts_before(one: Fact, other: Fact) -> bool:
    """Whether `one` counts rather than `other`: events of one identity and version whose contents differ."""
    if one.event_id != other.event_id:
        return one.event_id < other.event_id
    return canonical_json(one) < canonical_json(other)


def canonical_json(fact: Fact) -> bytes:
    """Known fields as read: null left out, instants in UTC, keys sorted, compact UTF-8 (contract 1)."""
    event: dict[str, object] = {"type": fact.TYPE}
    for name, value in structs.asdict(fact).items():
        if value is not None:
            event[name.rstrip("_")] = instant_text(cast("int", value)) if name in INSTANTS else value
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS, default=structs.asdict)
