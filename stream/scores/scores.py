"""All scores of a configuration, kept up to date: evidence goes in, the scores that changed come out (scores 2-5).

Scores are computed in sheets: one version of a scheme, in one period, for all who are ranked together. A change of
evidence marks the entities of the sheets that read it; what is not marked is not computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from stream.kpis.targets import Targets
from stream.scores.contest import Contests, Placing, left_of, reward_amount, weighed
from stream.scores.evidence import Evidence, MeasuredValue, Touched
from stream.scores.final_at import FinalAt
from stream.scores.needs import Needs
from stream.scores.payout import Basis, Payouts
from stream.scores.periods import Periods, moved
from stream.scores.schemes import Contest, Definition, Payout, Rank, Reward, Schemes, Scorecard
from stream.scores.score import Score
from stream.scores.scorecard import Cards, Marks, placed, scores_of
from stream.scores.values import Value, Values, Who, said
from stream.windows.measures import UNASSIGNED

Read = Mapping[str, Value]
"""Source in words -> its value."""

ALL_SITES = ""
"""The scope of a sheet at level site: all sites are ranked together."""


class ScoreClock(NamedTuple):
    """The instants, in ms, that scores depend on: periods that begin at or after `as_of_ms` have none yet; windows that
    end after `final_ms` are not final."""

    as_of_ms: int
    final_ms: int


class SheetKey(NamedTuple):
    """A version, who is ranked together (a site, or `ALL_SITES`), and the first day of the period."""

    definition: Definition
    scope: str
    start: date


@dataclass
class Sheet:
    """What is known of one sheet. `dirty`: entities whose values may have changed; None: all, and who they are.

    `marks`, `scores` and `places` are of a scorecard; `scores` of a payout; `standings` of a contest; `volumes` of a
    reward.
    """

    dirty: set[tuple[str, str]] | None = None
    marks: dict[Who, Marks] = field(default_factory=dict)
    scores: dict[Who, Score] = field(default_factory=dict)
    places: dict[Who, int] = field(default_factory=dict)
    standings: dict[Who, Placing] = field(default_factory=dict)
    volumes: dict[Who, Fraction] = field(default_factory=dict)
    begun: bool = True
    """Whether the period had begun for all who are known in it."""


class Scores:
    """The scores of one configuration. Pure: `put_record` and `put_measurement` take evidence, `changed` gives scores.

    The order in which evidence comes does not matter.
    """

    def __init__(self, schemes: Schemes, targets: Targets, periods: Periods) -> None:
        self.periods = periods
        self.definitions = schemes.definitions
        self.schemes, self.targets = schemes, targets
        self._needs = Needs(schemes)
        self.evidence = Evidence(periods, self._needs.kpis, self._needs.windows, schemes.indicators)
        self._values = Values(self.evidence, schemes)
        self._cards = Cards(self._values, targets)
        self._payouts = Payouts(self._values, self._cards, self.score_of)
        self._contests = Contests(self._values)
        self._sheets: dict[SheetKey, Sheet] = {}
        self._due: dict[SheetKey, None] = {}
        self._applying: dict[tuple[type[Definition], str, date], Definition | None] = {}
        self._clock = ScoreClock(0, 0)

    def put_record(self, value: bytes) -> None:
        """Takes a KPI record, the latest of its key (contract 2)."""
        touched = self.evidence.put_record(value)
        if touched is not None:
            self._mark(touched)

    def put_measurement(self, measurement_id: str, measurement: MeasuredValue | None) -> None:
        """Takes a measurement in the version that counts; None: it was taken back."""
        for touched in self.evidence.put_measurement(measurement_id, measurement):
            self._mark(touched)

    def changed(self, clock: ScoreClock) -> Iterator[tuple[SheetKey, dict[Who, Score]]]:
        """The sheets that may have changed since the last call, with all their scores, in an order that depends on
        nothing. Who is no longer in a sheet has no score there any more."""
        self.advance(clock)
        due = sorted(self._due, key=self._order)
        self._due.clear()
        for key in due:
            yield key, self.scores(key)

    def advance(self, clock: ScoreClock) -> None:
        """It is so late now. What is due stays due for the next `changed`."""
        if clock.as_of_ms > self._clock.as_of_ms:
            for key in [key for key, sheet in self._sheets.items() if not sheet.begun]:
                self._mark_sheet(key, key.scope, None)
        self._clock = clock

    def scores(self, key: SheetKey) -> dict[Who, Score]:
        """All scores of a sheet as they are now; none if its version is not computed for that period."""
        definition = key.definition
        if not self.computed(definition, key.start):
            return {}
        sheet = self._sheet(key)
        if isinstance(definition, Scorecard):
            count = len(sheet.places)
            return {
                who: replace(
                    score, place=sheet.places[who], of=count,
                    flags=self._flags(definition, who, score, sheet.places[who]),
                )
                for who, score in sheet.scores.items()
            }  # fmt: skip
        if isinstance(definition, Payout):
            return sheet.scores
        if isinstance(definition, Contest):
            return self._of_contest(definition, key, sheet)
        if isinstance(definition, Reward):
            return self._of_reward(definition, key, sheet)
        raise TypeError(definition)

    def applying(self, kind: type[Definition], name: str, start: date) -> Definition | None:
        """The version that applies to a period: of those in force and not on trial the one with the latest `from`."""
        asked = (kind, name, start)
        if asked not in self._applying:
            fitting = (each for each in self._named(kind, name) if not each.trial and each.in_force(start))
            self._applying[asked] = max(fitting, key=lambda each: each.from_day, default=None)
        return self._applying[asked]

    def computed(self, definition: Definition, start: date) -> bool:
        """Whether a version has scores for a period: it applies, or is on trial and in force."""
        if not definition.in_force(start):
            return False
        return definition.trial or self.applying(type(definition), definition.name, start) is definition

    def provisional(self, score: Score) -> bool:
        """Whether a window of the score, or the time until it is settled, ends later than the clock allows."""
        return not self.final_at(score).is_reached(*self._clock)

    def final_at(self, score: Score) -> FinalAt:
        """When the score is no longer provisional."""
        who, settle_ms = score.who, score.definition.settle_ms
        if isinstance(score.definition, Payout) and score.definition.scorecard is not None:
            card = self.applying(Scorecard, score.definition.scorecard, who.start)
            settle_ms = max(settle_ms, card.settle_ms if card is not None else 0)
        end_ms = self.periods.end_ms(who.site, who.period, who.start)
        return FinalAt(end_ms, end_ms + settle_ms)

    def read_by(self, score: Score, *, indicators: bool = True) -> Read:
        """What a score was computed from: the source in words -> its value, of every source of its definition, or of
        its KPIs alone."""
        sources = (each for each in score.definition.sources() if indicators or each.kpi is not None)
        return {said(source): self._values.of(source, score.who) for source in sources}

    def basis_of(self, score: Score) -> Basis | None:
        """R, T and a of a payout; None of any other kind."""
        payout = score.definition
        return self._payouts.basis(payout, score.who) if isinstance(payout, Payout) else None

    def as_of_ms(self, who: Who) -> int:
        """The instant for which a score is computed: at most the end of its last window."""
        return min(self._clock.as_of_ms, self.periods.end_ms(who.site, who.period, who.start))

    def _sheet(self, key: SheetKey) -> Sheet:
        """The sheet, up to date."""
        sheet = self._sheets.get(key)
        if sheet is None:
            sheet = self._sheets[key] = Sheet()
        elif sheet.dirty is not None and not sheet.dirty:
            return sheet
        people = self._people(key, sheet)
        dirty, sheet.dirty = sheet.dirty, set()
        definition = key.definition
        if isinstance(definition, Scorecard):
            self._compute_card(definition, sheet, people, dirty)
        elif isinstance(definition, Payout):
            sheet.scores = {
                who: score
                for who in people
                if (score := self._payout(definition, who, sheet, dirty)) is not None
            }  # fmt: skip
        elif isinstance(definition, Contest):
            sheet.standings = self._contests.standings(definition, people)
        elif isinstance(definition, Reward):
            found = ((who, self._contests.volume(definition, who)) for who in people)
            sheet.volumes = {who: volume for who, volume in found if volume is not None}
        return sheet

    def _payout(self, payout: Payout, who: Who, sheet: Sheet, dirty: set[tuple[str, str]] | None) -> Score | None:
        if dirty is not None and (who.site, who.entity) not in dirty and who in sheet.scores:
            return sheet.scores[who]
        return self._payouts.score(payout, who)

    def _compute_card(
        self, card: Scorecard, sheet: Sheet, people: list[Who], dirty: set[tuple[str, str]] | None
    ) -> None:
        former = sheet.marks
        sheet.marks = {
            who: former[who]
            if dirty is not None and who in former and (who.site, who.entity) not in dirty
            else self._cards.marks(card, who)
            for who in people
        }  # fmt: skip
        if any(isinstance(component.scoring, Rank) for component in card.components):
            sheet.scores = scores_of(card, sheet.marks)
        else:
            again = {who: mark for who, mark in sheet.marks.items() if former.get(who) is not mark}
            computed = scores_of(card, again)
            sheet.scores = {who: computed[who] if who in again else sheet.scores[who] for who in sheet.marks}
        sheet.places = placed(sheet.scores)

    def _people(self, key: SheetKey, sheet: Sheet) -> list[Who]:
        """The entities of a sheet in a fixed order: who is there, is not left out, and whose period has begun."""
        definition, start = key.definition, key.start
        period = definition.period
        found = self._there(definition, start) if key.scope == ALL_SITES else self._there(definition, start, key.scope)
        sheet.begun = True
        people = []
        for site, entity, teams in sorted(found):
            if definition.entities is not None and entity not in definition.entities:
                continue
            if definition.workdays_only and not self.periods.is_workday(site, start):
                continue
            if self.periods.span_ms(site, period, start)[0] >= self._clock.as_of_ms:
                sheet.begun = False
                continue
            people.append(Who(site, definition.record_level, entity, teams, period, start))
        return people

    def _there(
        self, definition: Definition, start: date, scope: str | None = None
    ) -> set[tuple[str, str, tuple[str, ...]]]:
        named = self._needs.indicators_of(definition)
        there = {
            (site, entity)
            for site, entity in self.evidence.there(definition.level, definition.period, start, named)
            if entity != UNASSIGNED and (scope is None or site == scope)
        }
        if isinstance(definition, Payout) and definition.scorecard is not None:
            card = self.applying(Scorecard, definition.scorecard, start)
            if card is None:
                return set()
            key = SheetKey(card, ALL_SITES if scope is None else scope, start)
            return {(who.site, who.entity, who.teams) for who in self._sheet(key).scores}
        if definition.leaders is None:
            return {(site, entity, ()) for site, entity in there}
        return {
            (site, leader, teams)
            for site in {site for site, _ in there}
            for leader, teams in definition.leaders
            if any((site, team) in there for team in teams)
        }

    def score_of(self, name: str, who: Who) -> Fraction | None:
        """The score of a card by the version that applies; None without one."""
        score = self.card_score(name, who)
        return None if score is None else score[0]

    def card_score(self, name: str, who: Who) -> tuple[Fraction, int] | None:
        """Score and place by the version that applies."""
        card = self.applying(Scorecard, name, who.start)
        if card is None:
            return None
        sheet = self._sheet(SheetKey(card, scope_of(card, who.site), who.start))
        then = who if who in sheet.scores else self._namesake(sheet, who)
        score = sheet.scores.get(then) if then is not None else None
        return None if score is None or score.score is None or then is None else (score.score, sheet.places[then])

    def _namesake(self, sheet: Sheet, who: Who) -> Who | None:
        """The same entity where its teams were others: a leader's teams belong to a version."""
        if not who.teams:
            return None
        return next((each for each in sheet.scores if each._replace(teams=who.teams) == who), None)

    def _flags(self, card: Scorecard, who: Who, score: Score, place: int) -> tuple[str, ...]:
        """The flags of the streaks that hold; earlier periods count by the version that applied to them."""
        found = []
        for streak in card.streaks:
            for back in range(streak.periods):
                at = (score.score, place) if not back else self.card_score(card.name, who.earlier(back))
                if at is None or at[0] is None:
                    break
                if streak.place is not None and at[1] < streak.place:
                    break
                if streak.below is not None and at[0] >= streak.below:
                    break
            else:
                found.append(streak.flag)
        return tuple(found)

    def placing(self, contest: Contest, who: Who) -> Placing | None:
        """What a contest alone gives somebody, whatever rewards are weighed against it."""
        return self._sheet(SheetKey(contest, scope_of(contest, who.site), who.start)).standings.get(who)

    def rewards_of(self, contest: Contest, scope: str, start: date) -> list[tuple[Reward, Mapping[Who, Fraction]]]:
        """The rewards that are weighed against a contest, with their volumes."""
        names = {each.name for each in self.schemes.definitions if isinstance(each, Reward)}
        applying = (self.applying(Reward, name, start) for name in sorted(names) if not contest.trial)
        return [
            (reward, self._sheet(SheetKey(reward, scope, start)).volumes)
            for reward in applying
            if isinstance(reward, Reward) and reward.contest == contest.name
        ]

    def _of_contest(self, contest: Contest, key: SheetKey, sheet: Sheet) -> dict[Who, Score]:
        rewards = self.rewards_of(contest, key.scope, key.start)
        return {
            who: Score(
                contest, who, place=standing.place, of=len(sheet.standings),
                amount=left_of(standing, {reward: found[who] for reward, found in rewards if who in found}),
            )
            for who, standing in sheet.standings.items()
        }  # fmt: skip

    def _of_reward(self, reward: Reward, key: SheetKey, sheet: Sheet) -> dict[Who, Score]:
        contest = self.applying(Contest, reward.contest, key.start) if reward.contest is not None else None
        standings = self._sheet(SheetKey(contest, key.scope, key.start)).standings if contest is not None else {}
        found = {}
        for who, volume in sheet.volumes.items():
            amount, standing = reward_amount(reward, volume), standings.get(who)
            if standing is not None:
                amount = weighed(reward, amount, standing.amount)[0]
            found[who] = Score(reward, who, amount=amount)
        return found

    def _mark(self, touched: Touched) -> None:
        """Marks what reads the evidence, and has everything looked at again that depends on it."""
        for reader in self._needs.readers(touched):
            if self.computed(reader.definition, reader.start):
                key = SheetKey(reader.definition, scope_of(reader.definition, touched.site), reader.start)
                self._mark_sheet(key, touched.site, reader.entities)

    def _mark_sheet(self, key: SheetKey, site: str, entities: Iterable[str] | None) -> None:
        sheet = self._sheets.get(key)
        if sheet is not None and sheet.dirty is not None:
            if entities is None:
                sheet.dirty = None
            else:
                sheet.dirty.update((site, entity) for entity in entities)
        self._due[key] = None
        definition = key.definition
        if definition.trial:
            return
        if isinstance(definition, Scorecard):
            self._mark_readers(definition, key, site)
        elif isinstance(definition, Contest):
            for reward in self.schemes.definitions:
                if isinstance(reward, Reward) and reward.contest == definition.name:
                    self._look_again(reward, key.scope, key.start)
        elif isinstance(definition, Reward) and definition.contest is not None:
            for contest in self._named(Contest, definition.contest):
                self._look_again(contest, key.scope, key.start)

    def _mark_readers(self, card: Scorecard, key: SheetKey, site: str) -> None:
        """What reads a card's scores: the streaks of later periods, and payouts by score."""
        for each in self._named(Scorecard, card.name):
            for later in range(1, each.streak_periods()):
                self._look_again(each, key.scope, moved(card.period, key.start, later))
        for payout in self.schemes.definitions:
            if isinstance(payout, Payout) and payout.scorecard == card.name:
                for later in range(payout.streak_periods()):
                    start = moved(card.period, key.start, later)
                    if self.computed(payout, start):
                        self._mark_sheet(SheetKey(payout, key.scope, start), site, None)

    def _named(self, kind: type[Definition], name: str) -> Iterator[Definition]:
        return (each for each in self.schemes.definitions if isinstance(each, kind) and each.name == name)

    def _look_again(self, definition: Definition, scope: str, start: date) -> None:
        key = SheetKey(definition, scope, start)
        if key in self._sheets or self.computed(definition, start):
            self._due[key] = None

    def _order(self, key: SheetKey) -> tuple[int, str, int, date, str]:
        kinds = (Scorecard, Payout, Contest, Reward)
        kind = next(place for place, each in enumerate(kinds) if isinstance(key.definition, each))
        return kind, key.definition.name, key.definition.version, key.start, key.scope


def scope_of(definition: Definition, site: str) -> str:
    """Who is ranked together with the entities of a site."""
    return ALL_SITES if definition.level == "site" else site
