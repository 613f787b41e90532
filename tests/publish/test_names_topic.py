"""Names told by a topic: the latest of each key counts, and a record that is none changes nothing and stops nobody."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from stream.kafka.acls import least_acls
from stream.kafka.topics import wanted_topics
from stream.publish.latest_records import LatestRecords
from stream.publish.names_topic import MOST_NAMES, NamesOfTopic
from stream.publish.people import People
from stream.publish.topic_reader import TopicReader
from stream.settings import load
from stream.settings.board import LEVELS, NamesOfIds
from tests.publish.people_records import named

NAMED = {"KPI_STREAM_BOARD__NAMES_TOPIC": "true"}
CARD = (
    "{scorecard: c, version: 1, from: 2026-01-01, level: agent, period: month, only_one: x, "
    "components: [{component: d, kpi: dials, weight: 1, scoring: {steps: [[0, 2]]}}]}"
)
SCHEMES = {"KPI_STREAM_SCORECARDS": f"[{CARD}]"}
CONDUCT = {"KPI_STREAM_CONDUCT": "{packs: [us_reg_f]}"}


@pytest.mark.parametrize("level", LEVELS)
def test_the_latest_name_of_an_id_counts_until_it_is_taken_back(level: str) -> None:
    names = NamesOfTopic()
    for record in (named(level=level), named(level=level, name="李伟", since=2019)):
        names.put(*record)
    assert names.names.of(level, "a-017") == "李伟"
    names.put(named(level=level)[0], None)
    assert names.names.of(level, "a-017") is None
    names.put(named(level=level)[0], None)  # twice is once


def test_the_team_of_an_agent_is_that_of_the_latest_record() -> None:
    names = NamesOfTopic()
    names.put(*named(team="t-3"))
    assert dict(names.names.teams) == {"a-017": "t-3"}
    names.put(*named())
    assert dict(names.names.teams) == {}
    names.put(*named(team="t-4"))
    names.put(named()[0], None)
    assert dict(names.names.teams) == {}


WRONG = {
    "no JSON": (b"agent|a-017", b"Li Wei"),
    "an array": (b"agent|a-017", b"[]"),
    "no key": (None, named()[1]),
    "a key of another id": (b"agent|a-018", named()[1]),
    "a key of no level": (b"boss|a-017", None),
    "a key without a level": (b"a-017", named()[1]),
    "a key that is no text": (b"\xff|a", None),
    "a level that is none": (b"agent|a-017", json.dumps({"level": "boss", "id": "a-017", "name": "x"}).encode()),
    "no name": named(name=""),
    "spaces for a name": named(name="  "),
    "two lines": named(name="a\nb"),
    "a long name": named(name="x" * 201),
    "a number for a name": (b"agent|a-017", b'{"level":"agent","id":"a-017","name":7}'),
    "a team of a team": named("t-3", level="team", team="t-4"),
    "no team's id": named(team="a|b"),
}


@pytest.mark.parametrize("record", WRONG.values(), ids=WRONG)
def test_a_record_that_is_no_name_is_counted_and_changes_nothing(record: tuple[bytes | None, bytes | None]) -> None:
    people = People()
    people.on_name(*named(name="Before"))
    people.on_name(*record)
    assert people.unreadable == 1
    assert people.names.of("agent", "a-017") == "Before"


PLAIN = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
ANY = st.none() | st.binary() | JSON.map(lambda each: json.dumps(each).encode())


def keys() -> SearchStrategy[bytes | None]:
    return ANY | st.just(b"agent|a-017")


@given(st.lists(st.tuples(keys(), ANY), max_size=20))
def test_no_record_stops_anybody(records: list[tuple[bytes | None, bytes | None]]) -> None:
    latest = LatestRecords({})
    for record in records:
        latest.on_name(*record)
    latest.on_name(*named())
    assert latest.people.names.of("agent", "a-017") == "Li Wei"
    assert latest.refused <= len(records)
    assert latest.changes == len(records) + 1


def test_no_topic_takes_more_memory_than_so_many_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.publish.names_topic.MOST_NAMES", 2)
    assert MOST_NAMES == 200_000
    names = NamesOfTopic()
    names.put(*named("a-1"))
    names.put(*named("a-2"))
    with pytest.raises(ValueError, match="there are 2 names already"):
        names.put(*named("a-3"))
    names.put(*named("a-2", "Anna"))
    assert names.names.of("agent", "a-2") == "Anna"


def test_what_the_file_says_stands_over_what_the_topic_says() -> None:
    people = People()
    people.on_name(*named(name="of the topic", team="t-1"))
    people.names = NamesOfIds({("agent", "a-017"): "of the file"}, {"a-017": "t-2"})
    people.on_name(*named("a-018", name="of the topic"))
    assert [people.names.of("agent", agent) for agent in ("a-017", "a-018", "a-019")] == [
        "of the file", "of the topic", None,
    ]  # fmt: skip
    assert people.team_of("main", "a-017") == "t-2"
    people.names = NamesOfIds()  # the file is empty now
    assert people.names.of("agent", "a-017") == "of the topic"
    assert people.team_of("main", "a-017") == "t-1"


@pytest.mark.parametrize("more", [{}, NAMED, SCHEMES, CONDUCT, NAMED | SCHEMES | CONDUCT])
def test_a_board_may_read_what_it_reads_and_nothing_else(more: dict[str, str]) -> None:
    settings = load(environ=more)
    reads = {acl.name for acl in least_acls("board", settings) if acl.operation == "Read"}
    assert reads == set(TopicReader(settings, LatestRecords({})).topics)
    assert reads <= {topic.name for topic in wanted_topics(settings)}


@pytest.mark.parametrize(("more", "there"), [({}, False), (NAMED, True)])
def test_the_topic_is_wanted_where_the_configuration_names_it(more: dict[str, str], there: bool) -> None:
    topics = {topic.name: topic for topic in wanted_topics(load(environ=more))}
    assert ("collections.names.v1" in topics) is there
    if there:
        assert topics["collections.names.v1"].config["cleanup.policy"] == "compact"
