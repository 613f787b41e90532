"""Laws of the table of event kinds: all that knows types one by one knows the same ones, and one row more is enough."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

import stream
from stream.facts import fact as facts
from stream.facts.decode import decode
from stream.facts.fact import TOPICS
from stream.facts.identity import expected_key
from stream.kafka.names import INBOUND
from stream.ledger import debtor_index as links
from stream.ledger import difference
from stream.ledger.kinds import KINDS
from stream.replay.routing import group_of
from stream.simulate import route
from tests.facts.events import SAMPLES, event

SOURCES = Path(stream.__file__).parent
COLUMNS = '''

def no_show_columns(no_show: Fact, _: Definitions) -> Columns:
    """A customer who did not come."""
    return ("surveys",), ()
'''
STRUCT = '''class NoShow(Event, kw_only=True, gc=False, tag="no_show"):
    """A customer who did not come to an appointment."""

    TYPE = "no_show"
    LETTER = "n"
    OWN_ID = "no_show_id"
    TOPIC = "activity"

    no_show_id: Identifier


'''
MODEL = '''class NoShow(BaseEvent):
    """A customer who did not come to an appointment."""

    type: Literal["no_show"]
    no_show_id: Identifier


'''
PLACES = """
    "n": {"no_show_id": 7, "debtor_id": 8, "losers": 9, "segment_id": 10, "version": 11, "void": 12},"""
ADDED = {
    "facts/fact.py": (("Fact = (\n", STRUCT), ("    | Measurement\n)", "    | NoShow\n")),
    "facts/models/activity.py": (("class Survey(", MODEL),),
    "ledger/places.py": (('\n}\n"""Letter of the kind', PLACES),),
    "ledger/columns.py": (("\n\ndef survey_columns", COLUMNS),),
    "ledger/kinds.py": (
        ("    no_columns,\n", "    no_show_columns,\n"),
        ("        Kind(facts.Measurement,", '        Kind(facts.NoShow, "alone", no_show_columns),\n'),
    ),
}
"""File -> what is put in, each before its anchor."""


def test_every_part_knows_the_same_types() -> None:
    indexed = {letter for letter, kind in KINDS.items() if kind.role in ("linked", "attempt")}
    assert set(links._INDEXED) == set(difference._COMING) == indexed
    assert {kind.TYPE for kind in facts.KINDS} == set(SAMPLES) == set(route.TYPES)
    assert len(KINDS) == len({kind.TYPE for kind in facts.KINDS})
    assert INBOUND == TOPICS == ("calls", "payments", "complaints", "cases", "activity")


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("ids", [{}, {"debtor_id": None, "case_id": None}, {"agent_id": "a-7"}])
def test_the_simulator_and_the_routing_of_replay_use_the_key_that_is_expected(
    kind: str, ids: dict[str, str | None]
) -> None:
    for debtor in ({}, {"debtor_id": None, "case_id": None}):
        said = {**event(kind), **ids, **debtor}
        fact = decode(orjson.dumps(said))
        if isinstance(fact, facts.Event):
            key = expected_key(fact)
            assert route.key_of(said) == key
            keyed = orjson.dumps({"type": "survey", "agent_id": key})
            assert group_of(orjson.dumps(said), 9_973) == group_of(keyed, 9_973)
            assert route.topic_of(kind) == f"collections.{fact.TOPIC}.v1"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product with one more type of event."""
    root = tmp_path_factory.mktemp("product")
    shutil.copytree(SOURCES, root / "stream", ignore=shutil.ignore_patterns("*.so", "core.sha256", "__pycache__"))
    for name, texts in ADDED.items():
        path = root / "stream" / name
        text = path.read_text("utf-8")
        for anchor, added in texts:
            assert text.count(anchor) == 1, f"{name} has changed: where does {added!r} go now?"
            at = text.index(anchor) + (anchor.index(")") if anchor.startswith("    |") else 0)
            text = text[:at] + added + text[at:]
        path.write_text(text, "utf-8")
    return root


def test_a_self_contained_type_costs_five_files() -> None:
    assert len(ADDED) == 5


def test_a_type_added_to_the_tables_is_read_kept_counted_and_forgotten(copy: Path, tmp_path: Path) -> None:
    program = """
import sys, orjson
from stream.engine.debtors.stage import Stage1
from stream.facts.decode import decode
from stream.kafka.names import Names
from stream.ledger.definitions import Definitions, Limits
from stream.simulate.route import topic_of
from stream.windows.plan import WindowPlan
fact = decode(sys.stdin.buffer.read())
plan = WindowPlan(10_000, (), (("interval_30m", 1_800_000),), True, False, False, {})
one = Stage1(Definitions(), plan, Limits(), 0)
kinds = [one.apply(fact).kind, one.apply(fact).kind]
(key, value), = (each for each in one.take().state if b"|n" in each[0])
two = Stage1(Definitions(), plan, Limits(), 0)
two.restore(key, value)
again = two.apply(fact).kind
gone = two.forget(fact.occurred_at + 400 * 86_400_000)
print(orjson.dumps([kinds, key.decode(), again, gone, topic_of("no_show")]).decode())
"""
    value = orjson.dumps({"type": "no_show", "event_id": "e", "occurred_at": "2026-11-02T01:00:00Z", "no_show_id": "n"})
    environment = os.environ | {"PYTHONPATH": str(copy), "KPI_STREAM_PURE": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], input=value, env=environment, cwd=copy, capture_output=True, check=True
        )
        return done.stdout.decode()

    said = json.loads(run("-c", program))
    assert said == [["accepted", "duplicate"], "n|nn", "duplicate", 1, "collections.activity.v1"]
    (tmp_path / "in.jsonl").write_bytes(value + b"\n")
    command = "from stream.cli.program import main; main()"
    run("-c", command, "replay", "--input", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out"))
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["events_accepted"], summary["kpi_records"] > 0) == (1, True)
