"""Every key of a configuration with its value and where it came from, as `kpi-stream config show` lists them; and a
file to begin with, as `config init` writes it.

Both are made of the document's shape, so that a new key is in them.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from pydantic import BaseModel

from stream.settings.document import Document
from stream.settings.failure import KeyPath, Origins, key_text
from stream.settings.units import duration_text

SECRETS = frozenset({"sasl_plain_password", "ssl_password", "client_secret"})
HIDDEN = "(hidden)"
DEFAULT = "default"
_LENGTHS = frozenset({"rolling", "intervals"})
SCHEMA_FILE = "kpi-stream.schema.json"
"""The JSON Schema that a configuration names, beside it."""
_INTRODUCTION = f"""\
# yaml-language-server: $schema={SCHEMA_FILE}
# kpi-stream: every key is optional, and stands here with its default, commented out.
# Check a change with `kpi-stream config check FILE`; see what holds with `kpi-stream config show --config FILE`.
# An editor completes and checks keys by the file of the first line: `kpi-stream config schema {SCHEMA_FILE}`.
# docs/configuration-keys.md says what each key does.
"""


class Setting(NamedTuple):
    """A key such as `kafka.partitions`, its value in the words of the configuration file (None: there is none), and
    where that came from: `default`, the file, or an environment variable. Secrets are never in it."""

    key: str
    value: Any
    source: str


def effective(document: Document, origins: Origins) -> Iterator[Setting]:
    """All keys in the order of the document. A list, or a mapping whose keys are names, is one setting."""
    yield from _of(document, origins, (), origins.given)


def _of(section: BaseModel, origins: Origins, above: KeyPath, given: Any) -> Iterator[Setting]:
    given = given if isinstance(given, Mapping) else {}
    for name, field in type(section).model_fields.items():
        alias, value = field.alias or name, getattr(section, name)
        key, stated = (*above, alias), given.get(alias)
        if isinstance(value, BaseModel):
            yield from _of(value, origins, key, stated)
        elif stated is None:
            yield Setting(key_text(key), default_of(name, alias, value), DEFAULT)
        else:
            plain = value if isinstance(value, int) and alias == name else stated  # a variable's text is no number yet
            yield Setting(key_text(key), HIDDEN if name in SECRETS else plain, origins.of(key))


def default_of(name: str, alias: str, value: Any) -> Any:
    """A default as a configuration file would say it."""
    if name in _LENGTHS:
        return [text for text, _ in value]
    if name.endswith("_ms") and alias != name and value is not None:
        return duration_text(value)
    if isinstance(value, Fraction):
        return str(Decimal(value.numerator) / Decimal(value.denominator))
    if isinstance(value, tuple | frozenset):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    return value


def starter() -> str:
    """A file to begin with: each section that has defaults, commented out, with what it is about."""
    document = Document()
    lines = [_INTRODUCTION]
    for name, field in Document.model_fields.items():
        section = getattr(document, name)
        if not isinstance(section, BaseModel):
            lines.append(f"# {field.alias or name}:    none; see docs/configuration-keys.md\n")
            continue
        about = " ".join((type(section).__doc__ or "").split("\n\n")[0].split())
        lines.append(f"# {about}")
        lines.append(f"# {field.alias or name}:")
        lines += [f"#   {line}" for line in _defaults(section)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _defaults(section: BaseModel) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        alias = field.alias or name
        value = default_of(name, alias, getattr(section, name))
        if value in (None, []) or isinstance(getattr(section, name), BaseModel):
            continue
        yield f"{alias}: {json.dumps(value, ensure_ascii=False)}"
