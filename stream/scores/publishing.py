"""What is to be published of scores that are kept up to date: records that differ from those last published, and the
lines of the ledger about them (scores 5)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from stream.scores.causes import Cause, Causes
from stream.scores.final_at import FinalAt
from stream.scores.ledger import WATCHED, is_another, is_told, ledger_line
from stream.scores.outputs import key_of, record_of, same
from stream.scores.periods import moved
from stream.scores.reasons import NOT_AT_HAND, Reasons, periods_back, sources_of
from stream.scores.schemes import LEADER, Definition
from stream.scores.score import Score
from stream.scores.scores import ALL_SITES, ScoreClock, Scores, SheetKey
from stream.scores.values import Who
from stream.windows.exact import dumps_bare

Json = dict[str, Any]
Slot = tuple[str, str, str]
"""(kind, name, first day) of a record."""
Place = tuple[str, str, str]
"""(site, level, entity) of a record."""
GONE = "nobody has this score any more"


class ScoreChange(NamedTuple):
    """A record of the topic of scores, and a line of the ledger if there is one. `value` None: nobody has this score
    any more."""

    key: bytes
    value: bytes | None
    line: bytes | None


class Kept(NamedTuple):
    """Whether the topics still hold what a period, and what the periods before it that count in it, were made of."""

    period: bool
    before: bool


class Publishing:
    """Holds what was last published, and says what differs from it.

    `keep_ms`: of a period that began so long ago the last record stands, and so does one that is no longer provisional
    and looks back on such a period: the KPI records may be gone. `run` is written into the records.
    """

    def __init__(self, scores: Scores, keep_ms: int, run: str) -> None:
        self._scores = scores
        self._definitions = {(each.KIND, each.name, each.version): each for each in scores.definitions}
        self._keep_ms, self._run = keep_ms, run
        self._published: dict[Slot, dict[int, dict[Place, bytes]]] = {}
        self._ending: dict[SheetKey, frozenset[FinalAt]] = {}
        self._clock = ScoreClock(0, 0)
        self._same: dict[SheetKey, dict[Who, tuple[Score, bool]]] = {}
        """Scores, and whether they were final, of which the record was found to be the one that is published."""
        self._causes = Causes()
        self._reasons = Reasons(scores, self._causes)

    def put_cause(self, name: str, cause: Cause | None, now_ms: int) -> None:
        """A fact has changed numbers of windows that had ended; None: it was forgotten. `now_ms`: of any clock."""
        self._causes.put(name, cause, now_ms)

    def forgotten(self, before_ms: int, most: int) -> list[str]:
        """Forgets causes that have been known since before this instant, at most so many; their names."""
        return self._causes.forgotten(before_ms, most)

    def put(self, key: bytes, value: bytes | None) -> None:
        """A record is published; None: it is gone. ValueError: the key is none of a score."""
        kind, name, version, site, level, entity, start = key.decode().split("|")
        versions = self._published.setdefault((kind, name, start), {})
        places = versions.setdefault(int(version), {})
        if value is not None:
            places[site, level, entity] = value
            return
        places.pop((site, level, entity), None)
        if not places:
            del versions[int(version)]

    def is_ending(self, clock: ScoreClock) -> bool:
        """Whether some score that was provisional is so no longer."""
        return any(at.is_reached(*clock) for ends in self._ending.values() for at in ends)

    def endings(self, clock: ScoreClock, at_ms: int) -> Iterator[list[ScoreChange]]:
        """What differs, by sheet, of the sheets in which some score is no longer provisional, of these scores alone.
        `at_ms`: when the lines say that it happened. What is given counts as published once it was `put`."""
        self._clock = clock
        self._scores.advance(clock)
        for sheet in self._ending_sheets(clock):
            yield self._differing(sheet, self._scores.scores(sheet), at_ms, only_final=True)

    def changes(self, clock: ScoreClock, at_ms: int) -> Iterator[list[ScoreChange]]:
        """All that differs, by sheet."""
        self._clock = clock
        self._scores.advance(clock)
        for sheet in self._ending_sheets(clock):
            yield self._differing(sheet, self._scores.scores(sheet), at_ms)
        for sheet, found in self._scores.changed(clock):
            yield self._differing(sheet, found, at_ms)
        self._reasons.settle()

    def _ending_sheets(self, clock: ScoreClock) -> list[SheetKey]:
        return [sheet for sheet, ends in self._ending.items() if any(at.is_reached(*clock) for at in ends)]

    def _differing(
        self, sheet: SheetKey, found: Mapping[Who, Score], at_ms: int, *, only_final: bool = False
    ) -> list[ScoreChange]:
        definition = sheet.definition
        published = self._published.get((definition.KIND, definition.name, sheet.start.isoformat()), {})
        known = published.get(definition.version, {})
        replaced = [
            (place, value)
            for version, places in sorted(published.items())
            if version != definition.version and not self._is_computed(definition, version, sheet.start)
            for place, value in places.items()
            if sheet.scope in (ALL_SITES, place[0])
        ]
        former = dict(replaced)
        changes = []
        ends: set[FinalAt] = set()
        of_site: dict[str, tuple[Kept, FinalAt]] = {}
        alike = self._same.setdefault(sheet, {})
        for who, score in found.items():
            if who.site not in of_site:
                of_site[who.site] = self._kept(definition, who.site, sheet.start), self._scores.final_at(score)
            kept, final_at = of_site[who.site]
            place = (who.site, who.level, who.entity)
            if _stands(kept, known.get(place)):
                continue
            is_final = final_at.is_reached(*self._clock)
            if not is_final:
                ends.add(final_at)
                if only_final:
                    continue
            if place in known and place not in former and alike.get(who) == (score, is_final):
                continue  # nothing that it depends on has changed
            change = self._change(score, known.get(place), former.get(place), at_ms, alone=only_final)
            if change is not None:
                changes.append(change)
                alike.pop(who, None)
            else:
                alike[who] = score, is_final
        if ends:
            self._ending[sheet] = frozenset(ends)
        else:
            self._ending.pop(sheet, None)
        if not only_final:
            there = {(who.site, who.level, who.entity) for who in found}
            changes += self._gone(sheet, known, there, at_ms)
            changes += self._replaced(sheet, replaced, there, at_ms)
        return changes

    def _change(
        self, score: Score, known: bytes | None, former: bytes | None, at_ms: int, *, alone: bool
    ) -> ScoreChange | None:
        """The record of a score, if it differs from `known`; `former`: of a version that was replaced."""
        before = None if known is None else json.loads(known)
        record = record_of(self._scores, score, 1 if before is None else before["revision"] + 1, self._run)
        if before is not None and same(before, record):
            return None
        if former is not None and not record["trial"]:
            of_version = json.loads(former)
            before = before if of_version["trial"] else of_version
        key, why = key_of(record), NOT_AT_HAND
        if before is not None and is_told(before, record):
            why = self._reasons.of(key, score)
        elif before is not None and is_another(before, record):
            self._reasons.facts(key, score.definition, score.who)  # they are in what is published now
        sources = {} if why is NOT_AT_HAND else sources_of(score.definition)
        line = ledger_line(before, record, at_ms, why.read, more="; ".join(why.more), sources=sources)
        self._reasons.published(key, score, None if before is None else before["score"], alone=alone)
        return ScoreChange(key.encode(), dumps_bare(record), None if line is None else dumps_bare(line))

    def _gone(
        self, sheet: SheetKey, known: Mapping[Place, bytes], there: set[Place], at_ms: int
    ) -> Iterator[ScoreChange]:
        """Of whom there was a score and is none."""
        for place, value in known.items():
            if place in there or sheet.scope not in (ALL_SITES, place[0]):
                continue
            if not _stands(self._kept(sheet.definition, place[0], sheet.start), value):
                yield self._taken_back(sheet, place, value, at_ms)

    def _taken_back(self, sheet: SheetKey, place: Place, value: bytes, at_ms: int) -> ScoreChange:
        site, level, entity = place
        facts: list[str] = []
        if level != LEADER:
            who = Who(site, level, entity, (), sheet.definition.period, sheet.start)
            facts = self._reasons.facts(key_of(json.loads(value)), sheet.definition, who)
        return _gone(value, at_ms, "; ".join([GONE, *facts]))

    def _replaced(
        self, sheet: SheetKey, replaced: Sequence[tuple[Place, bytes]], there: set[Place], at_ms: int
    ) -> Iterator[ScoreChange]:
        """The records of versions that are no longer computed for this period."""
        for place, value in replaced:
            if not _stands(self._kept(sheet.definition, place[0], sheet.start), value):
                yield _gone(value, at_ms)._replace(line=None) if place in there else _gone(value, at_ms)

    def _is_computed(self, definition: Definition, version: int, start: date) -> bool:
        found = self._definitions.get((definition.KIND, definition.name, version))
        return found is not None and self._scores.computed(found, start)

    def _kept(self, definition: Definition, site: str, start: date) -> Kept:
        """Whether the period is kept, and what it looks back on."""
        kept_ms = self._clock.as_of_ms - self._keep_ms
        periods, period = self._scores.periods, definition.period
        first = moved(period, start, -periods_back(definition))
        return Kept(*(periods.span_ms(site, period, day)[0] >= kept_ms for day in (start, first)))


def _stands(kept: Kept, known: bytes | None) -> bool:
    """Whether the last record stands, `known` if there is one, whatever the score is now."""
    if kept.period and not kept.before:
        return known is not None and not json.loads(known)["provisional"]
    return not kept.period


def is_score(key: bytes, value: bytes) -> bool:
    """Whether a record of the topic of scores is what its key says. ValueError: it is no JSON."""
    record = json.loads(value)
    fields = ("provisional", "trial", "revision", "parts", "factors", "gates", "period", "run", *WATCHED)
    try:
        return key_of(record).encode() == key and all(name in record for name in fields)
    except (KeyError, TypeError):
        return False


def _gone(value: bytes, at_ms: int, why: str = GONE) -> ScoreChange:
    """A record is taken back."""
    record: Json = json.loads(value)
    line = None
    if not record["provisional"]:
        after = record | dict.fromkeys(WATCHED) | {"flags": [], "revision": record["revision"] + 1}
        line = ledger_line(record, after, at_ms, more=why)
    return ScoreChange(key_of(record).encode(), None, None if line is None else dumps_bare(line))
