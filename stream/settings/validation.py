"""Checks the content of a configuration document: a `Document`, or everything that is wrong."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from stream.settings.checks import problems
from stream.settings.document import Document
from stream.settings.failure import KeyPath
from stream.settings.reasons import errors_of, is_section, key_of, reason_of

Wrong = tuple[KeyPath, str]
"""A key and what is wrong with it."""

_ROUNDS = 8
_STAND_INS = {"kpi": "connect_rate", "level": "site", "window": "day"}
"""Values for required keys of an alert rule whose own are wrong, so that the rest of the document can be checked."""


def validated(content: Mapping[str, Any]) -> tuple[Document, list[Wrong]]:
    """The document and an empty list, or a document that must not be used and everything that is wrong with `content`:
    first single values, then what keys must satisfy together, as far as that can be checked beside wrong values."""
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        errors = errors_of(error)
    else:
        return document, list(problems(document))
    wrong = dict(reversed([(key_of(each), reason_of(each, Document)) for each in errors]))
    found: list[Wrong] = list(reversed(wrong.items()))
    rest, touched = _mended(content, errors)
    hidden = [(key, reason) for key, reason in problems(rest) if not _follows(key, reason, touched)]
    return rest, found + [(key, reason) for key, reason in hidden if key not in wrong]


def holds_text(key: KeyPath) -> bool:
    """Whether a key of the document holds text, so that the value of an environment variable is not read as YAML."""
    kind: Any = Document
    for part in key:
        if is_section(kind):
            fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
            kind = fields.get(str(part))
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return False
    kinds = {each for each in get_args(kind) if each is not type(None)} if get_args(kind) else {kind}
    return kinds == {str} or get_origin(kind) is Literal


def _mended(content: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> tuple[Document, set[KeyPath]]:
    """The document without its wrong values, and the keys that were taken out or replaced by stand-ins. The default
    document if it stays wrong."""
    rest, touched = deepcopy(dict(content)), set[KeyPath]()
    for _ in range(_ROUNDS):
        for error in errors:
            key = _cut(key_of(error))
            touched.add(key)
            _replace(rest, key)
        try:
            return Document.model_validate(rest), touched
        except ValidationError as again:
            errors = again.errors()
    return Document(), touched


def _cut(key: KeyPath) -> KeyPath:
    """The key to take out for a wrong value: a list goes as a whole, so that no other item gets its index."""
    if key[0] == "alerts" and len(key) > 1:
        return key[:3]
    depth = next((depth for depth, part in enumerate(key) if isinstance(part, int)), len(key))
    return key[:depth]


def _replace(rest: Any, key: KeyPath) -> None:
    """Takes the key out of the document; a required key of a rule gets a stand-in instead."""
    for part in key[:-1]:
        rest = rest[part]
    if key[0] == "alerts" and len(key) == 2:
        rest[key[1]] = {"rule": f"the rule {key[1]}", "below": "0", **_STAND_INS}
    elif key[0] == "alerts" and len(key) == 3 and key[2] == "rule":
        rest["rule"] = f"the rule {key[1]}"
    elif key[0] == "alerts" and len(key) == 3 and key[2] in _STAND_INS:
        rest[key[2]] = _STAND_INS[str(key[2])]
    else:
        rest.pop(key[-1], None)


def _follows(key: KeyPath, reason: str, touched: set[KeyPath]) -> bool:
    """Whether a problem may come from a value that was taken out, and not from the document."""
    for other in touched:
        if key[: len(other)] == other or other[: len(key)] == key:
            return True
        if key[0] == "alerts":
            rule, ours = key[:2] == other[:2], str(key[-1])
            if ours == "window" and any(f"window: '{name}" in reason for name in _NAMED_BY.get(other[0], ())):
                return True
            if rule and (ours, str(other[-1])) in _TOGETHER:
                return True
        elif other[0] in _RESTS_ON.get(key[0], ()) or (key[0] == other[0] and str(other[-1]) in reason):
            return True
    return False


_NAMES = ("indicators", "windows", "sites")
_RESTS_ON: dict[str | int, tuple[str, ...]] = {
    "targets": ("windows", "sites"),
    "scorecards": _NAMES,
    "payouts": ("scorecards", *_NAMES),
    "contests": _NAMES,
    "rewards": ("contests", *_NAMES),
}
"""Section -> the sections whose names it uses: with one of these taken out, a name may be missing for that alone."""


_NAMED_BY: dict[str | int, tuple[str, ...]] = {
    "windows": ("rolling_", "interval_", "day'", "month'"),
    "sites": ("shift_",),
}
"""Section of the document -> how the names of windows begin that are missing if it was taken out."""
_TOGETHER = {
    ("currency", "kpi"),
    *((ours, other) for ours in ("below", "above", "exit") for other in ("below", "above")),
}
"""(key, other): keys of a rule whose problem may come from another key of the same rule."""
