"""The section `feeds` of the configuration, and the options over it."""

from pathlib import Path

import pytest

from stream.cli.failure import CommandError
from stream.cli.feed_wish import Options, Wish, wish_of
from stream.settings import SettingsError, load
from tests.feeds.pbx import MAPPING

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


def wish(config: Path, mapping: str, **options: object) -> Wish:
    return wish_of(load(config, {}), config, mapping, Options(**options))  # type: ignore[arg-type]


def test_a_feed_runs_as_the_configuration_says_and_its_mapping_lies_beside_it(config: Path) -> None:
    found = wish(config, "lisbon")
    assert (found.name, found.files, found.state, found.topic, found.most_open) == (
        "lisbon", ("/var/log/q*",), "/var/lib/q", None, 7,
    )  # fmt: skip
    assert found.feed.mapping.revision == 3
    described = found.feed.mapping.events[0].fields
    assert described["site_id"].value == "lisbon"
    assert described["outcome"].map == {"CONNECT": "human", "RINGNOANSWER": "no_answer", "486": "busy"}
    other = wish(config, "porto")
    assert (other.topic, other.group, other.files, other.most_open) == ("rows", "kpi", (), 100_000)
    assert other.feed.mapping.input.zone == "Europe/Lisbon"


def test_options_win_over_the_configuration(config: Path) -> None:
    found = wish(
        config, "lisbon", constants={"site_id": "faro"}, results={"outcome": {"486": "failed"}}, revision=4,
        most_open=9, zone="UTC",
    )  # fmt: skip
    described = found.feed.mapping.events[0].fields
    assert described["site_id"].value == "faro"
    assert described["outcome"].map == {"CONNECT": "human", "RINGNOANSWER": "no_answer", "486": "failed"}
    assert (found.feed.mapping.revision, found.most_open, found.feed.mapping.input.zone) == (4, 9, "UTC")
    assert (found.files, found.state) == (("/var/log/q*",), "/var/lib/q")


def test_a_source_that_is_given_takes_the_place_of_the_configured_one(config: Path) -> None:
    found = wish(config, "lisbon", files=("old.log",))
    assert (found.files, found.state) == (("old.log",), None)
    found = wish(config, "porto", topic="other")
    assert (found.topic, found.group) == ("other", None)


@pytest.mark.parametrize(
    ("mapping", "options", "line"),
    [
        ("nothing", {"topic": "t"}, "nothing: No such file or directory; no shipped mapping has this name"),
        ("none.yaml", {"topic": "t"}, "none.yaml: No such file or directory"),
        ("porto", {"files": ("a",), "topic": "t"}, "FILE and --topic: only one of them"),
        ("lisbon", {"group": "g"}, "--group is for --topic"),
        ("porto", {"state": "s"}, "--state is for files: of a topic the group keeps the place"),
        ("lisbon", {"constants": {"nix": "1"}}, "pbx.yaml: set nix: "),
        ("lisbon", {"revision": 1000}, "pbx.yaml: revision: "),
    ],
)
def test_what_cannot_be_run_is_one_line_and_exit_2(
    config: Path, mapping: str, options: dict[str, object], line: str
) -> None:
    with pytest.raises(CommandError) as raised:
        wish(config, mapping, **options)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)
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
