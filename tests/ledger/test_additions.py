"""An event kind that nothing depends on costs five files of the product: all else follows from its rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stream
from stream.facts.fact import KINDS as STRUCTS
from stream.facts.fact import Call
from stream.ledger.kinds import KINDS, ROWS, by_letter, check_handlers

SOURCES = Path(stream.__file__).parent

STRUCT = '''class Training(Event, kw_only=True, gc=False, tag="training"):
    """A lesson that an agent took."""

    TYPE = "training"
    LETTER = "z"
    TOPIC = "activity"
    OWN_ID = "training_id"

    training_id: Identifier
    agent_id: Identifier
    subject: Literal["conduct", "product"]
    score: Count | None = None


'''
MODEL = '''class Training(BaseEvent):
    """A lesson that an agent took."""

    type: Literal["training"]
    training_id: Identifier
    agent_id: Identifier
    subject: Literal["conduct", "product"]
    score: Annotated[int, Field(ge=0, lt=2**53)] | None = None


'''
PLACES = """    "z": {
        "training_id": 7,
        "subject": 8,
        "score": 9,
        "debtor_id": 10,
        "losers": 11,
        "segment_id": 12,
        "version": 13,
        "void": 14,
    },
"""
COLUMNS = """def training_columns(training: Fact, _: Definitions) -> Columns:
    return ("lessons",), ()


"""
KIND = {
    "facts/fact.py": (("Fact = (\n", STRUCT), ("    | Measurement\n)", "    | Training\n")),
    "facts/models/activity.py": (("class Survey(", MODEL),),
    "ledger/store/places.py": (
        ('}\n"""Letter of the kind -> field', PLACES),
        ('    "u.level": {', '    "z.subject": {"conduct": 0, "product": 1},\n'),
    ),
    "ledger/columns.py": (("def survey_columns", COLUMNS),),
    "ledger/kinds.py": (
        ("    no_columns,\n", "    training_columns,\n"),
        ("    alone(facts.Measurement", "    alone(facts.Training, training_columns, occurred),\n"),
    ),
}
MEASURE = {
    "windows/measures.py": (
        (
            "\n)  # fmt: skip\n\n_IN_CURRENCY",
            '\n    Measure({next}, "lessons", "count", "lessons", OTHERS, "lessons", "课"),',
        ),
    ),
}
"""File -> (what stands behind the addition, the addition)."""

LIFE = """
import json, sys
from stream.engine.debtors.stage import DebtorStage
from stream.engine.deltas.delta import decode_delta
from stream.facts.decode import decode, to_fact
from stream.facts.models import read_event
from stream.ledger.definitions import Definitions, FactLimits
from stream.replay.pane_sums import PaneSums
from stream.simulate.route import topic_of
from stream.windows.packed import from_bytes, unpack
from stream.windows.plan import WindowPlan

lines = [line.encode() for line in json.load(sys.stdin)]
facts = [decode(line) for line in lines]
models = [to_fact(read_event(json.loads(line)).model_dump()) for line in lines]

def stage():
    return DebtorStage(Definitions(), WindowPlan(), FactLimits(), 0)

def names(one):
    return sorted(key.decode() for key, value in one.take().state if value is None)

first = stage()
verdicts = [first.apply(fact).kind for fact in facts]
deltas, state, *_ = first.take()
counted = {}
for _, value in deltas:
    for currency, rows in decode_delta(value).rows.items():
        for raw in rows.amounts:
            for name, amount in unpack({currency: from_bytes(raw)}).items():
                counted[name] = counted.get(name, 0) + amount
second = stage()
for key, value in state:
    second.restore(key, value)
sums = PaneSums(Definitions(), WindowPlan())
sums.fold([facts[0]])
day_ms = 86_400_000
at_ms = facts[0].occurred_at
second_verdict = second.apply(decode(lines[0])).kind
kept = second.forget(at_ms + 31 * day_ms), second.keys()
gone = second.forget(at_ms + 40 * day_ms), second.keys()
print(json.dumps({
    "types": [type(fact).__name__ for fact in facts], "same": facts == models, "verdicts": verdicts,
    "keys": sorted(key.decode() for key, _ in state), "counted": counted,
    "replayed": [list(panes.values()) for panes in sums.take().values()], "redelivered": second_verdict,
    "kept": kept, "gone": gone, "tombstones": names(second), "topic": topic_of("training"),
}))
"""


def python(root: Path, program: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(root), "KPI_STREAM_PURE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=root,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def product(root: Path, *without: str) -> Path:
    """A copy of the product with the kind and its measure, but for what these files would say."""
    shutil.copytree(SOURCES, root / "stream", ignore=shutil.ignore_patterns("*.so", "core.sha256", "__pycache__"))
    plain = (root / "stream/windows/measures.py").read_text("utf-8").partition("_IN_CURRENCY")[0].count("    Measure(")
    for name, places in (KIND | MEASURE).items():
        path = root / "stream" / name
        for anchor, text in places if name not in without else ():
            before, found, after = path.read_text("utf-8").partition(anchor)
            assert found, f"{name} has changed: where does a kind go now?"
            if anchor == "    | Measurement\n)":
                before, found = f"{before}    | Measurement\n", ")"
            path.write_text(before + text.replace("{next}", str(plain)) + found + after, "utf-8")
    return root


def training(number: int, **fields: Any) -> str:
    common = {"type": "training", "event_id": f"e-{number}", "training_id": f"t-{number}"}
    at = {"occurred_at": "2026-11-02T01:17:20Z", "agent_id": "a-1", "subject": "product"}
    return json.dumps(common | at | fields)


def test_a_kind_costs_five_files_and_a_measure_that_it_counts_one_more() -> None:
    assert len(KIND) == 5
    assert len(KIND | MEASURE) == 6


def test_a_kind_is_decoded_kept_counted_restored_and_forgotten_by_its_tables_alone(tmp_path: Path) -> None:
    lines = [training(1), training(2, subject="conduct", score=3), training(1), training(2, version=2, void=True)]
    done = python(product(tmp_path), LIFE, json.dumps(lines))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["types"] == ["Training"] * 4
    assert found["same"]
    assert found["verdicts"] == ["accepted", "accepted", "duplicate", "superseded"]
    assert set(found["keys"]) == {"a-1|zt-1", "a-1|zt-2"}
    assert found["counted"] == {"lessons": 3}  # one lesson, of its site, its team and its agent
    assert found["replayed"] == [[{"lessons": 1}]]
    assert found["topic"] == "collections.activity.v1"
    assert found["redelivered"] == "duplicate"
    assert found["kept"] == [0, 1]
    assert found["gone"] == [2, 0]
    assert found["tombstones"] == ["a-1|zt-1", "a-1|zt-2"]


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("ledger/kinds.py", "stream/ledger/kinds.py: the event kind training has no row"),
        ("facts/models/activity.py", "stream/facts/models has no Training"),
        ("ledger/store/places.py", "stream/ledger/store/places.py has no places for training"),
    ],
)
def test_a_kind_that_misses_in_a_table_ends_the_import_with_a_sentence(
    tmp_path: Path, without: str, sentence: str
) -> None:
    done = python(product(tmp_path, without), "import stream.facts.decode, stream.engine.debtors.stage")
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


def test_every_kind_has_one_row() -> None:
    assert {row.struct for row in ROWS} == set(STRUCTS)
    assert list(KINDS.values()) == list(ROWS)
    with pytest.raises(RuntimeError, match="the event kind call has no row"):
        by_letter([row for row in ROWS if row.struct is not Call])
    with pytest.raises(RuntimeError, match="call and call have the letter c"):
        by_letter([*ROWS, ROWS[0]._replace(role="alone")])


def test_a_table_of_handlers_has_exactly_the_kinds_that_depend_on_others_or_others_on_them() -> None:
    wanted = {row.struct.LETTER for row in ROWS if row.role in ("attempt", "linked")}
    check_handlers("a table", wanted)
    with pytest.raises(RuntimeError, match=r"a table lacks the event kind call, whose role .* is attempt"):
        check_handlers("a table", wanted - {"c"})
    with pytest.raises(RuntimeError, match=r"a table has the event kind survey, whose role .* is alone"):
        check_handlers("a table", wanted | {"y"})
