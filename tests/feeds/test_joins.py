"""Joins (feeds 5): each sentence of the page. Rows here are `key time [word]`, times in seconds after an hour."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from stream.feeds.feed_run import FeedRun
from stream.feeds.given import RecordPlace
from stream.feeds.loading import load
from tests.feeds.runs import events_of

T0 = 1_792_000_000
HOUR = 3600
DAY = 24 * HOUR

JOINED = """
feed: joined
input: {format: delimited, delimiter: " ", columns: [key, at, word]}
join: {by: "word!='alone' && key", closes: "word=='close'", after: 1h, time: {path: at, as: epoch_s}MORE}
events:
  - when: rows
    type: bot_session
    fields:
      session_id: key
      occurred_at: {path: "rows[0].at", as: epoch_s}
      handed_over: open
      mandate_signed: {value: false}
      site_id: "join(',', rows[].word)"
  - when: "!rows"
    type: bot_session
    fields: {session_id: key, occurred_at: {path: at, as: epoch_s}, handed_over: {value: false},
             mandate_signed: {value: true}}
"""


class Story:
    """A join that rows are told to, and what it gives out at each."""

    def __init__(self, more: str = "", most_open: int = 100_000, mapping: str = JOINED) -> None:
        self.mapping = mapping.replace("MORE", more)
        self.run = FeedRun(load(self.mapping, "m.yaml"), most_open)
        self._line = 0

    def row(self, key: str, at: int, word: str = "w") -> list[tuple[str, int, str]]:
        self._line += 1
        self.run.take(RecordPlace("in", self._line), f"{key} {T0 + at} {word}".encode())
        return self.given()

    def end(self) -> list[tuple[str, int, str]]:
        self.run.end()
        return self.given()

    def given(self) -> list[tuple[str, int, str]]:
        events, refused = self.run.drain()
        assert not refused, refused
        read = [json.loads(event.json) for event in events]
        return [(e["session_id"], e["version"], e.get("site_id", "")) for e in read]


def started(**settings: Any) -> Story:
    """A join whose event time is 0: two keys agree on it."""
    story = Story(**settings)
    assert story.row("x", 0, "close") == [("x", 1, "close")]
    assert story.row("y", 0, "close") == [("y", 1, "close")]
    return story


@pytest.mark.parametrize("by", ["other", "`null`", "`false`", "''", "word=='never'"])
def test_a_record_whose_key_is_null_false_or_empty_goes_to_events_as_it_is(by: str) -> None:
    story = Story(mapping=JOINED.replace("\"word!='alone' && key\"", f'"{by}"'))
    assert story.row("a", 0) == [("a", 1, "")]


def test_rows_are_in_the_order_of_their_time_and_equal_times_as_they_came() -> None:
    story = Story()
    for at, word in ((5, "b"), (0, "a"), (5, "c")):
        assert story.row("k", at, word) == []
    assert story.end() == [("k", 3, "a,b,c")]


def test_a_join_is_open_until_a_row_closes_it() -> None:
    found = events_of(JOINED.replace("MORE", ""), [f"a {T0} w", f"b {T0} close"])
    assert {event["session_id"]: event["handed_over"] for event in found} == {"a": True, "b": False}


def test_a_row_equal_to_one_that_is_held_changes_nothing() -> None:
    story = started()
    assert story.row("k", 0, "a") == []
    assert story.row("k", 0, "a") == []
    assert story.row("k", 1, "close") == [("k", 2, "a,close")]
    assert story.row("k", 0, "a") == []
    assert story.row("k", 1, "close") == []
    assert story.end() == []


def test_a_row_that_closes_gives_the_join_out_with_all_its_rows() -> None:
    story = Story()
    story.row("k", 0, "a")
    assert story.row("k", 9, "close") == [("k", 2, "a,close")]


def test_event_time_gives_out_what_is_after_past_its_last_row() -> None:
    story = started()
    story.row("k", 10, "a")
    assert story.row("l", 10 + HOUR - 1) == []
    assert story.row("l", 10 + HOUR) == [("k", 1, "a")]


def test_the_row_in_hand_is_taken_in_first() -> None:
    story = started()
    story.row("k", 0, "a")
    assert story.row("k", 5 * HOUR, "b") == []
    assert story.row("l", 9 * HOUR) == [("k", 2, "a,b")]
    assert story.row("m", 2 * HOUR, "late") == [("m", 1, "late")]


def test_a_further_row_opens_it_again_to_be_given_out_with_all_rows() -> None:
    story = started()
    assert story.row("k", 0, "close") == [("k", 1, "close")]
    assert story.row("k", 1, "b") == []
    assert story.row("k", 2, "close") == [("k", 3, "close,b,close")]
    assert story.row("k", 3, "c") == []
    assert story.row("l", 3 + HOUR) == [("k", 4, "close,b,close,c")]
    story.row("k", 4 + HOUR, "d")
    assert story.end()[:1] == [("k", 5, "close,b,close,c,d")]


def test_what_was_given_out_after_ago_is_forgotten() -> None:
    story = started()
    story.row("k", 0, "close")
    story.row("l", HOUR)
    assert story.row("k", HOUR + 1, "close") == [("k", 1, "close")]


def test_at_the_end_of_the_input_what_is_open_is_given_out() -> None:
    story = Story()
    story.row("b", 0)
    story.row("a", 0)
    assert story.end() == [("b", 1, "w"), ("a", 1, "w")]
    assert story.end() == []


def test_an_event_may_map_its_own_version() -> None:
    mapping = JOINED.replace("session_id: key\n", "session_id: key\n      version: {value: 40}\n", 1)
    assert Story(mapping=mapping).row("k", 0, "close") == [("k", 40, "close")]


def test_one_wrong_clock_flushes_nothing_and_is_counted() -> None:
    story = started()
    story.row("k", 10)
    assert story.row("w", 30 * DAY) == []
    assert story.row("l", 20) == []
    assert (story.run.counts.clock_ahead, story.row("m", 30)) == (1, [])


def test_a_quiet_weekend_stops_nothing() -> None:
    story = started()
    story.row("k", 10, "a")
    assert story.row("l", 3 * DAY) == []
    assert story.row("m", 3 * DAY + 5) == [("k", 1, "a")]
    assert story.run.counts.clock_ahead == 0


def test_event_time_goes_to_the_earlier_of_two_rows_that_lie_ahead() -> None:
    story = started()
    story.row("k", 10, "a")
    story.row("w", 300 * DAY)
    assert story.row("l", 3 * DAY) == [("k", 1, "a")]
    assert story.row("m", 3 * DAY + HOUR) == [("l", 1, "w")]


def test_the_next_row_of_the_same_key_bears_nothing_out() -> None:
    story = started()
    story.row("k", 10)
    assert story.row("w", 30 * DAY) == []
    assert story.row("w", 30 * DAY + 1) == []
    assert story.row("l", 11) == []
    assert story.run.counts.clock_ahead == 2


def test_the_first_row_of_all_moves_event_time_only_with_another() -> None:
    story = Story()
    assert story.row("w", 300 * DAY, "close") == [("w", 1, "close")]
    assert story.row("a", 0) == []
    assert story.row("b", HOUR) == [("a", 1, "w")]


def test_ahead_may_be_another_span() -> None:
    story = started(more=", ahead: 2d")
    story.row("k", 10, "a")
    assert story.row("l", 2 * DAY) == [("k", 1, "a")]


def test_more_than_open_gives_out_the_one_whose_last_row_is_oldest() -> None:
    story = started(most_open=2)
    story.row("a", 5)
    story.row("b", 3)
    assert story.row("c", 9) == [("b", 1, "w")]
    assert story.row("a", 10) == []
    assert story.row("d", 11) == [("c", 1, "w")]
    assert story.run.counts.overflow == 2
    assert story.row("b", 12) == [("a", 2, "w,w")]


PARTS = """
feed: parts
input: {format: delimited, delimiter: " ", columns: [key, at, word, leg]}
join: {by: key, closes: "word=='close'", after: 1h, time: {path: at, as: epoch_s}, parts: {PARTS}}
events:
  - each: parts
    type: bot_session
    fields:
      session_id: "to_string(index)"
      occurred_at: {path: "item.rows[0].at", as: epoch_s}
      handed_over: {value: false}
      mandate_signed: {value: true}
      team_id: {path: item.key, default: none}
      site_id: "join(',', item.rows[].word)"
"""


def parts(given: str, rows: list[str]) -> list[tuple[str, str]]:
    lines = [f"k {T0 + at} {row}" for at, row in enumerate(rows)]
    return [(e["team_id"], e["site_id"]) for e in events_of(PARTS.replace("PARTS", given), lines)]


def test_parts_by_a_value_gather_its_rows_and_rows_without_it_are_in_none() -> None:
    assert parts("by: leg", ["a 1", "b 2", "c", "d 1"]) == [("1", "a,d"), ("2", "b")]


def test_parts_that_end_are_cut_after_each_row_that_satisfies_it() -> None:
    assert parts("ends: \"word=='e'\"", ["a", "e", "b", "c", "e", "d"]) == [
        ("none", "a,e"),
        ("none", "b,c,e"),
        ("none", "d"),
    ]


def test_a_row_without_a_readable_time_is_refused_alone_and_a_joined_record_as_one() -> None:
    run = FeedRun(load(JOINED.replace("MORE", ""), "m.yaml"))
    for line, text in enumerate([f"k {T0} a", "k x b", f"bad|key {T0} c", f"bad|key {T0 + 1} close"], 1):
        run.take(RecordPlace("in", line), text.encode())
    run.end()
    events, refused = run.drain()
    assert len(events) == 1
    assert [(each.field, each.place.line, each.raw) for each in refused] == [
        ("join.time", 2, True),
        ("session_id", 3, False),
    ]
    assert refused[0].value == b"k x b"
    assert [row["word"] for row in json.loads(refused[1].value)["rows"]] == ["c", "close"]


ROWS = some.lists(
    some.tuples(some.sampled_from("abcde"), some.integers(0, 4 * HOUR), some.sampled_from(["w", "v", "close"])),
    max_size=30,
)


@given(rows=ROWS, cut=some.integers(0, 30))
def test_a_run_that_is_put_back_goes_on_as_if_nothing_had_been(rows: list[tuple[str, int, str]], cut: int) -> None:
    whole, first, second = Story(), Story(), Story()
    wanted = [given for row in rows for given in whole.row(*row)] + whole.end()
    found = [given for row in rows[:cut] for given in first.row(*row)]
    state = first.run.state()
    second.run.restore(state)
    assert second.run.state() == state
    found += [given for row in rows[cut:] for given in second.row(*row)] + second.end()
    assert found == wanted


@given(rows=ROWS)
def test_what_is_read_again_from_the_oldest_row_gives_nothing_new_of_what_is_whole(
    rows: list[tuple[str, int, str]],
) -> None:
    story = Story()
    for row in rows:
        story.row(*row)
    held = json.loads(story.run.state())["joins"]
    assert story.run.oldest == (RecordPlace("in", min(join[4][1] for join in held)) if held else None)


@given(rows=ROWS)
def test_the_last_version_of_each_key_holds_all_its_rows_where_all_lie_within_after(
    rows: list[tuple[str, int, str]],
) -> None:
    near = [(key, at // 10, word) for key, at, word in rows]
    story = Story()
    given = [each for row in near for each in story.row(*row)] + story.end()
    last = {key: version for key, version, _ in given}
    assert last == {key: len({row for row in near if row[0] == key}) for key, _, _ in near}


def test_a_state_of_another_feed_is_refused_in_one_line() -> None:
    for state in (b'{"feed":"other"}', b"nonsense", b"[]", b'{"feed":"joined"}'):
        with pytest.raises(ValueError, match="state"):
            Story().run.restore(state)
