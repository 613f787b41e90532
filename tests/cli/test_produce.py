"""`kpi-stream produce`: events from files arrive where they belong, and what is none is named."""

import asyncio
import gzip
import io
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.replay.waiting import unhurried
from stream.simulate.mess import Mess
from stream.simulate.route import key_of, topic_of
from stream.simulate.scenario import batch
from tests.cli.conftest import Command
from tests.simulate.days import MONDAY_MS
from tests.simulate.test_produce import PARTITIONS, everything, make_topics


def lines_of(events: int, seed: int = 1) -> list[bytes]:
    """Events of a simulated world, written with a space behind each colon, as another program may write them."""
    made = batch(seed, MONDAY_MS, rate=5.0, events=events, mess=Mess())
    return [orjson.dumps(event).replace(b'":', b'": ') for _, event in made]


@pytest.fixture
def config(tmp_path: Path, broker: str, topic_prefix: str) -> Path:
    file = tmp_path / "c.yaml"
    file.write_bytes(orjson.dumps({"kafka": {"bootstrap_servers": broker, "topic_prefix": topic_prefix}}))
    asyncio.run(make_topics(broker, topic_prefix))
    return file


@pytest.mark.broker
def test_every_line_arrives_unchanged_in_order_with_its_key_in_its_partition(
    command: Command, config: Path, broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    lines = lines_of(2_000)
    first, second = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"
    first.write_bytes(gzip.compress(b"\n".join(lines[:1_200]) + b"\n"))
    second.write_bytes(b"\n".join([*lines[1_200:1_500], b"", b'{"type": "call"', b"[]", *lines[1_500:]]))
    ran = command("produce", first, second, "--config", config)
    assert ran.code == 0, ran.error
    told = ran.error.splitlines()
    assert told[0].startswith(f"kpi-stream: {second}:302: not sent: malformed: is no JSON")
    assert told[1].startswith(f"kpi-stream: {second}:303: not sent: invalid: ")
    assert told[2].startswith("2000 events sent in ")
    assert told[2].endswith(", 2 lines not sent")
    assert command("produce", second, "--strict", "--config", config).code == 1
    records = asyncio.run(everything(broker, topic_prefix))
    _are_at_home(records, topic_prefix)
    place = {value: number for number, value in enumerate(lines)}
    orders: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in sorted(records, key=lambda each: each.offset):
        orders[record.topic, record.partition].append(place[record.value])
    once = [list(dict.fromkeys(order)) for order in orders.values()]
    assert all(order == sorted(order) for order in once)
    assert sorted(number for order in once for number in order) == list(range(2_000))


def _are_at_home(records: list[Any], prefix: str) -> None:
    from stream.partition.intake import key_partition

    for record in records:
        event = orjson.loads(record.value)
        assert record.topic == topic_of(event["type"], prefix)
        assert record.key == str(key_of(event)).encode()
        assert record.partition == key_partition(record.key, PARTITIONS)


@pytest.mark.broker
def test_a_torn_file_is_an_error_and_what_was_readable_is_sent(
    command: Command, config: Path, broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.jsonl.gz"
    packed = gzip.compress(b"\n".join(lines_of(3_000)) + b"\n")
    torn.write_bytes(packed[: len(packed) // 2])
    ran = command("produce", torn, "--config", config)
    assert ran.code == 1
    assert f"kpi-stream: {torn}: torn: " in ran.error
    assert len(asyncio.run(everything(broker, topic_prefix))) > 100


@pytest.mark.broker
def test_what_comes_through_a_pipe_is_sent_at_once_and_ctrl_c_ends_it(
    config: Path, broker: str, topic_prefix: str
) -> None:
    program = [str(Path(sys.executable).with_name("kpi-stream")), "produce", "-", "--config", str(config)]
    ours, theirs = os.pipe()
    sender = subprocess.Popen(program, stdin=ours, stderr=subprocess.PIPE)
    try:
        os.write(theirs, b"\n".join(lines_of(5)) + b"\n")
        records: list[Any] = []
        while len(records) < 5:
            records = asyncio.run(everything(broker, topic_prefix))
            assert sender.poll() is None
        sender.send_signal(signal.SIGINT)
        _, error = sender.communicate(timeout=60)
    finally:
        sender.kill()
        os.close(theirs)
        os.close(ours)
    assert sender.returncode == 130
    assert error.decode().splitlines()[0].startswith("5 events sent in ")


def test_a_missing_file_is_named_before_anything_is_sent(command: Command, tmp_path: Path) -> None:
    ran = command("produce", tmp_path / "none.jsonl")
    assert (ran.code, ran.error) == (1, f"kpi-stream: {tmp_path / 'none.jsonl'}: No such file or directory\n")
    assert command("produce").code == 2


def test_an_iterator_that_waits_gives_none_meanwhile_and_its_error_is_raised() -> None:
    ours, theirs = os.pipe()
    with io.FileIO(ours) as pipe:
        items = unhurried(iter(lambda: pipe.read(10), b"end"))
        assert next(items) is None
        os.write(theirs, b"one")
        assert next(each for each in items if each is not None) == b"one"
        os.write(theirs, b"end")
        assert [each for each in items if each is not None] == []
    os.close(theirs)

    def failing() -> Any:
        yield 1
        raise ValueError("torn")

    with pytest.raises(ValueError, match="torn"):
        list(unhurried(failing()))
