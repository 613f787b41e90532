"""A mapping as pydantic models (feeds 1), and the source of its JSON Schema."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import core_schema

CURRENCY = re.compile("[A-Z]{3}")
Path = Annotated[str, StringConstraints(min_length=1)]
Conversion = Literal[
    "text", "lower", "url", "last_segment", "integer", "boolean", "seconds", "minutes", "milliseconds", "hms",
    "epoch_s", "epoch_ms", "epoch_us", "rfc3339", "rfc2822", "iso", "local", "date", "minor",
]  # fmt: skip
"""What `as` may say (feeds 3)."""


class Part(BaseModel):
    """A part of a mapping: exact types, no key that is not known."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)


class ValueDescription(Part):
    """Where a field comes from, and what is done with it, in this order (feeds 3); a text is a JMESPath."""

    value: Any = Field(default=None, description="A constant, instead of path.")
    path: Path | Annotated[list[Path], Field(min_length=1)] | None = Field(
        default=None, description="A JMESPath, or several: the first that is not nothing."
    )
    none: list[str] = Field(default=[], description="Values that are nothing, as texts.")
    match: str | None = Field(default=None, description="A regular expression with a group, which is the value.")
    map: dict[str, Any] | None = Field(default=None, description="Value as text -> result.")
    else_: Any = Field(default=None, alias="else", description="The result of a value that `map` lacks.")
    as_: Conversion | Annotated[list[Conversion], Field(min_length=1)] | None = Field(
        default=None, alias="as", description="A conversion, or several from left to right."
    )
    format: str | None = Field(default=None, description="Of `local` and `date`: as strptime has it.")
    zone: str | None = Field(default=None, description="IANA zone of a time without an offset.")
    currency: ValueDescription | None = Field(
        default=None, description="Of `minor`: three capital letters or a description; without it the event's own."
    )
    decimal: Literal[".", ","] | None = Field(default=None, description="The decimal sign that `minor` reads.")
    plus: ValueDescription | list[ValueDescription] | None = None
    minus: ValueDescription | list[ValueDescription] | None = None
    default: Any = Field(default=None, description="What is given where nothing is there; it is not converted.")

    @model_validator(mode="before")
    @classmethod
    def _text_is_a_path(cls, given: Any) -> Any:
        return {"path": given} if isinstance(given, str) else given

    @field_validator("currency", mode="before")
    @classmethod
    def _capitals_are_a_constant(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, str) and CURRENCY.fullmatch(given) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "description": "A JMESPath."}, described]}

    @property
    def conversions(self) -> tuple[str, ...]:
        """What `as` says, from left to right."""
        return (self.as_,) if isinstance(self.as_, str) else tuple(self.as_ or ())

    @property
    def paths(self) -> tuple[str, ...]:
        """The expressions of `path`."""
        return (self.path,) if isinstance(self.path, str) else tuple(self.path or ())


class LegIds(Part):
    """The ids of the legs of one call: item 0 has `first`, a later one `then`, or else `first/2`, `first/3`."""

    first: ValueDescription
    then: ValueDescription | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_description(cls, given: Any) -> Any:
        return given if isinstance(given, dict) and "first" in given else {"first": given}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": "string", "description": "A JMESPath."}, described]}


class EventRule(Part):
    """One event of a record, where `when` is true; with `each` one of each item."""

    when: Path | None = None
    type: str
    each: Path | None = None
    leg_ids: LegIds | None = None
    also_void: bool = False
    fields: dict[str, ValueDescription]


class JoinParts(Part):
    """How the rows of a joined record are gathered: by a value, or cut after rows that satisfy an expression."""

    by: Path | None = None
    ends: Path | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.by is None) == (self.ends is None):
            raise ValueError("exactly one of by and ends is wanted")
        return self


Span = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}[smhd]$")]
"""A span of time: 30s, 15m, 6h, 2d."""


class JoinRule(Part):
    """How several records become one (feeds 5)."""

    by: ValueDescription
    time: ValueDescription
    after: Span
    closes: Path | None = None
    parts: JoinParts | None = None
    ahead: Span = "24h"


class RecordInput(Part):
    """What the input looks like."""

    format: Literal["json", "csv", "delimited", "form"]
    zone: str | None = Field(default=None, description="IANA zone of times without an offset.")
    delimiter: str | None = Field(default=None, description="csv: one character, default a comma; delimited: any text.")
    columns: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="The names of the columns; csv without them has a header line."
    )
    json_: list[Path] = Field(default=[], alias="json", description="Fields whose text is read as JSON first.")


class FeedMapping(Part):
    """One mapping: a YAML file, no code."""

    feed: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
    revision: Annotated[int, Field(ge=0, le=999)] = 0
    input: RecordInput
    records: Path | None = Field(
        default=None, description="JMESPath, json only: one input value holds several records."
    )
    join: JoinRule | None = None
    events: Annotated[list[EventRule], Field(min_length=1)]


SPAN_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def span_ms(text: str) -> int:
    """The milliseconds of a span such as 6h."""
    return int(text[:-1]) * SPAN_MS[text[-1]]
