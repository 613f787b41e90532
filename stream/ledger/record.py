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

from stream.facts.fact import DEFAULT_SITE, INSTANTS, KINDS, Fact, Instalment, Promise
from stream.facts.identity import own_id

FORMAT = 1
"""Version of the format of a record; a worker refuses a newer one."""

HASH_BYTES = 8
MOST_LOSERS = 255

_VERSION = bytes((FORMAT,))
_pack = msgspec.msgpack.Encoder().encode


class NewerFormatError(Exception):
    """A record was written by a newer version of the product."""


class _Part(Instalment, kw_only=True, array_like=True, gc=False):
    """An instalment at rest."""


class _Plan(NamedTuple):
    """How the fields of a type are kept: places in the array, which starts with the letter, and names of the same."""

    length: int
    site: int
    debtor: int
    instants: tuple[tuple[int, str], ...]
    codes: tuple[tuple[int, Mapping[Any, int | None]], ...]
    texts: tuple[tuple[str, Mapping[Any, str | None]], ...]


_AT = 2
"""Place of `occurred_at`."""


def _literals(hint: object) -> tuple[str, ...]:
    """The values of a literal, or of one that may be None; nothing for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((get_args(part) for part in get_args(hint) if get_origin(part) is Literal), ())


def _plan(kind: type[Fact]) -> _Plan:
    place = {name: index for index, name in enumerate(kind.__struct_fields__, 1)}
    assert place["occurred_at"] == _AT
    coded = {name: found for name, hint in get_type_hints(kind).items() if (found := _literals(hint))}
    none: dict[Any, Any] = {None: None}
    return _Plan(
        len(place) + 1,
        place["site_id"],
        place["debtor_id"],
        tuple((at, name) for name, at in place.items() if name in INSTANTS and at != _AT),
        tuple((place[name], none | {text: code for code, text in enumerate(found)}) for name, found in coded.items()),
        tuple((name, none | dict(enumerate(found))) for name, found in coded.items()),
    )


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
_PLANS: dict[str, _Plan] = {kind.LETTER: _plan(kind) for kind in KINDS}
_read: Callable[[bytes | memoryview], list[Fact]] = msgspec.msgpack.Decoder(
    list[Union[tuple(_kept(kind) for kind in KINDS)]]  # type: ignore[misc]  # noqa: UP007  made at run time
).decode


def identity(fact: Fact) -> str:
    """Type letter and own id: what tells a fact from the others of its key."""
    return fact.LETTER + own_id(fact)


def mark(fact: Fact) -> bytes:
    """What the entry of a fact holds, and no entry without the fact's own id in one of its fields."""
    return _pack(getattr(fact, fact.OWN_ID))


def mark_of(name: str) -> bytes:
    """The mark of the fact with this identity."""
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
    length, site, debtor, instants, codes, _ = _PLANS[fact.LETTER]
    row: list[Any] = [fact.LETTER, *structs.astuple(fact)]
    if len(row) > length:
        del row[length:]
    if row[site] == DEFAULT_SITE:
        row[site] = None
    if row[debtor] is not None:
        row[debtor] = True
    for place, code in codes:
        row[place] = code[row[place]]
    for place, _ in instants:
        if row[place] is not None:
            row[place] -= row[_AT]
    if isinstance(fact, Promise):
        row = [_flat(value) if isinstance(value, list) else value for value in row]
    if losers:
        row.append(b"".join(losers))
    else:
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
        _, _, _, instants, _, texts = _PLANS[fact.LETTER]
        if fact.site_id is None:
            fact.site_id = DEFAULT_SITE
        if fact.debtor_id is not None:
            fact.debtor_id = key
        for name, text in texts:
            setattr(fact, name, text[getattr(fact, name)])
        for _, name in instants:
            distance_ms = getattr(fact, name)
            if distance_ms is not None:
                setattr(fact, name, distance_ms + fact.occurred_at)
        if isinstance(fact, Promise):
            fact.instalments = [Instalment(due_on=each.due_on, amount_minor=each.amount_minor)
                                for each in fact.instalments]  # fmt: skip
    return facts


def decode(key: str, entry: bytes) -> Fact:
    """The fact of one entry."""
    return decode_all(key, b"\x91" + entry)[0]


def to_value(entry: bytes) -> bytes:
    """The value of an entry's record in the ledger topic."""
    return _VERSION + entry


def from_value(value: bytes) -> bytes:
    """The entry of a record. Raises NewerFormatError where a newer version wrote it."""
    if value[0] > FORMAT:
        raise NewerFormatError(f"a ledger record has format {value[0]}; this version reads up to {FORMAT}")
    return value[1:]
