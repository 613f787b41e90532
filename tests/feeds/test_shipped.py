"""The shipped mappings give the events of a right one: on records written here, and on the project's samples."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from stream.cli.main import run
from stream.feeds.adjustment import Adjustments
from stream.feeds.loading import load
from stream.feeds.shipped import shipped_names
from tests.feeds.shipped import (
    JOINED,
    NAMES,
    SAMPLES,
    Sample,
    canonical,
    latest,
    mapping_text,
    of_sample,
    own_sample,
    shared_sample,
)

PAGES = Path(__file__).resolve().parents[2] / "docs" / "feeds"


@pytest.fixture(params=["own", pytest.param("shared", marks=pytest.mark.shared_data)])
def one(request: pytest.FixtureRequest, name: str) -> Sample:
    """The records written here, and those beside the repository; skipped with a reason where they are missing."""
    if request.param == "own":
        return own_sample(name)
    return shared_sample(name, request.getfixturevalue("shared_data"))


def test_twelve_mappings_are_shipped() -> None:
    assert tuple(shipped_names()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_is_named_as_its_file_and_nobody_doubts_it(name: str) -> None:
    feed = load(mapping_text(name), name, Adjustments(zone="Europe/Lisbon"))
    assert (feed.name, feed.joins, tuple(feed.warnings)) == (name, name in JOINED, ())


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_has_a_page_that_the_index_lists_and_samples_of_its_own(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text("utf-8")
    assert page.startswith(f"# {name}\n")
    assert "**Cannot be known.**" in page
    assert "**To set.**" in page
    assert f"({name}.md)" in (PAGES / "README.md").read_text("utf-8")
    assert (SAMPLES / f"{name}.txt").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_the_events_are_the_expected_ones(one: Sample) -> None:
    got, expected = of_sample(one).read(), one.expected
    if one.name in JOINED:
        got, expected = latest(got), latest(expected)
    assert sorted({canonical(event) for event in got}) == sorted({canonical(event) for event in expected})
    assert expected


@pytest.mark.parametrize("name", NAMES)
def test_what_is_refused_names_its_field_and_its_value(one: Sample) -> None:
    refused = of_sample(one).refused
    assert sorted(record.field for record in refused) == sorted(name for name, _ in one.refused)
    assert {record.reason for record in refused} <= {"unmapped"}
    details = "\n".join(record.detail for record in refused)
    for name, value in one.refused:
        assert name in details
        assert value is None or value in details


@pytest.mark.parametrize("name", NAMES)
def test_a_fact_of_a_version_has_one_id_and_another_fact_another_in_every_run(one: Sample) -> None:
    told = of_sample(one).read()
    assert told == of_sample(one).read()
    of_id: dict[str, set[str]] = defaultdict(set)
    of_fact: dict[str, set[str]] = defaultdict(set)
    for event in told:
        of_id[event["event_id"]].add(canonical(event))
        of_fact[canonical(event)].add(event["event_id"])
    assert all(len(facts) == 1 for facts in of_id.values())
    assert all(len(ids) == 1 for ids in of_fact.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_command_writes_what_the_mapping_gives(name: str, tmp_path: Path) -> None:
    one, out, rejects = own_sample(name), tmp_path / "events.jsonl", tmp_path / "rejects.jsonl"
    zone = [] if one.zone is None else ["--zone", one.zone]
    assert run(["feed", "run", name, str(one.path), *zone, "--out", str(out), "--rejects", str(rejects)]) == 0
    told = of_sample(one)
    assert out.read_bytes().splitlines() == told.lines()
    details = [json.loads(line)["detail"] for line in rejects.read_bytes().splitlines()]
    assert details == [record.detail for record in told.refused]
