"""Where the fields of a fact stand at rest, and as what: the tables of `places.py`, made ready for reading and writing.

An entry is a msgpack array: the type's letter as its code, then the fields in their places. The case is first so that a
dossier can find it without reading the entry; what is rarely there is last, for what is None at the end is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple, cast

import msgspec

from stream.facts.fact import INSTANTS, KINDS, Fact, Instalment
from stream.ledger.store.places import CODES, FIRST, PLACES

CASE, AT, SITE = FIRST["case_id"], FIRST["occurred_at"], FIRST["site_id"]


class StoredInstalment(Instalment, kw_only=True, array_like=True, gc=False):
    """An instalment at rest."""


class Literals(NamedTuple):
    """A field whose type is a literal: its place, and which number stands for which text."""

    place: int
    name: str
    codes: Mapping[Any, int | None]
    texts: Mapping[Any, str | None]


class Layout(NamedTuple):
    """How the fields of a type are kept. Places are those in the array."""

    kept: type[Fact]
    """The type that an entry is read into: a subclass of the fact's, with `losers`."""
    values: Callable[[Fact], tuple[Any, ...]]
    """The fields from place 1 up to the one before `losers`."""
    later: Callable[[Fact], tuple[Any, ...]]
    """The fields behind `losers`."""
    debtor: int
    version: int
    instants: tuple[tuple[int, str], ...]
    """But for `occurred_at`."""
    literals: tuple[Literals, ...]


def codes(kind: type[Fact], name: str) -> dict[Any, int | None]:
    """Text -> code of a field whose type is a literal. None stays None."""
    return {None: None, **CODES[f"{kind.LETTER}.{name}"]}


def _ordered(kind: type[Fact]) -> list[str]:
    """The names of the fields at rest, in the order of their places."""
    assert kind.LETTER in PLACES, f"stream/ledger/store/places.py has no places for {kind.TYPE}"
    places = {**FIRST, **PLACES[kind.LETTER]}
    names = sorted(places, key=places.__getitem__)
    assert [places[name] for name in names] == list(range(1, len(names) + 1)), f"{kind.TYPE} leaves a place out"
    assert {*names} == {*kind.__struct_fields__, "losers"}, f"store/places.py and the fields of {kind.TYPE} differ"
    return names


def _kept(kind: type[Fact], names: list[str]) -> type[Fact]:
    # What a level makes positional comes after what was so before: a level for each run that is in the kind's order.
    kept = kind
    for run in _runs(kind, names):
        kept = _level(kept, kind, run)
    assert kept.__struct_fields__ == tuple(names)
    return kept


def _runs(kind: type[Fact], names: list[str]) -> Iterator[list[str]]:
    rank = {name: at for at, name in enumerate((*kind.__struct_fields__, "losers"))}
    run = [names[0]]
    for before, name in pairwise(names):
        if rank[name] < rank[before]:
            yield run
            run = []
        run.append(name)
    yield run


def _level(base: type[Fact], kind: type[Fact], names: list[str]) -> type[Fact]:
    types: dict[str, object] = {"instalments": list[StoredInstalment], "hours": tuple[str, str] | None}
    level = msgspec.defstruct(
        f"Kept{kind.__name__}", [(name, types.get(name, Any), None) for name in names], bases=(base,), array_like=True,
        tag=ord(kind.LETTER), kw_only=False, gc=False,
    )  # fmt: skip
    return cast("type[Fact]", level)


def _layout(kind: type[Fact]) -> Layout:
    names = _ordered(kind)
    losers = names.index("losers")
    literals = []
    for place, name in enumerate(names, 1):
        if f"{kind.LETTER}.{name}" in CODES:
            known = codes(kind, name)
            literals.append(Literals(place, name, known, {code: text for text, code in known.items()}))
    instants = tuple((place, name) for place, name in enumerate(names, 1) if name in INSTANTS and place != AT)
    later = names[losers + 1 :]
    return Layout(
        _kept(kind, names), attrgetter(*names[:losers]), attrgetter(*later), names.index("debtor_id") + 1,
        names.index("version") + 1, instants, tuple(literals),
    )  # fmt: skip


LAYOUTS: Mapping[str, Layout] = {kind.LETTER: _layout(kind) for kind in KINDS}
"""By letter."""
