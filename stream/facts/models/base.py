"""What all events share: the common fields and the types that fields are made of."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from stream.facts.fact import INTEGER_END, MOST_IDENTIFIER
from stream.facts.instant import checked_date, instant_ms
from stream.facts.models.together import between


def _identifier(text: str) -> str:
    if not text.isprintable() or "|" in text:
        raise ValueError("holds a character that is not printable, or |")
    if text[:1] == " " or text[-1:] == " ":
        raise ValueError("begins or ends with a space")
    return text


def _instant(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("is no RFC 3339 instant with offset")
    return instant_ms(value)


Identifier = Annotated[
    str,
    Field(min_length=1, max_length=MOST_IDENTIFIER, description="Printable, without |, no space first or last."),
    AfterValidator(_identifier),
]
Instant = Annotated[
    int,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339 with offset, 1980-2199."}),
]
Date = Annotated[
    str,
    AfterValidator(checked_date),
    WithJsonSchema({"type": "string", "format": "date", "description": "Local to the site, 1980-2199."}),
]
Integer = Annotated[int, Field(gt=-INTEGER_END, lt=INTEGER_END)]
Version = Annotated[int, Field(ge=1, lt=INTEGER_END)]
Count = Annotated[int, Field(ge=0, lt=INTEGER_END)]
Amount = Annotated[int, Field(gt=0, lt=INTEGER_END, description="Minor units of the currency.")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217.")]


class Wire(BaseModel):
    """A JSON object of the wire: exact types, unknown fields ignored, null the same as absent."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is no valid text") from None
    return text


Text = Annotated[str, AfterValidator(_text)]
"""Any text that can be written as UTF-8: half of a surrogate pair, which JSON can spell, cannot."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that is not printable")
    return text


Word = Annotated[str, Field(min_length=1, max_length=64, description="Printable."), AfterValidator(_printable)]


class BaseEvent(Wire):
    """The fields that all types have (contract 1)."""

    event_id: Identifier = Field(description="Unique per fact; a redelivery repeats it.")
    occurred_at: Instant
    site_id: Identifier | None = Field(default="main")
    debtor_id: Identifier | None = None
    case_id: Identifier | None = None
    agent_id: Identifier | None = None
    team_id: Identifier | None = Field(default=None, description="The agent's team at that time.")
    segment_id: Identifier | None = Field(
        default=None, description="The producer's own split at that time: stage, tier, portfolio, client, risk class."
    )
    version: Version = Field(default=1, description="A higher version replaces the same fact.")
    void: bool | None = Field(default=None, description="True takes the fact back; false where absent.")

    @model_validator(mode="after")
    def _fields_go_together(self) -> Self:
        wrong = [*between(self.__dict__)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
