"""The section `conduct` of a configuration, and packs of conduct rules as files hold them (conduct 1 and 2)."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from stream.conduct import rule as rules
from stream.settings.section import Section
from stream.settings.units import DATE, Name, whole
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
Day = Annotated[date, BeforeValidator(_day), DATE]
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
    """Its name, unique: 1-64 of a-z, 0-9 and _."""
    status: Status | None = None
    """A `draft` is listed and not evaluated; left out: the pack's, else `in_force`."""
    effective_from: Day | None = None
    """The first day on which it judges, in the debtor's zone; left out: the pack's, else always."""
    effective_until: Day | None = None
    """The first day on which it does not judge any more."""
    sites: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """Where it holds; left out: everywhere."""

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
    """Whether it neither counts nor judges what a consent of the debtor covers."""
    consent_days: SomeDays | None = None
    """A consent covers for so many days; left out: as long as it is in force."""
    consent_ends: Literal["conversation"] | None = None
    """`conversation`: a consent ends with the next conversation."""

    def excuse(self) -> rules.Consent | None:
        """What a consent excuses from; None: nothing."""
        return rules.Consent(self.consent_days, self.consent_ends is not None) if self.consent else None


class Window(Section):
    """So many days of 24 h, or `local`: so many local calendar days."""

    days: SomeDays
    """How many."""
    local: bool = False
    """Whether they are days of the debtor's calendar, today among them."""


class FrequencyRule(WithConsent):
    """At most `limit` in the window."""

    kind: Literal["frequency"]
    """Which kind of rule it is."""
    counts: rules.Counts
    """What is counted."""
    per: rules.Per
    """Within what: the debtor, a case of his, or a number of his."""
    limit: Amount
    """So many are allowed."""
    window: Window
    """In how many days."""
    channels: Channels = ALL
    """What is counted is on one of these."""
    effective_ms: Amount = 0
    """A conversation counts if it lasted at least so many ms."""

    def parameters(self) -> rules.Frequency:
        """The parameters of its kind."""
        return rules.Frequency(
            self.counts, self.per, self.limit, self.window.days, self.window.local, frozenset(self.channels),
            self.effective_ms, self.excuse(),
        )  # fmt: skip


class SpacingRule(WithConsent):
    """A pause after a conversation."""

    kind: Literal["spacing"]
    """Which kind of rule it is."""
    per: rules.Per
    """Within what: the debtor, a case of his, or a number of his."""
    days: SomeDays
    """How long nobody calls after a conversation."""
    local: bool = False
    """Whether they are days of the debtor's calendar, that of the conversation the first."""

    def parameters(self) -> rules.Spacing:
        """The parameters of its kind."""
        return rules.Spacing(self.per, self.days, self.local, self.excuse())


class HoursRule(WithConsent):
    """Local hours outside which nobody is contacted."""

    kind: Literal["hours"]
    """Which kind of rule it is."""
    from_minute: Minute = Field(alias="from")
    """Local time of the debtor, `"08:00"`, in quotes."""
    until_minute: Minute = Field(alias="until")
    """Local time of the debtor, `"24:00"` at most, in quotes."""
    channels: ChannelsAtOnce = ALL_AT_ONCE
    """Which contacts it judges."""

    def parameters(self) -> rules.Hours:
        """The parameters of its kind."""
        return rules.Hours(self.from_minute, self.until_minute, frozenset(self.channels), self.excuse())


class QuietRule(RuleSection):
    """Quiet hours that the debtor asked for."""

    kind: Literal["quiet"]
    """Which kind of rule it is."""
    channels: ChannelsAtOnce = ALL_AT_ONCE
    """Which contacts it judges."""

    def parameters(self) -> rules.Quiet:
        """The parameters of its kind."""
        return rules.Quiet(frozenset(self.channels))


class RestrictedRule(RuleSection):
    """Restrictions under which there is no contact."""

    kind: Literal["restricted"]
    """Which kind of rule it is."""
    kinds: Annotated[tuple[RestrictionKind, ...], Field(min_length=1)]
    """Restrictions under which there is no contact."""
    channels: Channels = ALL
    """Which contacts it judges."""

    def parameters(self) -> rules.Restricted:
        """The parameters of its kind."""
        return rules.Restricted(frozenset(self.kinds), frozenset(self.channels))


class ThirdPartyRule(RuleSection):
    """Third parties only where the debtor cannot be reached."""

    kind: Literal["third_party"]
    """Which kind of rule it is."""
    days: SomeDays = 3
    """How far it looks back."""
    attempts: Amount = 3
    """So many attempts at the debtor must have failed before."""

    def parameters(self) -> rules.ThirdParty:
        """The parameters of its kind."""
        return rules.ThirdParty(self.days, self.attempts)


class RecordedRule(RuleSection):
    """Conversations are recorded."""

    kind: Literal["recorded"]
    """Which kind of rule it is."""

    def parameters(self) -> rules.Recorded:
        """The parameters of its kind."""
        return rules.Recorded()


class DeadlineRule(RuleSection):
    """Complaints are closed in time."""

    kind: Literal["deadline"]
    """Which kind of rule it is."""
    days: AnyDays
    """Days from receipt within which a complaint is closed."""

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
    """What it is called."""
    url: str | None = None
    """Where it is read."""


class PackSection(Section):
    """A pack: the rules of one text, in one version."""

    pack: Word
    """Its name: 1-64 of a-z, 0-9 and _."""
    rules: Annotated[tuple[AnyRule, ...], Field(min_length=1)]
    """Its rules; each is called `pack.rule`."""
    jurisdiction: str | None = None
    """Where the text holds."""
    instrument: str | None = None
    """What kind of text it is."""
    source: PackSource | None = None
    """The text itself."""
    status: Status | None = None
    """Of its rules that say nothing: `in_force` or `draft`; left out: `in_force`."""
    effective_from: Day | None = None
    """The first day on which its rules judge."""
    effective_until: Day | None = None
    """The first day on which they do not judge any more."""


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
    """Packs whose rules hold at every site that is not in `sites` ([conduct-packs.md](conduct-packs.md))."""
    sites: dict[Name, tuple[Word, ...]] = {}
    """Site to packs that hold there instead."""
    parameters: dict[str, dict[str, Any]] = {}
    """Rule (`pack.rule`) to values that replace the rule's."""
    rules: tuple[AnyRule, ...] = ()
    """Your own rules."""
    pack_files: Annotated[tuple[PackFile, ...], WithJsonSchema({"type": "array", "items": {"type": "string"}})] = ()
    """Files of your own packs, relative to the configuration."""


@cache
def changes_of(kind: type[RuleSection]) -> type[Section]:
    """The model of what `conduct.parameters` may change in a rule of a kind: its keys, none of which is required."""
    fields: dict[str, Any] = {
        name: (field.rebuild_annotation() | None, Field(None, alias=field.alias))
        for name, field in kind.model_fields.items()
        if name not in RuleSection.NAMING
    }
    return create_model(f"{kind.__name__}Changes", __base__=Section, **fields)
