"""From a file and the environment to `Settings`, or to one line that says what is wrong.

`KPI_STREAM_SECTION__KEY` overrides `section.key`; lists and mappings are written as YAML. A variable without `__` that
is not a section's name is somebody else's (Kubernetes sets KPI_STREAM_SERVICE_HOST and the like) and is ignored.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stream.settings import yaml
from stream.settings.checks import problems
from stream.settings.document import Document
from stream.settings.settings import Settings

PREFIX = "KPI_STREAM_"
CONFIG_VARIABLE = "KPI_STREAM_CONFIG"

KeyPath = tuple[str | int, ...]


class SettingsError(Exception):
    """A wrong configuration: `FILE: key.path: reason`, one line."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the file `path` (none: the one that KPI_STREAM_CONFIG names, else only defaults) with the
    variables of `environ` (none: the process's own) over it.

    SettingsError: the first thing that is wrong, unknown keys included.
    """
    environ = os.environ if environ is None else environ
    if path is None and environ.get(CONFIG_VARIABLE):
        path = Path(environ[CONFIG_VARIABLE])
    content = {} if path is None else _read(path)
    origins = _overlay(content, environ)
    default_origin = "configuration" if path is None else str(path)

    def failure(key: KeyPath, reason: str) -> SettingsError:
        variable = next((origins[key[:length]] for length in range(len(key), 0, -1) if key[:length] in origins), None)
        return SettingsError(f"{variable or default_origin}: {_text(key)}: {reason}")

    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise failure(_key(first), _reason(first)) from None
    for key, reason in problems(document):
        raise failure(key, reason)
    return Settings(document)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.parse(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise SettingsError(f"{path}: {reason}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: not a mapping of sections such as `kafka:`")
    return content


def _overlay(content: dict[str, Any], environ: Mapping[str, str]) -> dict[KeyPath, str]:
    """Sets what the variables say in `content`. Gives the variable that each key came from."""
    origins: dict[KeyPath, str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or not text:
            continue
        key = tuple(variable[len(PREFIX) :].lower().split("__"))
        if len(key) == 1 and key[0] not in Document.model_fields:
            continue
        try:
            value = yaml.parse(text) if text.lstrip()[:1] in ("[", "{") else text
        except ValueError as error:
            raise SettingsError(f"{variable}: {error}") from error
        _set(content, key, value, variable)
        origins[key] = variable
    return origins


def _set(content: dict[str, Any], key: tuple[str, ...], value: Any, variable: str) -> None:
    for depth, part in enumerate(key[:-1]):
        inner = content.get(part)
        content[part] = inner = {} if inner is None else inner
        if not isinstance(inner, dict):
            raise SettingsError(f"{variable}: {_text(key[: depth + 1])} holds a value, not a section")
        content = inner
    content[key[-1]] = value


def _key(error: ErrorDetails) -> KeyPath:
    """The key that a validation error is about, without the marks that pydantic adds for the key of a mapping."""
    return tuple(part for part in error["loc"] if part != "[key]")


_REASONS = {
    "missing": "is required",
    "model_type": "should be a mapping of keys",
    "dict_type": "should be a mapping of keys",
    "tuple_type": "should be a list",
    "frozen_set_type": "should be a list",
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "string_type": "should be text",
    "too_long": "has too many items",
}


def _reason(error: ErrorDetails) -> str:
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(error["loc"])
    message = _REASONS.get(kind, error["msg"].removeprefix("Value error, ").removeprefix("Input "))
    told = kind in ("missing", "value_error") or not isinstance(given, str | int)
    return message if told else f"{message}, not {given!r}"


def _unknown(location: KeyPath) -> str:
    """Says that there is no such key, and which one was probably meant."""
    model: Any = Document
    for part in location[:-1]:
        if isinstance(part, str) and _is_section(model):
            fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = fields.get(part)
        else:  # an item of a list or mapping: the model of its values
            model = next((kind for kind in get_args(model) if _is_section(kind)), None)
    if not _is_section(model):
        return "unknown key"
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = get_close_matches(str(location[-1]), known, n=1)
    return f"unknown key (did you mean {close[0]}?)" if close else "unknown key"


def _is_section(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _text(key: KeyPath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")
