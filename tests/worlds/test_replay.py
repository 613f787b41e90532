"""Replay against the oracle on random worlds: every record, every count, exact; in any order, split and repeated."""

from __future__ import annotations

import base64
import gzip
import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from stream.cli.main import run
from tests.effort import examples
from tests.oracle.config import DAY_MS, HOUR_MS, read_config
from tests.oracle.identity import utc
from tests.oracle.replay import expected_replay, sort_lines
from tests.worlds.differences import differences
from tests.worlds.replayed import Replayed, replayed
from tests.worlds.shrink import shrink
from tests.worlds.world import World, world

WORLDS = int(os.environ.get("KPI_WORLDS", examples(30)))
"""How many worlds of each sort are tried; thousands for a long run."""
FROM = int(os.environ.get("KPI_WORLDS_FROM", "0"))


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def found(drawn: World, folder: Path, as_of: str | None = None) -> list[str]:
    """The differences between replay and oracle on one world."""
    options = () if as_of is None else ("--as-of", as_of)
    got = replayed(drawn.config, [joined(drawn.lines)], folder, options=options)
    return differences(got, expected_replay(drawn.lines, read_config(drawn.config), as_of=as_of))


def described(drawn: World, folder: Path) -> str:
    """The smallest world that still differs, for the person who has to find out why."""

    def differs(smaller: World) -> bool:
        try:
            return bool(found(smaller, folder))
        except (AssertionError, KeyError, ValueError):
            return False

    small = shrink(drawn, differs, tries=300)
    events = "\n".join(line.decode("utf-8", "replace") for line in small.lines)
    return f"seed {drawn.seed}\n{small.config}\n{events}\n" + "\n".join(found(small, folder))


@pytest.mark.timeout(60 + WORLDS * 4)
@pytest.mark.parametrize("with_rules", [False, True], ids=["numbers", "alerts"])
def test_replay_writes_what_the_text_says(with_rules: bool, tmp_path: Path) -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules)
        if found(drawn, tmp_path):
            pytest.fail(described(drawn, tmp_path))


@pytest.mark.timeout(60 + WORLDS * 4)
def test_replay_ends_where_it_is_told_to_end(tmp_path: Path) -> None:
    """At any instant, rounded up to a pane, or at the end of all windows; alerts are decided all the same."""
    for seed in range(FROM, FROM + WORLDS):
        drawn, random = world(seed, with_rules=seed % 2 == 1), Random(seed)
        times = [event["occurred_at"] for event in sort_lines(drawn.lines)[0] if "occurred_at" in event]
        at_ms = random.choice(times) + random.choice((0, 1, -1, 40 * DAY_MS, random.randrange(HOUR_MS)))
        for as_of in ("end", utc(at_ms)):
            assert not found(drawn, tmp_path, as_of)[:5], f"seed {seed} as of {as_of}"


def retold(drawn: World, random: Random, folder: Path) -> Replayed:
    """The same events in another order, some of them repeated, split over files with all that may be skipped."""
    lines = random.sample(drawn.lines, len(drawn.lines))
    lines += random.choices(drawn.lines, k=len(lines) // 3)
    cuts = sorted(random.choices(range(len(lines) + 1), k=2))
    first, second, third = lines[: cuts[0]], lines[cuts[0] : cuts[1]], lines[cuts[1] :]
    windows = b"\xef\xbb\xbf" + b"".join(line + b"\r\n\r\n" for line in second)
    return replayed(drawn.config, [joined(first), windows, b"\n \n" + b"\n".join(third)], folder)


@pytest.mark.timeout(60 + WORLDS * 4)
def test_order_repetition_and_files_change_no_byte_of_the_numbers(tmp_path: Path) -> None:
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=seed % 2 == 1)
        once = replayed(drawn.config, [joined(drawn.lines)], tmp_path / "once")
        again = retold(drawn, Random(seed), tmp_path / "again")
        assert again.kpi_bytes == once.kpi_bytes, f"seed {seed}"
        assert again.alerts == once.alerts, f"seed {seed}"
        assert again.summary["events_accepted"] == once.summary["events_accepted"], f"seed {seed}"


def test_a_dead_letter_is_the_line_itself_with_its_place_and_why(tmp_path: Path) -> None:
    seen = 0
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed)
        for letter in replayed(drawn.config, [joined(drawn.lines)], tmp_path).deadletters:
            seen += 1
            text = letter.get("value")
            value = base64.b64decode(letter["value_base64"]) if text is None else text.encode()
            line = drawn.lines[letter["line"] - 1]
            # A byte-order mark at the start of a file is no part of its first line.
            expected = line.removeprefix(b"\xef\xbb\xbf") if letter["line"] == 1 else line
            assert value == expected, f"seed {seed}"
            assert letter["source"].endswith("000.jsonl")
            assert letter["detail"]
    assert seen


def test_a_world_that_is_told_wrong_is_found_out(tmp_path: Path) -> None:
    """The comparison itself: one event less, and the differences name what is missing."""
    drawn = world(3)
    got = replayed(drawn.config, [joined(drawn.lines)], tmp_path)
    for number in range(len(drawn.lines)):
        less = replace(drawn, lines=drawn.lines[:number] + drawn.lines[number + 1 :])
        assert differences(got, expected_replay(less.lines, read_config(less.config)))


def test_a_simulated_floor_is_counted_exactly(tmp_path: Path) -> None:
    """Not nasty but lifelike: usual days with duplicates, conflicts and garbage."""
    mess = "duplicates=0.02,late=0.02,corrections=0.03,conflicts=0.02,malformed=0.002,invalid=0.002"
    events = tmp_path / "events.jsonl"
    size = str(100 * WORLDS)
    assert run(["simulate", "--out", str(events), "--events", size, "--rate", "1", "--seed", "7", "--mess", mess]) == 0
    content = events.read_bytes()
    config = {"sites": {"main": {"zone": "Asia/Shanghai", "shifts": {"night": ["22:00", "06:00"]}}}}
    got = replayed(config, [content], tmp_path / "replay")
    assert differences(got, expected_replay(content.splitlines(), read_config(config))) == []
    assert len(got.kpis) > 100


def test_only_the_windows_asked_for_are_written_and_alerts_are_all_decided(tmp_path: Path) -> None:
    options = ("--windows", "day,shift_night", "--run", "again")
    night = {"sites": {"main": {"zone": "Europe/London", "shifts": {"night": ["22:00", "06:00"]}}}}
    for seed in range(FROM, FROM + WORLDS):
        drawn = world(seed, with_rules=True)
        windows = drawn.config["windows"] | {"day": True, "shifts": True}
        rules = [rule for rule in drawn.config["alerts"] if rule["window"].startswith("rolling")]
        kept_rules = {rule["rule"] for rule in rules}
        for rule in rules:
            named = rule.get("inhibited_by", ())
            rule["inhibited_by"] = [each for each in named if each.partition(".")[0] in kept_rules]
        config = drawn.config | night | {"windows": windows, "alerts": rules}
        got = replayed(config, [joined(drawn.lines)], tmp_path, options=options)
        expected = expected_replay(drawn.lines, read_config(config), run="again")
        kept = {key: r for key, r in expected.kpis.items() if r["window"] in ("day", "shift_night")}
        assert differences(got, replace(expected, kpis=kept)) == [], f"seed {seed}"


def test_compressed_input_is_the_same_input(tmp_path: Path) -> None:
    drawn = world(5)
    once = replayed(drawn.config, [joined(drawn.lines)], tmp_path / "plain")
    packed = tmp_path / "packed"
    again = replayed(drawn.config, [gzip.compress(joined(drawn.lines))], packed, suffix=".jsonl.gz")
    assert again.kpi_bytes == once.kpi_bytes
