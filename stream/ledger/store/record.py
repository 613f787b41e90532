"""A fact as bytes: a record of the ledger topic, and an entry of a debtor's dossier.

An entry is a msgpack array (`layout.py` says of what). The losers are 8 bytes a hash: events that lost a conflict
against this fact, so that their redelivery is known. What the key or the type tell takes a byte or none: `debtor_id` is
left out where it is the key and false where there is none, `site_id` nil where it is the default, `case_id` true where
it is that of the dossier's first fact, `version` nil where it is 1, a literal is its code; other instants are kept as
distances from `occurred_at`. In the topic, a byte with the version of the format stands before the array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Union, cast

import msgspec

from stream.facts.fact import DEFAULT_SITE, KINDS, AgentState, Call, Fact, Instalment, Message, Promise
from stream.facts.format import Format
from stream.facts.identity import own_id
from stream.ledger.store.former import from_first, from_second
from stream.ledger.store.layout import AT, LAYOUTS, SITE, codes

FORMAT: Format[bytes] = Format("ledger record", 3, {1: from_first, 2: from_second})
"""A former version's entry is upgraded when it is read from the topic."""

HASH_BYTES = 8
MOST_LOSERS = 255

_VERSION = bytes((FORMAT.version,))
_pack = msgspec.msgpack.Encoder().encode
_KINDS = {kind.LETTER: kind for kind in KINDS}
_CALL, _MESSAGE, _STATE = (ord(kind.LETTER) for kind in (Call, Message, AgentState))
_DIRECTIONS, _OUTCOMES, _PARTIES = (codes(Call, name) for name in ("direction", "outcome", "party"))
_NO_TAIL = (None,) * 5
_CHANNELS, _STATES = codes(Message, "channel"), codes(AgentState, "state")
_IN_DIRECTIONS, _IN_OUTCOMES, _IN_PARTIES = (
    cast("Mapping[Any, Any]", {code: text for text, code in known.items()})
    for known in (_DIRECTIONS, _OUTCOMES, _PARTIES)
)
_SILENT = (None,) * 13
_SILENT_MESSAGE = (None,) * 6
# The fields of what it reads have other types than a fact's, until they are finished.
_read: Callable[[bytes | memoryview], list[Any]] = msgspec.msgpack.Decoder(
    list[Union[tuple(layout.kept for layout in LAYOUTS.values())]]  # type: ignore[misc]  # noqa: UP007  made at run time
).decode

_SHARED_CASE = _pack(True)
_ARRAY_16 = 0xDC
"""msgpack: an array of more than 15, whose length takes two bytes more."""
_FIXSTR, _FIXSTR_END = 0xA0, 0xC0
"""msgpack: a string of up to 31 bytes."""


def identity(fact: Fact) -> str:
    """Type letter and own id: what tells a fact from the others of its key."""
    return fact.LETTER + own_id(fact)


def mark(name: str) -> bytes:
    """What the entry of the fact with this identity holds, and no entry without its own id in one of the fields."""
    return _pack(name[1:].partition("|")[0])


def is_state(name: str) -> bool:
    """Whether an identity is that of an agent's state."""
    return name[0] == "s"


def losers_of(fact: Fact) -> tuple[bytes, ...]:
    """Hashes of the events that lost against a fact that was read from its entry; none for any other."""
    joined: bytes = getattr(fact, "losers", None) or b""
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))


def plain(fact: Fact) -> Fact:
    """A fact that was read from its entry, as the event that it came from."""
    kind = _KINDS[fact.LETTER]
    return kind(**{name: getattr(fact, name) for name in kind.__struct_fields__})


def encode(fact: Fact, losers: tuple[bytes, ...] = ()) -> bytes:
    """The entry of a fact."""
    if not losers:
        if isinstance(fact, AgentState):
            return _encode_state(fact)
        if fact.debtor_id is not None:
            if isinstance(fact, Call):
                return _encode_call(fact)
            if isinstance(fact, Message):
                return _encode_message(fact)
    return _encode_any(fact, losers)


def _encode_any(fact: Fact, losers: tuple[bytes, ...]) -> bytes:
    layout = LAYOUTS[fact.LETTER]
    row: list[Any] = [ord(fact.LETTER), *layout.values(fact), b"".join(losers) or None, *layout.later(fact)]
    if row[SITE] == DEFAULT_SITE:
        row[SITE] = None
    row[layout.debtor] = False if row[layout.debtor] is None else None
    if row[layout.version] == 1:
        row[layout.version] = None
    for place, _, code, _ in layout.literals:
        row[place] = code[row[place]]
    for place, _ in layout.instants:
        if row[place] is not None:
            row[place] -= row[AT]
    if isinstance(fact, Promise):
        row = [_flat(value) if isinstance(value, list) else value for value in row]
    return _packed(row)


def _encode_call(call: Call) -> bytes:
    """What `_encode_any` says. Most facts are calls and messages, and this takes half the time."""
    site, at_ms = call.site_id, call.occurred_at
    head = (
        _CALL, call.case_id, call.event_id, at_ms, None if site == DEFAULT_SITE else site, call.agent_id, call.team_id,
        call.call_id, None if call.version == 1 else call.version, _DIRECTIONS[call.direction],
        _OUTCOMES[call.outcome], _PARTIES[call.party], call.ended_at - at_ms,
    )  # fmt: skip
    tail = (
        call.queue_ms, call.talk_ms, call.hold_ms, call.wrap_ms, call.effective_ms, call.number_id, call.recorded,
        None, None, call.segment_id, call.void, call.queue_id, call.transferred_from,
    )  # fmt: skip
    if tail == _SILENT:
        return _pack(head)
    return _packed([*head, *tail])


def _encode_message(message: Message) -> bytes:
    """What `_encode_any` says."""
    site = message.site_id
    head = (
        _MESSAGE, message.case_id, message.event_id, message.occurred_at, None if site == DEFAULT_SITE else site,
        message.agent_id, message.team_id, message.message_id, _CHANNELS[message.channel],
        _DIRECTIONS[message.direction], message.delivered,
    )  # fmt: skip
    tail = (
        None, None, message.segment_id, None if message.version == 1 else message.version, message.void,
        message.number_id,
    )  # fmt: skip
    if tail == _SILENT_MESSAGE and head[-1] is not None:
        return _pack(head)
    return _packed([*head, *tail])


def _encode_state(state: AgentState) -> bytes:
    """What `_encode_any` says."""
    site = state.site_id
    head = (
        _STATE, state.case_id, state.event_id, state.occurred_at, None if site == DEFAULT_SITE else site,
        state.agent_id, state.team_id, _STATES[state.state], False,
    )  # fmt: skip
    tail = (None, state.reason, state.segment_id, None if state.version == 1 else state.version, state.void)
    return _pack(head) if tail == _NO_TAIL else _packed([*head, *tail])


def _packed(row: list[Any]) -> bytes:
    while row[-1] is None:
        row.pop()
    return _pack(row)


def entry(kept: Fact) -> bytes:
    """The entry of a fact that was read from one."""
    return encode(kept, losers_of(kept))


def _flat(parts: list[Instalment]) -> list[tuple[str, int]]:
    return [(part.due_on, part.amount_minor) for part in parts]


def sharing(entry: bytes, others: bytes | bytearray, at: int) -> bytes:
    """An entry as it stands beside that which starts at `at` of `others`: without its case, if they are of the same."""
    start = 2 if entry[0] < _ARRAY_16 else 4
    head = entry[start]
    if _FIXSTR < head < _FIXSTR_END:
        end = start + 1 + (head & 31)
        if others.startswith(entry[start:end], at + (2 if others[at] < _ARRAY_16 else 4)):
            return entry[:start] + _SHARED_CASE + entry[end:]
    return entry


def decode_all(key: str, entries: bytes | memoryview) -> list[Fact]:
    """The facts of `key` from a msgpack array of entries; what lost against them is in `losers_of`."""
    facts = _read(entries)
    shared = facts[0].case_id if facts else None
    for fact in facts:
        if fact.case_id is True:  # at rest, see `sharing`
            fact.case_id = shared
        if fact.site_id is None:
            fact.site_id = DEFAULT_SITE
        fact.debtor_id = key if fact.debtor_id is None else None
        if fact.version is None:
            fact.version = 1
        if fact.LETTER == Call.LETTER:
            fact.direction = _IN_DIRECTIONS[fact.direction]
            fact.outcome = _IN_OUTCOMES[fact.outcome]
            fact.party = _IN_PARTIES[fact.party]
            fact.ended_at += fact.occurred_at
        else:
            _finish(fact)
    return facts


def _finish(fact: Any) -> None:
    layout = LAYOUTS[fact.LETTER]
    for _, name, _, text in layout.literals:
        setattr(fact, name, text[getattr(fact, name)])
    for _, name in layout.instants:
        distance_ms = getattr(fact, name)
        if distance_ms is not None:
            setattr(fact, name, distance_ms + fact.occurred_at)
    if fact.LETTER == Promise.LETTER:
        fact.instalments = [Instalment(due_on=each.due_on, amount_minor=each.amount_minor) for each in fact.instalments]


def decode(key: str, entry: bytes) -> Fact:
    """The fact of one entry."""
    return decode_all(key, b"\x91" + entry)[0]


def to_value(entry: bytes) -> bytes:
    """The value of an entry's record in the ledger topic."""
    return _VERSION + entry


def from_value(value: bytes) -> bytes:
    """The entry of a record. NewerFormatError: a newer version wrote it."""
    return value[1:] if value[0] == FORMAT.version else FORMAT.upgraded(value[0], value[1:])
