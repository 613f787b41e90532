"""Versions of what is at rest: which one is written, and how a record of a former one becomes one of the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

R = TypeVar("R")


class NewerFormatError(ValueError):
    """A record at rest was written by a newer version of the product. One line that names both versions."""


@dataclass(frozen=True)
class Format(Generic[R]):
    """A kind of record at rest. `name`: what it is, for a person. `version`: the one that is written, from 1 on.
    `upgrades`: for each former version, what makes a record of it one of the next; golden files of every version are
    held against them (tests/golden).
    """

    name: str
    version: int = 1
    upgrades: Mapping[int, Callable[[R], R]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sorted(self.upgrades) != list(range(1, self.version)):
            raise ValueError(f"{self.name}: there must be an upgrade from each version before {self.version}")

    def upgraded(self, version: int, record: R) -> R:
        """The record of a former version as one of the version that is written.

        NewerFormatError: it is of a version that this code does not know. ValueError: of none.
        """
        if version > self.version:
            raise NewerFormatError(
                f"the {self.name} has format {version}, this version of kpi-stream reads up to {self.version}"
            )
        if version < 1:
            raise ValueError(f"the {self.name} has no format")
        for each in range(version, self.version):
            record = self.upgrades[each](record)
        return record
