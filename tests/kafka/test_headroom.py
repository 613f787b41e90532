"""Who answers a dialler (conduct 5): the worker that has the debtor's number open; else who has it, or why not."""

from __future__ import annotations

import json
import sys
from typing import Any, cast

import pytest

from stream.conduct.headroom import Query
from stream.engine.deltas.delta import STATEMENT_KEY
from stream.http.access import access_of
from stream.publish.headroom import Answer, Elsewhere, NotYet, QueryError, queries_of, query_of
from stream.settings import load
from stream.worker.assignments import Assignments
from stream.worker.headroom import SWITCH_S, WorkerHeadroom, advertised_url
from tests.kafka.on_bench import DEBTOR, DELTAS, Bench
from tests.kafka.records import NOON_MS, FakeRecord, debtor_of

OWN = "http://worker-1:6066"


class Task:
    """A partition task, as far as headroom looks at it."""

    def __init__(self, work: object, *, is_open: bool = True) -> None:
        self.work = work
        self.is_open = is_open


class Assigned:
    """Assignments of number 1 alone."""

    def __init__(self, task: Task | None, *, assigned: bool = True) -> None:
        self.assigned = assigned
        self._task = task

    def task(self, stage: int, partition: int) -> Task | None:
        return self._task if (stage, partition) == (1, 1) else None


def asked(bench: Bench, assigned: Assigned, debtor: str, url: str | None = None) -> Answer:
    headroom = WorkerHeadroom()
    headroom.own_url = OWN
    headroom.has(bench.setup, cast("Assignments", assigned), lambda _: url)
    return headroom(Query(debtor, NOON_MS))


def call(offset: int, minutes: int, agent: str | None = None) -> FakeRecord:
    at = f"2024-01-01T{12 + minutes // 60}:{minutes % 60:02}:00Z"
    event = {
        "type": "call", "event_id": f"e-{offset}", "occurred_at": at, "debtor_id": DEBTOR, "call_id": f"k-{offset}",
        "direction": "outbound", "outcome": "no_answer", "ended_at": at, "agent_id": agent,
    }  # fmt: skip
    return FakeRecord(offset, json.dumps(event).encode(), DEBTOR.encode(), timestamp=NOON_MS)


def test_the_owner_answers_by_what_is_applied_committed_or_not_and_says_how_fresh_it_is() -> None:
    twice = {"rule": "twice", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 2}
    bench = Bench(CONDUCT__RULES=json.dumps([twice | {"window": {"days": 1}}]))
    before = asked(bench, Assigned(Task(bench.work)), DEBTOR)
    assert isinstance(before, dict)
    assert (before["allowed"], before["known_until"]) == (True, None)
    bench.feed(call(0, -1), call(1, 0))
    after = asked(bench, Assigned(Task(bench.work)), DEBTOR)
    assert isinstance(after, dict)
    assert (after["allowed"], after["rules"][0]["count"]) == (False, 2)
    assert after["allowed_from"] == "2024-01-02T11:59:00Z"


def test_once_diallers_ask_no_thread_keeps_the_interpreter_from_the_loop_for_long() -> None:
    bench, before = Bench(), sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        asked(bench, Assigned(None), DEBTOR)
        assert sys.getswitchinterval() == pytest.approx(0.005)  # nobody was answered
        asked(bench, Assigned(Task(bench.work)), DEBTOR)
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    finally:
        sys.setswitchinterval(before)


def test_while_diallers_ask_the_deltas_of_a_commit_are_made_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.partition.debtors.DELTAS_AT_ONCE", 16)
    bench = Bench()
    bench.feed(*(call(number, number, f"a-{number}") for number in range(5)))
    asked(bench, Assigned(Task(bench.work)), DEBTOR)
    parts = 0
    while bench.work.prepare():
        parts += 1
        assert not bench.work.step()
        assert bench.work.due(60_000)
    assert parts == 3  # two at a time of five agents, their team and their site
    commit = bench.work.commit()
    sent = [line.key for (topic, _), lines in commit.outgoing.items() if topic == DELTAS for line in lines]
    entities = sorted(key.decode() for key in sent if key is not None and key != STATEMENT_KEY)
    assert entities == sorted(["main|site|main", "main|team|unassigned", *(f"main|agent|a-{n}" for n in range(5))])


def test_while_a_number_is_restored_or_shared_out_nobody_answers_and_another_number_is_named() -> None:
    bench = Bench()
    other = debtor_of(2, 4)
    closed = Assigned(Task(bench.work, is_open=False))
    assert asked(bench, closed, DEBTOR) == NotYet(1, OWN, "partition 1 is being restored")
    nobody = asked(bench, Assigned(None, assigned=False), DEBTOR)
    assert isinstance(nobody, NotYet)
    assert nobody.worker is None
    assert asked(bench, closed, other, "http://worker-2:6066") == Elsewhere(2, "http://worker-2:6066")
    assert asked(bench, closed, other) == Elsewhere(2, None)
    assert asked(bench, closed, other, OWN) == Elsewhere(2, None)  # two workers that say the same address
    assert isinstance(WorkerHeadroom()(Query(DEBTOR, NOON_MS)), NotYet)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ([], "debtor: is missing"),
        ([("debtor", "")], "debtor: is not a name: 1-256 printable characters without '|'"),
        ([("debtor", "d"), ("debtor", "e")], "debtor: is there twice"),
        ([("debtor", "d"), ("when", "now")], "when: no such name; there are debtor, at, case, number, site"),
        (
            [("debtor", "d"), ("at", "noon")],
            "at: is no RFC 3339 instant with offset; an example is 2026-11-02T15:00:00Z",
        ),
        ([("debtor", "d"), ("case", "a|b")], "case: is not a name: 1-256 printable characters without '|'"),
        ([("debtor", 7)], "debtor: is not a text"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(named: list[tuple[str, object]], why: str) -> None:
    with pytest.raises(QueryError) as caught:
        query_of(named, 0)
    assert str(caught.value) == why


def test_many_questions_are_read_in_their_order_and_the_first_wrong_one_is_named() -> None:
    asked_for = [{"debtor": "b", "case": None}, {"debtor": "a", "at": "2024-01-01T12:00:00Z"}]
    read = queries_of(json.dumps(asked_for).encode(), 7)
    assert read == [Query("b", 7), Query("a", NOON_MS)]
    bad: list[tuple[Any, str]] = [
        ({}, "the body is not an array of objects"), ([1], "[0]: is not an object"),
        ([{"debtor": "d"}, {}], "[1]: debtor: is missing"),
        ([{"debtor": "d"}] * 1_001, "the body asks 1001 questions, more than 1000"),
    ]  # fmt: skip
    for body, why in bad:
        with pytest.raises(QueryError) as caught:
            queries_of(json.dumps(body).encode(), 0)
        assert str(caught.value) == why
    with pytest.raises(QueryError, match="the body is not JSON"):
        queries_of(b"[", 0)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "http://127.0.0.1:7000"),
        ({"HTTP__HOST": "::1"}, "http://[::1]:7000"),
        ({"HTTP__HOST": "worker-3", "HTTP__OPEN": "a test"}, "http://worker-3:7000"),
        (
            {"HTTP__HOST": "0.0.0.0", "HTTP__OPEN": "a test", "HTTP__ADVERTISED_URL": "https://dial.example:443/"},
            "https://dial.example:443",
        ),
    ],
)
def test_a_worker_is_known_by_the_address_that_it_listens_on_or_advertises(variables: dict[str, str], url: str) -> None:
    settings = load(None, {f"KPI_STREAM_{name}": value for name, value in variables.items()})
    assert advertised_url(settings, access_of(settings), 7_000) == url
