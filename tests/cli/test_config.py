"""`kpi-stream config check`."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_good_configuration_is_ok_with_its_warnings(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("time: {correction_horizon: 30d}")
    ran = command("config", "check", file)
    assert (ran.code, ran.out) == (0, "ok\n")
    assert ran.error.startswith(f"{file}: warning: time.correction_horizon: ")
    assert ran.error.count("\n") == 1


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


EVERYTHING_WRONG = """
kafka: {partitions: none, commit_every: 20s, topic_prefix: 'a b'}
sites: {main: {zone: Mars/Crater, shifts: {day: ['09:00', '9:00'], late: ['22:00', '22:00']}}}
windows: {intervals: [7h]}
minimum_sample: {connect: 2}
time: {grace: 10, graze: 1s}
alerts:
  - {rule: a, kpi: connects, level: floor, window: dai, below: much}
  - {rule: a, kpi: dials, level: team, window: day}
  - {rule: b, kpi: recovered_amount, level: team, window: shift_day, above: 1, exit: 2}
  - {kpi: dials, level: site, window: day, above: 1}
  - 3
"""


def test_all_that_is_wrong_is_named_one_line_each_and_nothing_that_is_not(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(EVERYTHING_WRONG)
    ran = command("config", "check", file)
    assert (ran.code, ran.out) == (2, "")
    lines = [line.removeprefix(f"kpi-stream: {file}: ").split(": ")[0] for line in ran.error.splitlines()]
    assert sorted(lines) == sorted(
        [
            "kafka.partitions", "kafka.topic_prefix", "kafka.commit_every", "sites.main.zone",
            "sites.main.shifts.day[1]", "sites.main.shifts.late", "windows.intervals[0]", "minimum_sample.connect",
            "time.grace", "time.graze", "alerts[0].kpi", "alerts[0].level", "alerts[0].window", "alerts[0].below",
            "alerts[1].rule", "alerts[1].below", "alerts[2].currency", "alerts[2].exit", "alerts[3].rule", "alerts[4]",
        ]
    )  # fmt: skip
    replay = command("replay", "--input", file, "--out", tmp_path / "out", "--config", file)
    assert (replay.code, replay.error) == (2, ran.error.splitlines(keepends=True)[0])


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("kpi: connect_rate, level: team, window: day, below: 15", "below", "15 is 1500 %; 15 % is 0.15"),
        ("kpi: connect_rate, level: team, window: day, below: 0.1, exit: 12", "exit", "12 is 1200 %; 12 % is 0.12"),
        ("kpi: connect_rate, level: team, window: day, below: 0", "below", "the rule never fires"),
        ("kpi: abandonment_rate, level: team, window: day, above: 1", "above", "the rule never fires"),
        ("kpi: dials, level: team, window: rolling_5m, below: 0", "below", "no dials is ever below 0"),
        ("kpi: dials, level: team, window: rolling_5m, above: -1", "above", "the rule always fires"),
        ("kpi: abandonment_rate, level: team, window: day, above: 0.2, exit: -0.1", "exit", "an alert never ends"),
        ("kpi: dials, level: team, window: day, above: 2, min_denominator: 9", "min_denominator", "has no effect"),
        ("kpi: dials, level: site, window: day, above: 2, entities: [lund]", "entities", "level site excludes 'lund'"),
        ("kpi: dials, level: team, window: day, above: 2, entities: [main]", "entities", "level team excludes 'main'"),
        ("kpi: dials, level: team, window: day, above: 2, entities: []", "entities", "is empty"),
        ("kpi: dials, level: site, window: shift_early, above: 2, entities: [main]", "window", "no shift early"),
    ],
)
def test_what_a_rule_surely_does_not_mean_is_warned_of(
    command: Command, tmp_path: Path, text: str, key: str, said: str
) -> None:
    file = tmp_path / "c.yaml"
    sites = "sites: {main: {shifts: {late: ['14:00', '22:00']}}, oslo: {shifts: {early: ['06:00', '14:00']}}}"
    file.write_text(f"{sites}\nalerts:\n  - {{rule: r, {text}}}\n")
    ran = command("config", "check", file)
    assert (ran.code, ran.out) == (0, "ok\n")
    assert said in ran.error
    for line in ran.error.splitlines():
        assert line.startswith(f"{file}: warning: alerts[0].")
    assert any(line.startswith(f"{file}: warning: alerts[0].{key}: ") for line in ran.error.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "kpi: connect_rate, level: team, window: rolling_15m, below: 0.10, exit: 0.12, min_denominator: 50",
        "kpi: promise_rate, level: team, window: day, below: 1",
        "kpi: complaint_rate, level: site, window: day, above: 3, exit: 2, entities: [main]",
        "kpi: handle_time_mean, level: agent, window: day, above: 600000",
        "kpi: connect_rate, level: team, window: day, below: 1",
    ],
)
def test_what_a_rule_may_well_mean_is_not_warned_of(command: Command, tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"sites: {{main: {{}}}}\nalerts:\n  - {{rule: r, {text}}}\n")
    assert command("config", "check", file) == (0, "ok\n", "")


def test_keys_without_effect_are_warned_of(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("kafka: {sasl_plain_password: p, ssl_cafile: ca.pem}\nminimum_sample: {dials: 3}")
    ran = command("config", "check", file)
    assert ran.code == 0
    keys = [line.removeprefix(f"{file}: warning: ").split(": ")[0] for line in ran.error.splitlines()]
    assert sorted(keys) == ["kafka.sasl_plain_password", "kafka.ssl_cafile", "minimum_sample.dials"]


def test_every_file_that_is_missing_is_named_with_its_key(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    keys = {"ssl_cafile": "ca.pem", "ssl_certfile": "client.pem", "sasl_plain_password_file": "secret"}
    named = ", ".join(f"{key}: {tmp_path / name}" for key, name in keys.items())
    file.write_text(f"kafka: {{security_protocol: SASL_SSL, sasl_plain_username: u, {named}}}")
    ran = command("config", "check", file)
    assert (ran.code, ran.out) == (2, "")
    assert sorted(ran.error.splitlines()) == sorted(
        f"kpi-stream: {file}: kafka.{key}: {tmp_path / name}: No such file or directory" for key, name in keys.items()
    )
    for arguments in (["topics", "check"], ["doctor"], ["board"], ["worker"], ["simulate", "--events", "1"]):
        ran = command(*arguments, "--config", file)
        assert ran.code == 2
        assert "kafka.sasl_plain_password_file: " in ran.error
        assert ran.error.count("\n") == 1
