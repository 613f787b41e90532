"""What fields of one event need of each other (contract 1): one rule each, for the models and for the refusals.

A rule looks at the fields as they are said: a JSON object, of which any field may be wrong, or one that was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stream.facts.instant import begins, checked_date


def between(event: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong between the fields of an event, each with the name of the field that is to be mended."""
    kind = event.get("type")
    if kind != "agent_state" and _has(event, "case_id") and not _has(event, "debtor_id"):
        yield "debtor_id: is required where case_id is given"
    if isinstance(kind, str) and kind in _RULES:
        yield from _RULES[kind](event)


def _has(event: Mapping[str, Any], name: str) -> bool:
    return event.get(name) is not None


def _payment(event: Mapping[str, Any]) -> Iterator[str]:
    yield from _dated(event)
    if not _has(event, "case_id") and not _has(event, "debtor_id"):
        yield "debtor_id: is required where case_id is left out"


def _dated(event: Mapping[str, Any]) -> Iterator[str]:
    if _has(event, "occurred_at") == _has(event, "occurred_on"):
        yield "occurred_at: exactly one of occurred_at and occurred_on is required"


def _case(event: Mapping[str, Any]) -> Iterator[str]:
    if event.get("overdue_minor") and not _has(event, "currency"):
        yield "currency: is required where overdue_minor is not 0"


def _restriction(event: Mapping[str, Any]) -> Iterator[str]:
    for kind, name in (("quiet_hours", "hours"), ("wrong_number", "number_id")):
        if event.get("kind") == kind and not _has(event, name):
            yield f"{name}: is required for {kind}"


def _measurement(event: Mapping[str, Any]) -> Iterator[str]:
    day, period = event.get("period_start"), event.get("period")
    if isinstance(day, str) and period in ("month", "quarter") and _is_date(day) and not begins(day, period):
        yield f"period_start: {day} does not begin a {period}"


def _is_date(text: str) -> bool:
    try:
        checked_date(text)
    except ValueError:
        return False
    return True


_RULES = {
    "payment": _payment, "payment_reversal": _dated, "case": _case, "restriction": _restriction,
    "measurement": _measurement,
}  # fmt: skip
