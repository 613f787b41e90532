"""What in a mapping cannot be right, found before any record is read (feeds 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from stream.facts.currency import is_currency
from stream.facts.models import together
from stream.facts.one_field import is_instant_field, refusal_of, required_fields
from stream.facts.zones import is_zone
from stream.feeds.mapping import EventRule, FeedMapping, RecordInput, ValueDescription
from stream.feeds.values import Surroundings, getter, listed, result_kind
from stream.feeds.wrong import Wrong, shown

Fault = tuple[str, str]
"""(key, reason)."""

_VOID_TWINS = frozenset({"call", "message", "complaint", "survey", "bot_session", "quality_review"})
_WITHOUT_DEBTOR = frozenset({"call", "message", "complaint", "bot_session", "agent_state"})
"""Where there is no debtor, their case_id is left out."""


def faults(mapping: FeedMapping) -> Iterator[Fault]:
    """Everything that is wrong with a mapping whose keys, types and fields are known."""
    yield from _input(mapping)
    if mapping.join is not None:
        yield from description("join.by", mapping.join.by, mapping)
        yield from description("join.time", mapping.join.time, mapping, instant=True)
        if result_kind(mapping.join.time, instant=True) != "instant":
            yield "join.time", "is no instant"
    for at, rule in enumerate(mapping.events):
        yield from _rule(f"events[{at}]", rule, mapping)


def _input(mapping: FeedMapping) -> Iterator[Fault]:
    given = mapping.input
    if given.zone is not None and not is_zone(given.zone):
        yield "input.zone", f"there is no time zone {shown(given.zone)}"
    if given.format in ("json", "form"):
        for name, value in (("delimiter", given.delimiter), ("columns", given.columns)):
            if value is not None:
                yield f"input.{name}", f"is for csv and delimited, not for {given.format}"
    if given.format == "delimited":
        for name, value in (("delimiter", given.delimiter), ("columns", given.columns)):
            if not value:
                yield f"input.{name}", "is missing: delimited needs it"
    yield from _delimiter(given)
    for name in given.columns or ():
        if (given.columns or []).count(name) > 1:
            yield "input.columns", f"{shown(name)} stands twice"
    if mapping.records is not None and given.format != "json":
        yield "records", f"is for json, not for {given.format}"


def _delimiter(given: RecordInput) -> Iterator[Fault]:
    text = given.delimiter or ""
    if given.format == "csv" and given.delimiter is not None and len(text) != 1:
        yield "input.delimiter", f"{shown(text)} is not one character"
    if (given.format == "csv" and text == '"') or {"\r", "\n"} & {*text}:
        yield "input.delimiter", f"{shown(text)} cannot stand between fields: it ends a line, or quotes"


def _rule(key: str, rule: EventRule, mapping: FeedMapping) -> Iterator[Fault]:
    for name, described in rule.fields.items():
        where = f"{key}.fields.{name}"
        yield from description(where, described, mapping, instant=is_instant_field(rule.type, name), rule=rule)
        yield from _kind(where, name, described, rule)
        yield from _results(where, name, described, rule)
    names = {*rule.fields}
    if rule.leg_ids is not None:
        if rule.type != "call" or rule.each is None:
            yield f"{key}.leg_ids", "is for a call with `each`"
        for name in ("call_id", "transferred_from"):
            if name in names:
                yield f"{key}.fields.{name}", "is given by leg_ids"
        yield from description(f"{key}.leg_ids", rule.leg_ids.first, mapping)
        if rule.leg_ids.then is not None:
            yield from description(f"{key}.leg_ids.then", rule.leg_ids.then, mapping)
        names |= {"call_id", "transferred_from"}
    if rule.also_void and rule.type not in _VOID_TWINS:
        yield f"{key}.also_void", f"is for {', '.join(sorted(_VOID_TWINS))}, not for {rule.type}"
    missing = sorted(required_fields(rule.type) - names)
    if missing:
        yield f"{key}.fields.{missing[0]}", f"is missing: {rule.type} requires it"
    if not missing and rule.type not in _WITHOUT_DEBTOR:
        said: dict[str, Any] = {"type": rule.type, **dict.fromkeys(names, "-")}
        if "occurred_at" in said:
            said.pop("occurred_on", None)  # which of the two is there, the record says
        for line in together.between(said):
            name, _, reason = line.partition(": ")
            yield f"{key}.fields.{name}", reason


def _kind(key: str, name: str, described: ValueDescription, rule: EventRule) -> Iterator[Fault]:
    """An instant where none belongs would be a number of milliseconds that the contract may well allow."""
    instant = is_instant_field(rule.type, name)
    kind = result_kind(described, instant=instant)
    if instant and kind in ("length", "date", "minor", "boolean"):
        yield f"{key}.as", f"gives a {kind}, and {name} is an instant"
    if kind == "instant" and not instant and name != "version":
        yield f"{key}.as", f"gives an instant, and {name} is none: subtract another instant for a length"


def description(
    key: str, described: ValueDescription, mapping: FeedMapping, *, instant: bool = False, rule: EventRule | None = None
) -> Iterator[Fault]:
    """What is wrong with one description, and with the descriptions in it."""
    has_value = "value" in described.model_fields_set
    if has_value == bool(described.paths):
        yield key, "exactly one of value and path is wanted"
    if "else_" in described.model_fields_set and described.map is None:
        yield f"{key}.else", "needs `map`"
    yield from _match(key, described)
    yield from _conversions(key, described, mapping, rule, instant=instant)
    for name, given in (("plus", described.plus), ("minus", described.minus)):
        for at, part in enumerate(listed(given)):
            where = f"{key}.{name}[{at}]" if isinstance(given, list) else f"{key}.{name}"
            yield from description(where, part, mapping, rule=rule)
    yield from _sum(key, described, instant=instant)


def _match(key: str, described: ValueDescription) -> Iterator[Fault]:
    if described.match is None:
        return
    try:
        if re.compile(described.match).groups < 1:
            yield f"{key}.match", f"{shown(described.match)} has no group: put brackets round the value"
    except (re.error, RecursionError, OverflowError) as error:
        yield f"{key}.match", f"{shown(described.match)} is no regular expression: {error}"


def _conversions(
    key: str, described: ValueDescription, mapping: FeedMapping, rule: EventRule | None, *, instant: bool
) -> Iterator[Fault]:
    words = {*described.conversions} or ({"iso"} if instant else set())
    if described.zone is not None and not is_zone(described.zone):
        yield f"{key}.zone", f"there is no time zone {shown(described.zone)}"
    if described.zone is not None and not words & {"local", "iso", "rfc2822"}:
        yield f"{key}.zone", "is for local, iso and rfc2822"
    if described.format is not None:
        if not words & {"local", "date"}:
            yield f"{key}.format", "is for local and date"
        yield from _layout(f"{key}.format", described.format)
    yield from _local(key, described, mapping, words)
    yield from _minor(key, described, mapping, rule, words)


def _local(key: str, described: ValueDescription, mapping: FeedMapping, words: set[str]) -> Iterator[Fault]:
    if "local" in words:
        if described.format is None:
            yield f"{key}.format", "is missing: local needs it"
        elif described.zone is None and mapping.input.zone is None and "%z" not in described.format:
            yield f"{key}.zone", "is missing: local needs it, or input.zone, or --zone"


def _minor(
    key: str, described: ValueDescription, mapping: FeedMapping, rule: EventRule | None, words: set[str]
) -> Iterator[Fault]:
    if "minor" not in words:
        for name, value in (("currency", described.currency), ("decimal", described.decimal)):
            if value is not None:
                yield f"{key}.{name}", "is for minor"
    elif described.currency is None:
        if rule is None or "currency" not in rule.fields:
            yield f"{key}.currency", "is missing: minor needs it, or the event a currency"
    elif "value" in described.currency.model_fields_set and not is_currency(described.currency.value):
        yield f"{key}.currency", f"there is no currency {shown(described.currency.value)}"
    else:
        yield from description(f"{key}.currency", described.currency, mapping)


def _layout(key: str, layout: str) -> Iterator[Fault]:
    try:
        datetime.strptime("", layout)  # noqa: DTZ007  only its form is asked for
    except (ValueError, re.error) as error:
        if "does not match" not in str(error) and "unconverted" not in str(error):
            yield key, f"{shown(layout)} is no form of a time: {error}"


def _sum(key: str, described: ValueDescription, *, instant: bool) -> Iterator[Fault]:
    if described.plus is None and described.minus is None:
        return
    kind = result_kind(described.model_copy(update={"plus": None, "minus": None}), instant=instant)
    if kind not in ("instant", "length", "raw"):
        yield key, f"what `as: {kind}` gives is neither an instant nor a length: nothing can be added to it"
    for part in listed(described.plus):
        if result_kind(part, instant=False) == "instant":
            yield f"{key}.plus", "an instant cannot be added"
    for part in listed(described.minus):
        if result_kind(part, instant=False) == "instant":
            if kind != "instant":
                yield f"{key}.minus", "an instant cannot be taken from a length"
            kind = "length"


def _results(key: str, name: str, described: ValueDescription, rule: EventRule) -> Iterator[Fault]:
    """Constants that the contract does not allow in the field."""
    if name == "currency" and "value" in described.model_fields_set and not is_currency(described.value):
        yield f"{key}.value", f"there is no currency {shown(described.value)}"
    constants = [(f"map.{value}", result) for value, result in (described.map or {}).items()]
    if described.map is not None and "else_" in described.model_fields_set:
        constants.append(("else", described.else_))
    if "value" in described.model_fields_set:
        constants.append(("value", described.value))
    summed = described.plus is not None or described.minus is not None
    for where, result in constants:
        if result is None or summed or "minor" in described.conversions:
            continue
        reason = _refused(name, described, rule, result)
        if reason is not None:
            yield f"{key}.{where}", reason
    if described.default is not None:
        reason = refusal_of(rule.type, name, described.default)
        if reason is not None:
            yield f"{key}.default", reason


def _refused(name: str, described: ValueDescription, rule: EventRule, result: Any) -> str | None:
    """Why the contract refuses a constant, once it is converted."""
    if not described.conversions:
        return refusal_of(rule.type, name, result)
    alone = ValueDescription.model_validate(
        {"value": result, **described.model_dump(include={"as_", "format", "zone"}, by_alias=True, exclude_none=True)}
    )
    try:
        around = Surroundings(expression=lambda _key, _text: lambda _scope: None, zone=None)
        found = getter(alone, "", around, instant=is_instant_field(rule.type, name))(None)
    except (Wrong, ValueError) as wrong:
        return None if "which zone" in str(wrong) else str(wrong)
    return None if found is None or is_instant_field(rule.type, name) else refusal_of(rule.type, name, found)
