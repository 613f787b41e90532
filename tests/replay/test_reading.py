"""What a file of events may look like, and what makes it no input."""

import gzip
from pathlib import Path

import pytest
import zstandard

from stream.replay.chunks import FilePosition, InputError
from stream.replay.reading import CUT_BYTES, Raw, read

LINES = b'{"a":1}\n{"b":2}\n'


def values(*files: Path) -> list[bytes]:
    return [raw.value for raw in read([str(file) for file in files], FilePosition())]


def wrote(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        LINES,
        LINES.rstrip(b"\n"),
        LINES.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + LINES,
        b"\n\n" + LINES.replace(b"\n", b"\n \t\r\n\n"),
        b"\xef\xbb\xbf\r\n" + LINES,
    ],
    ids=["plain", "no last newline", "CR LF", "byte-order mark", "blank lines", "mark before a blank line"],
)
def test_blank_lines_cr_and_a_byte_order_mark_are_skipped(tmp_path: Path, content: bytes) -> None:
    assert values(wrote(tmp_path / "f.jsonl", content)) == [b'{"a":1}', b'{"b":2}']


def test_a_byte_order_mark_is_skipped_at_the_start_of_each_file_and_nowhere_else(tmp_path: Path) -> None:
    one = wrote(tmp_path / "1", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n")
    two = wrote(tmp_path / "2", b"\xef\xbb\xbfc\n")
    assert values(one, two) == [b"a", b"\xef\xbb\xbfb", b"c"]


def test_lines_are_counted_from_one_blank_ones_included(tmp_path: Path) -> None:
    file = wrote(tmp_path / "f", b"\na\n\r\nb")
    assert list(read([str(file)], FilePosition())) == [Raw(b"a", str(file), 2), Raw(b"b", str(file), 4)]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    assert (
        values(wrote(tmp_path / "f", b""), wrote(tmp_path / "g", b"\n"), wrote(tmp_path / "h", b"\xef\xbb\xbf")) == []
    )


@pytest.mark.parametrize("name", ["f.jsonl.gz", "f.gz", "no-suffix"])
def test_gzip_is_read_member_after_member_and_padding_is_skipped(tmp_path: Path, name: str) -> None:
    one, two = (gzip.compress(line + b"\n") for line in LINES.split())
    assert values(wrote(tmp_path / name, one + two)) == LINES.split()
    assert values(wrote(tmp_path / name, one + two + b"\0" * 512)) == LINES.split()
    assert values(wrote(tmp_path / name, one + b"\0" * 512 + two)) == LINES.split()


@pytest.mark.parametrize("name", ["f.jsonl.zst", "no-suffix"])
def test_zstd_is_read_frame_after_frame(tmp_path: Path, name: str) -> None:
    one, two = (zstandard.compress(line + b"\n") for line in LINES.split())
    assert values(wrote(tmp_path / name, one + two)) == LINES.split()


@pytest.mark.parametrize("cut", [1, 5, 9, 20])
@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_a_torn_file_is_an_error_that_names_it(tmp_path: Path, suffix: str, compress: object, cut: int) -> None:
    whole = compress(LINES * 1000)  # type: ignore[operator]
    file = wrote(tmp_path / f"f{suffix}", whole[:-cut])
    with pytest.raises(InputError, match=rf"f\{suffix}: torn: "):
        values(file)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("content", [b"", b'{"a":1}\n', b"\0\0\0\0"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    with pytest.raises(InputError, match="torn"):
        values(wrote(tmp_path / f"f{suffix}", content))


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_what_follows_the_compressed_data_is_not_taken_for_padding(tmp_path: Path, compress: object) -> None:
    with pytest.raises(InputError, match="torn"):
        values(wrote(tmp_path / "f", compress(LINES) + b"rubbish"))  # type: ignore[operator]


def test_a_missing_file_is_named_before_anything_is_read(tmp_path: Path) -> None:
    good = wrote(tmp_path / "good", LINES)
    events = read([str(good), str(tmp_path / "gone")], FilePosition())
    with pytest.raises(InputError, match="gone: No such file"):
        next(events)
    with pytest.raises(InputError, match="is a directory"):
        values(good, tmp_path)


def test_a_line_longer_than_the_cut_is_one_value_and_the_lines_after_it_are_whole(tmp_path: Path) -> None:
    file = wrote(tmp_path / "f", b"a\n" + b"x" * (CUT_BYTES * 2 + 7) + b"\nb\n" + b"y" * CUT_BYTES)
    first, long, second, last = values(file)
    assert (first, len(long), second, len(last)) == (b"a", CUT_BYTES + 1, b"b", CUT_BYTES)


def test_the_position_ends_at_the_size_of_the_files(tmp_path: Path) -> None:
    position = FilePosition()
    files = [wrote(tmp_path / "a", LINES), wrote(tmp_path / "b.gz", gzip.compress(LINES))]
    assert len(list(read([str(file) for file in files], position))) == 4
    assert position.read == position.total == sum(file.stat().st_size for file in files)
