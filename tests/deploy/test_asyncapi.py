"""The AsyncAPI document: valid by the models of the specification, complete, and every reference leads somewhere."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stream.facts.fact import KINDS
from stream.kafka.topics import wanted_topics
from stream.settings import load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its models have fields that are called as methods of pydantic are
    from asyncapi3.models.asyncapi import AsyncAPI3

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "asyncapi.json").read_text("utf-8"))
    return found


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    AsyncAPI3.model_validate(document)


BREAKS: list[Callable[[dict[str, Any]], object]] = [
    lambda broken: broken.pop("info"),
    lambda broken: broken["operations"]["send-collections-kpi-v1"].update(action="post"),
    lambda broken: broken["channels"]["collections-kpi-v1"].update(topic="collections.kpi.v1"),
    lambda broken: broken["channels"]["collections-kpi-v1"]["bindings"]["kafka"].update(partitions=0),
]


@pytest.mark.parametrize("change", BREAKS)
def test_a_document_that_breaks_the_specification_would_be_found(
    document: dict[str, Any], change: Callable[[dict[str, Any]], object]
) -> None:
    broken = copy.deepcopy(document)
    change(broken)
    with pytest.raises(ValidationError):
        AsyncAPI3.model_validate(broken)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        if reference.startswith("#/"):
            found: Any = document
            for part in reference[2:].split("/"):
                found = found[part]
        else:
            assert (SCHEMAS / reference).is_file(), reference


def test_every_topic_is_a_channel_with_its_partitions(document: dict[str, Any]) -> None:
    wanted = {
        topic.name: topic.partitions for topic in wanted_topics(load(None, {"KPI_STREAM_BOARD__NAMES_TOPIC": "true"}))
    }
    channels = document["channels"].values()
    assert {each["address"]: each["bindings"]["kafka"]["partitions"] for each in channels} == wanted


def test_every_event_type_and_every_schema_of_a_record_is_a_message(document: dict[str, Any]) -> None:
    messages = document["components"]["messages"]
    told = {each["payload"]["schema"]["$ref"] for each in messages.values() if "payload" in each}
    files = {f"./events/{kind.TYPE}.json" for kind in KINDS}
    records = ("kpi", "alert", "alertaction", "agent", "conduct", "erasure", "score", "scoreledger", "name")
    assert told == files | {f"./{record}.json" for record in records}


def test_every_channel_has_an_operation(document: dict[str, Any]) -> None:
    used = {each["channel"]["$ref"].rpartition("/")[2] for each in document["operations"].values()}
    assert used == set(document["channels"])
