"""The shape of a configuration document: every section and key with its default, its meaning, and the range of each
single value.

Attributes that hold milliseconds end in `_ms`; the key in the document is the alias. The text under a key is its
meaning for people: configuration-keys.md and the JSON Schema (schema.py) are made of it. What several keys must satisfy
together is in checks.py.
"""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from stream.settings.alerts import Alert
from stream.settings.board import BoardSection
from stream.settings.conduct import ConductSection
from stream.settings.feeds import FeedSection
from stream.settings.http import Http
from stream.settings.kafka import Kafka
from stream.settings.metrics import MetricsSection
from stream.settings.scheme_parts import CalendarSection, IndicatorName
from stream.settings.schemes import ContestSection, PayoutSection, RewardSection, ScorecardSection, TargetSection
from stream.settings.section import Section
from stream.settings.units import (
    Count,
    Days,
    DurationMs,
    KpiName,
    Listed,
    MinuteOfDay,
    Name,
    Positive,
    PositiveDurationMs,
    Share,
    duration_ms,
    duration_text,
    whole,
)


class SiteSection(Section):
    """A site: its zone, its shifts as local (start, end) in minutes of the day, and its own workdays, if it has any."""

    zone: str = "UTC"
    """IANA zone; a site that is not configured is in UTC, without shifts."""
    shifts: dict[Name, tuple[MinuteOfDay, MinuteOfDay]] = {}
    """Name to `["09:00", "18:00"]`, local; one that ends before it starts ends on the next day; start and end
    differ."""
    calendar: CalendarSection | None = None
    """Replaces the section `calendar` at this site."""


def _named_length(text: object) -> tuple[str, int]:
    return str(text), duration_ms(text)


NamedLength = Annotated[tuple[str, int], BeforeValidator(_named_length, json_schema_input_type=PositiveDurationMs)]
"""A window's length as the configuration writes it, which is part of its name (`15m` of `rolling_15m`), and in ms."""


class Windows(Section):
    """Which windows are kept."""

    pane_ms: PositiveDurationMs = Field(10_000, alias="pane")
    """Finest step of rolling windows and alerts; divides 15 minutes."""
    rolling: tuple[NamedLength, ...] = (("5m", 300_000), ("15m", 900_000), ("1h", 3_600_000))
    """Multiples of the pane; `15m` is the window `rolling_15m`."""
    intervals: tuple[NamedLength, ...] = (("30m", 1_800_000),)
    """From local midnight; multiples of the pane that divide a day; `30m` is the window `interval_30m`."""
    day: bool = True
    """Local days: the window `day`."""
    month: bool = True
    """Local months: the window `month`."""
    shifts: bool = True
    """The shifts of `sites`: `shift_NAME`."""


Records = Annotated[Positive, Field(ge=10, le=1_000_000)]


class DefinitionsSection(Section):
    """What the sources of the KPIs leave open (definitions 3 to 5)."""

    promise_grace_days: Days = 3
    """Days after the due date within which a promise may still be kept."""
    promise_tolerance: Share = Fraction(1, 10)
    """Share of an instalment that may be missing."""
    attribution_days: Days = 7
    """How many days a right-party call is credited with payments."""
    effective_talk_floor_ms: Count = 10_000
    """Talk shorter than this, in ms, is not effective."""
    first_contact_hours: Annotated[Count, Field(le=36_600 * 24)] = 24
    """Deadline of the first contact, in hours."""
    first_contact_max_dpd: Annotated[int, BeforeValidator(whole), Field(gt=-(2**53), lt=2**53)] = 30
    """Up to which days past due there is a first contact."""
    coverage_days: Days = 7
    """Deadline of M1 coverage, in days."""
    service_level_ms: Count = 20_000
    """A call that is answered within so many ms is answered in time."""
    short_abandon_ms: Count = 5_000
    """A call that is abandoned within so many ms does not count as abandoned."""
    service_level_formula: Literal["offered", "answered", "without_short_abandons"] = "offered"
    """The calls that the service level judges: `offered` all, `answered` those that a human answered,
    `without_short_abandons` all but who gave up within `short_abandon_ms`; never callbacks, nor calls whose `queue_ms`
    is unknown."""
    calls_counted_at: Literal["start", "end"] = "start"
    """The instant of all that a call counts: its `start` (`occurred_at`) or its `end` (`ended_at`, if not earlier).
    What links facts always uses the start."""
    open_state_max_ms: Annotated[DurationMs, Field(ge=1_000, le=31 * 86_400_000)] = Field(
        12 * 3_600_000, alias="open_state_max"
    )
    """As long as an agent's state counts without a next one: 1s to 31d."""
    open_state_ends_with_shift: bool = False
    """A state counts no longer than the shift that it began in, also where `windows.shifts` is off."""
    complaint_deadline_days: Days = 56
    """Days within which a complaint must be closed."""

    def shown(self, key: str) -> int | float | str:
        """The value of a key for JSON: a duration as the configuration writes it, a ratio as a float."""
        value = getattr(self, key) if key in type(self).model_fields else duration_text(getattr(self, f"{key}_ms"))
        return float(value) if isinstance(value, Fraction) else value


class Time(Section):
    """The clocks of the live path (live 2)."""

    grace_ms: DurationMs = Field(600_000, alias="grace")
    """How far the watermark must be past a window's end to make it final."""
    alert_delay_ms: DurationMs = Field(0, alias="alert_delay")
    """How far it must be past an instant to evaluate alerts at it; at least the longest usual call is wise."""
    idle_after_ms: PositiveDurationMs = Field(30_000, alias="idle_after")
    """When a silent partition follows the wall clock."""
    idle_advance: bool = True
    """Whether a silent partition follows the wall clock; `false` for history."""
    dead_after_ms: PositiveDurationMs = Field(600_000, alias="dead_after")
    """When a partition without an owner is left out."""
    max_ahead_ms: PositiveDurationMs = Field(600_000, alias="max_ahead")
    """How far catching up may lead one topic before another."""
    correction_horizon_ms: PositiveDurationMs = Field(90 * 86_400_000, alias="correction_horizon")
    """How late a fact may come; `config check` warns if it is shorter than the longest deadline plus 31 days."""


class LimitsSection(Section):
    """Limits of events and facts, and of dead letters.

    An event beyond one of the first six is dead-lettered as `oversized` or `limit`. When more events are dead-lettered
    than the others allow, the worker stops (partition/deadletter_limit.py).
    """

    record_bytes: Positive = 1_048_576
    """Longer events are dead-lettered as `oversized`."""
    batch_bytes: Positive = 33_554_432
    """A batch of records (what a producer sends at once) that unpacks to more is not taken apart: it is one dead letter
    `oversized`. At least twice `record_bytes`, whatever is said."""
    facts_per_case: Positive = 100_000
    """Beyond it events are dead-lettered as `limit`."""
    facts_per_debtor: Positive = 100_000
    """Beyond it events are dead-lettered as `limit`."""
    entities_per_site: Positive = 10_000
    """Agents, teams and the like of one site (itself included) that a debtor partition knows; an event of one more is
    dead-lettered as `limit`. Known is whoever an accepted event of the last `time.correction_horizon` was of. A floor
    of 2,000 agents whose people change every year has some 3,000. Each partition counts for itself, from its own state,
    so that what is refused does not depend on restarts; `replay` and `backfill` have no such limit, and a hand-over
    begins the count anew."""
    entities: Positive = 30_000
    """The same for all sites together, the sites among them."""
    deadletter_run: Count = 1_000
    """So many dead letters in a row from one partition of a topic stop the worker (exit 5); `0`: no limit."""
    deadletter_ratio: Share = Fraction(7, 10)
    """So great a share of the partition's last `deadletter_window` records stops it, too; `0`: no limit. A topic that
    has had fewer records never has too many by share."""
    deadletter_window: Records = 10_000
    """Records over which the share is taken."""
    internal_run: Count = 100
    """The same for dead letters of reason `internal` alone, which are faults of the program."""
    internal_ratio: Share = Fraction(1, 10)
    """As `deadletter_ratio`, of reason `internal` alone."""
    internal_window: Records = 2_000
    """Records over which `internal_ratio` is taken."""


class Publish(Section):
    """How often a KPI record, and a score, is published, how long the topics keep them, and the language of what alert
    records say as their `reason`."""

    every_ms: DurationMs = Field(1_000, alias="every")
    """A KPI record is published at most so often while it changes."""
    keep_ms: PositiveDurationMs = Field(400 * 86_400_000, alias="keep")
    """How long the outbound topics keep records."""
    scores_every_ms: DurationMs = Field(60_000, alias="scores_every")
    """A score is published at most so often while it changes."""
    language: Literal["en", "zh"] = "en"
    """Of what alert records say as their `reason`."""


class Document(Section):
    """A whole configuration."""

    kafka: Kafka = Kafka()
    http: Http = Http()
    board: BoardSection = BoardSection()
    sites: dict[Name, SiteSection] = {}
    """Name to zone, shifts and workdays. A site that is not here is in UTC, without shifts."""
    windows: Windows = Windows()
    definitions: DefinitionsSection = DefinitionsSection()
    minimum_sample: dict[KpiName, Positive] = {}
    """KPI to the least denominator: a smaller one gives the status `few`. Left out: 1."""
    time: Time = Time()
    limits: LimitsSection = LimitsSection()
    publish: Publish = Publish()
    metrics: MetricsSection = MetricsSection()
    alerts: tuple[Alert, ...] = ()
    """Alert rules ([alerting.md](alerting.md))."""
    calendar: CalendarSection = CalendarSection()
    targets: Listed[TargetSection] = ()
    """How much a KPI should be ([scores.md](scores.md#1-targets))."""
    indicators: Listed[IndicatorName] = ()
    """Names of what people or other systems measure, `kpi-stream measure`."""
    scorecards: Listed[ScorecardSection] = ()
    """Versions of scorecards ([scores.md](scores.md#2-scorecards))."""
    payouts: Listed[PayoutSection] = ()
    """Versions of payouts ([scores.md](scores.md#3-payouts))."""
    contests: Listed[ContestSection] = ()
    """Versions of contests ([scores.md](scores.md#4-contests-and-volume-rewards))."""
    rewards: Listed[RewardSection] = ()
    """Versions of volume rewards ([scores.md](scores.md#4-contests-and-volume-rewards))."""
    feeds: tuple[FeedSection, ...] = ()
    """What other systems' records this host reads ([feeds-running.md](feeds-running.md))."""
    conduct: ConductSection | None = None
    """Which conduct rules hold where; left out: none ([conduct.md](conduct.md))."""
