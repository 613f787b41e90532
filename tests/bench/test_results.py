"""Results are kept by day and part; a plan follows from them alone; samples of a profile go to rooms."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench import goals, plan, profile, result
from bench.beside import lost
from bench.calls import START_MS, Floor, calls
from bench.result import Row
from stream.facts.decode import Rejection, decode

COSTS = {
    "scale.sim.32.efficiency": 80.0,
    "scale.sim.32.rows": 0.5,
    "floor.cpu_us": 12.0,
    "floor.broker_cpu_us": 3.0,
    **{f"floor.bytes.{name}": 100.0 for name in plan.TOPICS},
}


def test_a_part_that_was_not_measured_again_keeps_its_rows_of_the_day(tmp_path: Path) -> None:
    old, new, other = Row("a.rate", "a", 1.5, "s"), Row("a.rate", "a", 2.0, "s"), Row("b.rate", "b", "text")
    result.save(tmp_path, "2026-11-26", {"cores": "2"}, {"a": [old], "b": [other]})
    kept, page = result.save(tmp_path, "2026-11-26", {"cores": "2"}, {"a": [new]})
    assert result.load(kept) == ({"cores": "2"}, {"a": [new], "b": [other]})
    assert "| a | 2 s |" in page.read_text()
    assert "| b | text |" in page.read_text()


def test_a_plan_follows_from_the_unit_costs() -> None:
    needed = dict(plan.plan(COSTS, 1_000_000, busy=0.6, copies=3))
    assert needed["workers, one core each, 60% busy"] == "25"  # 1,000,000 events x 12 us / 0.8 / 0.6
    assert needed["partitions of each inbound topic, and of the deltas topic"] == "32"
    assert needed["cores of brokers, 3 copies, 60% busy"] == "15"
    assert needed["topic kpi"] == "100 bytes an event, 95 MiB/s before copies"
    assert needed["rows of the deltas topic a second"] == "500,000"


@pytest.mark.parametrize("missing", COSTS)
def test_a_plan_without_one_of_its_unit_costs_is_refused(missing: str) -> None:
    costs = {key: value for key, value in COSTS.items() if key != missing}
    with pytest.raises(KeyError, match=missing.replace(".", r"\.")):
        list(plan.plan(costs, 1_000_000, busy=0.6, copies=3))


def test_a_sample_belongs_to_its_innermost_frame_that_has_a_room() -> None:
    folded = [
        "run (asyncio/runners.py:1);step (stream/partition/debtors.py:9);apply (stream/engine/debtors/stage.py:5) 7",
        "step (stream/partition/debtors.py:9);read (stream/partition/intake.py:5);decode (msgspec/json.py:1) 3",
        "run (asyncio/runners.py:1);write (stream/kafka/writer.py:1);send (aiokafka/producer/producer.py:5) 2",
        "run (asyncio/runners.py:1);select (selectors.py:5) 1",
        "step (stream/kafka/new_file.py:9) 4",
        "step (stream/worker/main.py:9);CPyDef_buffer___DeltaBuffer___add (stream/core__mypyc.so);PyDict_GetItem 5",
        "apply (stream/engine/debtors/stage.py:5);PyObject_GC_New (libpython);gc_collect_main (libpython) 6",
    ]
    assert profile.by_room(folded) == Counter(
        {
            "ledger": 7,
            "decode": 3,
            "transactions": 2,
            "event loop and sockets": 1,
            "kafka/new_file": 4,
            "delta buffer": 5,
            "garbage collector": 6,
        }
    )


def test_each_call_is_an_event_of_the_contract_and_its_partitions_lie_apart() -> None:
    made = list(calls(Floor(4_000, debtors=400, apart_ms=60_000)))
    assert len(made) == 4_000
    facts = [decode(call.value) for call in made]
    assert not [fact for fact in facts if isinstance(fact, Rejection)]
    assert [call.at_ms for call in made] == sorted(call.at_ms for call in made)
    firsts = [next(call.at_ms for call in made if call.partition == number) for number in range(4)]
    assert all(60_000 * number <= first - START_MS < 60_000 * number + 1_000 for number, first in enumerate(firsts))


def test_late_calls_are_up_to_thirty_days_old() -> None:
    ages = [START_MS - call.at_ms for call in calls(Floor(2_000, late=0.1, apart_ms=0))]
    late = [age for age in ages if age > 0]
    assert 100 < len(late) < 300
    assert 20 * 86_400_000 < max(late) < 30 * 86_400_000


def test_what_a_peer_lost_is_a_share_of_what_its_windows_should_count() -> None:
    assert lost("k", "peer", counted=45, truth=60) == Row("k", "peer: lost", 25.0, "% of 60 counts")


@pytest.mark.parametrize(
    ("value", "said"),
    [(75_000.0, "75,000 events/s |"), (74_999.0, "74,999 events/s: **missed** |"), ("failed", "missed")],
)
def test_a_goal_is_met_at_its_bound_and_missed_below_it_or_without_a_figure(value: float | str, said: str) -> None:
    rows = {"floor.rate": Row("floor.rate", "throughput", value, "events/s")}
    first, *others = goals.lines(rows)
    assert said in first
    assert all("**missed**" in other for other in others)
