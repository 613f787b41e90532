"""What is known beside a score's record where it was computed again: for the arithmetic that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from stream.scores.contest import reward_amount, weighed
from stream.scores.decimals import fixed, plain, rounded
from stream.scores.final_at import FinalAt
from stream.scores.payout import Basis
from stream.scores.schemes import Contest, Payout, Reward, Scorecard, Source
from stream.scores.score import ComponentPart, Score
from stream.scores.scores import Read, Scores, scope_of
from stream.scores.values import Values, said


@dataclass(frozen=True)
class AtHand:
    """All of it is empty where it is not known. `values`: of components, the value of everybody who is ranked together.
    `limits`: of a component, `bounds`: of a gate, what relative numbers came to. `earlier`: (first day, what it was,
    the place) of the periods before that streaks look at. `own`: a contest's or reward's amount by itself; `instead`:
    what counts in its place, by name. `ends`: when it is no longer provisional; `runs`: the period has not ended."""

    read: Read = field(default_factory=dict)
    basis: Basis | None = None
    values: Mapping[str, tuple[Fraction, ...]] = field(default_factory=dict)
    limits: Mapping[str, Fraction | None] = field(default_factory=dict)
    bounds: Mapping[str, tuple[Fraction | None, Fraction | None]] = field(default_factory=dict)
    earlier: tuple[tuple[str, str, int | None], ...] = ()
    own: int | None = None
    instead: tuple[tuple[str, int], ...] = ()
    ends: FinalAt | None = None
    runs: bool = False


def at_hand(scores: Scores, score: Score, *, measured: bool) -> AtHand:
    """What can be said of a score. `measured` false: there are no measurements at hand, so nothing is said of what they
    may have been part of."""
    definition = score.definition
    sources = list(definition.sources())
    if isinstance(definition, Payout) and definition.scorecard is not None:
        card = scores.applying(Scorecard, definition.scorecard, score.who.start)
        sources += card.sources() if card is not None else ()
    whole = measured or all(source.indicator is None for source in sources)
    parts = [
        part for part in score.parts if isinstance(part, ComponentPart) and _is_known(part.component.source, measured)
    ]
    own, instead = _stacking(scores, score) if whole else (None, ())
    by_score = isinstance(definition, Payout) and definition.basis is None
    return AtHand(
        scores.read_by(score, indicators=measured),
        scores.basis_of(score) if whole or not by_score else None,
        limits={part.component.component: part.limit for part in parts},
        bounds={
            gate.gate.gate: (gate.below, gate.above) for gate in score.gates if _is_known(gate.gate.source, measured)
        },
        earlier=tuple(_earlier(scores, score)) if whole else (),
        own=own,
        instead=instead,
        ends=scores.final_at(score),
    )  # fmt: skip


def _is_known(source: Source, measured: bool) -> bool:
    return measured or source.indicator is None


def _earlier(scores: Scores, score: Score) -> Iterator[tuple[str, str, int | None]]:
    definition, values = score.definition, Values(scores.evidence, scores.schemes)
    for back in range(1, definition.streak_periods()):
        then = score.who.earlier(back)
        told: str | None = None
        place: int | None = None
        if isinstance(definition, Scorecard):
            found = scores.card_score(definition.name, then)
            told, place = (None, None) if found is None else (fixed(found[0]), found[1])
        elif isinstance(definition, Payout) and values.has_record(then):
            basis = scores.basis_of(replace(score, who=then))
            told = plain(basis.reached) if basis is not None else None
        yield then.start.isoformat(), told or "", place


def _stacking(scores: Scores, score: Score) -> tuple[int | None, tuple[tuple[str, int], ...]]:
    """The amount by itself, and what counts in its place."""
    definition, who = score.definition, score.who
    if isinstance(definition, Contest):
        placing = scores.placing(definition, who)
        if placing is None or score.amount == placing.amount:
            return None, ()
        beside = scores.rewards_of(definition, scope_of(definition, who.site), who.start)
        amounts = [(reward, reward_amount(reward, volumes[who])) for reward, volumes in beside if who in volumes]
        return rounded(placing.amount), tuple(
            (reward.name, rounded(amount))
            for reward, amount in amounts
            if weighed(reward, amount, placing.amount)[1] != placing.amount
        )
    if isinstance(definition, Reward):
        value = scores.read_by(score)[said(definition.source)].value
        amount = Fraction(0) if value is None else reward_amount(definition, value)
        contest = scores.applying(Contest, definition.contest or "", who.start)
        if amount == score.amount or not isinstance(contest, Contest):
            return None, ()
        placing = scores.placing(contest, who)
        return rounded(amount), ((contest.name, rounded(placing.amount) if placing is not None else 0),)
    return None, ()
