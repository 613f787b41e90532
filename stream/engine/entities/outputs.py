"""The records of the output topics as pydantic models: the source of their JSON Schemas (contract 2)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

Instant = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$",
        description="UTC; milliseconds only where they are not 0.",
    ),
]
Level = Literal["agent", "team", "queue", "segment", "site"]


class OutputModel(BaseModel):
    """A record that other programs read: no field is missing, none is unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


class KpiValue(OutputModel):
    """One KPI of a record."""

    kpi: str = Field(description="Id in the KPI catalogue.")
    currency: str | None = Field(default=None, description="Only where the KPI has one; ISO 4217.")
    numerator: int
    denominator: int | None = Field(description="Null for a plain count or amount.")
    value: float | int | None = Field(description="In the KPI's unit; null unless status is ok.")
    status: Literal["ok", "no_data", "few"] = Field(
        description="no_data: the denominator is 0. few: it is under the KPI's minimum sample."
    )
    target: float | int | None = Field(default=None, description="Only where one applies, in the KPI's unit.")
    attainment: float | None = Field(default=None, description="Beside a target: value / target; null if undefined.")
    pace: float | None = Field(
        default=None,
        description="Beside a target: attainment over the share of the window's working time that has passed.",
    )


class KpiRecord(OutputModel):
    """All KPIs of one entity and window, cut at one instant. Key: `site|level|entity|window|start`.

    Keep the highest revision per key, of equal ones the later: then any repetition is harmless.
    """

    site: str
    level: Level
    entity: str
    window: str = Field(description="`rolling_15m`, `interval_30m`, `day`, `month`, `shift_NAME`.")
    start: Instant
    end: Instant
    as_of: Instant = Field(description="The record counts what occurred before this instant.")
    final: bool = Field(description="True once the watermark has passed the end plus grace.")
    revision: int
    run: str
    catalogue: int = Field(description="Version of the KPI catalogue.")
    kpis: list[KpiValue] = Field(description="Sorted by (kpi, currency); those that are not 0 or have a target.")


class AgentRecord(OutputModel):
    """What an agent does at a site now: the latest state that the agent gave there. Key: `site|agent`.

    Keep the highest revision per key. Live only.
    """

    site: str
    agent: str
    team: str | None
    state: Literal["logged_out", "available", "on_call", "wrap", "break", "training", "meeting"] | None = Field(
        description="Null where all states of the agent at this site were taken back; so are the next two then."
    )
    reason: str | None = Field(description="The site's own word for it.")
    since: Instant | None = Field(description="`occurred_at` of the event that gave the state.")
    revision: int
    run: str


class ConductFact(OutputModel):
    """The fact that a breach is about."""

    type: Literal["call", "message", "visit", "complaint"]
    id: str = Field(description="The fact's own id.")


class BreachRecord(OutputModel):
    """A conduct rule was not kept. Key: `B|debtor|rule|scope|type|id`; the scope is the case or the number that the
    rule is kept for, or empty.

    Keep the highest revision per key; one that is withdrawn stands no longer.
    """

    record: Literal["breach"]
    rule: str = Field(description="`pack.rule`, or the name of an own rule.")
    pack: str | None = Field(description="Null for an own rule.")
    site: str
    debtor: str
    case: str | None = Field(description="The scope of a rule per case, else null.")
    number: str | None = Field(description="The scope of a rule per number, else null.")
    fact: ConductFact
    at: Instant = Field(description="The time of the contact, or the instant of the deadline.")
    count: int | None = Field(description="For rules of kind frequency: how many were counted, this one included.")
    limit: int | None
    counted: list[str] | None = Field(description="For rules of kind frequency: the last 20 ids counted, in order.")
    local_time: str = Field(pattern="^[0-9]{2}:[0-9]{2}:[0-9]{2}$", description="At `at`, where the debtor lives.")
    zone: str
    zone_assumed: bool = Field(description="Whether the zone is that of the site, since none of the debtor is known.")
    agent: str
    team: str
    withdrawn: bool = Field(description="True once later facts have undone it.")
    revision: int
    run: str


class StandingRecord(OutputModel):
    """How near a debtor is to the limit of a rule of kind frequency. Key: `S|debtor|rule|scope`.

    Judged at the latest counted fact; keep the highest revision per key. Live only.
    """

    record: Literal["standing"]
    rule: str
    debtor: str
    case: str | None
    number: str | None
    state: Literal["clear", "near", "reached", "breached"]
    count: int
    limit: int
    headroom: int = Field(description="The limit less the count, never below 0.")
    at: Instant = Field(description="The latest counted fact.")
    clears_at: Instant | None = Field(
        description="When the state is lower, if nothing else happens; null where it is clear. No record comes then."
    )
    agent: str
    team: str
    site: str
    revision: int
    run: str


class ConductRecord(RootModel[Annotated[BreachRecord | StandingRecord, Field(discriminator="record")]]):
    """A record of `collections.conduct.v1`: a breach or a standing."""


class AlertRecord(OutputModel):
    """A change in the life of an alert. Key: `alert_id`, the same for all records of one episode."""

    alert_id: str = Field(pattern="^[0-9a-f]{32}$")
    rule: str = Field(description="The rule's name; of a rule with several severities `rule.severity`.")
    severity: str
    state: Literal["pending", "firing", "resolved"]
    kpi: str
    level: Level
    entity: str
    site: str
    team: str | None = Field(description="Of an agent: the team that the agent's latest event names. Else null.")
    window: str
    value: float | int | None = Field(description="What is compared: of a rule on a target the attainment or the pace.")
    numerator: int
    denominator: int | None
    denominator_min: int | None = Field(
        description="The least denominator with which the rule judges; null where it asks for none."
    )
    threshold: float | int
    active_since: Instant
    fired_at: Instant | None
    resolved_at: Instant | None
    at: Instant = Field(description="The evaluation that decided this.")
    reason: str
    muted: bool = Field(description="An alert that inhibits this one fires: nobody need be told.")
    labels: dict[str, str] = Field(description="The rule's own.")
    run: str
