"""Where the fields of a fact stand at rest, and as what.

An entry is a msgpack array: the type's letter as its code, the case, the other fields in struct order, then the debtor
and last the losers. The case is first so that a dossier can find it without reading the entry; what is rarely there is
last, for what is None at the end is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Literal, NamedTuple, cast, get_args, get_origin, get_type_hints

import msgspec

from stream.facts.fact import INSTANTS, KINDS, Fact, Instalment

CASE, AT, SITE = 1, 3, 4
"""Places of fields that all types have; the debtor's is `Layout.debtor`. The letter is at 0."""

_LAST = ("debtor_id", "losers")


class Part(Instalment, kw_only=True, array_like=True, gc=False):
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
    """The fields from `CASE` to `debtor`."""
    debtor: int
    instants: tuple[tuple[int, str], ...]
    """But for `occurred_at`."""
    literals: tuple[Literals, ...]


def _texts(hint: object) -> tuple[str, ...]:
    """The values of a literal, or of one that may be None; nothing for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((get_args(part) for part in get_args(hint) if get_origin(part) is Literal), ())


def codes(kind: type[Fact], name: str) -> dict[Any, int | None]:
    """Text -> code of a field whose type is a literal: its place among the texts. None stays None."""
    return {None: None} | {text: code for code, text in enumerate(_texts(get_type_hints(kind)[name]))}


def _kept(kind: type[Fact]) -> type[Fact]:
    # Positional fields come before those by keyword, and what a level makes positional comes after what was so before.
    others = [name for name in kind.__struct_fields__ if name not in ("case_id", "debtor_id")]
    kept = _level(kind, kind, _LAST, kw_only=True)
    kept = _level(_level(kept, kind, ("case_id",), kw_only=False), kind, others, kw_only=False)
    assert kept.__struct_fields__ == ("case_id", *others, *_LAST)
    return kept


def _level(base: type[Fact], kind: type[Fact], names: Iterable[str], *, kw_only: bool) -> type[Fact]:
    types: dict[str, object] = {"instalments": list[Part], "hours": tuple[str, str] | None}
    level = msgspec.defstruct(
        f"Kept{kind.__name__}", [(name, types.get(name, Any), None) for name in names], bases=(base,), array_like=True,
        tag=ord(kind.LETTER), kw_only=kw_only, gc=False,
    )  # fmt: skip
    return cast("type[Fact]", level)


def _layout(kind: type[Fact]) -> Layout:
    kept = _kept(kind)
    names, hints = kept.__struct_fields__[:-1], get_type_hints(kind)
    literals = []
    for place, name in enumerate(names, CASE):
        if _texts(hints[name]):
            known = codes(kind, name)
            literals.append(Literals(place, name, known, {code: text for text, code in known.items()}))
    instants = tuple((place, name) for place, name in enumerate(names, CASE) if name in INSTANTS and place != AT)
    return Layout(kept, attrgetter(*names), len(names), instants, tuple(literals))


LAYOUTS: Mapping[str, Layout] = {kind.LETTER: _layout(kind) for kind in KINDS}
"""By letter."""
