"""What a debtor partition says of conduct rules (conduct 3): in the transaction of its facts, with revisions that rise,
and nothing of it in the state of a worker without rules."""

from __future__ import annotations

import json
from typing import Any

from stream.kafka.names import Names
from stream.kafka.topics import wanted_topics
from stream.partition.positions import KEY, ConductSaid, decode
from stream.partition.work import Commit
from stream.settings import load
from tests.kafka.on_bench import DEBTOR, LEDGER, PREFIX, Bench, sent
from tests.kafka.records import NOON_MS, FakeRecord, instant

TOPIC = f"{PREFIX}.conduct.v1"
RULES = json.dumps([
    {"rule": "twice", "kind": "frequency", "per": "debtor", "counts": "attempts", "limit": 2, "window": {"days": 1}},
])  # fmt: skip


def call(offset: int, *, stamp_ms: int = NOON_MS, **fields: Any) -> FakeRecord:
    """The call `k-<offset>`, a second after the one before."""
    event = {
        "type": "call", "event_id": f"e-{offset}", "occurred_at": instant(1_000 * offset), "debtor_id": DEBTOR,
        "call_id": f"k-{offset}", "direction": "outbound", "outcome": "no_answer", "ended_at": instant(1_000 * offset),
        "agent_id": "a-1",
    }  # fmt: skip
    return FakeRecord(offset, json.dumps(event | fields).encode(), DEBTOR.encode(), timestamp=stamp_ms)


def told(commit: Commit) -> list[tuple[str, Any, int]]:
    """What stands in the records: kind, state or whether withdrawn, revision."""
    found = [json.loads(value or b"") for _, value in sent(commit, TOPIC, 1)]
    return [(each["record"], each.get("state", each.get("withdrawn")), each["revision"]) for each in found]


def test_the_topic_is_compacted_has_as_many_partitions_as_the_inbound_ones_and_deletes_nothing_by_age() -> None:
    wanted = {topic.name: topic for topic in wanted_topics(load(None, {}))}
    assert wanted[TOPIC].config["cleanup.policy"] == "compact"
    assert "retention.ms" not in wanted[TOPIC].config
    assert wanted[TOPIC].partitions == wanted[Names(PREFIX, "kpi-stream").inbound[0]].partitions


def test_findings_go_out_with_their_facts_and_whoever_takes_the_number_over_goes_on_above_them() -> None:
    bench = Bench(CONDUCT__RULES=RULES)
    commits = []
    for offset in range(3):
        bench.feed(call(offset))
        commits.append(bench.commit())
    assert [told(each) for each in commits] == [
        [("standing", "near", NOON_MS)], [("standing", "reached", NOON_MS + 1)],
        [("breach", False, NOON_MS + 2), ("standing", "breached", NOON_MS + 2)],
    ]  # fmt: skip
    assert all(any(b"|ck-" in (key or b"") for key, _ in sent(each, LEDGER, 1)) for each in commits)
    said = decode(sent(commits[-1], LEDGER, 1)[-1][1] or b"").conduct
    assert said == ConductSaid(NOON_MS + 2, None)  # four topics have said nothing: there is no watermark
    shown = {(s.name, *s.labels.values()): s.value for family in bench.meters.collect() for s in family.samples}
    assert shown["collections_conduct_breaches_found_total", "twice", "main"] == 1
    assert shown["collections_conduct_standings_total", "twice", "main", "reached"] == 1
    assert not [each for each in shown if DEBTOR in each]
    other = Bench(CONDUCT__RULES=RULES)
    for commit in commits:
        for key, value in sent(commit, LEDGER, 1):
            other.work.restore(key or b"", value)
    at = other.work.positions
    assert at is not None
    other.fed = 3
    other.work.resume({topic: (each.offset, 1) for topic, each in at.tps.items()})
    other.look()
    quiet = other.commit()
    assert told(quiet) == []
    other.feed(call(3, call_id="k-1", event_id="e-1", version=2, void=True))
    assert told(other.commit()) == [("breach", True, NOON_MS + 3), ("standing", "reached", NOON_MS + 3)]


def test_without_rules_the_state_and_the_records_are_as_they_were() -> None:
    bench = Bench()
    bench.feed(call(0), call(1), call(2))
    commit = bench.commit()
    assert (TOPIC, 1) not in commit.outgoing
    key, value = sent(commit, LEDGER, 1)[-1]
    assert key == KEY
    assert "conduct" not in json.loads(value or b"")
