"""Conduct against the oracle on random worlds near the edges of the rules: breaches, standings, headroom, replay."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stream.conduct.headroom import Query
from tests.oracle.conduct import breaches_of, conduct_records
from tests.oracle.conduct_headroom import REACH_MS, asked
from tests.oracle.conduct_headroom import headroom as expected_headroom
from tests.oracle.conduct_standing import standings as expected_standings
from tests.oracle.config import DAY_MS, read_config
from tests.oracle.identity import facts_of, utc
from tests.oracle.reading import instant
from tests.oracle.replay import expected_replay, sort_lines
from tests.worlds.conduct_world import ConductWorld, conduct_world
from tests.worlds.differences import differences, in_alerts, in_conduct
from tests.worlds.folded import expected_sums, folded, settings_of
from tests.worlds.judged import judged
from tests.worlds.lived import Floor, facts_in
from tests.worlds.replayed import Replayed, replayed, told_by_command

WORLDS = int(os.environ.get("KPI_WORLDS", "30"))
"""How many worlds are tried; hundreds for a long run."""
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))
SEEDS = range(FROM, FROM + WORLDS)


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def draw_query(random: Random, times: list[int]) -> Query:
    at_ms = random.choice(times) + random.choice((0, 1, -1, 60_000, DAY_MS))
    return Query(
        random.choice(("d1", "d1", "d1", "d2", "nobody")),
        at_ms,
        case=random.choice((None, None, "c1", "c9")),
        number=random.choice((None, None, "n1", "n9")),
        site=random.choice((None, None, "main", "two", "unknown site")),
    )


@pytest.mark.timeout(60 + WORLDS * 2)
def test_the_facts_of_a_debtor_in_any_order_breach_what_the_page_says(tmp_path: Path) -> None:
    for seed in SEEDS:
        told = judged(conduct_world(seed), tmp_path, Random(seed))
        assert list(in_conduct(told.breaches(), told.expected_breaches())) == [], f"seed {seed}"


@pytest.mark.timeout(60 + WORLDS * 2)
def test_a_debtor_stands_as_the_page_says(tmp_path: Path) -> None:
    for seed in SEEDS:
        told = judged(conduct_world(seed), tmp_path, Random(seed))
        expected = expected_standings(told.events, told.config, "live")
        assert told.standings() == {key: record | {"revision": 1} for key, record in expected.items()}, f"seed {seed}"


@pytest.mark.timeout(60 + WORLDS * 3)
def test_a_dialler_is_told_what_the_page_says(tmp_path: Path) -> None:
    for seed in SEEDS:
        random = Random(seed)
        told = judged(conduct_world(seed), tmp_path, random)
        times = [event["occurred_at"] for event in told.events]
        for _ in range(3):
            query = draw_query(random, times)
            fields = (query.debtor, query.at_ms, query.case, query.number, query.site)
            expected = expected_headroom(asked(told.events, told.config, *fields), query.debtor, None)
            assert told.headroom(query) == expected, f"seed {seed}, {query}"


@pytest.mark.timeout(60 + WORLDS * 3)
def test_no_second_before_allowed_from_is_allowed(tmp_path: Path) -> None:
    """The core's answer beside asking about second after second: those near the ends, and some between."""
    refused = 0
    for seed in SEEDS:
        random = Random(seed)
        told = judged(conduct_world(seed), tmp_path, random)
        query = draw_query(random, [event["occurred_at"] for event in told.events])
        said = told.headroom(query)
        if said["allowed"]:
            continue
        refused += 1
        question = asked(told.events, told.config, query.debtor, query.at_ms, query.case, query.number, query.site)
        found = None if said["allowed_from"] is None else instant(said["allowed_from"])
        first_ms = (query.at_ms // 1000 + 1) * 1000
        last_ms = (query.at_ms + REACH_MS if found is None else found - 1000) // 1000 * 1000
        seconds = {first_ms + n * 1000 for n in range(30)} | {last_ms - n * 1000 for n in range(30)}
        seconds |= {random.randrange(first_ms, last_ms + 1000, 1000) for _ in range(100) if last_ms >= first_ms}
        for second in seconds:
            assert not (first_ms <= second <= last_ms and question.allows_all(second)), f"seed {seed}, {query}"
        assert found is None or question.allows_all(found), f"seed {seed}, {query}"
    assert refused > WORLDS // 5


@pytest.mark.timeout(60 + WORLDS)
def test_the_command_reads_files_and_says_how_fresh_its_answer_is(tmp_path: Path) -> None:
    for seed in SEEDS[:10]:
        drawn, random = conduct_world(seed), Random(seed)
        drawn.prepare(tmp_path)
        events = sort_lines(drawn.lines)[0]
        config = read_config(drawn.config, drawn.packs)
        query = draw_query(random, [event["occurred_at"] for event in events])
        named = {"case": query.case, "number": query.number, "site": query.site}
        whom = {"debtor": query.debtor, "at": utc(query.at_ms), **{k: v for k, v in named.items() if v is not None}}
        halves = [tmp_path / "odd.jsonl", tmp_path / "even.jsonl"]
        for number, half in enumerate(halves):
            half.write_bytes(joined(drawn.lines[number::2]))
        question = asked(facts_of(events), config, query.debtor, query.at_ms, **named)
        known_until_ms = max(event["occurred_at"] for event in events)
        expected = expected_headroom(question, query.debtor, known_until_ms)
        assert told_by_command(drawn.config, tmp_path, whom, halves) == expected, f"seed {seed}, {query}"


def told_by_replay(drawn: ConductWorld, files: list[bytes], folder: Path, *options: str) -> Replayed:
    drawn.prepare(folder)
    return replayed(drawn.config, files, folder, options=options)


@pytest.mark.timeout(60 + WORLDS * 4)
def test_replay_writes_the_breaches_and_numbers_that_the_page_says(tmp_path: Path) -> None:
    """As of the last event, of some instant, or of the end of all deadlines."""
    for seed in SEEDS:
        drawn, random = conduct_world(seed), Random(seed)
        config = read_config(drawn.config, drawn.packs)
        at_ms = random.choice([event["occurred_at"] for event in sort_lines(drawn.lines)[0]]) + random.choice((0, 1))
        as_of = random.choice((None, "end", utc(at_ms)))
        options = () if as_of is None else ("--as-of", as_of)
        got = told_by_replay(drawn, [joined(drawn.lines)], tmp_path, *options)
        assert differences(got, expected_replay(drawn.lines, config, as_of=as_of)) == [], f"seed {seed} as of {as_of}"


@pytest.mark.timeout(60 + WORLDS * 4)
def test_order_repetition_and_files_change_no_byte_of_the_breaches(tmp_path: Path) -> None:
    for seed in SEEDS:
        drawn, random = conduct_world(seed), Random(seed)
        once = told_by_replay(drawn, [joined(drawn.lines)], tmp_path / "once")
        lines = random.sample(drawn.lines, len(drawn.lines)) + random.choices(drawn.lines, k=len(drawn.lines) // 3)
        cut = random.randrange(len(lines) + 1)
        again = told_by_replay(drawn, [joined(lines[:cut]), joined(lines[cut:])], tmp_path / "again")
        assert again.conduct_bytes == once.conduct_bytes, f"seed {seed}"


def has_come(record: dict[str, Any], watermark_ms: int) -> bool:
    """A contact's breach at once; that of a deadline when the watermark has passed it."""
    return bool(record["fact"]["type"] != "complaint" or instant(record["at"]) < watermark_ms)


@pytest.mark.timeout(60 + WORLDS * 4)
def test_no_order_batch_partition_or_crash_changes_what_the_topic_says_in_the_end(tmp_path: Path) -> None:
    """Over several partitions, each committing when it likes, restored from its state now and then."""
    for seed in SEEDS:
        drawn, random = conduct_world(seed), Random(seed)
        drawn.prepare(tmp_path)
        config = read_config(drawn.config, drawn.packs)
        events = facts_of(sort_lines(drawn.lines)[0])
        floor = Floor(settings_of(drawn.config, tmp_path), random)
        facts = facts_in(drawn.lines, floor.settings)
        if seed % 2:
            random.shuffle(facts)
        last_ms = floor.take_in(facts)
        seen = floor.breaches()
        due = [r for r in conduct_records(events, config, "replay") if has_come(r, last_ms)]
        assert list(in_conduct(seen, due)) == [], f"seed {seed}"
        floor.flush(last_ms + 800 * DAY_MS)
        topic = floor.last_of_conduct()
        assert list(in_conduct(floor.breaches(), conduct_records(events, config, "replay"))) == [], f"seed {seed}"
        stands = {k: r | {"revision": 1} for k, r in topic.items() if r["record"] == "standing"}
        expected = {
            key: record | {"revision": 1, "run": "replay"}
            for key, record in expected_standings(events, config, "replay").items()
            if record["state"] != "clear"
        }
        assert {key: record for key, record in stands.items() if record["state"] != "clear"} == expected, f"seed {seed}"


@pytest.mark.timeout(60 + WORLDS * 4)
def test_alerts_on_the_kpis_of_conduct_are_decided_on_what_was_known(tmp_path: Path) -> None:
    """In replay, and live in the order of time; a consent or a correction that comes later does not unring a bell."""
    fired = 0
    for seed in SEEDS:
        drawn = conduct_world(seed, with_alerts=True)
        expected = expected_replay(drawn.lines, read_config(drawn.config, drawn.packs)).alerts
        fired += len(expected)
        got = told_by_replay(drawn, [joined(drawn.lines)], tmp_path)
        assert list(in_alerts(got.alerts, expected)) == [], f"seed {seed}"
        floor = Floor(settings_of(drawn.config, tmp_path), Random(seed))
        alerts = floor.live(facts_in(drawn.lines, floor.settings))
        assert list(in_alerts(alerts, expected)) == [], f"seed {seed} live"
    assert fired > WORLDS


@pytest.mark.timeout(60 + WORLDS * 2)
def test_the_deltas_of_any_order_add_up_to_the_breaches(tmp_path: Path) -> None:
    for seed in SEEDS:
        drawn, random = conduct_world(seed), Random(seed)
        drawn.prepare(tmp_path)
        settings = settings_of(drawn.config, tmp_path)
        lines = random.sample(drawn.lines, len(drawn.lines))
        expected = expected_sums(drawn.lines, drawn.config, settings.plan().grain_ms, drawn.packs)
        assert folded(lines, settings, random) == expected, f"seed {seed}"


def test_without_a_conduct_section_there_are_no_breaches(tmp_path: Path) -> None:
    drawn = conduct_world(FROM)
    config = {name: value for name, value in drawn.config.items() if name != "conduct"}
    got = replayed(config, [joined(drawn.lines)], tmp_path)
    assert (got.conduct_bytes, got.summary["conduct_breaches"]) == (b"", 0)
    assert b"conduct" not in got.kpi_bytes


def test_worlds_breach_every_kind_of_rule_and_reach_every_state() -> None:
    """What the worlds never drew would never be compared."""
    kinds = {"frequency", "spacing", "hours", "quiet", "restricted", "third_party", "recorded", "deadline"}
    wanted = {f"{kind} breached" for kind in kinds} | {"clear", "near", "reached", "breached"}
    wanted |= {
        "zone of the site",
        "zone of the debtor",
        "per case",
        "per number",
        "more than 7 counted",
        "two versions",
    }
    for seed in range(150):
        drawn = conduct_world(seed)
        config = read_config(drawn.config, drawn.packs)
        events = sort_lines(drawn.lines)[0]
        for record in expected_replay(drawn.lines, config, as_of="end").conduct:
            wanted -= {"per case"} if record["case"] else {"per number"} if record["number"] else set()
            wanted -= {"zone of the site" if record["zone_assumed"] else "zone of the debtor"}
            wanted -= {"more than 7 counted"} if (record["count"] or 0) > 7 else set()
        wanted -= {f"{breach.rule.kind} breached" for breach in breaches_of(facts_of(events), config)}
        wanted -= {record["state"] for record in expected_standings(facts_of(events), config, "live").values()}
        wanted -= {"two versions"} if len({pack["pack"] for pack in drawn.packs}) < len(drawn.packs) else set()
    assert sorted(wanted) == []
