"""Writes the pages of docs/ that say what the code holds; --check only says if they are up to date.

docs/events.md                every event with its fields, from the models that judge events, and an example
docs/adr/README.md            every decision record, by its title
docs/commands.md              every command with its options and examples, from the program
docs/configuration-keys.md    every key of a configuration, from the models that judge it
docs/map.md                   every package and file of stream/, from the first line of its docstring
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # run as a file, this folder alone would be on the path

from docs.commands import commands_page  # noqa: E402
from docs.keys import keys_page  # noqa: E402
from stream.facts.decode import Rejection, decode  # noqa: E402
from stream.facts.models import Event  # noqa: E402
from stream.facts.models.base import BaseEvent  # noqa: E402

STREAM = HERE.parent / "stream"
EXAMPLES = HERE / "examples" / "events.jsonl"


def pages() -> Iterator[tuple[str, str]]:
    """Every page that this writes: (name, text)."""
    yield "events.md", event_page()
    yield "adr/README.md", decisions_page()
    yield "commands.md", commands_page()
    yield "configuration-keys.md", keys_page()
    yield "map.md", map_page()


def event_page() -> str:
    """The reference of all events."""
    examples = _examples()
    lines = [
        "# Events",
        "",
        "Generated from `stream/facts/models/` by `docs/generate.py`. [contract.md](contract.md) says how events are",
        "keyed, which of two counts, and what becomes of one that is wrong. The examples are the lines of",
        "[examples/events.jsonl](examples/events.jsonl), which `kpi-stream replay` reads.",
        "",
        "## Every event",
        "",
        *_table(BaseEvent.model_json_schema(), set()),
    ]
    common = set(BaseEvent.model_json_schema()["properties"])
    for model in get_args(Event):
        schema = model.model_json_schema()
        kind = get_args(model.model_fields["type"].annotation)[0]
        lines += ["", f"## `{kind}`", "", " ".join((model.__doc__ or "").split()), ""]
        lines += _table(schema, common | {"type"})
        lines += ["", "```json", json.dumps(examples[kind], ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"


def _examples() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in EXAMPLES.read_bytes().splitlines():
        fact = decode(line)
        if isinstance(fact, Rejection):
            raise SystemExit(f"{EXAMPLES}: {fact.detail}: {line.decode()}")
        found[fact.TYPE] = json.loads(line)
    return found


def _table(schema: Mapping[str, Any], without: set[str]) -> list[str]:
    required = set(schema.get("required", ()))
    rows = ["| field | type | required | meaning |", "|---|---|---|---|"]
    for name, field in schema["properties"].items():
        if name in without and not (name in required and name not in _required_everywhere() and name != "type"):
            continue
        needed = "yes" if name in required else f"no, default {field['default']}" if field.get("default") else "no"
        rows.append(f"| `{name}` | {_type(field, schema)} | {needed} | {_meaning(field, schema)} |")
    return rows


def _required_everywhere() -> set[str]:
    return set(BaseEvent.model_json_schema().get("required", ()))


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field's own schema: of one that may be null, what it is otherwise."""
    if "anyOf" in field:
        other = next(each for each in field["anyOf"] if each.get("type") != "null")
        field = {**other, **{name: value for name, value in field.items() if name != "anyOf"}}
    if "$ref" in field:
        field = {**schema["$defs"][field["$ref"].rpartition("/")[2]], **field}
    return field


def _type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    field = _resolved(field, schema)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = str(field.get("format") or field.get("type", "object"))
    if kind == "array" and "items" in field:
        return f"list of {_type(field['items'], schema)}"
    if kind == "array":
        return "list"
    if kind == "object":
        inside = (f"`{name}` ({_type(each, schema)})" for name, each in field.get("properties", {}).items())
        return f"object of {', '.join(inside)}"
    return {"date-time": "instant"}.get(kind, kind) + _range(field)


def _range(field: Mapping[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f" {low}-{high}"
    if low is not None:
        return f" >= {low}"
    above = field.get("exclusiveMinimum")
    return f" > {above}" if above is not None and above > -(2**53) else ""


def _meaning(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    return str(_resolved(field, schema).get("description", "")).replace("|", "\\|").replace("\n", " ")


def decisions_page() -> str:
    """Every decision record."""
    lines = ["# Decisions that were hard", "", "Generated from the titles by `docs/generate.py`.", ""]
    for file in sorted((HERE / "adr").glob("[0-9]*.md")):
        title = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        number, _, said = title.partition(" ")
        lines.append(f"- [{number.rstrip('.')}]({file.name}) {said}")
    return "\n".join(lines) + "\n"


def map_page() -> str:
    """Every package and file."""
    lines = [
        "# Map of the source",
        "",
        "Generated from the docstrings by `docs/generate.py`. Imports point downwards in the order of",
        "[internals.md](internals.md), which says what passes between the packages and where data enters and leaves.",
    ]
    for package in sorted(path.parent for path in STREAM.rglob("__init__.py")):
        name = "stream" if package == STREAM else f"stream/{package.relative_to(STREAM).as_posix()}"
        lines += ["", f"## `{name}/`", "", _first_line(package / "__init__.py"), "", "| file | |", "|---|---|"]
        files = sorted(package.glob("*.py"))
        lines += [f"| `{file.name}` | {_first_line(file)} |" for file in files if file.name != "__init__.py"]
        if lines[-1] == "|---|---|":
            del lines[-3:]
    return "\n".join(lines) + "\n"


def _first_line(file: Path) -> str:
    """The first sentence of a module's docstring, whole."""
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split()).replace("|", "\\|")


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page would change")
    check = parser.parse_args().check
    stale = [name for name, text in pages() if _differs(HERE / name, text, check)]
    for name in stale:
        sys.stdout.write(f"docs/{name} {'is out of date: run docs/generate.py' if check else 'written'}\n")
    return 1 if check and stale else 0


def _differs(path: Path, text: str, check: bool) -> bool:
    if path.exists() and path.read_text("utf-8") == text:
        return False
    if not check:
        path.write_text(text, "utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
