"""Contract 1: which lines are events, and what they say after reading."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

Event = dict[str, Any]
"""A valid event: `type` and the known fields that are there and not null; instants in ms, dates as `datetime.date`."""

Check = Callable[[Any], Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MS = 315_532_800_000
BEYOND_MS = 7_258_118_400_000


@dataclass(frozen=True)
class Rejected:
    """Why a line is a dead letter: reason `malformed` or `invalid`, and the field at fault."""

    reason: str
    detail: str


class WrongFieldError(Exception):
    """A field whose value the contract does not allow."""


def text_of(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongFieldError("not a string")
    return value


def printable(longest: int) -> Check:
    """1 to `longest` letters, marks, numbers, punctuation, symbols and U+0020."""

    def check(value: Any) -> str:
        text = text_of(value)
        shown = all(c == " " or unicodedata.category(c)[0] in "LMNPS" for c in text)
        if not 1 <= len(text) <= longest or not shown:
            raise WrongFieldError("not printable characters")
        return text

    return check


def identifier(value: Any) -> str:
    """1-256 printable characters without the bar, no space first or last."""
    text: str = printable(256)(value)
    if "|" in text or text.strip(" ") != text:
        raise WrongFieldError("not an identifier")
    return text


def indicator(value: Any) -> str:
    if re.fullmatch(r"[a-z0-9_]{1,64}", text_of(value)) is None:
        raise WrongFieldError("not 1-64 of a-z, 0-9, _")
    return str(value)


def integer(low: int | None = None, high: int | None = None) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or abs(value) >= 2**53:
            raise WrongFieldError("not an integer below 2^53")
        if (low is not None and value < low) or (high is not None and value > high):
            raise WrongFieldError("out of range")
        return value

    return check


def one_of(words: str) -> Check:
    allowed = words.split("/")

    def check(value: Any) -> str:
        if value not in allowed or not isinstance(value, str):
            raise WrongFieldError(f"not one of {words}")
        return value

    return check


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongFieldError("not true or false")
    return value


def day_of(value: Any) -> date:
    text = text_of(value)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        raise WrongFieldError("not YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise WrongFieldError(str(error)) from error
    if not 1980 <= day.year <= 2199:
        raise WrongFieldError("not in 1980-2199")
    return day


INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def instant(value: Any) -> int:
    """RFC 3339 with offset, cut to milliseconds since the epoch."""
    match = INSTANT.fullmatch(text_of(value))
    if match is None:
        raise WrongFieldError("not RFC 3339 with offset")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, off_hour, off_minute = match.groups()[6:]
    if off_hour is not None and (int(off_hour) > 23 or int(off_minute) > 59):
        raise WrongFieldError("offset out of range")
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise WrongFieldError(str(error)) from error
    offset = timedelta(hours=int(off_hour or 0), minutes=int(off_minute or 0)) * (-1 if sign == "-" else 1)
    ms = (local - EPOCH - offset) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])
    if not FIRST_MS <= ms < BEYOND_MS:
        raise WrongFieldError("not in 1980-2199")
    return ms


def currency(value: Any) -> str:
    if re.fullmatch(r"[A-Z]{3}", text_of(value)) is None:
        raise WrongFieldError("not three capital letters")
    return str(value)


def local_hours(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) != 2:
        raise WrongFieldError("not two times of day")
    for item in value:
        if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text_of(item)) is None:
            raise WrongFieldError("not HH:MM")
    return value


def instalments(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(value) <= 60:
        raise WrongFieldError("not 1-60 instalments")
    return [read_fields(item, INSTALMENT) for item in value]


Fields = dict[str, tuple[bool, Check]]
"""Field name -> (required, check)."""


def read_fields(raw: Any, fields: Fields) -> dict[str, Any]:
    """The known fields of a JSON object; null is the same as absent, unknown fields are ignored."""
    if not isinstance(raw, dict):
        raise WrongFieldError("not an object")
    known = {}
    for name, (required, check) in fields.items():
        if raw.get(name) is not None:
            try:
                known[name] = check(raw[name])
            except WrongFieldError as error:
                raise WrongFieldError(f"{name}: {error}") from error
        elif required:
            raise WrongFieldError(f"{name}: missing")
    return known


def fields(**checks: Check | tuple[Check]) -> Fields:
    """A bare check is required; one in a 1-tuple is optional."""
    return {name: (False, c[0]) if isinstance(c, tuple) else (True, c) for name, c in checks.items()}


INSTALMENT = fields(due_on=day_of, amount_minor=integer(1))
COMMON = fields(
    event_id=identifier,
    occurred_at=instant,
    site_id=(identifier,),
    debtor_id=(identifier,),
    case_id=(identifier,),
    agent_id=(identifier,),
    team_id=(identifier,),
    segment_id=(identifier,),
    version=(integer(1),),
    void=(boolean,),
)
DATED = COMMON | fields(occurred_at=(instant,), occurred_on=(day_of,))
"""Of a payment and a reversal: one of the two."""
MS = (integer(0),)
TYPES: dict[str, Fields] = {
    "call": fields(
        call_id=identifier,
        direction=one_of("outbound/inbound"),
        outcome=one_of("human/machine/no_answer/busy/invalid_number/abandoned/failed/callback"),
        party=(one_of("right/third/unknown"),),
        ended_at=instant,
        queue_ms=MS,
        talk_ms=MS,
        hold_ms=MS,
        wrap_ms=MS,
        effective_ms=MS,
        number_id=(identifier,),
        recorded=(boolean,),
        queue_id=(identifier,),
        transferred_from=(identifier,),
    ),
    "payment": fields(
        payment_id=identifier,
        amount_minor=integer(1),
        currency=currency,
        channel=(one_of("debtor/field/auto_debit/legal/other"),),
    ),
    "payment_reversal": fields(
        reversal_id=(identifier,),
        payment_id=identifier,
        case_id=identifier,
        amount_minor=integer(1),
        currency=currency,
    ),
    "promise": fields(
        promise_id=identifier,
        case_id=identifier,
        agent_id=identifier,
        currency=currency,
        instalments=instalments,
        call_id=(identifier,),
    ),
    "promise_cancelled": fields(promise_id=identifier, case_id=identifier),
    "complaint": fields(
        complaint_id=identifier,
        status=one_of("received/acknowledged/closed"),
        received_at=instant,
        closed_at=(instant,),
        category=(text_of,),
        upheld=(boolean,),
        call_id=(identifier,),
    ),
    "case": fields(
        case_id=identifier,
        change=one_of("placed/assigned/stage/closed"),
        dpd=(integer(),),
        overdue_minor=(integer(0),),
        currency=(currency,),
        portfolio_id=(identifier,),
        debtor_zone=(printable(64),),
    ),
    "restriction": {
        **fields(
            restriction_id=identifier,
            kind=one_of("cease_contact/attorney/deceased/dispute/breathing_space/wrong_number/quiet_hours/consent"),
            until=(instant,),
            number_id=(identifier,),
            hours=(local_hours,),
        ),
        "from": (True, instant),
    },
    "visit": fields(visit_id=identifier, case_id=identifier, agent_id=identifier, met_debtor=boolean),
    "message": fields(
        message_id=identifier,
        channel=one_of("letter/sms/email/chat"),
        direction=one_of("outbound/inbound"),
        delivered=(boolean,),
        number_id=(identifier,),
    ),
    "quality_review": fields(
        review_id=identifier, agent_id=identifier, passed=boolean, call_id=(identifier,), score=(integer(0, 100),)
    ),
    "agent_state": fields(
        agent_id=identifier,
        state=one_of("logged_out/available/on_call/wrap/break/training/meeting"),
        reason=(printable(64),),
    ),
    "measurement": fields(
        measurement_id=identifier,
        indicator=indicator,
        level=one_of("agent/team/queue/segment/site"),
        entity=identifier,
        period_start=day_of,
        period=one_of("day/month/quarter"),
        numerator=integer(),
        denominator=(integer(1),),
        currency=(currency,),
    ),
    "survey": fields(survey_id=identifier, score=integer(1, 5), call_id=(identifier,)),
    "bot_session": fields(
        session_id=identifier, handed_over=boolean, handover_correct=(boolean,), mandate_signed=boolean
    ),
    "legal_step": fields(step_id=identifier, case_id=identifier, status=one_of("due/done"), due_on=day_of),
}


class NotJsonError(Exception):
    """Text outside the JSON grammar that Python's reader would let through."""


def not_a_number(text: str) -> Any:
    raise NotJsonError(text)


class NotAnInteger:
    """A number with a fraction or an exponent, or longer than any allowed one: no field takes it."""

    def __init__(self, text: str) -> None:
        self.text = text


def bounded_integer(text: str) -> int | NotAnInteger:
    return int(text) if len(text) <= 20 else NotAnInteger(text)


IGNORED = {"agent_state": {"debtor_id", "case_id"}}
"""Fields that are for this type, for every purpose, as if they were unknown."""
MEANINGLESS = {"measurement": {"debtor_id", "agent_id", "case_id"}}
"""Fields that are read and then forgotten."""


def known_fields(kind: str) -> Fields:
    """The fields of a type: the common ones and its own."""
    common = DATED if kind in ("payment", "payment_reversal") else COMMON
    return {name: check for name, check in (common | TYPES[kind]).items() if name not in IGNORED.get(kind, ())}


def check_relations(event: Event) -> None:
    """What one field demands of another. WrongFieldError names the field that is missing or too many."""
    kind = event["type"]
    required = {
        "debtor_id": "case_id" in event or kind == "payment",
        "currency": kind == "case" and event.get("overdue_minor", 0) != 0,
        "hours": event.get("kind") == "quiet_hours",
        "number_id": event.get("kind") == "wrong_number",
        "occurred_at": "occurred_on" not in event,
    }
    for name, needed in required.items():
        if needed and name not in event:
            raise WrongFieldError(f"{name}: missing")
    if "occurred_on" in event and "occurred_at" in event:
        raise WrongFieldError("occurred_on: beside occurred_at")
    if kind == "measurement" and not begins_period(event["period_start"], event["period"]):
        raise WrongFieldError("period_start: does not begin the period")


def begins_period(day: date, period: str) -> bool:
    return period == "day" or (day.day == 1 and (period == "month" or day.month in (1, 4, 7, 10)))


def read_json(value: bytes) -> Any:
    """The JSON of a value. ValueError or NotJsonError if it is none."""
    return json.loads(
        value.decode("utf-8"), parse_constant=not_a_number, parse_int=bounded_integer, parse_float=NotAnInteger
    )


def unwrapped(value: bytes) -> Any:
    """The JSON in a value, out of a schema-registry frame or of a structured CloudEvent: one of them, once."""
    if value[:1] == b"\0":
        return read_json(value[5:])
    raw = read_json(value)
    if isinstance(raw, dict) and raw.get("specversion") is not None:
        if raw.get("data_base64") is not None:
            raise WrongFieldError("data_base64: not read")
        if raw.get("data") is not None:
            return raw["data"]
    return raw


def read_event(line: bytes) -> Event | Rejected:
    """The event that one line holds, or why it is none."""
    try:
        raw = unwrapped(line)
        if not isinstance(raw, dict):
            return Rejected("invalid", "not an object")
        kind = raw.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            return Rejected("invalid", "type: unknown")
        event = {"type": kind, **read_fields(raw, known_fields(kind))}
        check_relations(event)
        event = {name: value for name, value in event.items() if name not in MEANINGLESS.get(kind, ())}
    except WrongFieldError as error:
        return Rejected("invalid", str(error))
    except (UnicodeDecodeError, json.JSONDecodeError, NotJsonError) as error:
        return Rejected("malformed", str(error))
    return event
