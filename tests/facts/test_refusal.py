"""What a refusal says to whoever sent the event."""

from __future__ import annotations

import re
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.facts import models
from stream.facts.decode import Rejection, decode
from tests.facts.events import SAMPLES, event, wire
from tests.worlds.garbage import INVALID, MALFORMED


def detail(**fields: Any) -> str:
    found = decode(wire(**fields))
    assert isinstance(found, Rejection)
    assert found.reason == "invalid"
    return found.detail


def test_every_wrong_field_is_named_and_not_only_the_first() -> None:
    said = detail(direction="sideways", talk_ms=100.0, ended_at="noon", case_id=5, debtor_id=None)
    for name in ("direction", "talk_ms", "ended_at", "case_id", "debtor_id"):
        assert f"{name}: " in said


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("2026-11-02 09:00:00+08:00", "2026-11-02T09:00:00+08:00"),
        ("2026-11-02T09:00:00+0800", "2026-11-02T09:00:00+08:00"),
        ("2026-11-02 09:00:00 +0000", "2026-11-02T09:00:00+00:00"),
        ("2026-11-02T09:00:00+08", "2026-11-02T09:00:00+08:00"),
        ("2026-11-02T09:00:00", "2026-11-02T09:00:00+08:00"),
        (1793581200, "2026-11-02T01:00:00Z"),
        (1793581200123, "2026-11-02T01:00:00.123Z"),
        ("1793581200", "2026-11-02T01:00:00Z"),
        ("yesterday", "2026-11-02T09:00:00+08:00"),
        (True, "2026-11-02T09:00:00+08:00"),
    ],
)
def test_an_instant_in_another_form_is_shown_as_one_that_would_do(given: object, sent: str) -> None:
    said = detail(occurred_at=given)
    assert said.startswith("occurred_at: ")
    assert sent in said
    assert not isinstance(decode(wire(occurred_at=sent, ended_at=sent)), Rejection)


def test_an_event_without_a_type_is_told_what_it_has_instead() -> None:
    found = decode(b'{"CallId":"1","Agent":"ann"}')
    assert isinstance(found, Rejection)
    assert "CallId, Agent" in found.detail


def test_an_unknown_type_is_told_the_types_that_there_are() -> None:
    found = decode(b'{"type":"sale"}')
    assert isinstance(found, Rejection)
    assert "'sale'" in found.detail
    assert "promise_cancelled" in found.detail


JARGON = re.compile(r"Input should|Field required|valid_choice|union|pydantic|validation|ctx", re.IGNORECASE)
ODD: list[Any] = [
    None,
    5,
    -1,
    1.5,
    True,
    "",
    "a|b",
    " a",
    "x" * 300,
    "\u0007",
    [],
    {},
    ["a"],
    2**53,
    "2026-13-01",
    1e400,
]


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_refusal_speaks_a_validators_jargon(kind: str) -> None:
    model = next(each for each in get_args(models.Event) if each.__name__.lower() == kind.replace("_", ""))
    refused = 0
    for name, info in model.model_fields.items():
        for odd in ODD:
            if odd == 1e400:
                value = orjson.dumps({**event(kind), info.alias or name: "@"}).replace(b'"@"', b"1e400")
            else:
                value = orjson.dumps({**event(kind), info.alias or name: odd})
            found = decode(value)
            if isinstance(found, Rejection):
                refused += 1
                assert not JARGON.search(found.detail), found.detail
                assert found.detail.isprintable()
    assert refused > len(model.model_fields)


@given(st.binary(max_size=60))
def test_whatever_comes_the_detail_is_one_printable_line(value: bytes) -> None:
    found = decode(value)
    assert isinstance(found, Rejection)  # so few bytes are no event
    assert found.detail
    assert found.detail.isprintable()
    assert len(found.detail) < 1_000


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        ("payment", {"occurred_at": None}, "exactly one of occurred_at and occurred_on"),
        ("payment", {"occurred_on": "2026-11-02"}, "exactly one of occurred_at and occurred_on"),
        ("payment", {"case_id": None, "debtor_id": None}, "debtor_id"),
        ("restriction", {"kind": "quiet_hours"}, "hours: is required"),
        ("restriction", {"kind": "wrong_number"}, "number_id: is required"),
        ("measurement", {"period_start": "2026-11-02"}, "does not begin a month"),
        ("measurement", {"period": "quarter"}, "does not begin a quarter"),
        ("call", {"version": 0}, "version: 0 is below 1"),
        ("agent_state", {"reason": "x" * 65}, "reason: "),
        ("call", {"agent_id": "ann "}, "agent_id: 'ann ' begins or ends with a space"),
        ("call", {"agent_id": "a|b"}, "agent_id: 'a|b' holds a character"),
        ("payment", {"occurred_at": None, "occurred_on": "02/11/2026"}, "occurred_on: '02/11/2026' is no date"),
        ("call", {"agent_id": "x" * 257}, "more than 256"),
    ],
)
def test_what_contract_1_asks_for_is_asked_for_by_name(kind: str, fields: dict[str, Any], word: str) -> None:
    found = decode(orjson.dumps(event(kind) | fields))
    assert isinstance(found, Rejection)
    assert word in found.detail


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("agent_state", {"debtor_id": None, "case_id": "c-1"}),
        ("case", {"debtor_zone": "Nowhere|At/All"}),
        ("call", {"agent_id": "x" * 256}),
        ("call", {"agent_id": "a b"}),
        ("payment", {"case_id": None}),
        ("measurement", {"period_start": "2026-10-01", "period": "quarter"}),
        ("payment", {"occurred_at": None, "occurred_on": "2026-11-02"}),
    ],
)
def test_what_contract_1_lets_in_is_let_in(kind: str, fields: dict[str, Any]) -> None:
    assert not isinstance(decode(wire(kind, **fields)), Rejection)


def test_a_wrong_value_is_shown_in_its_own_script_and_a_long_one_says_how_long_it_is() -> None:
    chinese, long = decode('{"type":"销售"}'.encode()), decode(b'{"type":"' + b"x" * 500 + b'"}')
    assert isinstance(chinese, Rejection)
    assert "'销售'" in chinese.detail
    assert isinstance(long, Rejection)
    assert "x...' (500 characters)" in long.detail


NESTED = [
    b'{"type":' + b"[" * 1000 + b"]" * 1000 + b"}",
    b'{"type":"survey","schema_version":1,"event_id":' + b"[" * 1000 + b"]" * 1000 + b"}",
    b'{"type":"survey","schema_version":1,"event_id":' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}",
]
NO_EVENTS = [*MALFORMED, *INVALID, *NESTED]


@pytest.mark.parametrize("value", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_no_value_that_is_no_event_makes_the_decoder_fail(value: bytes) -> None:
    found = decode(value)
    assert isinstance(found, Rejection)
    assert len(found.detail) < 2000


def test_half_of_a_surrogate_pair_is_no_text_in_any_field() -> None:
    sample = orjson.dumps({**event("complaint"), "category": "HALF"})
    found = decode(sample.replace(b"HALF", rb"\ud800"))
    assert isinstance(found, Rejection)
