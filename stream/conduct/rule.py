"""Conduct rules that are evaluated: the eight kinds with their parameters, and when a rule is in force (conduct 2)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import ClassVar, Literal

DAY_MS = 86_400_000

Per = Literal["debtor", "case", "number"]
"""What the facts have in common that a rule counts or compares: scopes lie within the debtor."""
Counts = Literal["attempts", "connected_attempts", "unanswered_attempts", "conversations", "contacts"]

CHANNELS = frozenset({"call", "sms", "email", "chat", "visit", "letter"})
"""How a contact is made: by call, by a message of one of four channels, or by a visit."""
AT_ONCE = CHANNELS - {"letter"}
"""Channels that reach somebody at an hour: a letter does not."""


@dataclass(frozen=True, slots=True)
class Consent:
    """For which contacts a consent holds: all in its time, or only those of its first `days` (x 24 h), or, with
    `until_conversation`, only those before the first conversation after it began."""

    days: int | None = None
    until_conversation: bool = False


@dataclass(frozen=True, slots=True)
class Frequency:
    """More than `limit` contacts that are counted, in a scope, within `days` x 24 h or so many local calendar days.

    `effective_ms`: how long a conversation must have lasted to be counted. `consent`: contacts that a consent covers
    are neither counted nor judged; None: consents do not matter.
    """

    KIND: ClassVar[str] = "frequency"

    counts: Counts
    per: Per
    limit: int
    days: int
    local: bool = False
    channels: frozenset[str] = CHANNELS
    effective_ms: int = 0
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Spacing:
    """A connected attempt within `days` x 24 h after a conversation in the scope, or, `local`, within so many local
    calendar days, of which the conversation's is the first."""

    KIND: ClassVar[str] = "spacing"

    per: Per
    days: int
    local: bool = False
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Hours:
    """A contact outside the local hours [from, until), in minutes of the day; 1,440 is 24:00."""

    KIND: ClassVar[str] = "hours"

    from_minute: int
    until_minute: int
    channels: frozenset[str] = AT_ONCE
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """A contact in the quiet hours that the debtor asked for."""

    KIND: ClassVar[str] = "quiet"

    channels: frozenset[str] = AT_ONCE


@dataclass(frozen=True, slots=True)
class Restricted:
    """A contact while a restriction of one of the kinds is in force."""

    KIND: ClassVar[str] = "restricted"

    kinds: frozenset[str]
    channels: frozenset[str] = CHANNELS


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A third party spoken to although the debtor was reached, or was tried fewer than `attempts` times, in the `days`
    x 24 h before."""

    KIND: ClassVar[str] = "third_party"

    days: int = 3
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """An outbound conversation that was not recorded."""

    KIND: ClassVar[str] = "recorded"


@dataclass(frozen=True, slots=True)
class ComplaintDeadline:
    """A complaint that is not closed `days` x 24 h after it was received."""

    KIND: ClassVar[str] = "deadline"

    days: int


Parameters = Frequency | Spacing | Hours | Quiet | Restricted | ThirdParty | Recorded | ComplaintDeadline


@dataclass(frozen=True, slots=True)
class ConductRule:
    """One rule that is evaluated. `name`: `pack.rule`, or of an own rule its name; `pack` None: an own rule.

    It judges what happens from the local day `effective_from` on, and before the local day `effective_until`; None: no
    bound. Versions of a rule have one name, and dates that do not overlap.
    """

    name: str
    pack: str | None
    parameters: Parameters
    effective_from: date | None = None
    effective_until: date | None = None

    @property
    def kind(self) -> str:
        """The word of its kind."""
        return self.parameters.KIND

    def as_data(self) -> dict[str, object]:
        """All that a judgement by it depends on, as plain JSON data."""
        data: dict[str, object] = {"kind": self.kind}
        for field in fields(self.parameters):
            value = getattr(self.parameters, field.name)
            if isinstance(value, frozenset):
                value = sorted(value)
            elif isinstance(value, Consent):
                value = [value.days, value.until_conversation]
            data[field.name] = value
        for name in ("effective_from", "effective_until"):
            day = getattr(self, name)
            data[name] = None if day is None else day.isoformat()
        return data
