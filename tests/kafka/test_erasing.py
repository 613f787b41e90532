"""Who erases a debtor, and when: the owner of the partition, once, in the transaction that says so (ADR 0105). No
broker."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from stream.engine.debtors.erasure import Asked, Done, Erasure, NotErased, encode_erasure, read_erasure, subject_of
from stream.kafka.writer import Written
from stream.partition.positions import KEY
from stream.partition.work import Commit
from stream.worker.assignments import Assignments
from stream.worker.erasures import Erasures
from tests.kafka.on_bench import CALLS, DEBTOR, LEDGER, PREFIX, Bench, sent
from tests.kafka.records import debtor_of, record

ERASURES, CONDUCT = f"{PREFIX}.kpi-stream.erasures", f"{PREFIX}.conduct.v1"
TWICE = {"rule": "once", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 1, "window": {"days": 1}}
SALT = "5" * 32


def asked(debtor: str = DEBTOR, number: int = 1, **fields: Any) -> Asked:
    given: dict[str, Any] = {
        "id": f"{number:032x}", "by": "Li Na", "asked_at": "2026-11-02T08:00:00Z", "salt": SALT,
        "subject": subject_of(SALT, debtor), "partition": 1, "partitions": 4,
    }  # fmt: skip
    return Asked(**given | fields)


def waits(bench: Bench) -> bool:
    """Whether the next commit erases somebody."""
    return bench.work.erasing.waiting


def said(commit: Commit) -> list[Erasure]:
    return [read_erasure(*line) for line in sent(commit, ERASURES, 1)]


def test_facts_leave_the_ledger_in_the_transaction_that_records_it() -> None:
    bench = Bench()
    other = debtor_of(1, 4, skip=1)
    bench.feed(record(0, 1_000, DEBTOR), record(1, 2_000, DEBTOR), record(2, 3_000, other))
    bench.commit()
    bench.work.erasing.ask(asked(reason="by letter"))
    assert bench.work.due(0)
    commit = bench.commit()
    ledger = sent(commit, LEDGER, 1)
    assert {key for key, value in ledger if value is None} == {f"{DEBTOR}|cc-{n}".encode() for n in (0, 1)}
    assert ledger[-1][0] == KEY
    (done,) = said(commit)
    assert isinstance(done, Done)
    assert (done.facts, done.by, done.reason, done.conduct) == ({"call": 2}, "Li Na", "by letter", None)
    assert (done.first, done.last) == ("2024-01-01T12:00:01Z", "2024-01-01T12:00:02Z")
    assert done.through == "2024-01-01T12:00:03Z"
    assert done.offsets[CALLS] == 3
    assert DEBTOR.encode() not in b"".join(value or b"" for _, value in sent(commit, ERASURES, 1))
    assert not waits(bench)
    assert not said(bench.commit())


def test_a_debtor_of_whom_nothing_is_held_is_recorded_all_the_same() -> None:
    bench = Bench()
    bench.work.erasing.ask(asked("nobody"))
    (done,) = said(bench.commit())
    assert isinstance(done, Done)
    assert (done.facts, done.first, done.through) == ({}, None, None)


def test_what_the_topic_of_conduct_holds_goes_too_be_it_old_or_just_written() -> None:
    bench = Bench(CONDUCT__RULES=json.dumps([TWICE]))
    bench.feed(record(0, 0, DEBTOR), record(1, 1_000, DEBTOR))
    # Not yet committed where whoever looks through the topic begins: it is in no answer, and must go all the same.
    first = {key for key, _ in sent(bench.work.commit(), CONDUCT, 1)}
    bench.work.erasing.announce()
    bench.feed(record(2, 2_000, DEBTOR))
    second = {key for key, _ in sent(bench.commit(), CONDUCT, 1)}
    old = f"B|{DEBTOR}|gone||call|x"
    bench.work.erasing.ask(asked(), [old])
    commit = bench.commit()
    gone = sent(commit, CONDUCT, 1)
    assert {value for _, value in gone} == {None}
    assert {key for key, _ in gone} == {*first, *second, old.encode()}
    assert first
    assert second - first
    (done,) = said(commit)
    assert isinstance(done, Done)
    assert done.conduct == len(gone)


def test_an_erasure_that_was_asked_for_before_the_partitions_were_grown_is_refused() -> None:
    bench = Bench()
    bench.feed(record(0, 0, DEBTOR))
    bench.work.erasing.ask(asked(partitions=2))
    (refused,) = said(bench.commit())
    assert isinstance(refused, NotErased)
    assert "there were 2 partitions" in refused.why
    assert bench.engine.keys() == 1


def test_a_failure_erases_nothing_stops_nobody_and_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.feed(record(0, 0, DEBTOR))
    bench.commit()

    def fails(*_: object) -> None:
        raise ZeroDivisionError("deliberately")

    monkeypatch.setattr("stream.engine.debtors.removal.Removal.erase", fails)
    bench.work.erasing.ask(asked())
    commit = bench.commit()
    (refused,) = said(commit)
    assert isinstance(refused, NotErased)
    assert refused.why == "internal: ZeroDivisionError; nothing was erased"
    assert [key for key, _ in sent(commit, LEDGER, 1)] == [KEY]
    assert not bench.ends


def test_who_begins_to_read_anew_is_asked_anew() -> None:
    bench = Bench()
    bench.work.erasing.ask(asked())
    bench.work.resume(dict.fromkeys(bench.work.topics, (0, 2)))
    assert not waits(bench)


# who hands it in ------------------------------------------------------------------------------------------------------


class Topic:
    """A partition of the erasures topic as its reader sees it."""

    def __init__(self) -> None:
        self.read = 0
        self.end = 0

    async def position(self, _: TopicPartition) -> int:
        return self.read

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, self.end)


class Follower:
    """What follows the topic, with one partition that is open here."""

    def __init__(self, bench: Bench) -> None:
        self.topic = Topic()
        self.task = SimpleNamespace(work=bench.work, is_open=True, opened_ms=1, wake=lambda: None)
        roster = SimpleNamespace(task=lambda stage, number: self.task if (stage, number) == (1, 1) else None)
        self.erasures = Erasures(bench.setup, cast("Assignments", roster))

    def hears(self, erasure: Erasure) -> None:
        self.topic.read += 1
        self.topic.end = max(self.topic.end, self.topic.read)
        self.erasures._heard(1, *encode_erasure(erasure))

    def hands_in(self) -> None:
        asyncio.run(self.erasures._hand_in(cast("Any", self.topic), 1))


def done(of: Asked) -> Done:
    return Done(
        **of.model_dump(exclude={"state"}), done_at="2026-11-02T08:00:01Z", through=None, facts={}, first=None,
        last=None, conduct=None, offsets={},
    )  # fmt: skip


def test_what_is_asked_for_is_handed_in_once_in_each_life_of_the_partition() -> None:
    bench = Bench()
    follower = Follower(bench)
    follower.hears(asked())
    follower.hands_in()
    assert waits(bench)
    bench.commit()
    follower.hands_in()  # its record is not read yet
    assert not waits(bench)
    follower.task.opened_ms = 2  # the transaction was lost, and the partition opened anew
    follower.hands_in()
    assert waits(bench)


def test_a_partition_that_comes_is_asked_for_nothing_that_its_former_owner_did() -> None:
    bench = Bench()
    follower = Follower(bench)
    follower.task.is_open = False
    follower.hears(asked())
    follower.hands_in()
    assert not waits(bench)
    follower.topic.end = 2  # the record of the former owner lies there and was not read
    follower.task.is_open = True
    follower.hands_in()
    assert not waits(bench)
    follower.hears(done(asked()))
    follower.hands_in()
    assert not waits(bench)
    follower.hears(asked())  # sent twice by a client that had no answer
    follower.hears(asked(number=2))
    follower.hands_in()
    commit = bench.work.commit()
    commit.then(Written({}, None))
    assert [each.id for each in said(commit)] == [asked(number=2).id]


def test_a_record_that_is_no_erasure_is_left_alone() -> None:
    bench = Bench()
    follower = Follower(bench)
    for key, value in ((b"x", b"{"), (None, b"[]"), (b"x", None), (b"y", encode_erasure(asked())[1])):
        follower.erasures._heard(1, key, value)
    assert not follower.erasures._asked
