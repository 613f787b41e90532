"""`kpi-stream config check`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_good_configuration_is_ok_with_its_warnings(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("time: {correction_horizon: 30d}")
    ran = command("config", "check", file)
    assert (ran.code, ran.error) == (0, "")
    warning, ok = ran.out.splitlines()
    assert warning.startswith("warning: time.correction_horizon: ")
    assert ok == "ok"


@pytest.mark.parametrize("option", [[], ["--config"]])
def test_a_wrong_one_is_one_line_with_file_and_key_and_exit_code_2(
    command: Command, tmp_path: Path, option: list[str]
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("windows: {pane: 7s}")
    ran = command("config", "check", *option, file)
    assert (ran.code, ran.out) == (2, "")
    assert ran.error == f"kpi-stream: {file}: windows.pane: must divide 15 minutes\n"


def test_the_environment_names_the_file_and_overrides_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("windows: {pane: 7s}")
    monkeypatch.setenv("KPI_STREAM_CONFIG", str(file))
    assert command("config", "check").code == 2
    monkeypatch.setenv("KPI_STREAM_WINDOWS__PANE", "5s")
    assert command("config", "check").out == "ok\n"


def test_two_different_files_are_wrong_usage(command: Command) -> None:
    assert command("config", "check", "a.yaml", "--config", "b.yaml").code == 2
