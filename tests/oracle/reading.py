"""Contract 1: which lines are events, and what they say after reading."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
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


def identifier(value: Any) -> str:
    """1-128 letters, marks, numbers, punctuation, symbols and U+0020, without the bar."""
    text = text_of(value)
    printable = all(c == " " or unicodedata.category(c)[0] in "LMNPS" for c in text)
    if not 1 <= len(text) <= 128 or "|" in text or not printable:
        raise WrongFieldError("not an identifier")
    return text


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


ZONES = frozenset((resources.files("tzdata") / "zones").read_text().split())


def zone_name(value: Any) -> str:
    if text_of(value) not in ZONES:
        raise WrongFieldError("not an IANA zone")
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
)
MS = (integer(0),)
TYPES: dict[str, Fields] = {
    "call": fields(
        call_id=identifier,
        version=(integer(),),
        direction=one_of("outbound/inbound"),
        outcome=one_of("human/machine/no_answer/busy/invalid_number/abandoned/failed"),
        party=(one_of("right/third/unknown"),),
        ended_at=instant,
        queue_ms=MS,
        talk_ms=MS,
        hold_ms=MS,
        wrap_ms=MS,
        effective_ms=MS,
        number_id=(identifier,),
        recorded=(boolean,),
    ),
    "payment": fields(
        payment_id=identifier,
        case_id=identifier,
        amount_minor=integer(1),
        currency=currency,
        channel=(one_of("debtor/field/auto_debit/legal/other"),),
    ),
    "payment_reversal": fields(payment_id=identifier, case_id=identifier, amount_minor=integer(1), currency=currency),
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
        version=(integer(),),
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
        debtor_zone=(zone_name,),
    ),
    "restriction": {
        **fields(
            restriction_id=identifier,
            kind=one_of("cease_contact/attorney/deceased/dispute/breathing_space/quiet_hours/consent"),
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
    ),
    "quality_review": fields(
        review_id=identifier, agent_id=identifier, passed=boolean, call_id=(identifier,), score=(integer(0, 100),)
    ),
    "agent_state": fields(
        agent_id=identifier, state=one_of("logged_out/available/on_call/wrap/break/training/meeting")
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


def read_event(line: bytes) -> Event | Rejected:
    """The event that one line holds, or why it is none."""
    try:
        raw = json.loads(
            line.decode("utf-8"), parse_constant=not_a_number, parse_int=bounded_integer, parse_float=NotAnInteger
        )
    except (UnicodeDecodeError, json.JSONDecodeError, NotJsonError) as error:
        return Rejected("malformed", str(error))
    if not isinstance(raw, dict):
        return Rejected("invalid", "not an object")
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        return Rejected("invalid", "type: unknown")
    try:
        event = {"type": kind, **read_fields(raw, COMMON | TYPES[kind])}
        if "case_id" in event and "debtor_id" not in event:
            raise WrongFieldError("debtor_id: missing")
        if kind == "case" and event.get("overdue_minor", 0) != 0 and "currency" not in event:
            raise WrongFieldError("currency: missing")
    except WrongFieldError as error:
        return Rejected("invalid", str(error))
    if kind == "agent_state":
        event.pop("debtor_id", None)
    return event
