"""What the shell counts is in the closed list of metrics, with the labels that it gives."""

import re
from pathlib import Path

import pytest

import stream.kafka
from stream.publish.metrics import METRICS

SOURCES = sorted(Path(stream.kafka.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("source", SOURCES, ids=[path.stem for path in SOURCES])
def test_every_metric_named_in_the_shell_is_in_the_closed_list(source: Path) -> None:
    text = source.read_text()
    whole = set(re.findall(r'"(collections_[a-z_]+)"', text))
    if 'f"collections_{name}"' in text:
        listed = re.search(r"for name in \(([^)]*)\)", text)
        assert listed is not None
        whole |= {f"collections_{name}" for name in re.findall(r'"([a-z_]+)"', listed[1])}
    assert whole <= METRICS.keys()
