"""The error for a wrong configuration, and the names of the keys and sources in its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KeyPath = tuple[str | int, ...]


class SettingsError(Exception):
    """A wrong configuration. The message is one line, `FILE: key.path: reason`; `lines` holds it and a line for
    everything else that is wrong, in the order of the document."""

    def __init__(self, first: str, others: Sequence[str] = ()) -> None:
        super().__init__(first)
        self.lines = (first, *others)


@dataclass(frozen=True)
class Origins:
    """Where each key of a configuration came from: `variables` of the environment, `others`, all else from `file`."""

    file: str = "configuration"
    variables: Mapping[KeyPath, str] = field(default_factory=dict)
    others: Mapping[KeyPath, str] = field(default_factory=dict)
    """The file that a part of the document was read from, by the key at which the part stands."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """The document as it was given: the file with the variables over it."""

    def of(self, key: KeyPath) -> str:
        """The environment variable that the key, or a section around it, came from; else the file."""
        return next(
            (self.variables[key[:length]] for length in range(len(key), 0, -1) if key[:length] in self.variables),
            self.file,
        )

    def line(self, key: KeyPath, reason: str) -> str:
        """The line for a key that is wrong: where it came from, the key, the reason."""
        for length in range(len(key), 0, -1):
            other = self.others.get(key[:length])
            if other is not None:
                return ": ".join(part for part in (other, key_text(key[length:]), reason) if part)
        return f"{self.of(key)}: {key_text(key)}: {reason}"

    def warning(self, key: KeyPath, reason: str) -> str:
        """The line for a key whose value is allowed but hardly meant."""
        return f"{self.of(key)}: warning: {key_text(key)}: {reason}"


def key_text(key: KeyPath) -> str:
    """`alerts[0].kpi` of ("alerts", 0, "kpi")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")
