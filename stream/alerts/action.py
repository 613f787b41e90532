"""What people say about alerts: the records of `collections.alertactions.v1` as pydantic models, the source of their
JSON Schema (alerting 2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    RootModel,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from stream.facts.decode import is_identifier
from stream.facts.instant import instant_ms, instant_text

MOST_NOTE = 2_000


def _instant(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("is no RFC 3339 instant with offset")
    return instant_ms(value)


def _name(text: str) -> str:
    if not is_identifier(text):
        raise ValueError("is not a name: 1-256 printable characters without '|'")
    return text


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is no valid text") from None
    return text


Instant = Annotated[
    int,
    BeforeValidator(_instant),
    PlainSerializer(instant_text),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339 with offset, 1980-2199."}),
]
Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_name)]


class _Said(BaseModel):
    """What all records of the topic have. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, populate_by_name=True)

    id: Name = Field(description="Of the alert (`alert_id`) or of the silence; the record's key.")
    by: Name = Field(description="Who says it.")
    at: Instant = Field(description="When it was said, by the wall clock.")
    note: Annotated[str, AfterValidator(_text)] = Field(default="", max_length=MOST_NOTE)


class Ack(_Said):
    """Somebody takes an alert on; whoever did so last has it."""

    action: Literal["ack"]


class Unack(_Said):
    """Nobody has the alert any more."""

    action: Literal["unack"]


class Judge(_Said):
    """Whether an alert was a true alarm; what was said last counts."""

    action: Literal["judge"]
    true_alarm: bool


class Match(BaseModel):
    """Which alerts a silence is about: those in which all named fields are as given. One at least is named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    rule: Name | None = Field(default=None, description="Also covers `RULE.SEVERITY`, if it has severities.")
    site: Name | None = None
    level: Literal["agent", "team", "queue", "segment", "site"] | None = None
    entity: Name | None = None
    severity: Name | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.named():
            raise ValueError("names nothing: all alerts would be silenced")
        return self

    def named(self) -> dict[str, str]:
        """The fields that it names."""
        return {name: value for name, value in self.__dict__.items() if value is not None}


class Silence(_Said):
    """Alerts that match are told to nobody in [from, until), by the wall clock. Said again, it replaces the former."""

    action: Literal["silence"]
    begin: Instant | None = Field(default=None, alias="from", description="`at`, where it is absent.")
    until: Instant
    match: Match

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until <= self.from_ms:
            raise ValueError("until must be after from")
        return self

    @property
    def from_ms(self) -> int:
        """When it begins."""
        return self.at if self.begin is None else self.begin


class Unsilence(_Said):
    """The silence ends at `at`, if it has not ended before."""

    action: Literal["unsilence"]


Action = Ack | Unack | Judge | Silence | Unsilence
_ACTION: TypeAdapter[Action] = TypeAdapter(Annotated[Action, Field(discriminator="action")])


class AlertAction(RootModel[Annotated[Action, Field(discriminator="action")]]):
    """What somebody says about an alert or a silence. Key: `id`. Of one id, what was said last counts."""


def read_action(key: bytes | None, value: bytes | None) -> Action:
    """The action of a record. ValueError, in one line, if it is none or has another key than its id."""
    try:
        action = _ACTION.validate_json(value or b"")
    except ValidationError as error:
        raise ValueError("; ".join(_lines(error))) from None
    if key != action.id.encode():
        raise ValueError("the key is not the id")
    return action


def made_action(fields: dict[str, Any]) -> Action:
    """The action that says these fields, as JSON has them. ValueError, in one line, names what is wrong with them."""
    try:
        return _ACTION.validate_python(fields)
    except ValidationError as error:
        raise ValueError("; ".join(_lines(error))) from None


def encode_action(action: Action) -> tuple[bytes, bytes]:
    """Key and value of the record."""
    return action.id.encode(), action.model_dump_json(by_alias=True, exclude_none=True).encode()


_PLAIN = {
    "missing": "is required",
    "literal_error": "should be one of {expected}",
    "string_type": "should be text",
    "bool_type": "should be true or false",
    "model_type": "should be an object",
    "string_too_short": "may not be empty",
    "string_too_long": "may have {max_length} characters at most",
    "union_tag_not_found": "action: is required",
    "union_tag_invalid": "action: should be one of {expected_tags}",
}
"""What pydantic says in its own words, by its kind of error."""


def _lines(error: ValidationError) -> list[str]:
    found = []
    for each in error.errors(include_url=False, include_input=False):
        # The first place is the tag of the kind of action, which the sender did not write as a key.
        place = ".".join(map(str, each["loc"][1:]))
        found.append(f"{place}: {_plain(each)}" if place else _plain(each))
    return found


def _plain(error: Any) -> str:
    if error["type"] == "extra_forbidden":  # nothing but `match` forbids them
        return f"unknown key (there are {', '.join(Match.model_fields)})"
    plain = _PLAIN.get(error["type"])
    if plain is not None:
        return plain.format(**error.get("ctx", {})).replace("'", "")
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
