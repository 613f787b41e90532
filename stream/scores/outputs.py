"""The records of the topics of scores: how they are made, and their pydantic models, the source of the JSON Schemas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from stream.facts.instant import instant_text
from stream.scores.decimals import fixed, plain, rounded
from stream.scores.periods import moved
from stream.scores.schemes import Contest, Effect, Payout, Reward
from stream.scores.score import ComponentPart, PayPart, Score
from stream.scores.scores import Scores
from stream.scores.scoring import FactorValue, GateValue

Json = dict[str, Any]

PASSING = ("revision", "as_of", "run")
"""Fields that change without the score."""


def key_of(record: Json) -> str:
    """The key of a score's record, and of its lines in the ledger."""
    return "|".join(str(record[name]) for name in ("kind", "name", "version", "site", "level", "entity", "start"))


def record_of(scores: Scores, score: Score, revision: int, run: str) -> Json:
    """The record of a score, in the order of its fields; all that is rounded is rounded here."""
    definition, who = score.definition, score.who
    currency = definition.currency if isinstance(definition, Payout | Contest | Reward) else None
    return {
        "kind": definition.KIND,
        "name": definition.name,
        "version": definition.version,
        "trial": definition.trial,
        "site": who.site,
        "level": who.level,
        "entity": who.entity,
        "period": who.period,
        "start": who.start.isoformat(),
        "end": moved(who.period, who.start, 1).isoformat(),
        "score": None if score.score is None else fixed(score.score),
        "amount_minor": None if score.amount is None else rounded(score.amount),
        "currency": currency,
        "place": score.place,
        "of": score.of,
        "grade": score.grade,
        "flags": list(score.flags),
        "parts": [_part(part) for part in score.parts],
        "factors": [_factor(factor) for factor in score.factors],
        "gates": [_gate(gate, in_money=currency is not None) for gate in score.gates],
        "provisional": scores.provisional(score),
        "revision": revision,
        "as_of": instant_text(scores.as_of_ms(who)),
        "reason": definition.reason,
        "run": run,
    }


def same(one: Json, other: Json) -> bool:
    """Whether two records of a key say the same: neither revisions nor the instant are looked at."""
    return _said(one) == _said(other)


def _said(record: Json) -> Json:
    parts = [{name: value for name, value in part.items() if name != "kpi_revision"} for part in record["parts"]]
    return {name: value for name, value in record.items() if name not in PASSING} | {"parts": parts}


def _part(part: ComponentPart | PayPart) -> Json:
    if isinstance(part, PayPart):
        return {"part": part.part, "amount_minor": rounded(part.amount)}
    return {
        "component": part.component.component,
        "value": plain(part.value.value),
        "numerator": part.value.numerator,
        "denominator": part.value.denominator,
        "target": plain(part.target),
        "attainment": plain(part.attainment),
        "weight": plain(part.component.weight),
        "points": fixed(part.points),
        "status": part.status,
        "kpi_revision": part.value.revision,
    }


def _factor(factor: FactorValue) -> Json:
    return {"factor": factor.factor.factor, "value": plain(factor.value)}


def _gate(gate: GateValue, *, in_money: bool) -> Json:
    effect = _effect(gate.gate.effect, in_money=in_money)
    return {"gate": gate.gate.gate, "missed": gate.missed, "value": plain(gate.value), "effect": effect}


def _effect(effect: Effect, *, in_money: bool) -> Json:
    if effect.void:
        return {"void": "all" if effect.void == ("all",) else list(effect.void)}
    if effect.factor is not None:
        return {"factor": plain(effect.factor)}
    if effect.cap is None:
        raise ValueError("a gate without an effect")
    return {"cap_amount": rounded(effect.cap)} if in_money else {"cap": plain(effect.cap)}


Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]{1,12})?$", description="Exact, rounded to 12 places.")]
Points = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{4}$", description="Rounded to 4 places.")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="Local date of the site.")]
Instant = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$", description="UTC.")
]
Kind = Literal["scorecard", "payout", "contest", "reward"]
Level = Literal["agent", "team", "leader", "queue", "segment", "site"]


class _Output(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ComponentRecord(_Output):
    """A component of a scorecard."""

    component: str
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    target: Decimal | None
    attainment: Decimal | None = Field(description="value / target; only where the scoring is by attainment.")
    weight: Decimal
    points: Points = Field(description="Before gates.")
    status: Literal["ok", "few", "no_data", "no_target"]
    kpi_revision: int | None = Field(description="The highest revision of the KPI records that it was read from.")


class PayRecord(_Output):
    """A part of a payout, before gates; the commission after its factors."""

    part: Literal["base", "commission", "allowance"]
    amount_minor: int


class FactorRecord(_Output):
    """A factor as it came out."""

    factor: str
    value: Decimal


class EffectRecord(BaseModel):
    """What a gate does where it is missed: one of the four."""

    model_config = ConfigDict(extra="forbid", strict=True)

    void: list[str] | Literal["all"] | None = None
    factor: Decimal | None = None
    cap: Decimal | None = None
    cap_amount: int | None = None


class GateRecord(_Output):
    """A gate as it came out."""

    gate: str
    missed: bool
    value: Decimal | None
    effect: EffectRecord


class ScoreRecord(_Output):
    """What one version of a scheme gives one entity in one period. Key: `kind|name|version|site|level|entity|start`.

    Keep the highest revision per key. What a kind has not is null, or an empty list.
    """

    kind: Kind
    name: str
    version: int
    trial: bool
    site: str
    level: Level
    entity: str
    period: str = Field(description="day, month, quarter, or a shift's name.")
    start: Day
    end: Day = Field(description="The local date after the last day; of a shift after `start`.")
    score: Points | None
    amount_minor: int | None
    currency: str | None
    place: int | None
    of: int | None
    grade: str | None
    flags: list[str]
    parts: list[ComponentRecord | PayRecord]
    factors: list[FactorRecord]
    gates: list[GateRecord]
    provisional: bool
    revision: int
    as_of: Instant
    reason: str | None = Field(description="Why it pays for recovery, or for one number, alone.")
    run: str


class Said(_Output):
    """What a line of the ledger compares."""

    version: int
    score: Points | None
    grade: str | None
    flags: list[str]
    amount_minor: int | None
    revision: int


class LedgerRecord(_Output):
    """A change of a score, grade, flag or amount. Key: that of the score."""

    kind: Kind
    name: str
    version: int
    site: str
    level: Level
    entity: str
    period: str
    start: Day
    before: Said | None
    after: Said
    reason: str = Field(
        description="Which version, which numbers and revisions, which rates, and which facts, as far as is known."
    )
    at: Instant
    by: str = Field(description="system, or who asked.")
    run: str
