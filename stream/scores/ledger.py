"""The ledger of scores: every change of what was published, in writing, with its reason (scores 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stream.facts.instant import instant_text

Json = dict[str, Any]

WATCHED = ("score", "grade", "flags", "amount_minor")
"""What a change is of; a change of a place alone is none."""
SYSTEM = "system"


def ledger_line(before: Json | None, after: Json, at_ms: int, by: str = SYSTEM, more: str = "") -> Json | None:
    """The line for a record that follows another; None: nothing that the ledger is about has changed.

    `before`: the record last published of the key, or under the former version of the scheme. Only what is not
    provisional has a line, and every change by a new version. `more`: facts to be added to the reason, if at hand.
    """
    if before is None:
        return None
    by_version = before["version"] != after["version"]
    if not by_version and (after["provisional"] or all(before[name] == after[name] for name in WATCHED)):
        return None
    if by_version and all(before[name] == after[name] for name in WATCHED):
        return None
    reason = "; ".join([*_reasons(before, after), *([more] if more else [])])
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


def _said(record: Json) -> Json:
    return {name: record[name] for name in ("version", *WATCHED, "revision")}


def _reasons(before: Json, after: Json) -> Iterator[str]:
    """What differs between two records, as a person would say it."""
    if before["version"] != after["version"]:
        yield f"version {before['version']} -> {after['version']}"
    formerly = {_name(part): part for part in before["parts"]}
    for part in after["parts"]:
        former = formerly.get(_name(part))
        if former is not None and former != part:
            yield _changed(former, part)
    for list_name, name in (("factors", "factor"), ("gates", "gate")):
        known = {each[name]: each for each in before[list_name]}
        for each in after[list_name]:
            former = known.get(each[name])
            if former is not None and former != each:
                yield f"{name} {each[name]}: {_text(former['value'])} -> {_text(each['value'])}"
                if name == "gate" and former["missed"] != each["missed"]:
                    yield f"gate {each[name]} {'missed' if each['missed'] else 'no longer missed'}"


def _changed(former: Json, part: Json) -> str:
    if "amount_minor" in part:
        return f"{part['part']}: {former['amount_minor']} -> {part['amount_minor']}"
    revisions = ""
    if former["kpi_revision"] != part["kpi_revision"]:
        revisions = f" (revision {_text(former['kpi_revision'])} -> {_text(part['kpi_revision'])})"
    target = ""
    if former["target"] != part["target"]:
        target = f", target {_text(former['target'])} -> {_text(part['target'])}"
    return f"{part['component']}: {_parts(former)} -> {_parts(part)}{revisions}{target}"


def _parts(part: Json) -> str:
    if part["denominator"] is None:
        return _text(part["numerator"])
    return f"{_text(part['numerator'])} / {part['denominator']}"


def _name(part: Json) -> str:
    return str(part.get("component", part.get("part")))


def _text(value: object) -> str:
    return "none" if value is None else str(value)
