"""What stands in code on a page works: examples are read, configurations are valid, commands and interfaces exist."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from stream.alerts.action import AlertAction
from stream.cli.main import app
from stream.conduct.headroom import Query, headroom
from stream.conduct.history import History
from stream.conduct.rulebook import Rulebook
from stream.engine.entities.outputs import AgentRecord, AlertRecord, ConductRecord, KpiRecord
from stream.facts.decode import Rejection, decode
from stream.feeds.adjustment import Adjustments
from stream.feeds.loading import load as load_mapping
from stream.publish.names_topic import NameRecord
from stream.settings import load

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "RELEASE.md", "tests/README.md")),
)
PROGRAM = typer.main.get_command(app)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?<![\w-])kpi-stream( [^`|;&#>\[]*)")
"""A call of the program, up to what the shell does with it, a comment, or an option in brackets."""


def blocks(language: str) -> list[tuple[str, str]]:
    """(page, content) of every fenced block of a language; "" is none."""
    return [(page.name, text) for page in PAGES for found, text in BLOCK.findall(page.read_text()) if found == language]


def values(text: str) -> Iterator[Any]:
    """The JSON values of a block: one, or several one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield value


def calls() -> list[tuple[str, str]]:
    """(page, arguments) of every call of the program in a block or between backticks."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        plain = [line for language, block in BLOCK.findall(text) if not language for line in block.splitlines()]
        spans = re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
        found += [(page.name, given) for code in (*plain, *spans) for given in CALL.findall(code)]
    return found


def wrong_with(arguments: str) -> str | None:
    """What the program would not know in a call: a command or an option."""
    words = shlex.split(arguments)
    command: Any = PROGRAM
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    options = {option for each in (command, PROGRAM) for param in each.params for option in param.opts}
    options |= {option for param in command.params for option in param.secondary_opts}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in {*options, "--help"}]
    return f"no option {unknown[0]}" if unknown else None


def test_a_call_with_a_command_or_an_option_that_is_not_there_is_found() -> None:
    assert wrong_with(" replay --input a.jsonl --out numbers --as-of end") is None
    assert wrong_with(" deadletter list --reason invalid") is None
    assert wrong_with(" repeat --out x") == "no command repeat"
    assert wrong_with(" topics delete") == "no command delete"
    assert wrong_with(" replay --output x") == "no option --output"


def test_every_call_on_a_page_names_a_command_and_options_that_exist() -> None:
    found = calls()
    assert len(found) > 30
    assert [(page, given, wrong) for page, given in found if (wrong := wrong_with(given))] == []


def test_the_contract_lists_every_command() -> None:
    table = (ROOT / "docs/contract.md").read_text().split("| command | does |")[1].split("\n\n")[0]
    cells = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `")]
    listed = {span.split()[0] for cell in cells for span in re.findall(r"`([^`]+)`", cell)} - {"show", "resubmit"}
    assert isinstance(PROGRAM, TyperGroup)
    assert listed == set(PROGRAM.commands)


@pytest.mark.parametrize(("page", "text"), blocks("json"))
def test_an_example_is_json_and_is_what_it_shows(page: str, text: str) -> None:
    """An event is accepted, a record has the fields of its schema. `...` stands for text that is left out."""
    found = list(values(text))
    assert found, page
    for value in found:
        assert isinstance(value, dict), page
        if "type" in value:
            fact = decode(json.dumps(value).encode())
            assert not isinstance(fact, Rejection), fact.detail
        elif "kpis" in value:
            KpiRecord.model_validate(value)
        elif "record" in value:
            ConductRecord.model_validate(value)
        elif "allowed" in value:
            assert value.keys() == headroom(History(Rulebook(), "d", []), Query("d", 0), None).keys()
        elif "alert_id" in value:
            assert value.keys() <= AlertRecord.model_fields.keys()
        elif "action" in value:
            AlertAction.model_validate(value)
        elif "agent" in value:
            AgentRecord.model_validate(value)
        elif "name" in value:
            NameRecord.model_validate(value)
        else:
            raise AssertionError(f"{page}: nobody knows what this shows: {value}")


MAPPING = re.compile(r"^feed: ", re.MULTILINE)
OWN_TEST = "own-csv.md"
"""Its mappings grow, step by step: tests/deploy/test_page_commands.py runs them."""


@pytest.mark.parametrize(
    ("page", "text"), [(page, text) for page, text in blocks("yaml") if MAPPING.search(text) and page != OWN_TEST]
)
def test_a_mapping_on_a_page_is_valid(page: str, text: str) -> None:
    assert load_mapping(text, page, Adjustments()).warnings == ()


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, text in blocks("yaml") if not MAPPING.search(text)])
def test_a_configuration_on_a_page_is_valid(tmp_path: Path, page: str, text: str) -> None:
    file = tmp_path / page.replace(".md", ".yaml")
    file.write_text(text)
    settings = load(file, {})
    assert settings.warnings() == []


def test_every_change_that_the_page_on_packs_names_is_valid(tmp_path: Path) -> None:
    said = re.findall(r"`((?:parameters|rules|sites): [^`]+)`", (ROOT / "docs/conduct-packs.md").read_text())
    assert len(said) > 5
    for change in said:
        file = tmp_path / "change.yaml"
        file.write_text(f"conduct:\n  {change}\n")
        assert load(file, {}).conduct() is not None, change


def test_every_configuration_among_the_examples_is_valid() -> None:
    files = sorted((ROOT / "docs/examples").glob("*.yaml"))
    assert files
    assert [load(file, {}).warnings() for file in files] == [[] for _ in files]


def test_the_contract_states_every_default_as_it_is(tmp_path: Path) -> None:
    (_, text), *_ = [block for block in blocks("yaml") if block[0] == "contract.md"]
    for added in ("sites", "minimum_sample", "alerts"):
        text = re.sub(rf"^{added}:.*\n(?:[ ].*\n)*", "", text, flags=re.MULTILINE)
    file = tmp_path / "defaults.yaml"
    file.write_text(text)
    assert load(file, {}) == load(None, {})


def test_every_seam_of_the_internals_is_there() -> None:
    """A comment names a module; the classes and functions below it are in it, methods in any of its classes."""
    (text,) = [text for page, text in blocks("python") if page == "internals.md"]
    module, names = "", set()
    for line in text.splitlines():
        if path := re.match(r"# (stream/\S+\.py)", line):
            module = path[1]
            tree = ast.parse((ROOT / module).read_text())
            names = {each.name for each in ast.walk(tree) if isinstance(each, ast.ClassDef | ast.FunctionDef)}
        elif said := re.match(r"(?:class|def) (\w+)", line):
            assert said[1] in names, f"{module} has no {said[1]}"
    assert module


def test_every_file_of_the_tree_that_a_page_names_exists() -> None:
    """`stream/...` and the like in code; a path without its first folder stands for one in stream/."""
    named = [
        (page.name, name)
        for page in PAGES
        if page.name != "map.md" and "adr" not in page.parts
        for name in re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|md|yaml|txt))`", page.read_text())
    ]
    assert named
    folders = (ROOT, ROOT / "stream", ROOT / "tests", ROOT / "docs")
    assert [each for each in named if not any((folder / each[1]).exists() for folder in folders)] == []
