"""What is wrong with a value, in words for a person: the value, and what was wanted."""

from __future__ import annotations

from typing import Any

import msgspec

from stream.facts.printable import printable

_SHOWN = 60


class Wrong(Exception):  # noqa: N818  not an error of the program
    """A record that must be refused, or a mapping that must; the text says the value and what was wanted."""


def shown(value: Any) -> str:
    """A value on one line: a text in quotes, lists and objects as JSON; cut after 60 characters."""
    if isinstance(value, str):
        text = repr(value)
        return text if len(text) <= _SHOWN + 2 else f"{text[: _SHOWN + 1]}...{text[0]} ({len(value):,} characters)"
    return printable(as_text(value), _SHOWN)


def as_text(value: Any) -> str:
    """A value as text: a text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def not_(value: Any, wanted: str) -> Wrong:
    """The refusal of a value that is not what was wanted."""
    return Wrong(f"{shown(value)} is no {wanted}")
