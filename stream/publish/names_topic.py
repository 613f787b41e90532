"""The records of `collections.names.v1`: who stands behind an id, told by another system; and their JSON Schema."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from stream.facts.decode import is_identifier
from stream.settings.board import LEVELS, NamesOfIds

MOST_CHARACTERS = 200
MOST_NAMES = 200_000
"""A topic that anybody fills takes no more memory than this many names do."""


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise ValueError("is no id: 1-256 printable characters without '|'")
    return text


def _name(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("is no name: printable characters, no space first or last")
    return text


Id = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_identifier)]


class NameRecord(BaseModel):
    """What an id is called. Key: `level|id`. Without a value nobody has the id any more."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, title="Name of an id")

    level: Literal["agent", "team", "leader", "queue", "segment", "site"]
    id: Id
    name: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_name)]
    team: Id | None = Field(default=None, description="Of an agent who has given no state with a team.")

    @model_validator(mode="after")
    def _only_agents_have_teams(self) -> NameRecord:
        if self.team is not None and self.level != "agent":
            raise ValueError("only an agent has a team")
        return self


class NamesOfTopic:
    """Takes the records. Of each key the latest counts; one that is no name of an id changes nothing."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._teams: dict[str, str] = {}
        self.names = NamesOfIds(self._names, self._teams)

    def put(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record. ValueError says why it is no name of an id."""
        level, divided, entity = (key or b"").decode().partition("|")
        if level not in LEVELS or not divided:
            raise ValueError("the key is not level|id")
        if value is None:
            self._names.pop((level, entity), None)
            if level == "agent":
                self._teams.pop(entity, None)
            return
        try:
            read = NameRecord.model_validate_json(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))) from error
        if (read.level, read.id) != (level, entity):
            raise ValueError(f"the key is not {read.level}|{read.id}")
        if (level, entity) not in self._names and len(self._names) >= MOST_NAMES:
            raise ValueError(f"there are {MOST_NAMES:,} names already")
        self._names[level, entity] = read.name
        if read.team is not None:
            self._teams[entity] = read.team
        elif level == "agent":
            self._teams.pop(entity, None)
