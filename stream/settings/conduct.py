"""The section `conduct` of a configuration, and packs of conduct rules as files hold them (conduct 1 and 2)."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from stream.conduct import rule as rules
from stream.settings.section import Section
from stream.settings.units import Name, whole
from stream.settings.yaml import UnquotedTime

_WORD = re.compile(r"[a-z0-9_]{1,64}")
_DATE = re.compile(r"(19[89][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_LONGEST_DAYS = 36_600


def _word(value: object) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        raise ValueError(f"{value!r} is not a name: 1-64 of a-z, 0-9 and _")
    return str(text)


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError(f"{value!r} is not a date such as 2026-01-30 (1980 to 2199)")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a date such as 2026-01-30: {error}") from error


def _minute(value: object) -> int:
    if isinstance(value, UnquotedTime | int | float):
        raise ValueError(f'{value!s} without quotes is a number in YAML: write the time in quotes, such as "21:00"')
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r} is not a local time such as "08:00" ("00:00" to "24:00")')
    return int(match[0][:2]) * 60 + int(match[0][3:])


def _written(name: str, value: object) -> str:
    """A parameter as YAML writes it."""
    if name.endswith("_minute") and isinstance(value, int):
        return f'"{value // 60:02}:{value % 60:02}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, Window):
        return f"{{days: {value.days}, local: {str(value.local).lower()}}}"
    return str(value)


Word = Annotated[str, BeforeValidator(_word), WithJsonSchema({"type": "string", "pattern": f"^{_WORD.pattern}$"})]
Day = Annotated[date, BeforeValidator(_day)]
Minute = Annotated[int, BeforeValidator(_minute), WithJsonSchema({"type": "string", "pattern": f"^({_TIME.pattern})$"})]
SomeDays = Annotated[int, Field(ge=1, le=_LONGEST_DAYS), BeforeValidator(whole)]
AnyDays = Annotated[int, Field(ge=0, le=_LONGEST_DAYS), BeforeValidator(whole)]
Amount = Annotated[int, Field(ge=0, lt=2**53), BeforeValidator(whole)]
Status = Literal["in_force", "draft"]
Channel = Literal["call", "sms", "email", "chat", "visit", "letter"]
ChannelAtOnce = Literal["call", "sms", "email", "chat", "visit"]
RestrictionKind = Literal[
    "cease_contact", "attorney", "deceased", "dispute", "breathing_space", "wrong_number", "quiet_hours", "consent"
]
Channels = Annotated[tuple[Channel, ...], Field(min_length=1)]
ChannelsAtOnce = Annotated[tuple[ChannelAtOnce, ...], Field(min_length=1)]
ALL: tuple[Channel, ...] = ("call", "sms", "email", "chat", "visit", "letter")
ALL_AT_ONCE: tuple[ChannelAtOnce, ...] = ("call", "sms", "email", "chat", "visit")


class RuleSection(Section):
    """What all rules have. `sites`: where an own rule holds; None: everywhere. The rules of packs have no sites."""

    NAMING: ClassVar[tuple[str, ...]] = ("rule", "kind", "sites")
    """Keys that `conduct.parameters` cannot replace."""

    rule: Word
    status: Status | None = None
    effective_from: Day | None = None
    effective_until: Day | None = None
    sites: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None

    def parameters(self) -> rules.Parameters:
        """The parameters of its kind."""
        raise NotImplementedError

    @property
    def rule_kind(self) -> str:
        """The word of its kind."""
        return str(getattr(self, "kind"))  # noqa: B009  every kind has it, and no kind in common

    def written(self) -> list[str]:
        """Its parameters as YAML writes them: `limit: 7`; those that say nothing are left out."""
        return [
            f"{field.alias or name}: {_written(name, getattr(self, name))}"
            for name, field in type(self).model_fields.items()
            if name not in RuleSection.model_fields and name != "kind" and getattr(self, name) is not None
        ]


class WithConsent(RuleSection):
    """A rule that a consent can excuse from."""

    consent: bool = False
    consent_days: SomeDays | None = None
    consent_ends: Literal["conversation"] | None = None

    def excuse(self) -> rules.Consent | None:
        """What a consent excuses from; None: nothing."""
        return rules.Consent(self.consent_days, self.consent_ends is not None) if self.consent else None


class Window(Section):
    """So many days of 24 h, or `local`: so many local calendar days."""

    days: SomeDays
    local: bool = False


class FrequencyRule(WithConsent):
    """At most `limit` in the window."""

    kind: Literal["frequency"]
    counts: rules.Counts
    per: rules.Per
    limit: Amount
    window: Window
    channels: Channels = ALL
    effective_ms: Amount = 0

    def parameters(self) -> rules.Frequency:
        """The parameters of its kind."""
        return rules.Frequency(
            self.counts, self.per, self.limit, self.window.days, self.window.local, frozenset(self.channels),
            self.effective_ms, self.excuse(),
        )  # fmt: skip


class SpacingRule(WithConsent):
    """A pause after a conversation."""

    kind: Literal["spacing"]
    per: rules.Per
    days: SomeDays
    local: bool = False

    def parameters(self) -> rules.Spacing:
        """The parameters of its kind."""
        return rules.Spacing(self.per, self.days, self.local, self.excuse())


class HoursRule(WithConsent):
    """Local hours outside which nobody is contacted."""

    kind: Literal["hours"]
    from_minute: Minute = Field(alias="from")
    until_minute: Minute = Field(alias="until")
    channels: ChannelsAtOnce = ALL_AT_ONCE

    def parameters(self) -> rules.Hours:
        """The parameters of its kind."""
        return rules.Hours(self.from_minute, self.until_minute, frozenset(self.channels), self.excuse())


class QuietRule(RuleSection):
    """Quiet hours that the debtor asked for."""

    kind: Literal["quiet"]
    channels: ChannelsAtOnce = ALL_AT_ONCE

    def parameters(self) -> rules.Quiet:
        """The parameters of its kind."""
        return rules.Quiet(frozenset(self.channels))


class RestrictedRule(RuleSection):
    """Restrictions under which there is no contact."""

    kind: Literal["restricted"]
    kinds: Annotated[tuple[RestrictionKind, ...], Field(min_length=1)]
    channels: Channels = ALL

    def parameters(self) -> rules.Restricted:
        """The parameters of its kind."""
        return rules.Restricted(frozenset(self.kinds), frozenset(self.channels))


class ThirdPartyRule(RuleSection):
    """Third parties only where the debtor cannot be reached."""

    kind: Literal["third_party"]
    days: SomeDays = 3
    attempts: Amount = 3

    def parameters(self) -> rules.ThirdParty:
        """The parameters of its kind."""
        return rules.ThirdParty(self.days, self.attempts)


class RecordedRule(RuleSection):
    """Conversations are recorded."""

    kind: Literal["recorded"]

    def parameters(self) -> rules.Recorded:
        """The parameters of its kind."""
        return rules.Recorded()


class DeadlineRule(RuleSection):
    """Complaints are closed in time."""

    kind: Literal["deadline"]
    days: AnyDays

    def parameters(self) -> rules.ComplaintDeadline:
        """The parameters of its kind."""
        return rules.ComplaintDeadline(self.days)


AnyRule = Annotated[
    FrequencyRule | SpacingRule | HoursRule | QuietRule | RestrictedRule | ThirdPartyRule | RecordedRule | DeadlineRule,
    Field(discriminator="kind"),
]


class PackSource(Section):
    """The text that a pack reads."""

    title: str | None = None
    url: str | None = None


class PackSection(Section):
    """A pack: the rules of one text, in one version."""

    pack: Word
    rules: Annotated[tuple[AnyRule, ...], Field(min_length=1)]
    jurisdiction: str | None = None
    instrument: str | None = None
    source: PackSource | None = None
    status: Status | None = None
    effective_from: Day | None = None
    effective_until: Day | None = None


def pack_schema() -> dict[str, Any]:
    """The JSON Schema of a file of packs: one pack, or a list of them."""
    schema = PackSection.model_json_schema()
    definitions = schema.pop("$defs")
    for definition in definitions.values():
        definition["properties"].pop("sites", None)  # of own rules alone
    return {"oneOf": [schema, {"type": "array", "items": schema}], "$defs": definitions}


class PackFile(Section):
    """A file of `pack_files` as it was read: one pack, or several."""

    file: str
    packs: tuple[PackSection, ...]


class ConductSection(Section):
    """Which packs hold where, what is changed in them, and own rules."""

    packs: tuple[Word, ...] = ()
    sites: dict[Name, tuple[Word, ...]] = {}
    parameters: dict[str, dict[str, Any]] = {}
    rules: tuple[AnyRule, ...] = ()
    pack_files: tuple[PackFile, ...] = ()


@cache
def changes_of(kind: type[RuleSection]) -> type[Section]:
    """The model of what `conduct.parameters` may change in a rule of a kind: its keys, none of which is required."""
    fields: dict[str, Any] = {
        name: (field.rebuild_annotation() | None, Field(None, alias=field.alias))
        for name, field in kind.model_fields.items()
        if name not in RuleSection.NAMING
    }
    return create_model(f"{kind.__name__}Changes", __base__=Section, **fields)
