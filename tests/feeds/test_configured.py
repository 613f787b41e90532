"""The section `feeds` of the configuration, and the options over it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from stream.cli import feed_files, main
from stream.cli.failure import CommandError
from stream.cli.feed_files import Wanted
from stream.feeds.loading import Feed
from stream.settings import SettingsError, load
from tests.cli.conftest import Command, command
from tests.feeds.pbx import MAPPING

__all__ = ["command"]  # the fixture

FEEDS = """
feeds:
  - {name: lisbon, mapping: maps/pbx.yaml, source: {files: ["/var/log/q*"], state: /var/lib/q}, set: {site_id: lisbon},
     set_map: {outcome: {RINGNOANSWER: no_answer, 486: busy}}, id_prefix: "lx-", revision: 3, open: 7}
  - {name: porto, mapping: maps/pbx.yaml, source: {topic: rows, group: kpi}, zone: Europe/Lisbon,
     set_path: {queue_id: "rows[0].q"}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "pbx.yaml").write_text(MAPPING)
    file = tmp_path / "c.yaml"
    file.write_text(FEEDS)
    return file


class Run(NamedTuple):
    """What a command came to. `wanted`: of a feed of files, and `name`, under which it goes to Kafka."""

    feed: Feed
    wanted: Any
    name: str | None
    topic: str | None
    group: str | None
    most_open: int


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Gives what `feed run` with these arguments would do."""
    done: list[Run] = []

    def files(wanted: Wanted, feed: Feed, _settings: object, name: str | None, most_open: int, *_: object) -> int:
        done.append(Run(feed, wanted, name, None, None, most_open))
        return 0

    def topic(_settings: object, feed: Feed, topic: str, group: str | None, most_open: int, *_: object) -> int:
        done.append(Run(feed, None, None, topic, group, most_open))
        return 0

    monkeypatch.setattr(feed_files, "_run_files", files)
    monkeypatch.setattr(feed_files, "run_topic", topic)

    def ran(*arguments: str) -> Run:
        app = typer.main.get_command(main.app)
        app.main(["feed", "run", *arguments, "--config", str(config)], standalone_mode=False)
        return done.pop()

    return ran


def test_a_feed_runs_as_the_configuration_says_and_its_mapping_lies_beside_it(run: Callable[..., Run]) -> None:
    found = run("lisbon")
    wanted = found.wanted
    assert (found.name, wanted.files, wanted.state, wanted.follow, wanted.kafka, found.most_open) == (
        "lisbon", ("/var/log/q*",), "/var/lib/q", True, True, 7,
    )  # fmt: skip
    assert found.feed.mapping.revision == 3
    described = found.feed.mapping.events[0].fields
    assert described["site_id"].value == "lisbon"
    assert described["outcome"].map == {"CONNECT": "human", "RINGNOANSWER": "no_answer", "486": "busy"}
    other = run("porto")
    assert (other.topic, other.group, other.most_open) == ("rows", "kpi", 100_000)
    assert other.feed.mapping.input.zone == "Europe/Lisbon"


def test_options_win_over_the_configuration(run: Callable[..., Run]) -> None:
    found = run(
        "lisbon", "--set", "site_id=faro", "--set-map", "outcome.486=failed", "--revision", "4", "--open", "9",
        "--zone", "UTC", "--state", "other",
    )  # fmt: skip
    described = found.feed.mapping.events[0].fields
    assert described["site_id"].value == "faro"
    assert described["outcome"].map == {"CONNECT": "human", "RINGNOANSWER": "no_answer", "486": "failed"}
    assert (found.feed.mapping.revision, found.most_open, found.feed.mapping.input.zone) == (4, 9, "UTC")
    assert (found.wanted.files, found.wanted.state) == (("/var/log/q*",), "other")
    described = run("porto", "--set", "queue_id=front").feed.mapping.events[0].fields
    assert described["queue_id"].value == "front"
    described = run("lisbon", "--set-path", "site_id=rows[0].site").feed.mapping.events[0].fields
    assert (described["site_id"].path, described["site_id"].value) == ("rows[0].site", None)


def test_a_source_that_is_given_has_no_part_in_place_and_name_of_the_configured_one(run: Callable[..., Run]) -> None:
    found = run("lisbon", "old.log")
    assert (found.wanted.files, found.wanted.state, found.wanted.follow, found.name) == (
        ("old.log",),
        None,
        False,
        None,
    )
    assert found.wanted.kafka
    assert not run("lisbon", "old.log", "--out", "events.jsonl").wanted.kafka
    other = run("porto", "--topic", "other")
    assert (other.topic, other.group) == ("other", None)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nothing", "--topic", "t"), "nothing: No such file or directory; no shipped mapping has this name"),
        (("none.yaml", "--topic", "t"), "none.yaml: No such file or directory"),
        (("porto", "a", "--topic", "t"), "--topic and FILE: only one of them"),
        (("lisbon", "--group", "g"), "--group is for --topic"),
        (("porto", "--state", "s"), "--state and --follow are for files"),
        (("lisbon", "--set", "nix=1"), "pbx.yaml: set nix: "),
        (("lisbon", "--all"), "--all takes no MAPPING"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_exit_2(
    run: Callable[..., Run], arguments: tuple[str, ...], line: str
) -> None:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_all_starts_nothing_where_a_mapping_is_wrong(run: Callable[..., Run], config: Path) -> None:
    (config.parent / "maps" / "pbx.yaml").write_text(MAPPING.replace("type: call", "type: cal"))
    with pytest.raises(CommandError, match=r"pbx\.yaml: events\[0\]\.type: ") as raised:
        run("--all")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("{name: a}", "feeds[0].mapping: is required"),
        ("{name: a b, mapping: m, source: {topic: t}}", "feeds[0].name: 'a b' may hold only letters"),
        ("{name: a, mapping: m, source: {}}", "feeds[0].source: needs either `files` or `topic`"),
        ("{name: a, mapping: m, source: {topic: t, files: [f]}}", "feeds[0].source: needs either `files` or `topic`"),
        ("{name: a, mapping: m, source: {files: []}}", "feeds[0].source.files: names no file"),
        ("{name: a, mapping: m, source: {files: [f], group: g}}", "feeds[0].source.group: is for a topic"),
        ("{name: a, mapping: m, source: {topic: t, state: s}}", "feeds[0].source.state: is for files"),
        ("{name: a, mapping: m, source: {topic: t}, zone: Europe/Nix}", "feeds[0].zone: 'Europe/Nix' is no IANA time"),
        ("{name: a, mapping: m, source: {topic: t}, revision: 1000}", "feeds[0].revision: should be less than"),
        ("{name: a, mapping: m, source: {topic: t}, set: {x: 1}, set_path: {x: y}}", "feeds[0].set_path.x: is in"),
        ("{name: a, mapping: m, source: {topic: t}, sets: {x: 1}}", "feeds[0].sets: unknown key (did you mean set?)"),
        ("{name: a, mapping: m, source: {topic: t}}, {name: a, mapping: m, source: {topic: t}}",
         "feeds[1].name: 'a' is the name of another feed already"),
        ("{name: a, mapping: m, source: {files: [f], state: s}}, {name: b, mapping: m, source: {files: [g], state: s}}",
         "feeds[1].source.state: 's' is the state of another feed already"),
        ("{name: a, mapping: m, source: {topic: t, group: g}}, {name: b, mapping: m, source: {topic: t, group: g}}",
         "feeds[1].source.group: 'g' is the group of another feed of this topic already"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_one_line_that_names_its_key(tmp_path: Path, entry: str, line: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"feeds: [{entry}]\n")
    with pytest.raises(SettingsError) as raised:
        load(file, {})
    assert str(raised.value).startswith(f"{file}: {line}")


def test_config_check_looks_at_the_mappings_and_names_each_that_is_wrong(command: Command, config: Path) -> None:
    assert command("config", "check", config).out == "ok\n"
    (config.parent / "maps" / "pbx.yaml").write_text(MAPPING.replace("type: call", "type: cal"))
    ran = command("config", "check", config)
    assert ran.code == 2
    lines = ran.error.splitlines()
    assert [line.split(": ")[1:3] for line in lines] == [
        [str(config), "feeds[0].mapping"], [str(config), "feeds[1].mapping"],
    ]  # fmt: skip
    assert all("events[0].type: " in line for line in lines)
