"""The quick decoder and the pydantic models are one decoder (contract 1)."""

from __future__ import annotations

import json
from typing import Any, get_args

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.facts import decode as decoding
from stream.facts import models
from stream.facts.decode import Rejection, decode
from stream.facts.fact import Call, Survey
from stream.facts.instant import instant_ms
from tests.facts.events import SAMPLES, event, wire

ODD_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 5, 6, 101, 100.0, 1e3, 2**53 - 1, 2**53, -(2**53), 2**64, 10**30),
    *("", "x", "a|b", "a b", "ä", "客户", "\x7f", "\u200b", "\n", "x" * 128, "x" * 129, "CNY", "cny", "CNY\n", "CNYX"),
    *("2026-11-02T01:17:20Z", "2026-11-02t01:17:20z", "2026-11-02T01:17:20.9999999Z", "2026-11-02T01:17:20+08:00"),
    *(
        "2026-11-02T01:17:60Z",
        "2026-11-02T24:00:00Z",
        "2026-11-02 01:17:20Z",
        "2026-11-02T01:17:20",
        "20261102T011720Z",
    ),
    *("1979-12-31T23:59:59Z", "1980-01-01T00:00:00+00:01", "2199-12-31T23:59:59.999Z", "2200-01-01T00:00:00Z"),
    *("2026-11-02T01:17:20-00:00", "2026-11-02T01:17:20+24:00", "2026-W45-1T01:17:20Z", "٢٠٢٦-11-02T01:17:20Z"),
    *(
        "2026-02-29",
        "2024-02-29",
        "1979-12-31",
        "2200-01-01",
        "20240229",
        "Asia/Shanghai",
        "asia/shanghai",
        "Mars/Base",
    ),
    *([], {}, [1], ["21:00", "08:00"], ["24:00", "08:00"], ["21:00"], [{"due_on": "2026-11-05", "amount_minor": 0}]),
    [{"due_on": "2026-11-05", "amount_minor": 1}] * 60,
    [{"due_on": "2026-11-05", "amount_minor": 1}] * 61,
    [{"due_on": None, "amount_minor": 1}],
    *("human", "machine", "received", "closed", "done", "due", "right", "inbound", "letter", "placed", "quiet_hours"),
]


def both(value: bytes) -> tuple[object, object]:
    """What the decoder says, and what the models alone say."""
    return decode(value), decoding._judge(value)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_quick_way_reads_every_plain_event_as_the_models_do(kind: str) -> None:
    quick, slow = both(wire(kind))
    assert not isinstance(quick, Rejection)
    assert quick == slow


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_quick_way_agrees_with_the_models_on_every_odd_value_of_every_field(kind: str) -> None:
    model = next(m for m in get_args(models.Event) if m.__name__.lower() == kind.replace("_", ""))
    for field in (*(info.alias or name for name, info in model.model_fields.items()), "unknown"):
        for odd in ODD_VALUES:
            quick, slow = both(json.dumps({**event(kind), field: odd}).encode())
            assert quick == slow, (field, odd)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(list(SAMPLES)),
    st.dictionaries(
        st.sampled_from(
            ["site_id", "team_id", "agent_id", "case_id", "version", "talk_ms", "x", "event_id", "call_id"]
        ),
        st.none() | st.integers() | st.text() | st.floats(allow_nan=False) | st.booleans(),
    ),
)
def test_the_quick_way_agrees_with_the_models_on_random_fields(kind: str, fields: dict[str, Any]) -> None:
    quick, slow = both(json.dumps(event(kind, **fields)).encode())
    assert quick == slow


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=40), st.integers(0, 400), st.integers(0, 40))
def test_the_quick_way_agrees_with_the_models_on_damaged_bytes(noise: bytes, at: int, cut: int) -> None:
    value = wire()
    quick, slow = both(value[:at] + noise + value[at + cut :])
    assert quick == slow


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"\xef\xbb\xbf{}", wire()[:-1] + b',"x":NaN}', wire()[:-1] + b',"x":"\xff"}', b"nul", b"{} {}"],
)
def test_what_is_no_json_is_malformed(value: bytes | None) -> None:
    rejection = decode(value)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "malformed"


@pytest.mark.parametrize(
    "value", [b"1", b"[]", b'"x"', b"null", b"{}", b'{"type":"sale"}', wire(case_id="c", debtor_id=None)]
)
def test_json_that_is_no_event_is_invalid(value: bytes) -> None:
    rejection = decode(value)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "invalid"


@pytest.mark.parametrize("score", [b"1" * 400, b"1e400", b'"\\ud800"', b"1" * 5000])
def test_json_that_no_double_or_text_can_hold_is_json_all_the_same(score: bytes) -> None:
    event = wire("survey").replace(b'"score":5', b'"score":' + score)
    rejection = decode(event)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == "invalid"
    assert isinstance(decode(event.replace(b'"score"', b'"score":5,"unknown"')), Survey)


def test_null_is_the_same_as_absent() -> None:
    fields = {"site_id": None, "version": None, "party": None, "talk_ms": None, "agent_id": None}
    plain = {name: value for name, value in event().items() if name not in fields}
    assert decode(orjson.dumps({**plain, **fields})) == decode(orjson.dumps(plain))


def test_finer_digits_than_milliseconds_are_cut() -> None:
    fact = decode(wire(occurred_at="2026-11-02T01:17:20.123999999Z"))
    assert isinstance(fact, Call)
    assert fact.occurred_at == instant_ms("2026-11-02T01:17:20.123Z")


def test_a_rejection_names_the_field() -> None:
    rejection = decode(wire(talk_ms=100.0))
    assert isinstance(rejection, Rejection)
    assert rejection.detail.startswith("talk_ms: ")


def test_a_rejection_says_what_is_wrong_and_nothing_of_how_it_was_found() -> None:
    rejection = decode(wire(occurred_at="yesterday"))
    assert isinstance(rejection, Rejection)
    assert rejection.detail == (
        "occurred_at: 'yesterday' is no RFC 3339 instant with an offset; send one such as 2026-11-02T09:00:00+08:00"
    )
