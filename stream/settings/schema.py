"""The JSON Schema of a configuration file, made of the document's shape: for editors, which complete and check keys by
it, and for the page of all keys.

It knows keys, types, ranges and the names of KPIs. What keys must satisfy together `config check` alone knows. Numbers
and truth values are to be written as such: `8` and `true`, where `config check` would take "8" and `yes`, too.
"""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from stream.kpis.catalogue import kpis_of
from stream.settings.described import about, meanings
from stream.settings.document import Document
from stream.settings.effective import default_of

TITLE = "kpi-stream configuration"
DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that editors know best."""
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_LINK = re.compile(r"\[[^]]*\]\(([\w./-]+)(?:#[^)]*)?\)")
_CITED = re.compile(r" \((?:alerting|conduct|contract|definitions|live|scores) [0-9][^)]*\)")
_LEAST, _GREATEST = -(2**53), 2**53


def configuration_schema() -> dict[str, Any]:
    """The schema of a whole file."""
    schema: dict[str, Any] = _plain(Document.model_json_schema())
    models = {model.__name__: model for model in sections(Document)}
    definitions = schema.pop("$defs")
    for name, definition in definitions.items():
        _complete(definition, models[name], definitions)
    _complete(schema, Document, definitions)
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "description": "Every key is optional. docs/configuration.md says more.",
        **{key: value for key, value in schema.items() if key != "description"},
        "definitions": {**definitions, "Kpi": {"enum": sorted(kpis_of(conduct=True))}},
    }


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The sections inside a section, at any depth, each once."""
    found: dict[type[BaseModel], None] = {}
    todo: list[Any] = [field.rebuild_annotation() for field in model.model_fields.values()]
    while todo:
        kind = todo.pop()
        if not isinstance(kind, type):
            todo += [*get_args(kind), *(inner for each in get_args(kind) for inner in _written_as(each))]
        elif issubclass(kind, BaseModel) and kind not in found:
            found[kind] = None
            todo += [field.rebuild_annotation() for field in kind.model_fields.values()]
    yield from found


def _written_as(metadata: object) -> Iterator[Any]:
    """What a validator takes, where that is not what it gives."""
    kind = getattr(metadata, "json_schema_input_type", None)
    if kind is not None:
        yield kind


def _plain(node: Any) -> Any:
    """pydantic's schema in the words of the dialect, without the titles that repeat each key."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("kpi") is True:
        return {"$ref": "#/definitions/Kpi"}
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key not in ("title", "discriminator", "default"):
            found.update(_keyword(key, value))
    if found.get("type") == "string" and not {"enum", "const", "pattern"} & found.keys():
        found["type"] = ["string", "number"]  # a name may look like a number
    return found


def _keyword(key: str, value: Any) -> dict[str, Any]:
    if key in ("properties", "$defs"):
        return {key: {name: _plain(each) for name, each in value.items()}}
    if key == "patternProperties":
        ((pattern, inner),) = value.items()
        return {"propertyNames": {"pattern": pattern}, "additionalProperties": _plain(inner)}
    if key == "prefixItems":
        return {"items": _plain(value), "additionalItems": False}
    if key == "$ref":
        return {key: value.replace("#/$defs/", "#/definitions/")}
    bound = _BOUNDS.get(key, key)
    if bound in _BOUNDS.values() and value in (_LEAST, _GREATEST):
        return {}
    return {bound: _plain(value)}


def _complete(definition: dict[str, Any], model: type[BaseModel], definitions: dict[str, Any]) -> None:
    """Adds meanings and defaults, and that a key without a value counts as absent."""
    definition["description"] = _without_links(about(model))
    said = meanings(model)
    required = definition.get("required", ())
    if not required:
        definition["type"] = ["object", "null"]
    for name, field in model.model_fields.items():
        key = field.alias or name
        stated = definition["properties"][key]
        if key not in required:
            stated = _or_null(stated, definitions)
        if "$ref" in stated:
            stated = {"allOf": [stated]}  # beside a reference nothing else is read
        if name in said:
            stated["description"] = _without_links(said[name])
        default = None if field.is_required() else default_of(name, key, field.get_default())
        if default is not None and not isinstance(default, BaseModel):
            stated["default"] = default
        definition["properties"][key] = stated


def _or_null(stated: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in stated:
        known = {"type": "null"} in stated["anyOf"]
        return stated if known else {**stated, "anyOf": [*stated["anyOf"], {"type": "null"}]}
    if "$ref" in stated:
        meant = definitions.get(stated["$ref"].rpartition("/")[2], {"required": True})
        return stated if not meant.get("required") else {"anyOf": [stated, {"type": "null"}]}
    kinds = stated["type"] if isinstance(stated["type"], list) else [stated["type"]]
    found = {**stated, "type": [*kinds, "null"]}
    if "enum" in stated:
        found["enum"] = [*stated["enum"], None]
    return found


def _without_links(text: str) -> str:
    return _LINK.sub(r"docs/\1", _CITED.sub("", text))
