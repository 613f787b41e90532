"""The section `alerts` of a configuration: the shape of alert rules. What their keys must satisfy together is in
checks.py and alert_rules.py."""

from typing import Annotated, Literal

from pydantic import Field

from stream.settings.section import Section
from stream.settings.units import Count, Currency, DurationMs, Exact, KpiName, Name


class AlertLevels(Section):
    """When an alert fires, and when it ends (definitions 7): of a rule, or of one of its severities."""

    below: Exact | None = None
    """The level under which the rule is breached, in the KPI's unit: permille for `complaint_rate`, minor units for
    amounts. Either this or `above` is required."""
    above: Exact | None = None
    """The level over which the rule is breached, instead of `below`."""
    exit: Exact | None = None
    """An active alert ends only here; not on the wrong side of the level. Left out: at the level itself."""
    for_ms: DurationMs = Field(0, alias="for")
    """Breached for so long before it fires."""
    severity: Name = "warning"
    """Any word; it stands in every record."""


class AlertSeverity(AlertLevels):
    """One of several severities of a rule: an alert of its own, named `rule.severity` (alerting 1)."""

    severity: Name
    """Any word, another for each item; it stands in every record."""


class AlertNotes(Section):
    """What the records of a rule say as their `reason`, by language.

    checks.py knows the placeholders.
    """

    en: Annotated[str, Field(min_length=1)] | None = None
    """In English, with `{value}`, `{threshold}`, `{entity}`, `{window}`, `{denominator}`."""
    zh: Annotated[str, Field(min_length=1)] | None = None
    """In Chinese, with the same placeholders."""


class Alert(AlertLevels):
    """One alert rule (definitions 7, alerting 1)."""

    rule: Name
    """Its name, unique."""
    kpi: KpiName
    """A KPI of `kpi-stream kpis`."""
    level: Literal["agent", "team", "queue", "segment", "site"]
    """At which it looks; the KPI must exist there."""
    window: str
    """A window that is configured, such as `rolling_15m` or `shift_day`."""
    on: Literal["value", "attainment", "pace"] = "value"
    """`attainment` or `pace`: of the target that applies, instead of the value."""
    min_denominator: Count = 0
    """Fewer is not breached; has no meaning for counts and amounts."""
    keep_firing_for_ms: DurationMs = Field(0, alias="keep_firing_for")
    """Not breached for so long before it resolves."""
    cooldown_ms: DurationMs = Field(0, alias="cooldown")
    """For so long after it resolved it does not fire again."""
    severities: Annotated[tuple[AlertSeverity, ...], Field(min_length=1)] | None = None
    """Instead of `below` or `above`, `exit`, `for` and `severity`: a list of these, each an alert of its own
    ([alerting.md](alerting.md#1-rules))."""
    entities: frozenset[Name] | None = None
    """A list that restricts the rule, or names `unassigned`. Left out: all but `unassigned`."""
    currency: Currency | None = None
    """Required for a KPI per currency, and only there."""
    publish_pending: bool = False
    """Publish the state pending, too."""
    inhibited_by: tuple[Name, ...] = ()
    """Rules, or single severities (`rule.severity`), while which fire this one's records are muted."""
    where: Literal["same", "site", "team"] = "same"
    """Whose alert inhibits: that of the `same` entity, one at the `site`, that of the `team`."""
    notes: AlertNotes = AlertNotes()
    """What records say as `reason`."""
    labels: dict[Name, str] = {}
    """Text to text, in every record."""

    @property
    def alerts(self) -> tuple[tuple[str, AlertLevels], ...]:
        """Name and levels of each alert of the rule: its own, or one per severity."""
        if self.severities is None:
            return ((self.rule, self),)
        return tuple((f"{self.rule}.{each.severity}", each) for each in self.severities)
