"""JMESPath as feeds use it (feeds 2): each sentence of the page."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stream.feeds.doubts import doubts
from stream.feeds.expressions import compiled
from stream.feeds.loading import MappingError, load
from tests.feeds.runs import CALL, RECORD, events_of, refusals_of, run_of, with_field

LEGS = """
feed: legs
input: {format: json}
events:
  - each: legs
    when: WHEN
    type: call
    fields:
      call_id: item.id
      occurred_at: {path: record.start, as: epoch_s}
      ended_at: {path: record.start, as: epoch_s}
      direction: {value: inbound}
      outcome: {value: human}
      queue_id: "to_string(index)"
      agent_id: previous.id
"""


def test_each_gives_an_event_per_item_that_sees_record_item_index_and_previous() -> None:
    events = events_of(LEGS.replace("WHEN", "item"), [{"start": 1792000000, "legs": [{"id": "a"}, {"id": "b"}]}])
    assert [(e["call_id"], e["queue_id"], e.get("agent_id")) for e in events] == [("a", "0", None), ("b", "1", "a")]


def test_when_is_asked_per_item_after_numbering() -> None:
    mapping = LEGS.replace("WHEN", "index != `0`")
    events = events_of(mapping, [{"start": 1792000000, "legs": [{"id": "a"}, {"id": "b"}]}])
    assert [(e["call_id"], e["queue_id"], e["agent_id"]) for e in events] == [("b", "1", "a")]


def test_each_of_null_is_an_empty_list_and_what_is_no_list_refuses_the_record() -> None:
    run = run_of(LEGS.replace("WHEN", "item"), [{"legs": None}, {}, {"legs": "x"}])
    assert run.counts.unused == 2
    assert [each.detail for each in run.drain()[1]] == ["events[0].each: 'x' is no list"]


def test_all_events_whose_when_is_true_are_given() -> None:
    second = (
        CALL[CALL.index("  - type") :].replace("type: call", "when: again\n    type: call").replace("id: id", "id: id2")
    )
    record = RECORD | {"id2": "d1", "again": True}
    assert [e["call_id"] for e in events_of(CALL + second, [record, record | {"again": False}])] == ["c1", "d1", "c1"]


def test_an_expression_that_fails_on_a_record_refuses_it_and_names_the_key() -> None:
    assert refusals_of(CALL.replace("type: call", "when: contains(a, 'x')\n    type: call"), [RECORD])[0].startswith(
        "events[0].when: contains(a, 'x') fails on this record: In function contains()"
    )
    assert refusals_of(with_field("agent_id", "length(who)"), [RECORD])[0].startswith("agent_id: length(who) fails")


@pytest.mark.parametrize("expression", ["name > `3`", "'b' > 'a'", "`3` < name", "n >= name"])
def test_less_and_greater_take_only_numbers(expression: str) -> None:
    assert compiled(expression).evaluate({"name": "5", "n": 3}) is None


@pytest.mark.parametrize(
    ("expression", "found"),
    [("n > `0`", True), ("'0' && 'yes'", "yes"), ("n == '1'", False), ("!a.b", None), ('"CALL ID"', 5), ("'x'", "x")],
)
def test_the_traps_are_as_the_page_says(expression: str, found: object) -> None:
    assert compiled(expression).evaluate({"n": 1, "a": {"b": True}, "CALL ID": 5}) == found


@pytest.mark.parametrize(
    "expression", ["!a.b", "a[?x] | [0] || b", "x && `null` || y", 'state == "ended"', '"ended" != state', "!a.b || c"]
)
def test_a_trap_is_a_warning(expression: str) -> None:
    assert len([*doubts(expression)]) == 1


@pytest.mark.parametrize(
    "expression",
    ["!(a.b)", "(a[?x] | [0]) || b", "x && y || z", "state == 'ended'", "\"CALL ID\" == '5'", "f(a | b, c || d)"],
)
def test_what_is_no_trap_is_none(expression: str) -> None:
    assert [*doubts(expression)] == []


@pytest.mark.parametrize("expression", ["a..b", "nope(a)", "contains(a)", "a |", "a[?"])
def test_what_does_not_parse_is_an_error_of_the_mapping(expression: str) -> None:
    with pytest.raises(MappingError, match=r"m.yaml: events\[0\].fields.agent_id.path: "):
        load(with_field("agent_id", f"{{path: '{expression}'}}"), "m.yaml")


PLAIN = some.sampled_from(
    [
        "a",
        "a.b",
        "a.b.c",
        "a[0]",
        "a[-1].b",
        "a[1][0]",
        "@",
        "a == 'x'",
        "a.b != 'x'",
        "a && b",
        "a || b.c",
        "a && b == 'x'",
    ]
)
VALUES = some.recursive(
    some.sampled_from([None, True, False, 0, 1, "", "x", 2.5]),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(expression=PLAIN, value=VALUES)
def test_what_is_read_without_the_library_is_what_the_library_says(expression: str, value: Any) -> None:
    assert compiled(expression).evaluate(value) == jmespath.search(expression, value)
