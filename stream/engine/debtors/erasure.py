"""Erasures of debtors: the records of their topic as pydantic models, the source of their JSON Schema (ADR 0105).

No record names the debtor. It has a salt and a subject, the SHA-256 of both the salt and the id: whoever knows the id
can tell whether a record is about it, and a worker finds the debtor among those that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, ValidationError

from stream.facts.instant import instant_ms, instant_text

MOST_REASON = 2_000

Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Instant = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$",
        description="UTC; milliseconds only where they are not 0.",
    ),
]


class _Erasure(BaseModel):
    """What all records of the topic have. Unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    id: Id = Field(description="Of the erasure; the record's key. Random.")
    by: str = Field(min_length=1, max_length=256, description="Who asked for it.")
    reason: str = Field(default="", max_length=MOST_REASON)
    asked_at: Instant = Field(description="When it was asked for, by the wall clock.")
    salt: Id = Field(description="Random, another one for each erasure.")
    subject: str = Field(
        pattern="^[0-9a-f]{64}$", description="SHA-256 of the salt's text, '|' and the debtor's id, in UTF-8."
    )
    partition: int = Field(ge=0, description="Of the inbound topics, in which the debtor's events are.")
    partitions: int = Field(ge=1, description="How many partitions the inbound topics had when it was asked for.")

    def is_about(self, debtor: str) -> bool:
        """Whether this debtor is meant."""
        return subject_of(self.salt, debtor) == self.subject

    def first_among(self, names: Iterable[str]) -> str | None:
        """The first of these that is the debtor; None: none is. A million take about a second."""
        begun, subject = sha256(f"{self.salt}|".encode()), self.subject
        for name in names:
            digest = begun.copy()
            digest.update(name.encode())
            if digest.hexdigest() == subject:
                return name
        return None


class Asked(_Erasure):
    """Somebody wants a debtor erased. The owner of the partition replaces the record by one that says what it did."""

    state: Literal["asked"] = "asked"


class Done(_Erasure):
    """A debtor was erased: in the transaction of this record the facts left the ledger."""

    state: Literal["done"] = "done"
    done_at: Instant = Field(description="By the wall clock of the worker.")
    through: Instant | None = Field(
        description="Event time up to which what was counted stays; null where the partition had no event yet."
    )
    facts: dict[str, int] = Field(description="How many facts were erased, by type of event.")
    first: Instant | None = Field(description="`occurred_at` of the earliest of them; null where there were none.")
    last: Instant | None = Field(description="`occurred_at` of the latest of them.")
    conduct: int | None = Field(
        description="Records of the topic of conduct that were erased; null where no conduct rules are configured."
    )
    offsets: dict[str, int] = Field(
        description="Inbound topic -> offset before which the events of the debtor are erased: a rebuild heeds it."
    )


class NotErased(_Erasure):
    """The owner of the partition could not do it; nothing was erased."""

    state: Literal["refused"] = "refused"
    done_at: Instant
    why: str


Erasure = Asked | Done | NotErased
_ERASURE: TypeAdapter[Erasure] = TypeAdapter(Annotated[Erasure, Field(discriminator="state")])


class ErasureRecord(RootModel[Annotated[Erasure, Field(discriminator="state")]]):
    """An erasure as it stands. Key: `id`. Of one id the last record counts."""


def subject_of(salt: str, debtor: str) -> str:
    """What stands for a debtor in the records of an erasure with this salt."""
    return sha256(f"{salt}|{debtor}".encode()).hexdigest()


def read_erasure(key: bytes | None, value: bytes | None) -> Erasure:
    """The erasure of a record. ValueError, in one line, if it is none or has another key than its id."""
    try:
        erasure = _ERASURE.validate_json(value or b"")
    except ValidationError as error:
        raise ValueError(f"no erasure: {error.error_count()} of its fields are not as they should be") from None
    if key != erasure.id.encode():
        raise ValueError("the key is not the id")
    return erasure


def encode_erasure(erasure: Erasure) -> tuple[bytes, bytes]:
    """Key and value of the record."""
    return erasure.id.encode(), erasure.model_dump_json().encode()


def through_ms(done: Done) -> int:
    """`through` in ms; 0 where the partition had no event yet."""
    return 0 if done.through is None else instant_ms(done.through)


def text_of(at_ms: int | None) -> str | None:
    """An instant as the records have it."""
    return None if at_ms is None else instant_text(at_ms)
