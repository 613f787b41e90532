"""How a wrong configuration is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]


class SettingsError(Exception):
    """A wrong configuration: `FILE: key.path: reason`, one line. `lines`: this and whatever else is wrong, in the order
    of the document."""

    def __init__(self, first: str, others: Sequence[str] = ()) -> None:
        super().__init__(first)
        self.lines = (first, *others)


@dataclass(frozen=True)
class Origins:
    """Where each key of a configuration came from: `variables` of the environment, all else from `file`."""

    file: str = "configuration"
    variables: Mapping[KeyPath, str] = field(default_factory=dict)

    def of(self, key: KeyPath) -> str:
        """The variable that the key, or a section around it, came from; else the file."""
        return next(
            (self.variables[key[:length]] for length in range(len(key), 0, -1) if key[:length] in self.variables),
            self.file,
        )

    def line(self, key: KeyPath, reason: str) -> str:
        """What is said of a key, with where it stands."""
        return f"{self.of(key)}: {key_text(key)}: {reason}"

    def warning(self, key: KeyPath, reason: str) -> str:
        """The same of what is allowed, but surely not meant."""
        return f"{self.of(key)}: warning: {key_text(key)}: {reason}"


def key_text(key: KeyPath) -> str:
    """`alerts[0].kpi` of ("alerts", 0, "kpi")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")
