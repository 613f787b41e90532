"""Loads a configuration from a file and the environment, or says in one line what is wrong with it.

`KPI_STREAM_SECTION__KEY` overrides `section.key`; lists and mappings are written as YAML. A variable without `__` that
is not a section's name is ignored: it is not ours (Kubernetes sets KPI_STREAM_SERVICE_HOST and the like).
"""

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stream.settings import yaml
from stream.settings.document import Document
from stream.settings.failure import KeyPath, Origins, SettingsError, key_text
from stream.settings.packs import read_pack_files
from stream.settings.settings import Settings
from stream.settings.validation import holds_text, validated

PREFIX = "KPI_STREAM_"
CONFIG_VARIABLE = "KPI_STREAM_CONFIG"


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file, with environment variables over it.

    `path` None: the file that KPI_STREAM_CONFIG names, else only the defaults. `environ` None: that of the process.
    SettingsError says the first thing that is wrong, unknown keys included; its `lines` hold everything.
    """
    environ = os.environ if environ is None else environ
    if path is None and environ.get(CONFIG_VARIABLE):
        path = Path(environ[CONFIG_VARIABLE])
    content = {} if path is None else _read(path)
    variables = _overlay(content, environ)
    given = copy.deepcopy(content)
    packs, from_files, unread = read_pack_files(content, Path() if path is None else path.parent)
    if packs is not None:
        content["conduct"]["pack_files"] = packs
    origins = Origins("configuration" if path is None else str(path), variables, from_files, given)
    document, wrong = validated(content)
    if unread:  # what those files would have said may be missing elsewhere
        wrong = unread + [(key, reason) for key, reason in wrong if "pack_files" not in reason]
    if wrong:
        first, *others = [origins.line(key, reason) for key, reason in wrong]
        raise SettingsError(first, others)
    return Settings(document, origins)


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
    """Sets the values of environment variables in `content`; gives the variable that each key came from."""
    origins: dict[KeyPath, str] = {}
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or not text:
            continue
        key = tuple(variable[len(PREFIX) :].lower().split("__"))
        if len(key) == 1 and key[0] not in Document.model_fields:
            continue
        try:
            value = yaml.parse(text) if text.lstrip()[:1] in ("[", "{") and not holds_text(key) else text
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
            raise SettingsError(f"{variable}: {key_text(key[: depth + 1])} holds a value, not a section")
        content = inner
    content[key[-1]] = value
