"""Laws that a second reading of contract 2 found broken."""

from __future__ import annotations

import json
import re
from itertools import permutations
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.facts.decode import Rejection, decode, decode_all
from stream.facts.fact import Fact
from stream.facts.identity import canonical_json
from stream.ledger.judge import judge
from tests.facts.events import SAMPLES, event


def fact(kind: str = "call", /, **fields: Any) -> Fact:
    found = decode(orjson.dumps({**event(kind), **fields}))
    assert not isinstance(found, Rejection)
    return found


def detail(kind: str = "call", /, **fields: Any) -> str:
    found = decode(orjson.dumps({**event(kind), **fields}))
    assert isinstance(found, Rejection)
    return found.detail


@given(st.text(" :,{}[]a0", min_size=1, max_size=5), st.sampled_from(["compact", "spaced", "indented"]))
def test_no_way_of_writing_json_lets_an_outer_space_of_an_identifier_through(text: str, style: str) -> None:
    spaces: dict[str, dict[str, Any]] = {
        "compact": {"separators": (",", ":")},
        "spaced": {},
        "indented": {"indent": 2, "separators": (" , ", " : ")},
    }
    value = json.dumps(event(agent_id=text), **spaces[style]).encode()
    outer = text != text.strip(" ")
    assert isinstance(decode(value), Rejection) == outer
    assert [isinstance(each, Rejection) for each in decode_all([value, value])] == [outer, outer]


SAME = [{}, {"hold_ms": 0}, {"void": False}, {"talk_ms": 60_000, "wrap_ms": 0}]


@given(st.sampled_from(SAME), st.sampled_from(SAME), st.sampled_from(["hold_ms", "wrap_ms", "queue_ms"]), st.booleans())
def test_whichever_of_equal_event_ids_comes_first_the_same_one_counts(
    one: dict[str, Any], other: dict[str, Any], name: str, void: bool
) -> None:
    events = [fact(**one), fact(**other), fact(**{name: 1, "void": void})]
    counting = set()
    for first, *rest in permutations(events):
        known, losers = first, tuple[bytes, ...]()
        for arrived in rest:
            _, known, losers = judge(known, losers, arrived)
        counting.add(canonical_json(known))
    assert len(counting) == 1


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize(
    "extra",
    [
        {"op": "c", "before": None, "after": {}},
        {"Type": "Notification", "Message": "{}"},
        {"specversion": "1.0"},
        {"specversion": "1.0", "data": None, "data_base64": None},
        {"data": {}, "payload": {}},
    ],
)
def test_fields_that_an_event_does_not_know_are_ignored_whatever_they_are_called(
    kind: str, extra: dict[str, Any]
) -> None:
    assert decode(orjson.dumps({**event(kind), **extra})) == fact(kind)
    odd = {**event(kind), "agent_id": "\u00e9"}
    assert decode(orjson.dumps({**odd, **extra})) == decode(orjson.dumps(odd))


@pytest.mark.parametrize(
    "given_",
    [
        "2026-13-02 09:00:00+08:00", "2026-02-30", "2026-11-02 25:00:00", "2026-11-02T09:00:60",
        "2026-11-02T09:00:00+9999", "1970-01-02 00:00:00Z", "1979-01-01", "2026-11-02 09:00:00+25:00",
    ],
)  # fmt: skip
def test_an_instant_that_is_shown_would_do(given_: str) -> None:
    shown = re.findall(r"[0-9]{4}-[0-9-]+T[0-9:.]+(?:Z|[+-][0-9:]+)", detail(occurred_at=given_).split("send")[1])
    assert shown
    for each in shown:
        assert not isinstance(decode(orjson.dumps(event(occurred_at=each))), Rejection)


@pytest.mark.parametrize(
    ("kind", "fields", "names"),
    [
        ("payment", {"occurred_at": None, "currency": "cny"}, ("occurred_on", "currency")),
        ("payment", {"occurred_on": "2026-11-02", "amount_minor": -5}, ("occurred_on", "amount_minor")),
        ("payment", {"case_id": None, "debtor_id": None, "currency": "x"}, ("debtor_id", "currency")),
        ("case", {"currency": None, "dpd": "5"}, ("currency", "dpd")),
        ("restriction", {"kind": "quiet_hours", "from": "x"}, ("hours", "from")),
        ("restriction", {"kind": "wrong_number", "from": "x"}, ("number_id", "from")),
        ("measurement", {"period_start": "2026-11-02", "numerator": "1"}, ("period_start", "numerator")),
        ("call", {"debtor_id": None}, ("debtor_id",)),
    ],
)
def test_what_is_wrong_between_fields_is_named_beside_what_is_wrong_in_one_and_once(
    kind: str, fields: dict[str, Any], names: tuple[str, ...]
) -> None:
    said = detail(kind, **fields)
    for name in names:
        assert name in said
    assert said.count("is required where case_id is given") <= 1


@pytest.mark.parametrize("kind", SAMPLES)
def test_of_a_cloud_event_only_its_data_counts_whatever_stands_beside_it(kind: str) -> None:
    beside = {**event("survey"), "specversion": "1.0"}
    assert decode(orjson.dumps({**beside, "data": event(kind)})) == fact(kind)
    assert isinstance(decode(orjson.dumps({**event(kind), "specversion": "1.0", "data": {}})), Rejection)


@pytest.mark.parametrize("value", [b"k-1,2026-11-02,out\n", b"id,day,way\nk-1,2026-11-02,out\r\n", b"a,b,c\n1,2,3"])
def test_a_line_of_csv_is_known_with_its_end_and_beneath_its_head(value: bytes) -> None:
    found = decode(value)
    assert isinstance(found, Rejection)
    assert "CSV" in found.detail


@pytest.mark.parametrize("value", [b"hello", b"{'type':'call'}", b'{"type":"call"} x', b"[" * 100_000, b"Obj\x01abc"])
def test_what_is_no_json_is_said_without_a_parsers_words(value: bytes) -> None:
    found = decode(value)
    assert isinstance(found, Rejection)
    assert not re.search(r"Expecting|char [0-9]+\)|recursion|decoding|delimiter|Extra data", found.detail)
