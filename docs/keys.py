"""The page of all keys of a configuration, made of the models that judge it and of their JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stream.settings.described import about, meanings
from stream.settings.document import Document
from stream.settings.schema import configuration_schema, sections

SCHEMA = configuration_schema()
MODELS = {model.__name__: model for model in sections(Document)}
WORDS = {"90s": "duration", "0.10": "decimal", "09:00": "local time", "2026-01-30": "date"}
"""What a value is called whose example is this."""
INTRODUCTION = """\
# Keys of the configuration

Generated from `stream/settings/` by `docs/generate.py`. [configuration.md](configuration.md) says how a file is
written, checked and overridden by the environment; `kpi-stream config schema` gives the same to editors. What is not
required may be left out; where no default stands, the meaning says what holds then."""
_SECTION = re.compile(r"#/definitions/(\w+)")


def keys_page() -> str:
    """The reference of all keys. A section that occurs in several places is told in the first."""
    told = {
        _SECTION.findall(json.dumps(stated))[0]: key
        for key, stated in SCHEMA["properties"].items()
        if "allOf" in stated
    }
    for key, stated in SCHEMA["properties"].items():
        _place(key, stated, told)
    lines = [INTRODUCTION]
    top = meanings(Document)
    for key, stated in SCHEMA["properties"].items():
        lines += ["", f"## `{key}`"]
        if key in top:
            value = _value(stated, told)
            lines += ["", top[key]] if "](" in value else ["", top[key], "", f"Value: {value}."]
        for name, heading in told.items():
            if re.split(r"\W", heading)[0] == key:
                lines += ["", *_table(name, heading, told)]
    return "\n".join(lines) + "\n"


def _place(path: str, stated: Mapping[str, Any], told: dict[str, str]) -> None:
    """Notes where each section inside a value is told, at any depth, in the order of the page."""
    named = [
        name for name in dict.fromkeys(_SECTION.findall(json.dumps(stated))) if name != "Kpi" and not _inline(name)
    ]
    found = [name for name in named if told.get(name, path) == path]
    for name in found:
        if name in told:
            continue
        inside = SCHEMA["definitions"][name]["properties"]
        kind = inside.get("kind", {}).get("const")
        told[name] = f"{path}{_step(stated)}" + (f" of kind {kind}" if kind else "")
    for name in found:
        for key, each in SCHEMA["definitions"][name]["properties"].items():
            _place(f"{path}{_step(stated)}.{key}", each, told)


def _step(stated: Mapping[str, Any]) -> str:
    """What a path has for the items of a list or a mapping."""
    for each in (stated, *stated.get("anyOf", ())):
        kinds = each.get("type", ())
        if "array" in kinds and "items" in each:
            return "[]"
        if "object" in kinds and "additionalProperties" in each:
            return ".NAME"
    return ""


def _table(name: str, heading: str, told: Mapping[str, str]) -> Iterator[str]:
    model, definition = MODELS[name], SCHEMA["definitions"][name]
    if heading not in SCHEMA["properties"]:
        yield from (f"### `{heading}`", "")
    yield from (about(model), "", "| key | value | default | meaning |", "|---|---|---|---|")
    said = meanings(model)
    for field_name, field in model.model_fields.items():
        key = field.alias or field_name
        stated = definition["properties"][key]
        default = "required" if key in definition.get("required", ()) else _default(stated.get("default"))
        meaning = said.get(field_name, "").replace("|", "\\|")
        yield f"| `{key}` | {_value(stated, told)} | {default} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`".replace('"', "")


def _value(stated: Mapping[str, Any], told: Mapping[str, str]) -> str:
    """A value in words."""
    for several in ("anyOf", "oneOf", "allOf"):
        if several in stated:
            found = [_value(each, told) for each in stated[several] if each != {"type": "null"}]
            return " or ".join(dict.fromkeys(found))
    if "$ref" in stated:
        (name,) = _SECTION.findall(stated["$ref"])
        if name == "Kpi":
            return "KPI"
        return _inline(name) or f"[section](#{_anchor(told[name])})"
    if "enum" in stated:
        return ", ".join(f"`{each}`" for each in stated["enum"] if each is not None)
    if "const" in stated:
        return f"`{stated['const']}`"
    kinds = stated["type"] if isinstance(stated["type"], list) else [stated["type"]]
    if "array" in kinds:
        items = stated["items"]
        several = _value(items[0] if isinstance(items, list) else items, told)
        several += "s" if several in (*WORDS.values(), "KPI") else ""
        return f"{'pair' if isinstance(items, list) else 'list'} of {several}"
    if "object" in kinds:
        key, value = stated.get("propertyNames", {}), stated.get("additionalProperties")
        inner = _value(value, told) if isinstance(value, dict) else "anything"
        return f"{'KPI' if '$ref' in key else 'name'} to {inner}"
    if "boolean" in kinds:
        return "`true`, `false`"
    word = "whole number" if "integer" in kinds else WORDS.get(stated.get("examples", [""])[0], "text")
    return word + _range(stated)


def _inline(name: str) -> str:
    """A section of one word or number, as it is written; "" for any other."""
    inside = SCHEMA["definitions"][name]["properties"]
    if len(inside) != 1:
        return ""
    ((key, stated),) = inside.items()
    return f"`{{{key}: {stated['const']}}}`" if "const" in stated else f"`{{{key}: N}}`" if "minimum" in stated else ""


def _range(stated: Mapping[str, Any]) -> str:
    low, high = stated.get("minimum"), stated.get("maximum")
    if low is not None and high is not None:
        return f" {low} to {high}"
    return f" from {low}" if low is not None else f" up to {high}" if high is not None else ""


def _anchor(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
