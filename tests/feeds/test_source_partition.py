"""Wherever a feed of a topic is broken off, the one that goes on gives exactly what is missing (ADR 0062)."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from stream.feed_kafka.errors import TooManyRefused
from stream.feed_kafka.position import MOST_METADATA, SourcePosition, position_of
from stream.feed_kafka.source_partition import Given, SourcePartition
from stream.feeds.given import GivenEvent
from stream.kafka.writer import Line
from stream.settings.document import LimitsSection
from tests.feeds.pbx import MAPPING, NOON_S, PLAIN, feed, rows, undisturbed
from tests.kafka.records import FakeRecord

START = SourcePosition(0, 0, 0)


def records(lines: Sequence[bytes | None], first: int = 0) -> list[FakeRecord]:
    return [FakeRecord(offset, line, b"k%d" % offset) for offset, line in enumerate(lines, first)]


def partition(at: SourcePosition = START, text: str = MAPPING, limits: LimitsSection | None = None) -> SourcePartition:
    return SourcePartition(
        feed(text), "pbx", 3, at, most_open=100_000, limits=limits or LimitsSection(), deadletter_bytes=1_000_000
    )


def all_of(source: SourcePartition) -> list[Given]:
    given = []
    while source.busy:
        given.append(source.step())
    return given


@settings(max_examples=150)
@given(calls=some.integers(5, 60), seed=some.integers(0, 9_999))
def test_what_successors_give_together_is_what_one_would_have_given(calls: int, seed: int) -> None:
    """Each runner commits some pieces and is killed in one that is lost; the next begins where the commit says."""
    chance = Random(seed)
    lines = rows(calls, seed=seed, wrong=2)
    for number in range(chance.randrange(3)):  # a clock that is days ahead
        ahead_s = NOON_S + chance.randrange(2, 9) * 86_400
        lines.insert(chance.randrange(len(lines)), b"%d|w%d|NONE|ENTER" % (ahead_s, number))
    log = records(lines)
    events: list[GivenEvent] = []
    letters: list[Line] = []
    at = START
    feed_name = feed().name
    while at.through < len(log):
        source = partition(at)
        rest = log[at.begin :]
        commits = chance.randrange(1, 4)
        while rest and commits:
            size = chance.randrange(1, 40)
            if chance.random() < 0.2:  # let go with something fetched, and given back to the same runner
                source.feed(rest[:size], rest[:size][-1].offset + 1)
                source.rest()
                assert source.next_offset == rest[0].offset
            piece, rest = rest[:size], rest[size:]
            source.feed(piece, piece[-1].offset + 1)
            for one in all_of(source):
                if one.position is not None:
                    commits = max(0, commits - 1)
                    events += one.events
                    letters += one.letters
                    at = position_of(one.position.offset, one.position.metadata(feed_name), feed_name)
        if rest:
            source.feed(rest[:7], rest[:7][-1].offset + 1)
            all_of(source)  # given, and never committed
    wanted, refused = undisturbed(lines)
    assert events == wanted
    assert len(letters) == len(refused) == 2


def test_the_committed_offset_is_the_oldest_row_that_a_join_still_needs() -> None:
    lines = [
        b"%d|a|NONE|ENTER" % NOON_S,
        b"%d|b|NONE|ENTER" % (NOON_S + 5),
        b"%d|a|NONE|ABANDON" % (NOON_S + 9),  # given out, and open again should a row follow
        b"%d|c|NONE|ENTER" % (NOON_S + 604),
        b"%d|c|NONE|ABANDON" % (NOON_S + 609),  # a was given out `after` ago; b was given out just now
        b"%d|d|NONE|ENTER" % (NOON_S + 1_300),  # all others are over
    ]
    source = partition()
    offsets = []
    for record in records(lines):
        source.feed([record], record.offset + 1)
        (given,) = all_of(source)
        assert given.position is not None
        assert given.position.through == record.offset + 1
        assert given.position.begin <= given.position.offset
        offsets.append(given.position.offset)
    assert offsets == [0, 0, 0, 0, 1, 5]


def test_without_a_join_the_committed_offset_is_the_next_record_and_says_everything() -> None:
    source = partition(text=PLAIN)
    good = b'{"id":"s%d","score":5,"at":1792000000,"debtor":"d-1"}'
    log = records([good % 1, None, b"{", good % 2])
    source.feed(log, 9)
    (given,) = all_of(source)
    assert [event.key for event in given.events] == ["d-1", "d-1"]
    assert given.position is not None
    assert (given.position.offset, given.position.begin, given.position.through) == (9, 9, 9)
    (letter,) = given.letters
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"k2", b"{")
    assert (headers["reason"], headers["topic"], headers["partition"], headers["offset"]) == (
        b"malformed", b"pbx", b"3", b"2",
    )  # fmt: skip


def test_a_clock_that_is_wrong_flushes_nothing_before_and_after_a_crash() -> None:
    wrong = b"%d|w|NONE|ENTER" % (NOON_S + 40 * 86_400)
    lines = [b"%d|a|NONE|ENTER" % NOON_S, b"%d|b|NONE|ENTER" % (NOON_S + 1), wrong]
    lines += [b"%d|a|PJSIP/201|CONNECT" % (NOON_S + 20), b"%d|a|NONE|COMPLETE" % (NOON_S + 30)]
    log = records(lines)
    first = partition()
    first.feed(log[:3], 3)
    (given,) = all_of(first)
    assert not given.events
    assert given.position is not None
    at = position_of(given.position.offset, given.position.metadata("pbx"), "pbx")
    second = partition(at)
    second.feed(log[at.begin :], 5)
    events = [event for each in all_of(second) for event in each.events]
    assert [event.json for event in events] == [event.json for event in undisturbed(lines)[0]]
    assert [event.key for event in events] == ["a"]
    assert b'"human"' in events[0].json


def test_too_much_that_is_refused_stops_the_feed_and_a_new_start_stops_at_the_same_record() -> None:
    limits = LimitsSection(deadletter_run=5)
    log = records([b"{"] * 3 + [b"["] * 5)
    source = partition(text=PLAIN, limits=limits)
    source.feed(log[:3], 3)
    (given,) = all_of(source)
    assert given.position is not None
    at = position_of(3, given.position.metadata("plain"), "plain")
    for _ in range(2):
        again = partition(at, PLAIN, limits)
        again.feed(log[3:], 8)
        with pytest.raises(TooManyRefused, match=r"pbx-3 offset 4: 5 records in a row.*limits\.deadletter_run"):
            again.step()


@pytest.mark.parametrize(
    "metadata",
    ["", "text", "[]", "{}", "null", '{"f":1,"feed":"other","offset":7,"through":9}',
     '{"f":1,"feed":"pbx","offset":6,"through":9}', '{"f":1,"feed":"pbx","offset":7,"through":"9"}',
     '{"f":1,"feed":"pbx","offset":7,"through":5}', '{"f":1,"feed":"pbx","offset":7,"through":9,"clock":3}'],
)  # fmt: skip
def test_metadata_that_are_not_this_feeds_say_nothing(metadata: str) -> None:
    assert position_of(7, metadata, "pbx") == SourcePosition(7, 7, 7)


def test_a_position_survives_its_metadata_and_is_small() -> None:
    at = SourcePosition(7, 5, 9, '{"clock":1}', ((1, 2, 3), (0, 5, 0)))
    assert position_of(7, at.metadata("pbx"), "pbx") == at
    source = partition()
    lines = rows(400)
    for record in records(lines):
        source.feed([record], record.offset + 1)
        (given,) = all_of(source)
        assert given.position is not None
        assert len(given.position.metadata("pbx")) <= MOST_METADATA
