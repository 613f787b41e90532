"""From the text of a mapping to its model, or one line that says what is wrong with it (feeds 8)."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import ValidationError

from stream.facts.models import MODELS
from stream.facts.one_field import field_names
from stream.feeds.mapping import EventRule, FeedMapping, JoinParts, JoinRule, LegIds, RecordInput, ValueDescription
from stream.feeds.wrong import shown
from stream.feeds.yaml_text import parse_mapping


class MappingError(ValueError):
    """A wrong mapping, in one line: `FILE: KEY: reason`."""

    def __init__(self, name: str, key: str, reason: str) -> None:
        super().__init__(f"{name}: {key}: {reason}" if key else f"{name}: {reason}")
        self.key, self.reason = key, reason


def structured(text: str, name: str) -> FeedMapping:
    """The model of a mapping's text: known keys, types and fields. Raises MappingError."""
    try:
        raw = parse_mapping(text)
    except ValueError as error:
        raise MappingError(name, "", str(error)) from None
    if not isinstance(raw, dict):
        raise MappingError(name, "", "is no mapping: `feed`, `input` and `events` are wanted")
    try:
        mapping = FeedMapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MappingError(name, _key(first, raw), _reason(first)) from None
    for at, rule in enumerate(mapping.events):
        if rule.type not in MODELS:
            raise MappingError(name, f"events[{at}].type", f"{shown(rule.type)} is none of {', '.join(MODELS)}")
        known = field_names(rule.type)
        for field in rule.fields:
            if field not in known:
                raise MappingError(
                    name, f"events[{at}].fields.{field}", f"{rule.type} has no such field{nearest(field, known)}"
                )
    return mapping


def nearest(word: str, known: Any) -> str:
    """`; did you mean x?`, where one of the known words is near."""
    found = difflib.get_close_matches(word, sorted(known), 1)
    return f"; did you mean {found[0]}?" if found else ""


def _key(error: Any, raw: Any) -> str:
    """The key of an error of pydantic, without the names of the alternatives that it tried."""
    text, at = "", raw
    for part in error["loc"]:
        if isinstance(at, dict) and part in at:
            text, at = f"{text}.{part}", at[part]
        elif isinstance(at, list) and isinstance(part, int) and part < len(at):
            text, at = f"{text}[{part}]", at[part]
        elif error["type"] == "missing" and isinstance(at, dict) and part == error["loc"][-1]:
            text += f".{part}"
    return text.removeprefix(".")


_KNOWN = {
    name
    for model in (FeedMapping, RecordInput, EventRule, ValueDescription, LegIds, JoinRule, JoinParts)
    for name in (field.alias or key for key, field in model.model_fields.items())
}


def _reason(error: Any) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return f"there is no such key{nearest(str(error['loc'][-1]), _KNOWN)}"
    if kind == "literal_error":
        return f"{shown(given)} is none of {str(context['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind == "string_pattern_mismatch":
        if "a-z0-9_" in str(context["pattern"]):
            return f"{shown(given)} is not 1-64 of a-z, 0-9, _"
        return f"{shown(given)} is no span such as 30s, 15m, 6h, 2d"
    if kind == "value_error":
        return str(context["error"])
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{shown(given)} is no object with keys"
    if kind in ("string_type", "list_type", "bool_type", "int_type"):
        words = {"string_type": "text", "list_type": "list", "bool_type": "true or false", "int_type": "whole number"}
        return f"{shown(given)} is no {words[kind]}"
    return f"{shown(given)}: {str(error['msg'])[:1].lower()}{str(error['msg'])[1:]}"
