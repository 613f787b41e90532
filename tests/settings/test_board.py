"""The section `board` and the file of names: what they may hold, and what is said where they are wrong."""

import re
from pathlib import Path

import pytest

from stream.settings import SettingsError, load
from stream.settings.board import NamesOfIds, read_names


def test_names_are_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes(
        '\ufeffname,level,id,team\r\n李伟,agent,a-1,t-1\r\n"North, early",team,t-1,\r\n'.encode()
    )
    config = tmp_path / "kpi-stream.yaml"
    config.write_text("board: {names: names.csv, opt_out: [a-1, 7]}")
    settings = load(config, environ={})
    assert settings.names() == NamesOfIds({("agent", "a-1"): "李伟", ("team", "t-1"): "North, early"}, {"a-1": "t-1"})
    assert settings.board.opt_out == {"a-1", "7"}
    assert settings.unusable_files() == []
    assert load(environ={}).names() == NamesOfIds()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("level,id\n", "line 1: no column 'name' (the columns are level,id,name,team; team may be left out)"),
        (
            "level,id,name,age\n",
            "line 1: an unknown column 'age' (the columns are level,id,name,team; team may be left out)",
        ),
        ("level,id,name\nperson,a-1,Li\n", "line 2: level 'person' is not agent, team, leader, queue, segment or site"),
        ("level,id,name\nagent,a-1,\n", "line 2: an id and a name are needed"),
        ("level,id,name\nagent,a-1,Li\nagent,a-1,Wei\n", "line 3: agent 'a-1' has a name already"),
        ("level,id,name\nagent,a-1,Li,t-1\n", "line 2: not as many values as there are columns"),
        ("level,id,name\nagent,a-1\n", "line 2: not as many values as there are columns"),
        ("level,id,name,team\nteam,t-1,North,t-2\n", "line 2: only an agent has a team"),
        ("", "line 1: no column 'level' (the columns are level,id,name,team; team may be left out)"),
    ],
)
def test_a_wrong_file_of_names_is_told_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "names.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        read_names(file)
    config = tmp_path / "kpi-stream.yaml"
    config.write_text("board: {names: names.csv}")
    assert load(config, environ={}).unusable_files() == [f"{config}: board.names: names.csv: {said}"]


def test_a_missing_file_of_names_is_told_by_its_key(tmp_path: Path) -> None:
    config = tmp_path / "kpi-stream.yaml"
    config.write_text("board: {names: nobody.csv}")
    with pytest.raises(SettingsError, match=r"board\.names: nobody\.csv: No such file or directory"):
        load(config, environ={}).names()


def test_an_unknown_key_of_the_section_is_named(tmp_path: Path) -> None:
    config = tmp_path / "kpi-stream.yaml"
    config.write_text("board: {optout: [a-1]}")
    with pytest.raises(SettingsError, match=r"board\.optout: "):
        load(config, environ={})
