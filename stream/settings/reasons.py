"""What pydantic found wrong with a document, as keys and reasons in plain words."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stream.settings.failure import KeyPath

_REASONS = {
    "missing": "is required",
    "model_type": "should be a mapping of keys",
    "dict_type": "should be a mapping of keys",
    "model_attributes_type": "should be a mapping of keys",
    "tuple_type": "should be a list",
    "frozen_set_type": "should be a list",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "string_type": "should be text",
    "too_long": "has too many items",
    "too_short": "may not be empty",
    "union_tag_not_found": "is required",
}
_OF_KIND = ("union_tag_not_found", "union_tag_invalid")
"""Errors of a rule as a whole that are about its kind."""


def errors_of(error: ValidationError) -> list[ErrorDetails]:
    """What is wrong, less that a list is empty once its wrong items are left out."""
    found = error.errors()
    return [
        each
        for each in found
        if each["type"] != "too_short"
        or not any(
            len(other["loc"]) > len(each["loc"]) and other["loc"][: len(each["loc"])] == each["loc"] for other in found
        )
    ]


def key_of(error: ErrorDetails) -> KeyPath:
    """The key that a validation error is about, without pydantic's marks for the keys of a mapping and for the kind of
    a rule."""
    location = error["loc"]
    key = tuple(part for place, part in enumerate(location) if part != "[key]" and not _is_kind(location, place))
    return (*key, "kind") if error["type"] in _OF_KIND else key


def _is_kind(location: KeyPath, place: int) -> bool:
    """Whether a part of a location is no key, but says of which kind the rule is that the rest is about."""
    return place >= 2 and location[place - 2] == "rules" and isinstance(location[place - 1], int)


def reason_of(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong, in plain words; `model`: of the document that was checked."""
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(error["loc"], model)
    if kind == "union_tag_invalid":
        return f"should be one of {error['ctx']['expected_tags'].replace(chr(39), '')}, not {error['ctx']['tag']!r}"
    message = _REASONS.get(kind, error["msg"].removeprefix("Value error, ").removeprefix("Input "))
    complete = kind in ("missing", "value_error") or not isinstance(given, str | int)
    return message if complete else f"{message}, not {given!r}"


def _unknown(location: KeyPath, model: type[BaseModel]) -> str:
    """The reason for an unknown key, with the one that was probably meant."""
    models = [model]
    for place, part in enumerate(location[:-1]):
        if _is_kind(location, place):
            models = [each for each in models if part in get_args(each.model_fields["kind"].annotation)]
        else:  # a key of a section; of a list or mapping, whose values the models are, the part is no key of theirs
            found = [
                field for each in models for name, field in each.model_fields.items() if part in (name, field.alias)
            ]
            models = [inner for field in found for inner in _sections(field.annotation)] if found else models
    known = [field.alias or name for each in models for name, field in each.model_fields.items()]
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"unknown key (did you mean {close[0]}?)" if close else "unknown key"


def _sections(annotation: Any) -> Iterable[type[BaseModel]]:
    """The sections that a type is made of."""
    if is_section(annotation):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)


def is_section(kind: object) -> bool:
    """Whether a type is a section of the document."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)
