"""Events to files and back."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
import zstandard

from stream.simulate.files import write_lines
from stream.simulate.mess import Item, Mess
from stream.simulate.scenario import batch
from tests.simulate.days import MONDAY_MS


def some(events: int = 1_000, mess: Mess | None = None) -> Iterator[Item]:
    return batch(1, MONDAY_MS, rate=5.0, events=events, mess=mess or Mess())


def plain(raw: bytes) -> bytes:
    return raw


def unzst(raw: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(raw) as reader:
        return reader.read()


@pytest.mark.parametrize(
    ("name", "unpack"), [("e.jsonl", plain), ("e.jsonl.gz", gzip.decompress), ("e.jsonl.zst", unzst)]
)
def test_a_file_holds_one_event_a_line_and_the_same_bytes_each_time(
    tmp_path: Path, name: str, unpack: Callable[[bytes], bytes]
) -> None:
    one, again = tmp_path / name, tmp_path / f"again-{name}"
    assert write_lines(some(), str(one)) == write_lines(some(), str(again)) == 1_000
    assert one.read_bytes() == again.read_bytes()
    lines = unpack(one.read_bytes()).splitlines()
    assert [orjson.loads(line) for line in lines] == [event for _, event in some()]


def test_garbage_is_written_as_it_is(tmp_path: Path) -> None:
    mess = Mess(malformed=0.2)
    write_lines(some(mess=mess), str(tmp_path / "e.jsonl"))
    lines = (tmp_path / "e.jsonl").read_bytes().split(b"\n")[:-1]
    expected = [event if isinstance(event, bytes) else orjson.dumps(event) for _, event in some(mess=mess)]
    assert lines == expected
    assert len(lines) > 1_100


def test_a_dash_is_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert write_lines(some(10), "-") == 10
    assert capsysbinary.readouterr().out.count(b"\n") == 10


@pytest.mark.parametrize("name", ["e.jsonl", "e.jsonl.gz", "e.jsonl.zst"])
def test_an_interrupted_file_never_appears(tmp_path: Path, name: str) -> None:
    def interrupted() -> Iterator[Item]:
        yield from some(100)
        raise KeyboardInterrupt

    (tmp_path / name).write_text("what was there before")
    with pytest.raises(KeyboardInterrupt):
        write_lines(interrupted(), str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "what was there before"


def test_long_writing_is_reported(tmp_path: Path) -> None:
    told: list[int] = []
    write_lines(((0, {}) for _ in range(50_000)), str(tmp_path / "e.jsonl"), told.append)
    assert told == [20_000, 40_000]


def test_a_batch_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an end"):
        batch(1, MONDAY_MS, rate=1.0)


def test_a_batch_ends_at_its_instant_or_its_number_whichever_is_first() -> None:
    by_time = list(batch(1, MONDAY_MS, rate=5.0, to_ms=MONDAY_MS + 600_000))
    assert max(at for at, _ in by_time) < MONDAY_MS + 600_000
    assert list(batch(1, MONDAY_MS, rate=5.0, to_ms=MONDAY_MS + 600_000, events=100)) == by_time[:100]
