"""The shape of a configuration document: every section and key, its default, and the range of each single value.

Attributes that hold milliseconds end in `_ms`; the key in the document is the alias. What several keys must satisfy
together is in checks.py.
"""

import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from stream.settings.board import BoardSection
from stream.settings.conduct import ConductSection
from stream.settings.metrics import MetricsSection
from stream.settings.schemes import (
    CalendarSection,
    ContestSection,
    IndicatorName,
    PayoutSection,
    RewardSection,
    ScorecardSection,
    TargetSection,
)
from stream.settings.section import Section
from stream.settings.units import (
    Count,
    Days,
    DurationMs,
    Exact,
    MinuteOfDay,
    Name,
    Positive,
    PositiveDurationMs,
    duration_ms,
    duration_text,
    whole,
)

_TOPIC_PART = re.compile(r"[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://([^\s/:?#@]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_SERVER_NAME = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,252})|[0-9a-f:.]{2,45}")
_SERVER = re.compile(r"[^\s,:]+:[0-9]{1,5}|\[[0-9A-Fa-f:.]+\]:[0-9]{1,5}")


def _topic_part(text: object) -> str:
    if not _TOPIC_PART.fullmatch(str(text)):
        raise ValueError(f"{text!r} may hold only letters, digits, '.', '_' and '-' (it becomes part of topic names)")
    return str(text)


def _servers(value: object) -> str:
    text = ",".join(str(part) for part in value) if isinstance(value, list) else str(value)
    if text.startswith("[") and text.endswith("]"):  # a list in a variable; `[::1]:9092` is none
        text = text[1:-1].replace("'", "").replace('"', "")
    servers = [part.strip() for part in text.split(",") if part.strip()]
    wrong = next((server for server in servers if not _SERVER.fullmatch(server)), None)
    if wrong is not None or not servers:
        raise ValueError(f"{wrong or text!r} is not host:port (several are separated by commas)")
    return ",".join(servers)


def _mechanism(value: object) -> object:
    if value in ("GSSAPI", "OAUTHBEARER"):
        raise ValueError(f"{value} is not supported: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are")
    return value


class Kafka(Section):
    """The broker, the topics' names and the pace of commits."""

    bootstrap_servers: Annotated[str, BeforeValidator(_servers)] = "localhost:9092"
    topic_prefix: Annotated[str, BeforeValidator(_topic_part)] = "collections"
    group: Annotated[str, BeforeValidator(_topic_part)] = "kpi-stream"
    group_instance_id: Annotated[str, BeforeValidator(_topic_part)] | None = None
    partitions: Positive = 8
    replication: Positive = 1
    deltas_partitions: Positive | None = None
    commit_every_ms: PositiveDurationMs = Field(200, alias="commit_every")
    session_timeout_ms: PositiveDurationMs = Field(10_000, alias="session_timeout")
    heartbeat_ms: PositiveDurationMs = Field(1_000, alias="heartbeat")
    transaction_timeout_ms: PositiveDurationMs = Field(15_000, alias="transaction_timeout")
    fetch_wait_ms: PositiveDurationMs = Field(50, alias="fetch_wait")
    stall_after_ms: PositiveDurationMs = Field(120_000, alias="stall_after")
    patience_ms: DurationMs = Field(60_000, alias="patience")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Annotated[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], BeforeValidator(_mechanism)] = "PLAIN"
    sasl_plain_username: str | None = None
    sasl_plain_password: str | None = Field(None, repr=False)
    sasl_plain_password_file: str | None = None
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None
    ssl_password: str | None = Field(None, repr=False)
    ssl_password_file: str | None = None
    ssl_check_hostname: bool = True


def _url(value: object) -> str:
    text = str(value).rstrip("/")
    if not _URL.fullmatch(text):
        raise ValueError(f"{value!r} is not an address such as http://worker-1:6066")
    return text


def _origin(value: object) -> str:
    return _url(str(value).lower())


def _server_name(value: object) -> str:
    text = str(value).strip().strip("[]").lower()
    if not _SERVER_NAME.fullmatch(text):
        raise ValueError(f"{value!r} is not the name or address of a server, without a port, such as board.example")
    return text


def _ancestor(value: object) -> str:
    text = str(value).strip()
    if text in ("self", "'self'"):
        return "'self'"
    if text != "*" and not _URL.fullmatch(text.replace("*.", "any.", 1)):
        raise ValueError(f"{value!r} is not an origin such as https://portal.example, self or *")
    return text


def _reason(value: object) -> str:
    text = " ".join(str(value).split())
    if isinstance(value, bool) or len(text) < 3:
        raise ValueError(f"{value!r} is no reason: say why nobody is asked for a token")
    return text


class Http(Section):
    """Where /metrics, the health checks, the page and the answers to diallers are served, and who is let in. Port 0:
    any free one. `advertised_url`: where other machines reach this worker, if not there. docs/security.md."""

    host: str = "127.0.0.1"
    port: Annotated[int, BeforeValidator(whole), Field(ge=0, le=65_535)] = 6066
    advertised_url: Annotated[str, BeforeValidator(_url)] | None = None
    tokens: str | None = None
    open: Annotated[str, BeforeValidator(_reason)] | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    names: tuple[Annotated[str, BeforeValidator(_server_name)], ...] = ()
    origins: tuple[Annotated[str, BeforeValidator(_origin)], ...] = ()
    frame_ancestors: tuple[Annotated[str, BeforeValidator(_ancestor)], ...] = ()


class SiteSection(Section):
    """A site: its zone, its shifts as local (start, end) in minutes of the day, and its own workdays, if it has any."""

    zone: str = "UTC"
    shifts: dict[Name, tuple[MinuteOfDay, MinuteOfDay]] = {}
    calendar: CalendarSection | None = None


def _named_length(text: object) -> tuple[str, int]:
    return str(text), duration_ms(text)


NamedLength = Annotated[tuple[str, int], BeforeValidator(_named_length)]
"""A window's length as the configuration writes it, which is part of its name (`15m` of `rolling_15m`), and in ms."""


class Windows(Section):
    """Which windows are kept."""

    pane_ms: PositiveDurationMs = Field(10_000, alias="pane")
    rolling: tuple[NamedLength, ...] = (("5m", 300_000), ("15m", 900_000), ("1h", 3_600_000))
    intervals: tuple[NamedLength, ...] = (("30m", 1_800_000),)
    day: bool = True
    month: bool = True
    shifts: bool = True


Share = Annotated[Exact, Field(ge=0, le=1)]
Records = Annotated[Positive, Field(ge=10, le=1_000_000)]


class DefinitionsSection(Section):
    """The parameters of definitions 3 to 5."""

    promise_grace_days: Days = 3
    promise_tolerance: Share = Fraction(1, 10)
    attribution_days: Days = 7
    effective_talk_floor_ms: Count = 10_000
    first_contact_hours: Annotated[Count, Field(le=36_600 * 24)] = 24
    first_contact_max_dpd: Annotated[int, BeforeValidator(whole), Field(gt=-(2**53), lt=2**53)] = 30
    coverage_days: Days = 7
    service_level_ms: Count = 20_000
    short_abandon_ms: Count = 5_000
    service_level_formula: Literal["offered", "answered", "without_short_abandons"] = "offered"
    calls_counted_at: Literal["start", "end"] = "start"
    open_state_max_ms: Annotated[DurationMs, Field(ge=1_000, le=31 * 86_400_000)] = Field(
        12 * 3_600_000, alias="open_state_max"
    )
    open_state_ends_with_shift: bool = False
    complaint_deadline_days: Days = 56

    def shown(self, key: str) -> int | float | str:
        """The value of a key for JSON: a duration as the configuration writes it, a ratio as a float."""
        value = getattr(self, key) if key in type(self).model_fields else duration_text(getattr(self, f"{key}_ms"))
        return float(value) if isinstance(value, Fraction) else value


class Time(Section):
    """The clocks of the live path (live 2)."""

    grace_ms: DurationMs = Field(600_000, alias="grace")
    alert_delay_ms: DurationMs = Field(0, alias="alert_delay")
    idle_after_ms: PositiveDurationMs = Field(30_000, alias="idle_after")
    idle_advance: bool = True
    dead_after_ms: PositiveDurationMs = Field(600_000, alias="dead_after")
    max_ahead_ms: PositiveDurationMs = Field(600_000, alias="max_ahead")
    correction_horizon_ms: PositiveDurationMs = Field(90 * 86_400_000, alias="correction_horizon")


class LimitsSection(Section):
    """Limits of events and facts, and of dead letters.

    An event beyond one of the first six is dead-lettered as `oversized` or `limit`. When more events are dead-lettered
    than the others allow, the worker stops (partition/deadletter_limit.py).
    """

    record_bytes: Positive = 1_048_576
    batch_bytes: Positive = 33_554_432
    facts_per_case: Positive = 100_000
    facts_per_debtor: Positive = 100_000
    entities_per_site: Positive = 10_000
    entities: Positive = 30_000
    deadletter_run: Count = 1_000
    deadletter_ratio: Share = Fraction(7, 10)
    deadletter_window: Records = 10_000
    internal_run: Count = 100
    internal_ratio: Share = Fraction(1, 10)
    internal_window: Records = 2_000


class Publish(Section):
    """How often a KPI record, and a score, is published, how long the topics keep them, and the language of what alert
    records say as their `reason`."""

    every_ms: DurationMs = Field(1_000, alias="every")
    keep_ms: PositiveDurationMs = Field(400 * 86_400_000, alias="keep")
    scores_every_ms: DurationMs = Field(60_000, alias="scores_every")
    language: Literal["en", "zh"] = "en"


class AlertLevels(Section):
    """When an alert fires, and when it ends (definitions 7): of a rule, or of one of its severities."""

    below: Exact | None = None
    above: Exact | None = None
    exit: Exact | None = None
    for_ms: DurationMs = Field(0, alias="for")
    severity: Name = "warning"


class AlertSeverity(AlertLevels):
    """One of several severities of a rule: an alert of its own, named `rule.severity` (alerting 1)."""

    severity: Name


class AlertNotes(Section):
    """What the records of a rule say as their `reason`, by language; checks.py knows the placeholders."""

    en: Annotated[str, Field(min_length=1)] | None = None
    zh: Annotated[str, Field(min_length=1)] | None = None


class Alert(AlertLevels):
    """One alert rule (definitions 7, alerting 1). `currency` is set if and only if the KPI is kept per currency
    (checks.py)."""

    rule: Name
    kpi: str
    level: Literal["agent", "team", "queue", "segment", "site"]
    window: str
    on: Literal["value", "attainment", "pace"] = "value"
    min_denominator: Count = 0
    keep_firing_for_ms: DurationMs = Field(0, alias="keep_firing_for")
    cooldown_ms: DurationMs = Field(0, alias="cooldown")
    severities: Annotated[tuple[AlertSeverity, ...], Field(min_length=1)] | None = None
    entities: frozenset[Name] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    publish_pending: bool = False
    inhibited_by: tuple[Name, ...] = ()
    where: Literal["same", "site", "team"] = "same"
    notes: AlertNotes = AlertNotes()
    labels: dict[Name, str] = {}

    @property
    def alerts(self) -> tuple[tuple[str, AlertLevels], ...]:
        """Name and levels of each alert of the rule: its own, or one per severity."""
        if self.severities is None:
            return ((self.rule, self),)
        return tuple((f"{self.rule}.{each.severity}", each) for each in self.severities)


def _constant(value: object) -> object:
    """A constant of a feed as text, as an option of the command line gives it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Constant = Annotated[str, BeforeValidator(_constant)]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class FeedSource(Section):
    """Where a feed's records come from: files (globs), which are followed, or a topic (settings/feeds.py)."""

    files: tuple[str, ...] | None = None
    state: str | None = None
    topic: Annotated[str, BeforeValidator(_topic_part)] | None = None
    group: Annotated[str, BeforeValidator(_topic_part)] | None = None


class FeedSection(Section):
    """One feed that this host runs. `mapping`: a shipped name, or a file beside the configuration. None: the mapping's
    own."""

    name: Annotated[str, BeforeValidator(_topic_part)]
    mapping: str
    source: FeedSource
    zone: str | None = None
    set: dict[FieldName, Constant] = {}
    set_path: dict[FieldName, str] = {}
    set_map: dict[FieldName, dict[Constant, Constant]] = {}
    id_prefix: str | None = None
    open: Positive | None = None
    revision: Annotated[Count, Field(le=999)] | None = None


class Document(Section):
    """A whole configuration."""

    kafka: Kafka = Kafka()
    http: Http = Http()
    board: BoardSection = BoardSection()
    sites: dict[Name, SiteSection] = {}
    windows: Windows = Windows()
    definitions: DefinitionsSection = DefinitionsSection()
    minimum_sample: dict[str, Positive] = {}
    time: Time = Time()
    limits: LimitsSection = LimitsSection()
    publish: Publish = Publish()
    metrics: MetricsSection = MetricsSection()
    alerts: tuple[Alert, ...] = ()
    calendar: CalendarSection = CalendarSection()
    targets: tuple[TargetSection, ...] = ()
    indicators: tuple[IndicatorName, ...] = ()
    scorecards: tuple[ScorecardSection, ...] = ()
    payouts: tuple[PayoutSection, ...] = ()
    contests: tuple[ContestSection, ...] = ()
    rewards: tuple[RewardSection, ...] = ()
    feeds: tuple[FeedSection, ...] = ()
    conduct: ConductSection | None = None
