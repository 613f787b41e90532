"""The `case` and `restriction` events."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from stream.facts.models.base import BaseEvent, Count, Currency, Identifier, Instant, Integer, Word


class Case(BaseEvent):
    """A step in the life of a case."""

    type: Literal["case"]
    case_id: Identifier
    change: Literal["placed", "assigned", "stage", "closed"]
    dpd: Integer | None = Field(default=None, description="Days past due.")
    overdue_minor: Count | None = Field(default=None, description="Minor units; not 0 needs a currency.")
    currency: Currency | None = None
    portfolio_id: Identifier | None = None
    debtor_zone: Word | None = Field(
        default=None, description="IANA zone of where the debtor lives; a name that does not exist counts as none."
    )


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


LocalTime = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Restriction(BaseEvent):
    """What may not be done with a debtor in `[from, until)`."""

    type: Literal["restriction"]
    restriction_id: Identifier
    kind: Literal[
        "cease_contact", "attorney", "deceased", "dispute", "breathing_space", "quiet_hours", "consent",
        "wrong_number",
    ]  # fmt: skip
    from_: Instant = Field(alias="from")
    until: Instant | None = None
    number_id: Identifier | None = None
    hours: Annotated[tuple[LocalTime, LocalTime], BeforeValidator(_pair)] | None = Field(
        default=None, description="Local start and end, for quiet_hours; equal ends are the whole day."
    )
