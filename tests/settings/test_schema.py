"""The JSON Schema of a configuration accepts and refuses what `config check` does, as far as single values go."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from stream.settings import yaml as own_yaml
from stream.settings.described import meanings
from stream.settings.document import Document
from stream.settings.schema import configuration_schema, sections
from stream.settings.validation import validated

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = configuration_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class EditorLoader(yaml.SafeLoader):
    """YAML as editors read it (version 1.2, core schema): with floats, without dates and times of day."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if "timestamp" not in tag]
        for first, found in own_yaml._Loader.yaml_implicit_resolvers.items()
    }


EditorLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"-?[0-9]*\.[0-9]+\Z"), list("-0123456789."))
EditorLoader.add_constructor("!time", lambda _, node: node.value)


def is_configuration(text: str) -> bool:
    """Whether a file is one document, a mapping of sections."""
    try:
        found = list(yaml.load_all(text, EditorLoader))
    except yaml.YAMLError:
        return False
    return len(found) == 1 and isinstance(found[0], dict) and found[0].keys() <= Document.model_fields.keys()


def configurations() -> Iterator[tuple[str, str]]:
    """(where, text) of every configuration in docs/ and deploy/."""
    for folder in ("docs", "deploy"):
        for file in sorted((ROOT / folder).rglob("*.yaml")):
            text = file.read_text("utf-8")
            for found in yaml.load_all(text, EditorLoader):
                inner = found.get("data") if isinstance(found, dict) and found.get("kind") == "ConfigMap" else None
                for name, held in {"": text, **(inner or {})}.items():
                    if is_configuration(held):
                        yield f"{file.relative_to(ROOT)} {name}".strip(), held
    for page in sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]):
        for number, text in enumerate(BLOCK.findall(page.read_text("utf-8"))):
            if not re.search("^feed: ", text, re.MULTILINE):
                yield f"{page.relative_to(ROOT)} {number}", text


CONFIGURATIONS = dict(configurations())


def refused_by_model(document: Mapping[str, Any]) -> bool:
    document = copy.deepcopy(dict(document))
    if isinstance(document.get("conduct"), dict) and document["conduct"].get("pack_files"):
        document["conduct"]["pack_files"] = []  # what is named there is read before the model sees it
    try:
        Document.model_validate(document)
    except ValidationError:
        return True
    return False


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a document, the document's own first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from paths(each, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    document = copy.deepcopy(document)
    at(document, path[:-1])[path[-1]] = value
    return document


def test_the_schema_is_one_itself_and_every_key_says_what_it_is_for() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    models: list[type[BaseModel]] = [Document, *sections(Document)]
    silent = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if name not in meanings(model)
        and not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and model is Document)
        and model.__name__ != "PackFile"
    ]
    assert silent == []
    for definition in (SCHEMA, *SCHEMA["definitions"].values()):
        assert "properties" not in definition or definition["additionalProperties"] is False


@pytest.mark.parametrize("where", CONFIGURATIONS)
def test_every_configuration_in_docs_and_deploy_fits_however_it_is_read(where: str) -> None:
    text = CONFIGURATIONS[where]
    for document in (own_yaml.parse(text), yaml.load(text, EditorLoader)):  # noqa: S506  (a SafeLoader)
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_the_examples_are_many_and_name_every_section() -> None:
    named = {key for text in CONFIGURATIONS.values() for key in own_yaml.parse(text)}
    assert named == Document.model_fields.keys() - {"board"}
    assert len(CONFIGURATIONS) >= 25


WRONG = ("[[{}]]", "{no: {such: [1]}}", "no such word |", "-1", "true", "15 m", "1.5", "1e5", "''", "x.y")
"""As they stand in a file: the program and an editor read 1.5 differently."""


@pytest.mark.parametrize("where", CONFIGURATIONS)
def test_a_wrong_value_and_an_unknown_key_are_refused_where_the_program_refuses_them(where: str) -> None:
    """What the shape of a document does not allow, the schema refuses; what it refuses, `config check` refuses."""
    document = own_yaml.parse(CONFIGURATIONS[where])
    drawn = random.Random(where)
    places = list(paths(document))
    cases = [(path, drawn.choice(WRONG)) for path in places if path]
    cases += [((*path, "no_such_key"), "1") for path in places if isinstance(at(document, path), dict)]
    refused = 0
    for path, text in drawn.sample(cases, min(len(cases), 60)):
        ours = replaced(document, path, own_yaml.parse(text))
        fits = VALIDATOR.is_valid(replaced(document, path, yaml.load(text, EditorLoader)))  # noqa: S506
        if refused_by_model(ours):
            refused += 1
            assert not fits, (path, text)
        elif not fits:
            assert validated(ours)[1], (path, text)
    assert refused > 0


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("kafka: {commit_every: 200ms, stall_after: 2m}", True),
        ("kafka: {commit_every: 200}", False),
        ("kafka: {commit_every: 0s}", False),
        ("kafka: {bootstrap_servers: [a:9092, b:9092]}", True),
        ("kafka: {partitions: 0}", False),
        ("kafka: {partitionz: 8}", False),
        ("kafka:", True),
        ("kafka: {partitions: }", True),
        ("windows: {rolling: [5m, 2h], intervals: []}", True),
        ("windows: {rolling: [5]}", False),
        ("windows: {day: maybe}", False),
        ("sites: {1: {zone: UTC}}", True),
        ("sites: {a: }", True),
        ("sites: {a: {shifts: {day: ['09:00', '18:00']}}}", True),
        ("sites: {a: {shifts: {day: ['09:00']}}}", False),
        ("sites: {a: {shifts: {day: ['9:00', '18:00']}}}", False),
        ("sites: {'a|b': {zone: UTC}}", False),
        ("definitions: {promise_tolerance: 0.10}", True),
        ("definitions: {promise_tolerance: '0.10'}", True),
        ("definitions: {promise_tolerance: 1.5}", False),
        ("definitions: {promise_tolerance: '1.5'}", False),
        ("definitions: {promise_grace_days: 3d}", False),
        ("limits: {record_bytes: 1MiB}", False),
        ("limits: {record_bytes: 1048576}", True),
        ("minimum_sample: {connect_rate: 20}", True),
        ("minimum_sample: {conect_rate: 20}", False),
        ("alerts: [{rule: a, kpi: connect_rate, level: site, window: day, below: 0.2}]", True),
        ("alerts: [{rule: a, kpi: connect_rate, level: floor, window: day, below: 0.2}]", False),
        ("alerts: [{rule: a, level: site, window: day, below: 0.2}]", False),
        ("alerts: {rule: a}", False),
        ("feeds: [{name: a, mapping: m, source: {topic: t}, set: {site_id: 7, recorded: true}}]", True),
        ("conduct: {packs: [any], rules: [{rule: r, kind: recorded}]}", True),
        ("conduct: {rules: [{rule: r, kind: no_such}]}", False),
        ("conduct: {rules: [{rule: r, kind: hours, from: '08:00', until: '24:00', limit: 3}]}", False),
        ("calendar: {holidays: [2026-10-01]}", True),
        ("calendar: {holidays: [1.10.2026]}", False),
        ("nothing: 1", False),
    ],
)
def test_the_schema_says_of_a_line_what_config_check_says(said: str, accepted: bool) -> None:
    assert VALIDATOR.is_valid(yaml.load(said, EditorLoader)) is accepted  # noqa: S506  (a SafeLoader)
    assert (validated(own_yaml.parse(said))[1] == []) is accepted


def test_the_defaults_that_the_schema_states_are_the_defaults() -> None:
    """A configuration that says them all is the one that says nothing."""
    stated = {
        section: {
            key: each["default"]
            for key, each in SCHEMA["definitions"][reference["$ref"].rpartition("/")[2]]["properties"].items()
            if each.get("default") not in (None, [])
        }
        for section, said in SCHEMA["properties"].items()
        for reference in said.get("allOf", ())
    }
    assert sum(map(len, stated.values())) > 60
    document, wrong = validated(stated)
    assert (document.model_dump(), wrong) == (Document().model_dump(), [])
