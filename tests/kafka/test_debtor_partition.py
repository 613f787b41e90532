"""Laws of what stage 1 of a number commits (live 1, 3 and 6; internals 4 and 6). No broker."""

import orjson
import pytest

from stream.engine.deltas.delta import STATEMENT_KEY
from stream.kafka.exits import Exit
from stream.kafka.writer import Written
from stream.partition.debtors import DEAD_BYTES_IN_HAND, IN_HAND, SLICE
from stream.partition.positions import KEY, Position, Positions, decode
from tests.kafka.on_bench import CALLS, DEAD, DEBTOR, DELTAS, LEDGER, PAYMENTS, Bench, sent
from tests.kafka.records import NOON_MS, FakeRecord, batch, call, debtor_of, record


def test_a_commit_holds_the_ledger_the_deltas_the_statements_and_the_offsets() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR), record(1, 2_000, DEBTOR))
    commit = bench.commit()
    ledger = sent(commit, LEDGER, 1)
    assert len(ledger) == 3
    assert ledger[-1][0] == KEY  # last: whoever reads the state up to here has all that it counts
    positions = decode(ledger[-1][1] or b"")
    assert positions.tps[CALLS] == Position(2, NOON_MS + 2_000, stamp_ms=NOON_MS)
    assert (positions.partitions, positions.deltas, positions.fingerprint) == (4, 2, {"fold": 1})
    for partition in (0, 1):
        lines = sent(commit, DELTAS, partition)
        assert [key for key, _ in lines].index(STATEMENT_KEY) == len(lines) - 1  # after the deltas
    assert sum(len(sent(commit, DELTAS, partition)) for partition in (0, 1)) > 2
    assert commit.offsets[CALLS, 1] == 2


def test_positions_move_once_what_they_count_is_committed() -> None:
    """As in the entity stage (test_assignments.py): what it holds as its positions is what its state topic has."""
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR))
    commit = bench.work.commit()
    assert bench.work.positions is None
    commit.then(Written({}, None))
    assert bench.work.positions == decode(sent(commit, LEDGER, 1)[-1][1] or b"")


def test_the_statement_is_the_numbers_clock() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR))
    said = orjson.loads(sent(bench.commit(), DELTAS, 0)[-1][1] or b"")
    assert said == {"f": 1, "n": 1, "watermark": None, "greatest": NOON_MS + 1_000, "idle": False}


def test_statements_go_out_once_a_second_and_other_commits_touch_only_what_changed() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR))
    bench.commit()
    bench.work.feed(batch(CALLS, [FakeRecord(1, b"{")], partition=1))
    bench.work.step()
    assert {topic for topic, _ in bench.commit(later_ms=999).outgoing} == {LEDGER, DEAD}
    spoken = bench.commit(later_ms=1)
    assert [sent(spoken, DELTAS, partition)[-1][0] for partition in (0, 1)] == [STATEMENT_KEY] * 2


def test_what_is_refused_is_in_the_same_transaction_and_counts_as_applied() -> None:
    bench = Bench()
    stranger = debtor_of(2, 4)
    bench.feed(FakeRecord(0, b"{"), FakeRecord(1, call(1, 0, stranger), stranger.encode()), record(2, 0, DEBTOR))
    commit = bench.commit()
    reasons = [dict(line.headers)["reason"] for line in commit.outgoing[DEAD, 1]]
    assert reasons == [b"malformed", b"misrouted"]
    assert commit.offsets[CALLS, 1] == 3
    assert (DEAD, 1) not in bench.commit().outgoing


def test_a_dead_letter_fits_its_topic_as_it_is_whoever_made_it() -> None:
    bench = Bench(deadletter_bytes=100_000)
    bench.feed(FakeRecord(0, b"x" * 200_000))
    (line,) = bench.commit().outgoing[DEAD, 1]
    assert len(line.value or b"") < 100_000
    assert dict(line.headers)["size"] == b"200000"


def test_no_more_is_taken_in_hand_than_one_transaction_should_hold() -> None:
    bench = Bench()
    bench.work.pace.rows = 2 * IN_HAND
    for first in range(0, IN_HAND + 500, 500):
        bench.feed(*(FakeRecord(first + n, b"{") for n in range(500)))
    assert bench.work.progress()[CALLS][0] == IN_HAND
    assert bench.work.due(1_000_000)
    bench.commit()
    bench.feed(FakeRecord(IN_HAND + 500, b"{"))
    assert bench.work.progress()[CALLS][0] == IN_HAND + 501


@pytest.mark.parametrize("kind", ["facts", "dead letters"])
def test_a_transaction_is_bounded_by_what_it_writes(kind: str) -> None:
    """A call of an agent, a team and a site of its own is four records: one fact, three deltas."""
    bench = Bench()
    bench.work.pace.rows = 1_200
    calls = [record(n, n, DEBTOR, agent_id=f"a-{n}", team_id=f"t-{n}", site_id=f"s-{n}") for n in range(2_000)]
    for first in range(0, 2_000, 500):
        some = calls[first : first + 500]
        bench.feed(*(some if kind == "facts" else (FakeRecord(each.offset, b"{") for each in some)))
    assert bench.work.progress()[CALLS][0] == (300 if kind == "facts" else 1_200)
    assert bench.work.due(1_000_000)
    assert bench.commit().rows <= 1_200 + len(bench.work.topics) + 3
    assert bench.work.step()


def test_a_transaction_holds_no_more_dead_letters_than_a_broker_should_be_sent_at_once() -> None:
    bench = Bench()
    value = b"{" + b"x" * 500_000
    bench.feed(*(FakeRecord(offset, value) for offset in range(1_000)))
    held = bench.commit().outgoing[DEAD, 1]
    assert len(held) <= DEAD_BYTES_IN_HAND // len(value) + SLICE
    assert bench.work.due(1_000_000) is False


def test_a_conflict_is_dead_lettered_with_what_counts() -> None:
    bench = Bench()
    other = FakeRecord(1, call(0, 1_000, DEBTOR, talk_ms=7, event_id="e-9"), DEBTOR.encode())
    bench.feed(record(0, 1_000, DEBTOR), other)
    (line,) = bench.commit().outgoing[DEAD, 1]
    assert dict(line.headers)["reason"] == b"conflict"
    assert dict(line.headers)["detail"]


def test_what_is_beyond_a_limit_is_dead_lettered_as_limit() -> None:
    bench = Bench(LIMITS__FACTS_PER_DEBTOR="1")
    bench.feed(record(0, 0, DEBTOR), record(1, 0, DEBTOR))
    (line,) = bench.commit().outgoing[DEAD, 1]
    assert dict(line.headers)["reason"] == b"limit"


def test_an_event_that_fails_once_is_applied_and_one_that_fails_twice_is_dead_lettered_alone() -> None:
    bench = Bench()
    bench.engine.failures = 1
    bench.feed(record(0, 0, DEBTOR))
    assert (DEAD, 1) not in bench.commit().outgoing
    bench.engine.failures = 2
    bench.work.feed(batch(CALLS, [record(1, 0, DEBTOR), record(2, 0, DEBTOR)], partition=1))
    while bench.work.step():
        pass
    commit = bench.commit()
    (line,) = commit.outgoing[DEAD, 1]
    assert dict(line.headers)["reason"] == b"internal"
    assert dict(line.headers)["offset"] == b"1"
    assert len(sent(commit, LEDGER, 1)) == 2
    assert not bench.ends


def test_a_program_that_fails_on_everything_stops_instead_of_emptying_its_topics() -> None:
    bench = Bench()
    bench.engine.failures = 1_000
    bench.feed(*(record(offset, 0, DEBTOR) for offset in range(100)))
    ((code, reason),) = bench.ends
    assert code == Exit.RESTART
    assert reason.startswith(f"{CALLS}-1 offset 99: 100 records in a row, and 100 % of the last 100, failed inside")


def test_a_topic_that_is_bad_throughout_stops_the_worker_at_the_same_record_however_often_it_is_started() -> None:
    bad = [FakeRecord(offset, b"{") for offset in range(1_001)]
    whole, first, second = Bench(), Bench(), Bench()
    whole.feed(*bad)
    assert whole.ends[0][1].startswith(
        f"{CALLS}-1 offset 999: 1,000 records in a row, and 100 % of the last 1,000, were"
    )
    assert "the last one as malformed: " in whole.ends[0][1]
    first.feed(*bad[:400])
    assert not first.ends
    for key, value in sent(first.commit(), LEDGER, 1):
        second.work.restore(key or b"", value)
    second.work.resume({topic: (400 if topic == CALLS else 0, 1) for topic in second.work.topics})
    second.fed = 400
    second.work.look(lambda _: (0, second.clock.ms), lambda _: False)
    second.feed(*bad[400:1_000])
    assert [reason.split(":")[0] for _, reason in second.ends] == [f"{CALLS}-1 offset 999"]


def test_what_is_older_than_the_horizon_before_its_own_topics_watermark_is_too_late() -> None:
    bench = Bench()
    old = call(9, 0, DEBTOR).replace(b"2024-01-01T12:00:00.000Z", b"2023-09-01T12:00:00.000Z")
    bench.feed(record(0, 0, DEBTOR), FakeRecord(1, old, DEBTOR.encode()))
    (line,) = bench.commit().outgoing[DEAD, 1]
    assert dict(line.headers)["reason"] == b"too_late"


def test_a_commit_is_due_after_its_interval_when_something_was_applied_and_later_when_only_time_passed() -> None:
    bench = Bench()
    bench.commit()
    bench.clock.ms += bench.setup.touch_every_ms - 1
    assert not bench.work.due(200)
    bench.feed(record(0, 0, DEBTOR))
    assert bench.work.due(200)
    bench.commit()
    bench.feed(record(1, 0, DEBTOR))
    bench.clock.ms += 199
    assert not bench.work.due(200)
    bench.clock.ms += 1
    assert bench.work.due(200)
    bench.commit()
    bench.clock.ms += bench.setup.touch_every_ms - 1
    assert not bench.work.due(200)
    bench.clock.ms += 1
    assert bench.work.due(200)  # now and then even without a reason: it lives


def test_a_topic_that_runs_ahead_makes_no_event_of_another_too_late() -> None:
    bench = Bench()
    bench.work.restore(KEY, Positions({"fold": 1}, 4, 2, {PAYMENTS: Position(0, NOON_MS)}, NOON_MS).encode())
    bench.work.resume(dict.fromkeys(bench.work.topics, (0, 1)))
    bench.work.look(lambda _: (0, bench.clock.ms), lambda _: False)
    old = call(0, 0, DEBTOR).replace(b"2024-01-01T12:00:00.000Z", b"2023-09-01T12:00:00.000Z")
    bench.feed(FakeRecord(0, old, DEBTOR.encode()))
    assert (DEAD, 1) not in bench.commit().outgoing


def test_the_ledger_forgets_by_the_slowest_of_all_topics_less_the_horizon_and_in_the_same_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    frontiers: list[int] = []

    def forget(frontier_ms: int) -> int:
        frontiers.append(frontier_ms)
        return 0

    monkeypatch.setattr(bench.engine, "forget", forget)
    bench.feed(record(0, 0, DEBTOR))
    bench.commit()
    assert frontiers == []  # of the other topics nothing is known yet
    tps = {topic: Position(0, NOON_MS + at) for at, topic in enumerate(bench.work.topics)}
    bench.work.restore(KEY, Positions({"fold": 1}, 4, 2, tps, NOON_MS).encode())
    bench.work.resume(dict.fromkeys(bench.work.topics, (0, 1)))
    bench.engine._state.append((b"gone", None))
    assert (b"gone", None) in sent(bench.commit(), LEDGER, 1)
    assert frontiers == [NOON_MS - bench.setup.settings.time.correction_horizon_ms]


def test_nothing_later_than_the_ceiling_is_taken_of_a_topic_that_catches_up() -> None:
    bench = Bench()
    bench.live.ceiling_ms = NOON_MS + 1_000
    bench.work.feed(batch(CALLS, [record(0, 0, DEBTOR), record(1, 2_000, DEBTOR)], partition=1, log_end=9))
    while bench.work.step():
        pass
    assert bench.work.progress()[CALLS] == (1, 0)  # what waits on purpose does not lag


def test_a_number_that_is_no_longer_ours_shows_nothing() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR))
    bench.look()
    names = {f"collections_{name}" for name in ("consumer_lag_records", "partition_idle")}
    assert names <= {sample.name for family in bench.meters.collect() for sample in family.samples}
    bench.work.withdraw()
    gone = names | {"collections_watermark_timestamp_seconds"}
    assert not gone & {sample.name for family in bench.meters.collect() for sample in family.samples}


def test_a_number_commits_at_least_twice_a_session_so_that_its_gauges_stay() -> None:
    setup = Bench().setup
    assert setup.touch_every_ms * 2 <= setup.settings.kafka.session_timeout_ms


def test_a_number_goes_on_from_its_restored_positions() -> None:
    bench = Bench()
    bench.feed(record(0, 1_000, DEBTOR))
    ledger = sent(bench.commit(), LEDGER, 1)
    other = Bench()
    for key, value in ledger:
        other.work.restore(key or b"", value)
    assert other.work.positions is not None
    assert other.work.positions.tps[CALLS] == Position(1, NOON_MS + 1_000, stamp_ms=NOON_MS)
    other.work.resume({topic: (int(topic == CALLS), 2) for topic in other.work.topics})
    other.work.look(lambda _: (0, other.clock.ms), lambda _: False)
    other.work.feed(batch(CALLS, [record(1, 1_000, DEBTOR)], partition=1, epoch=2))
    while other.work.step():
        pass
    assert len(sent(other.commit(), LEDGER, 1)) == 2  # the second call and the offsets
    assert other.work.positions.tps[CALLS] == Position(2, NOON_MS + 1_000, stamp_ms=NOON_MS)


def test_an_event_of_somebody_beyond_the_limit_is_dead_lettered_counted_and_stops_nothing() -> None:
    bench = Bench(LIMITS__ENTITIES_PER_SITE="4")
    first = 3
    for start in range(0, 2_000, 500):
        bench.feed(*(record(n, n, DEBTOR, agent_id=f"a-{n}") for n in range(start, start + 500)))
    commit = bench.commit()
    refused = commit.outgoing[DEAD, 1]
    assert len(refused) == 2_000 - first + 1
    assert {dict(line.headers)["reason"] for line in refused} == {b"limit"}
    assert b"limits.entities_per_site" in (dict(refused[0].headers)["detail"] or b"")
    bench.look()
    shown = {(s.name, *s.labels.values()): s.value for family in bench.meters.collect() for s in family.samples}
    assert shown["collections_deadletters_total", "limit"] == len(refused)
    assert shown["collections_ledger_entities", "1"] == 4
    assert bench.ends == []
