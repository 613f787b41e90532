"""The section `board` of a configuration, and the file of names beside it: who stands behind an id on the page."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from stream.settings.failure import Origins, SettingsError
from stream.settings.section import Section
from stream.settings.units import Name

LEVELS = ("agent", "team", "leader", "queue", "segment", "site")
REQUIRED = ("level", "id", "name")
KNOWN = (*REQUIRED, "team")
Key = TypeVar("Key")


class BoardSection(Section):
    """What the page shows of people."""

    names: str | None = None
    """A CSV file, relative to the configuration, with the columns `level`, `id`, `name` and, of agents, `team`: who
    stands behind an id on the page ([board.md](board.md#names)). It is read again when it changes."""
    names_topic: bool = False
    """Whether names are also read from the topic `names.v1` ([board.md](board.md#names)), which `topics create` makes
    then; what the file says stands over it."""
    opt_out: frozenset[Name] = frozenset()
    """Agents whose places are shown without id and name."""
    pay: bool = False
    """Whether amounts of payouts, contests and rewards are shown on the page."""
    debtors: bool = True
    """Whether managers may ask which debtors a count of *Debtors near a limit* is of; `false`: the server keeps no
    ids."""
    facts: bool = True
    """Whether `kpi-stream board` reads the topics for the facts behind a number when somebody asks."""


@dataclass(frozen=True)
class NamesOfIds:
    """Names by (level, id), and the team that the file gives an agent. An id without a name is shown as it is."""

    names: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    teams: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, level: str, entity: str) -> str | None:
        """The name of an id; None: there is none."""
        return self.names.get((level, entity))

    def over(self, others: NamesOfIds) -> NamesOfIds:
        """These, and what `others` have, now and later, of ids that have none here."""
        return NamesOfIds(_Over(self.names, others.names), _Over(self.teams, others.teams))


class _Over(Mapping[Key, str]):
    """One mapping over another."""

    def __init__(self, first: Mapping[Key, str], second: Mapping[Key, str]) -> None:
        self._first, self._second = first, second

    def __getitem__(self, key: Key) -> str:
        return self._first[key] if key in self._first else self._second[key]

    def __iter__(self) -> Iterator[Key]:
        return iter({*self._second, *self._first})

    def __len__(self) -> int:
        return len({*self._second, *self._first})


def read_names(path: Path) -> NamesOfIds:
    """The names in a CSV file with the columns level, id, name and, of agents, team; the order of columns is free.

    ValueError says in one line what is wrong and where; OSError: the file cannot be read."""
    names: dict[tuple[str, str], str] = {}
    teams: dict[str, str] = {}
    try:
        for number, row in _rows(path):
            level, entity, name = (row[column].strip() for column in REQUIRED)
            if level not in LEVELS:
                raise ValueError(f"line {number}: level {level!r} is not {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
            if not entity or not name:
                raise ValueError(f"line {number}: an id and a name are needed")
            if (level, entity) in names:
                raise ValueError(f"line {number}: {level} {entity!r} has a name already")
            names[level, entity] = name
            if team := (row.get("team") or "").strip():
                if level != "agent":
                    raise ValueError(f"line {number}: only an agent has a team")
                teams[entity] = team
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ValueError(reason) from error
    return NamesOfIds(names, teams)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        columns = reader.fieldnames or []
        missing = [column for column in REQUIRED if column not in columns]
        unknown = [column for column in columns if column not in KNOWN]
        if missing or unknown:
            what = f"no column {missing[0]!r}" if missing else f"an unknown column {unknown[0]!r}"
            raise ValueError(f"line 1: {what} (the columns are {','.join(KNOWN)}; team may be left out)")
        for row in reader:
            if None in row or any(row[column] is None for column in REQUIRED):
                raise ValueError(f"line {reader.line_num}: not as many values as there are columns")
            yield reader.line_num, row


def names_path(section: BoardSection, origins: Origins) -> Path | None:
    """Where the file of names lies; None: there is none."""
    return None if section.names is None else Path(origins.file).parent / section.names


def names_of(section: BoardSection, origins: Origins) -> NamesOfIds:
    """The names of a configuration. SettingsError names the key, the file and the line at fault."""
    path = names_path(section, origins)
    if path is None:
        return NamesOfIds()
    try:
        return read_names(path)
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise SettingsError(origins.line(("board", "names"), f"{section.names}: {reason}")) from error
