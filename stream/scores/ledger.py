"""The ledger of scores: every change of what was published, in writing, with its reason (scores 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stream.facts.instant import instant_text
from stream.scores.scores import Read
from stream.scores.values import Value

Json = dict[str, Any]

WATCHED = ("score", "grade", "flags", "amount_minor")
"""What a change is of; a change of a place alone is none."""
SYSTEM = "system"
NO_SOURCES: Mapping[str, str] = {}


def ledger_line(
    before: Json | None,
    after: Json,
    at_ms: int,
    read: tuple[Read, Read] | None = None,
    by: str = SYSTEM,
    more: str = "",
    sources: Mapping[str, str] = NO_SOURCES,
) -> Json | None:
    """The line for a record that follows another; None: nothing that the ledger is about has changed.

    `before`: the record last published of the key, or under the former version of the scheme. Only what is published as
    not provisional has a line, and every change by a new version. `read`: what the two were computed from
    (`Scores.read_by`), if it is at hand; `more`: facts to be added to the reason; `sources`: `money`, `factor
    staff` or `gate qa` -> what it is a value of, in words.
    """
    if before is None or not is_told(before, after):
        return None
    reason = "; ".join([*_reasons(before, after, sources), *(_read(*read) if read else ()), *([more] if more else [])])
    names = ("kind", "name", "version", "site", "level", "entity", "period", "start")
    return {
        **{name: after[name] for name in names},
        "before": _said(before),
        "after": _said(after),
        "reason": reason or "places of others changed",
        "at": instant_text(at_ms),
        "by": by,
        "run": after["run"],
    }


def is_another(before: Json, after: Json) -> bool:
    """Whether anything has changed that the ledger is about."""
    return any(before[name] != after[name] for name in WATCHED)


def is_told(before: Json, after: Json) -> bool:
    """Whether the change has a line."""
    return is_another(before, after) and (before["version"] != after["version"] or not after["provisional"])


def _read(before: Read, after: Read) -> Iterator[str]:
    """Which sources changed: their parts and the revisions of the KPI records."""
    for name, value in after.items():
        former = before.get(name)
        if former is None or (former.numerator, former.denominator) == (value.numerator, value.denominator):
            continue
        revisions = ""
        if value.revision is not None:
            revisions = f" (revision {_text(former.revision)} -> {value.revision})"
        yield f"{name}: {_fraction(former)} -> {_fraction(value)}{revisions}"


def _fraction(value: Value) -> str:
    return _text(value.numerator) if value.denominator is None else f"{value.numerator} / {value.denominator}"


def _said(record: Json) -> Json:
    return {name: record[name] for name in ("version", *WATCHED, "revision")}


def _reasons(before: Json, after: Json, sources: Mapping[str, str]) -> Iterator[str]:
    """What differs between two records, as a person would say it."""
    if before["version"] != after["version"]:
        yield f"version {before['version']} -> {after['version']}"
    formerly = {_name(part): part for part in before["parts"]}
    for part in after["parts"]:
        former = formerly.get(_name(part))
        if former is not None and former | {"kpi_revision": None} != part | {"kpi_revision": None}:
            yield _changed(former, part, _of(_name(part), sources))
    for list_name, name in (("factors", "factor"), ("gates", "gate")):
        known = {each[name]: each for each in before[list_name]}
        for each in after[list_name]:
            former = known.get(each[name])
            if former is not None and former != each:
                yield f"{_of(f'{name} {each[name]}', sources)}: {_text(former['value'])} -> {_text(each['value'])}"
                if name == "gate" and former["missed"] != each["missed"]:
                    yield f"gate {each[name]} {'missed' if each['missed'] else 'no longer missed'}"


def _of(name: str, sources: Mapping[str, str]) -> str:
    """`quality (bad_rate)`."""
    source = sources.get(name, name)
    return name if source == name else f"{name} ({source})"


def _changed(former: Json, part: Json, name: str) -> str:
    if "amount_minor" in part:
        return f"{part['part']}: {former['amount_minor']} -> {part['amount_minor']}"
    revisions = ""
    if former["kpi_revision"] != part["kpi_revision"]:
        revisions = f" (revision {_text(former['kpi_revision'])} -> {_text(part['kpi_revision'])})"
    target = ""
    if former["target"] != part["target"]:
        target = f", target {_text(former['target'])} -> {_text(part['target'])}"
    if _parts(former) == _parts(part) and not target:
        return f"{name}: {former['points']} -> {part['points']} points"
    return f"{name}: {_parts(former)} -> {_parts(part)}{revisions}{target}"


def _parts(part: Json) -> str:
    if part["denominator"] is None:
        return _text(part["numerator"])
    return f"{_text(part['numerator'])} / {part['denominator']}"


def _name(part: Json) -> str:
    return str(part.get("component", part.get("part")))


def _text(value: object) -> str:
    return "none" if value is None else str(value)
