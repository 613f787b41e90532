"""Rounds and processes are matters of speed: whatever they are, the same comes out."""

import os
import signal
from io import BytesIO
from itertools import product
from pathlib import Path

import orjson
import pytest

from stream.engine.publication import Record
from stream.replay.crew import CrewError, Several, hired
from stream.replay.ordering import ordered
from stream.replay.reading import Raw
from stream.replay.replay import stages
from stream.replay.routing import process_of
from stream.replay.running import Run
from stream.replay.writing import DeadLetters
from stream.settings import Settings, load
from tests.worlds.world import world


def settings_of(seed: int, tmp_path: Path) -> Settings:
    file = tmp_path / f"{seed}.yaml"
    file.write_bytes(orjson.dumps(world(seed, with_rules=True).config))
    return load(file, {})


def raws_of(seed: int) -> list[Raw]:
    return [Raw(line, "f", number) for number, line in enumerate(world(seed, with_rules=True).lines)]


def ran(seed: int, tmp_path: Path, round_events: int, processes: int = 1) -> tuple[list[Record], list[Record], int]:
    """KPI records, alerts and the number of events that are accounted for."""
    settings = settings_of(seed, tmp_path)
    plan, stage2 = stages(settings, "replay", frozenset(settings.window_names()))
    dead = DeadLetters(BytesIO())
    with hired(settings, plan, processes) as crew:
        run = Run(crew, stage2, dead, round_events)
        run.ordered(ordered(raws_of(seed), tmp_path))
    kpis = run.finish()
    tally = run.tally
    kept = tally.accepted + tally.duplicates + tally.superseded
    assert tally.read == kept + sum(dead.counts.values())
    return sorted(kpis), sorted(tally.alerts), tally.read


@pytest.mark.parametrize(("seed", "round_events"), list(product(range(12), [1, 2, 7])))
def test_alerts_and_numbers_do_not_depend_on_the_length_of_a_round(
    tmp_path: Path, seed: int, round_events: int
) -> None:
    assert ran(seed, tmp_path, round_events) == ran(seed, tmp_path, 10_000)


@pytest.mark.parametrize("seed", [1, 4])
def test_several_processes_come_to_the_same_as_one(tmp_path: Path, seed: int) -> None:
    assert ran(seed, tmp_path, 5, processes=3) == ran(seed, tmp_path, 10_000)


def test_all_events_of_a_key_go_to_one_process() -> None:
    def event(**fields: object) -> bytes:
        return orjson.dumps({"event_id": "e", "occurred_at": "2026-11-02T00:00:00Z", **fields})

    survey = {"type": "survey", "survey_id": "s", "score": 1}
    for debtor in ("d-1", "d-2", "ü"):
        expected = process_of(event(**survey, debtor_id=debtor), 7)
        assert process_of(event(**survey, debtor_id=debtor, agent_id="a-1"), 7) == expected
        assert process_of(event(**survey, agent_id=debtor), 7) == expected
        state = {"type": "agent_state", "state": "break", "agent_id": debtor}
        assert process_of(event(**state, debtor_id="other"), 7) == expected
        assert process_of(event(type="survey", survey_id=debtor, score=1), 7) == expected
    numbers = {process_of(event(**survey, debtor_id=f"d-{number}"), 7) for number in range(100)}
    assert numbers == set(range(7))


def test_what_is_no_event_goes_to_some_process() -> None:
    assert all(
        0 <= process_of(value, 3) < 3 for value in (b"", b"{", b"\xff", b"[]", b'{"type":5}', b'{"type":"call"}')
    )


def test_a_process_that_is_killed_is_an_error_and_no_hang(tmp_path: Path) -> None:
    settings = settings_of(1, tmp_path)
    plan, _ = stages(settings, "replay", frozenset())
    crew = Several(settings, plan, 2)
    try:
        os.kill(crew.pids[0], signal.SIGKILL)
        with pytest.raises(CrewError, match="ended with code -9"):
            _fold_for_ever(crew)
    finally:
        crew.stop()


def _fold_for_ever(crew: Several) -> None:
    while True:
        list(crew.give(raws_of(1)))
