"""What a command writes takes the place of a file and of nothing else: pipes, devices and links stay what they are."""

from pathlib import Path

import pytest

from stream.written_file import written
from tests.pipes import Reader


def interrupted(path: Path) -> None:
    with written(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_file_is_replaced_when_the_new_one_is_whole_and_stays_as_it_was_if_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("f", "before")]
    with written(path) as file:
        file.write(b"after")
        assert path.read_text() == "before"
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("f", "after")]


@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    target, link, first = tmp_path / "folder" / "f", tmp_path / "link", tmp_path / "first"
    link.symlink_to("first")
    first.symlink_to("folder/f")
    if there:
        target.write_text("before")
    with written(link) as file:
        file.write(b"after")
    assert link.is_symlink()
    assert first.is_symlink()
    assert not target.is_symlink()
    assert target.read_text() == "after"
    assert [each.name for each in (tmp_path / "folder").iterdir()] == ["f"]


def test_links_in_a_circle_are_an_error_and_stay(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), written(tmp_path / "a"):
        pass
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("linked", [True, False])
def test_a_pipe_is_written_into(tmp_path: Path, linked: bool) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    link.symlink_to("pipe")
    reader = Reader(pipe)
    with written(link if linked else pipe) as file:
        file.write(b"all of it")
    assert reader.all() == b"all of it"
    assert pipe.is_fifo()
    assert link.is_symlink()


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), written(tmp_path):
        pass
