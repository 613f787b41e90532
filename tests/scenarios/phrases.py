"""Lines of events in a scenario, as a floor manager would say them, to raw events.

    2026-11-02 10:00  promise P1, 1000 CNY by 2026-11-05, agent ann, team red

Time (local to the event's site, or with Z or an offset; `dated` where only the day is known), kind, id, then phrases
between commas. `no agent` and the like take back what the scenario's `Usually` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle.calendar import local_instant

Raw = dict[str, Any]
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
WHO = {
    "debtor": "debtor_id",
    "case": "case_id",
    "agent": "agent_id",
    "team": "team_id",
    "site": "site_id",
    "segment": "segment_id",
    "in queue": "queue_id",
}
TEXTS = {
    **WHO,
    "event": "event_id",
    "about call": "call_id",
    "number": "number_id",
    "reversal": "reversal_id",
    "transferred from": "transferred_from",
    "reason": "reason",
    "lives in": "debtor_zone",
}
KINDS = {
    "call": "call_id",
    "payment": "payment_id",
    "reversal": "payment_id",
    "promise": "promise_id",
    "cancel": "promise_id",
    "complaint": "complaint_id",
    "case": "case_id",
    "visit": "visit_id",
    "message": "message_id",
    "review": "review_id",
    "state": "state",
    "survey": "survey_id",
    "bot": "session_id",
    "legal": "step_id",
    "restriction": "restriction_id",
    "measurement": "measurement_id",
}
RESTRICTIONS = (
    *("cease_contact", "attorney", "deceased", "dispute", "breathing_space", "wrong_number", "quiet_hours", "consent"),
)
TYPES = {
    "reversal": "payment_reversal",
    "cancel": "promise_cancelled",
    "review": "quality_review",
    "state": "agent_state",
    "bot": "bot_session",
    "legal": "legal_step",
}
OUTCOMES = ("human", "machine", "no_answer", "busy", "invalid_number", "abandoned", "failed", "callback")
WORDS: dict[str, Raw] = {
    "out": {"direction": "outbound"},
    "in": {"direction": "inbound"},
    **{word: {"outcome": word} for word in OUTCOMES},
    **{word: {"party": word} for word in ["right", "third", "unknown"]},
    **{word: {"channel": word} for word in ["letter", "sms", "email", "chat", "field", "legal", "auto_debit"]},
    **{word: {"change": word} for word in ["placed", "assigned", "stage"]},
    **{word: {"status": word} for word in ["due", "done", "received", "acknowledged"]},
    **{word: {"kind": word} for word in RESTRICTIONS},
    "void": {"void": True},
    "delivered": {"delivered": True},
    "not delivered": {"delivered": False},
    "upheld": {"upheld": True},
    "met": {"met_debtor": True},
    "missed": {"met_debtor": False},
    "passed": {"passed": True},
    "not passed": {"passed": False},
    "handed over well": {"handed_over": True, "handover_correct": True},
    "handed over badly": {"handed_over": True, "handover_correct": False},
    "handed over": {"handed_over": True},
    "mandate": {"mandate_signed": True},
    "recorded": {"recorded": True},
    "not recorded": {"recorded": False},
}
DEFAULTS: dict[str, Raw] = {
    "call": {"direction": "outbound", "outcome": "human"},
    "complaint": {"status": "received"},
    "message": {"channel": "sms", "direction": "outbound"},
    "bot": {"handed_over": False, "mandate_signed": False},
}


def clock_time(text: str, zone: str) -> str:
    """`2026-11-02 10:00[:30[.5]][Z|+08:00]` as RFC 3339 in UTC; without an offset in the zone, of two the first."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d) (\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-]\d\d:\d\d)?", text)
    if match is None:
        raise ValueError(f"not a time: {text}")
    day, hours, minutes, seconds, fraction, offset = match.groups()
    if offset:
        stamp = datetime.fromisoformat(f"{day}T{hours}:{minutes}:00{offset.replace('Z', '+00:00')}")
    else:
        local_ms = local_instant(zone, date.fromisoformat(day), int(hours) * 60 + int(minutes))
        stamp = datetime.fromtimestamp(local_ms / 1000, UTC)
    stamp += timedelta(seconds=int(seconds or 0), milliseconds=int((fraction or "0").ljust(3, "0")))
    return stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03d}Z"


def length_ms(text: str) -> int:
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", text)
    if match is None:
        raise ValueError(f"not a length of time: {text}")
    return int(match[1]) * UNITS_MS[match[2]]


def money(text: str) -> Raw:
    amount, currency = text.split()
    return {"amount_minor": int(amount), "currency": currency}


def instalment(text: str) -> Raw:
    amount, currency, day = re.fullmatch(r"(\d+) ([A-Z]{3}) by (\S+)", text).groups()  # type: ignore[union-attr]
    return {"currency": currency, "instalments": [{"due_on": day, "amount_minor": int(amount)}]}


def measured(text: str) -> Raw | None:
    """`bad_rate of team red for month 2026-11-01` or `7 of 100`; None if it is neither."""
    if match := re.fullmatch(r"(-?\d+) of (\d+)", text):
        return {"numerator": int(match[1]), "denominator": int(match[2])}
    if match := re.fullmatch(r"(\w+) of (\w+) (.+) for (day|month|quarter) (\S+)", text):
        names = ("indicator", "level", "entity", "period", "period_start")
        return dict(zip(names, match.groups(), strict=True))
    return None


def labelled(word: str, value: str, kind: str, zone: str) -> Raw:
    """A phrase of a label and a value."""
    if word in TEXTS:
        return {TEXTS[word]: value}
    if word in ("queue", "talk", "hold", "wrap", "effective"):
        return {f"{word}_ms": length_ms(value)}
    if word in ("version", "dpd", "score"):
        return {word: int(value)}
    if word in ("ended", "until", "from"):
        return {"ended_at" if word == "ended" else word: clock_time(value, zone)}
    if word == "hours":
        return {"hours": value.split("-")}
    if word in ("received", "closed"):
        status = {"status": "closed"} if word == "closed" else {}
        return {f"{word}_at": clock_time(value, zone), **status}
    if word == "overdue":
        found = money(value)
        return {"overdue_minor": found["amount_minor"], "currency": found["currency"]}
    if word == "by" and kind == "legal":
        return {"due_on": value}
    raise ValueError(f"not understood: {word} {value}")


def phrase(text: str, kind: str, zone: str) -> Raw:
    """The fields that one phrase gives."""
    if text == "closed" and kind in ("case", "complaint"):
        return {"change" if kind == "case" else "status": "closed"}
    if text in WORDS:
        return WORDS[text]
    if re.fullmatch(r"\d+ [A-Z]{3}", text):
        return money(text)
    if re.fullmatch(r"\d+ [A-Z]{3} by \S+", text):
        return instalment(text)
    if kind == "measurement" and (found := measured(text)):
        return found
    if text.startswith("no "):
        return {WHO[text.removeprefix("no ")]: None}
    from_the_left = text.startswith("overdue ") or re.search(r"\d:\d", text)
    word, _, value = text.partition(" ") if from_the_left else text.rpartition(" ")
    return labelled(word, value, kind, zone)


def event_of(line: str, usually: Raw, zone_of: Callable[[str], str], number: int) -> Raw:
    """The raw event of one line; `number` makes its event_id, unless it says one."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d \S+)\s+(\w+) ([^,]+)(?:,\s*(.*))?", line)
    if match is None or match[2] not in KINDS:
        raise ValueError(f"not an event: {line}")
    time, kind, own_id, rest = match.groups()
    said = [part.strip() for part in (rest or "").split(",") if part.strip()]
    site = next(
        (text.removeprefix("site ") for text in said if text.startswith("site ")), usually.get("site_id", "main")
    )
    zone = zone_of(site)
    day, dated, _ = time.partition(" dated")
    at = "" if dated else clock_time(time, zone)
    when = {"occurred_on": day} if dated else {"occurred_at": at}
    raw: Raw = {"type": TYPES.get(kind, kind), "event_id": f"e{number:03d}", **when}
    raw |= usually | DEFAULTS.get(kind, {}) | {KINDS[kind]: own_id}
    if kind == "call":
        raw["ended_at"] = at
    if kind == "complaint":
        raw["received_at"] = at
    if kind == "restriction":
        raw["from"] = at
    for text in said:
        fields = phrase(text, kind, zone)
        if "instalments" in fields:
            fields = fields | {"instalments": raw.get("instalments", []) + fields["instalments"]}
        raw |= fields
    return raw
