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

_DEFAULTS = {"talk_ms": 0, "hold_ms": 0, "wrap_ms": 0, "void": False}
"""What an absent field means, where that is not the same as unknown."""


def _reversal_id(reversal: kinds.PaymentReversal) -> str:
    # Marked, since a reversal_id and an event_id of the same text are two identities.
    return reversal.event_id if reversal.reversal_id is None else f"{reversal.reversal_id}|id"


_OWN_ID: dict[str, Callable[[Any], str]] = {kind.LETTER: attrgetter(kind.OWN_ID) for kind in kinds.KINDS} | {
    kinds.LegalStep.LETTER: lambda step: f"{step.step_id}|{step.status}",
    kinds.PaymentReversal.LETTER: _reversal_id,
}


def own_id(fact: Fact) -> str:
    """The id that, with key and type, is the fact's identity; a legal step's carries its status, too.

    No id holds `|`, so what stands before it is the id as the producer gave it.
    """
    return _OWN_ID[fact.LETTER](fact)


def expected_key(fact: Fact) -> str:
    """The record key that a producer must have used: debtor, else (but for a call) agent, else the fact's own id."""
    if fact.debtor_id is not None:
        return fact.debtor_id
    if fact.agent_id is not None and "agent_id" in fact.KEYED_BY:
        return fact.agent_id
    return own_id(fact).partition("|")[0]


def same_content(one: Fact, other: Fact) -> bool:
    """Whether two events of one identity say the same: all known fields, defaults applied, `event_id` aside."""
    return _content(one) == _content(other)


def _content(fact: Fact) -> dict[str, object]:
    values = structs.asdict(fact)
    del values["event_id"]
    for name, default in _DEFAULTS.items():
        if name in values and values[name] is None:
            values[name] = default
    return values


_ADDED = frozenset({
    "segment_id", "version", "void", "queue_id", "transferred_from", "occurred_on", "reversal_id", "reason",
})  # fmt: skip
"""Fields that hashes at rest know only where they say something: those of the first catalogue had none."""


def content_hash(fact: Fact) -> bytes:
    """Eight bytes that tell one content of an identity from another, `event_id` aside. They are kept at rest."""
    content = _content(fact)
    versioned = isinstance(fact, kinds.Call | kinds.Complaint)
    added = {name: value for name, value in content.items() if name in _ADDED and not (versioned and name == "version")}
    if isinstance(fact, kinds.Message):
        added["number_id"] = fact.number_id
    first: dict[str, object] = {}
    for name, value in content.items():
        if name not in added and name != "version":
            first[name] = value
        if versioned and name == fact.OWN_ID:
            first["version"] = fact.version
    said = {name: value for name, value in added.items() if value is not None and (name, value) not in _SILENT}
    whole: object = first if isinstance(fact, kinds.Call) else [*first.values()]
    if said:
        whole = [whole, said]
    return hashlib.blake2b(orjson.dumps(whole, default=structs.astuple), digest_size=8).digest()


_SILENT = (("version", 1), ("void", False))


def counts_before(one: Fact, other: Fact) -> bool:
    """Whether `one` counts rather than `other`: events of one identity and version whose contents differ."""
    if bool(one.void) != bool(other.void):
        return bool(one.void)
    if one.event_id != other.event_id:
        return one.event_id < other.event_id
    return canonical_json(one) < canonical_json(other)


def canonical_json(fact: Fact, leave_out: tuple[str, ...] = ()) -> bytes:
    """Known fields as read: null left out, instants in UTC, keys sorted, compact UTF-8 (contract 1).

    A fact with a date instead of an instant has the date alone. `leave_out`: fields that are not wanted.
    """
    event: dict[str, object] = {"type": fact.TYPE}
    dated = getattr(fact, "occurred_on", None) is not None
    for name, value in structs.asdict(fact).items():
        if value is not None and name not in leave_out and not (dated and name == "occurred_at"):
            event[name.rstrip("_")] = instant_text(cast("int", value)) if name in INSTANTS else value
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS, default=structs.asdict)
