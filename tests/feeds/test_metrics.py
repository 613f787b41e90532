"""The numbers of feeds for Prometheus: what became of each record, served at an address and kept in files."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stream.cli.failure import CommandError
from stream.cli.feed_metrics import FeedMetrics, numbers_beside, serving
from stream.feeds.feed_counts import FeedCounts
from stream.publish.feed_numbers import FeedNumbers, numbers_in, text_of
from stream.settings import load
from tests.deploy.prometheus import free_port

COMMAND = str(Path(sys.executable).with_name("kpi-stream"))
MAPPING = """
feed: shop
input: {format: json}
events:
  - type: survey
    when: kind == 'survey'
    fields:
      survey_id: id
      event_id: id
      agent_id: agent
      occurred_at: {path: at, as: epoch_s}
      score: {path: points, as: integer}
"""
ROWS = """{"kind": "survey", "id": "s-1", "agent": "a-1", "at": 1793582240, "points": 5}
{"kind": "survey", "id": "s-2", "agent": "a-1", "at": 1793582241, "points": 3}
{"kind": "other"}
{"kind": "survey", "id": "s-3", "agent": "a-1", "at": 1793582242, "points": "many"}
no json
"""
EVERY = FeedNumbers("shop", 2, 1, 2, 3, 4, 5, 1793582240.5)


def test_the_text_says_every_number_of_the_feed_and_is_read_back_as_it_was() -> None:
    assert numbers_in(text_of(EVERY).decode()) == [EVERY]
    assert numbers_in(text_of(FeedNumbers("quiet")).decode()) == [FeedNumbers("quiet")]
    for result, count in (("mapped", 2), ("unused", 1), ("refused", 2)):
        line = f'collections_feed_records_total{{feed="shop",result="{result}"}} {count}.0\n'
        assert line in text_of(EVERY).decode()


def test_a_feed_has_read_a_record_only_when_another_one_came(tmp_path: Path) -> None:
    now_s = 100.0
    metrics = FeedMetrics("shop", tmp_path / "shop.prom", clock=lambda: now_s)
    assert numbers_beside(tmp_path) == [FeedNumbers("shop")]
    now_s = 200.0
    metrics.look(FeedCounts(records=3, mapped=1, unused=1, unmapped=1), 2)
    now_s = 300.0
    metrics.look(FeedCounts(records=3, mapped=1, unused=1, unmapped=1), 0)
    assert numbers_beside(tmp_path) == [FeedNumbers("shop", 1, 1, 1, last_record_s=200.0)]
    assert [file.name for file in tmp_path.iterdir()] == ["shop.prom"]


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"--metrics-file: .*shop\.prom: No such file"):
        FeedMetrics("shop", tmp_path / "none" / "shop.prom")


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        match = f"--metrics-port: 127.0.0.1:{port}: "
        with pytest.raises(CommandError, match=match), serving(load(environ={}), port, list):
            pass


def test_what_is_served_follows_the_numbers() -> None:
    metrics = FeedMetrics("shop")
    with serving(load(environ={}), 0, lambda: (metrics.numbers,)) as port:
        metrics.look(FeedCounts(records=2, mapped=2), 0)
        assert b'collections_feed_records_total{feed="shop",result="mapped"} 2.0' in scraped(port)


def scraped(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return bytes(answer.read())


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(MAPPING)
    (tmp_path / "rows.json").write_text(ROWS)
    return tmp_path


def test_a_run_over_files_leaves_its_numbers_in_a_file(folder: Path) -> None:
    options = ["--out", str(folder / "out.jsonl"), "--metrics-file", str(folder / "shop.prom")]
    command = [COMMAND, "feed", "run", str(folder / "shop.yaml"), str(folder / "rows.json"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    (numbers,) = numbers_beside(folder)
    assert (numbers.mapped, numbers.unused, numbers.refused) == (2, 1, 2), done.stderr
    assert numbers.last_record_s is not None


def test_all_feeds_of_a_host_are_served_at_one_address(folder: Path) -> None:
    """Each runs in a process of its own; here they wait for a broker that does not answer, and are told with 0."""
    feeds: list[dict[str, Any]] = [
        {"name": name, "mapping": str(folder / "shop.yaml"), "source": {"files": [str(folder / "rows.json")]}}
        for name in ("one", "two")
    ]
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump({"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "feeds": feeds}))
    port = free_port()
    command = [COMMAND, "feed", "run", "--all", "--metrics-port", str(port), "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            until(lambda: process.poll() is None and has(port, b'feed="one"') and has(port, b'feed="two"'))
        finally:
            process.terminate()
            process.communicate(timeout=60)


def has(port: int, words: bytes) -> bool:
    try:
        return words in scraped(port)
    except OSError:
        return False
