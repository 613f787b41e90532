"""A fact as bytes: a record of the ledger topic, and an entry of a debtor's dossier.

An entry is a msgpack array: the type's letter, the fact's fields in struct order, last the losers (8 bytes a hash:
events that lost a conflict against this fact, so that their redelivery is known). What is None at the end is left out.
What the key or the type tell takes a byte or none: `debtor_id` is true where it is the key, `site_id` nil where it is
the default, a literal is its place among those of its field; other instants are kept as distances from `occurred_at`.
In the topic, a byte with the version of the format stands before the array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import structs

from stream.facts.fact import DEFAULT_SITE, INSTANTS, KINDS, AgentState, Call, Fact, Instalment, Message, Promise
from stream.facts.format import Format
from stream.facts.identity import own_id

FORMAT: Format[bytes] = Format("ledger record")
"""A former version's entry is upgraded when it is read from the topic."""

HASH_BYTES = 8
MOST_LOSERS = 255

_VERSION = bytes((FORMAT.version,))
_pack = msgspec.msgpack.Encoder().encode


class _Part(Instalment, kw_only=True, array_like=True, gc=False):
    """An instalment at rest."""


class _Plan(NamedTuple):
    """How the fields of a type are kept. Places are those in the array, which starts with the letter."""

    length: int
    instants: tuple[tuple[int, str], ...]
    literals: tuple[tuple[int, str, Mapping[Any, int | None], Mapping[Any, str | None]], ...]
    """Place, name, and which number stands for which text."""


_AT, _SITE, _DEBTOR = 2, 3, 4
"""Places of fields that all types have."""


def _texts(hint: object) -> tuple[str, ...]:
    """The values of a literal, or of one that may be None; nothing for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((get_args(part) for part in get_args(hint) if get_origin(part) is Literal), ())


def _codes(hint: object) -> dict[Any, int | None]:
    return {None: None} | {text: code for code, text in enumerate(_texts(hint))}


def _plan(kind: type[Fact]) -> _Plan:
    names, hints = kind.__struct_fields__, get_type_hints(kind)
    assert (names[_AT - 1], names[_SITE - 1], names[_DEBTOR - 1]) == ("occurred_at", "site_id", "debtor_id")
    instants, literals = [], []
    for place, name in enumerate(names, 1):
        if name in INSTANTS and place != _AT:
            instants.append((place, name))
        if _texts(hints[name]):
            codes = _codes(hints[name])
            literals.append((place, name, codes, {code: text for text, code in codes.items()}))
    return _Plan(len(names) + 1, tuple(instants), tuple(literals))


def _kept(kind: type[Fact]) -> type[Fact]:
    """The type that an entry is read into: a subclass of `kind`, with the same fields and `losers`."""
    types: dict[str, object] = {"instalments": list[_Part], "hours": tuple[str, str] | None}
    fields = [(name, types.get(name, Any), None) for name in kind.__struct_fields__]
    kept = msgspec.defstruct(
        f"Kept{kind.__name__}", [*fields, ("losers", Any, None)], bases=(kind,), array_like=True, tag=kind.LETTER,
        kw_only=True, gc=False,
    )  # fmt: skip
    return cast("type[Fact]", kept)


_KINDS = {kind.LETTER: kind for kind in KINDS}
_DIRECTIONS, _OUTCOMES, _PARTIES, _CHANNELS, _STATES = (
    _codes(get_type_hints(kind)[name])
    for kind, name in (
        (Call, "direction"),
        (Call, "outcome"),
        (Call, "party"),
        (Message, "channel"),
        (AgentState, "state"),
    )
)
_IN_DIRECTIONS, _IN_OUTCOMES, _IN_PARTIES = (
    cast("Mapping[Any, Any]", {code: text for text, code in codes.items()})
    for codes in (_DIRECTIONS, _OUTCOMES, _PARTIES)
)
_SILENT = (None,) * 7
_PLANS: dict[str, _Plan] = {kind.LETTER: _plan(kind) for kind in KINDS}
_read: Callable[[bytes | memoryview], list[Fact]] = msgspec.msgpack.Decoder(
    list[Union[tuple(_kept(kind) for kind in KINDS)]]  # type: ignore[misc]  # noqa: UP007  made at run time
).decode


def identity(fact: Fact) -> str:
    """Type letter and own id: what tells a fact from the others of its key."""
    return fact.LETTER + own_id(fact)


def mark(name: str) -> bytes:
    """What the entry of the fact with this identity holds, and no entry without its own id in one of the fields."""
    return _pack(name[1:].partition("|")[0] if name[0] == "l" else name[1:])


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
        if isinstance(fact, Call):
            return _encode_call(fact)
        if isinstance(fact, Message):
            return _encode_message(fact)
        if isinstance(fact, AgentState):
            return _encode_state(fact)
    return _encode_any(fact, losers)


def _encode_any(fact: Fact, losers: tuple[bytes, ...]) -> bytes:
    plan = _PLANS[fact.LETTER]
    row: list[Any] = [fact.LETTER, *structs.astuple(fact)]
    del row[plan.length :]
    if row[_SITE] == DEFAULT_SITE:
        row[_SITE] = None
    if row[_DEBTOR] is not None:
        row[_DEBTOR] = True
    for place, _, code, _ in plan.literals:
        row[place] = code[row[place]]
    for place, _ in plan.instants:
        if row[place] is not None:
            row[place] -= row[_AT]
    if isinstance(fact, Promise):
        row = [_flat(value) if isinstance(value, list) else value for value in row]
    return _packed([*row, b"".join(losers) or None])


def _encode_call(call: Call) -> bytes:
    """What `_encode_any` says. Most facts are calls and messages, and this takes half the time."""
    site, at_ms = call.site_id, call.occurred_at
    head = (
        "c", call.event_id, at_ms, None if site == DEFAULT_SITE else site, None if call.debtor_id is None else True,
        call.case_id, call.agent_id, call.team_id, call.call_id, call.version, _DIRECTIONS[call.direction],
        _OUTCOMES[call.outcome], _PARTIES[call.party], call.ended_at - at_ms,
    )  # fmt: skip
    tail = (
        call.queue_ms, call.talk_ms, call.hold_ms, call.wrap_ms, call.effective_ms, call.number_id, call.recorded
    )  # fmt: skip
    if tail == _SILENT:
        return _pack(head)
    return _packed([*head, *tail])


def _encode_message(message: Message) -> bytes:
    """What `_encode_any` says."""
    site = message.site_id
    return _packed([
        "m", message.event_id, message.occurred_at, None if site == DEFAULT_SITE else site,
        None if message.debtor_id is None else True, message.case_id, message.agent_id, message.team_id,
        message.message_id, _CHANNELS[message.channel], _DIRECTIONS[message.direction], message.delivered,
    ])  # fmt: skip


def _encode_state(state: AgentState) -> bytes:
    """What `_encode_any` says."""
    site = state.site_id
    return _pack((
        "s", state.event_id, state.occurred_at, None if site == DEFAULT_SITE else site,
        None if state.debtor_id is None else True, state.case_id, state.agent_id, state.team_id, _STATES[state.state],
    ))  # fmt: skip


def _packed(row: list[Any]) -> bytes:
    while row[-1] is None:
        row.pop()
    return _pack(row)


def entry(kept: Fact) -> bytes:
    """The entry of a fact that was read from one."""
    return encode(kept, losers_of(kept))


def _flat(parts: list[Instalment]) -> list[tuple[str, int]]:
    return [(part.due_on, part.amount_minor) for part in parts]


def decode_all(key: str, entries: bytes | memoryview) -> list[Fact]:
    """The facts of `key` from a msgpack array of entries; what lost against them is in `losers_of`."""
    facts = _read(entries)
    for fact in facts:
        if fact.site_id is None:
            fact.site_id = DEFAULT_SITE
        if fact.debtor_id is not None:
            fact.debtor_id = key
        if isinstance(fact, Call):
            fact.direction = _IN_DIRECTIONS[fact.direction]
            fact.outcome = _IN_OUTCOMES[fact.outcome]
            fact.party = _IN_PARTIES[fact.party]
            fact.ended_at += fact.occurred_at
        else:
            _finish(fact)
    return facts


def _finish(fact: Fact) -> None:
    plan = _PLANS[fact.LETTER]
    for _, name, _, text in plan.literals:
        setattr(fact, name, text[getattr(fact, name)])
    for _, name in plan.instants:
        distance_ms = getattr(fact, name)
        if distance_ms is not None:
            setattr(fact, name, distance_ms + fact.occurred_at)
    if isinstance(fact, Promise):
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
