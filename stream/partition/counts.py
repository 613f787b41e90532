"""Counts what became of events: taken while they are applied, reported once they are committed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from operator import attrgetter
from typing import ClassVar, get_args

import structlog

from stream.conduct.standing import ConductStanding
from stream.engine.debtors.accepted import CountedFact
from stream.engine.debtors.findings import ConductFinding
from stream.facts.fact import Call, Fact, Promise
from stream.kafka.deadletter import REASONS
from stream.partition.context import MetricSink
from stream.windows.measures import UNASSIGNED

MOST_NAMED = 100
"""Unknown sites that are named in the log, at most: who sends a new one with each event has been told by then."""

WHOSE = {
    "dials": "collections_dials_total",
    "contacts": "collections_contacts_total",
    "promises": "collections_promises_total",
    "payments": "collections_payments_total",
    "complaints": "collections_complaints_total",
    "corrections": "collections_corrections_total",
}
"""What is counted by site and team, but for money, which has a currency besides."""
_CALL = attrgetter("site_id", "team_id", "direction", "outcome")
_PROMISE = attrgetter("site_id", "team_id")

log = structlog.get_logger(__name__)

KINDS: Mapping[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Fact)}


class EventCounts:
    """What became of the events of a debtor partition since the last `cut`. `sites`: those of the configuration; any
    other one is named in the log, once in the life of a worker."""

    _named: ClassVar[set[str]] = set()

    def __init__(self, sites: Collection[str]) -> None:
        self._sites = frozenset(sites)
        self._last_event: dict[str, int] = {}
        self._begin()

    def _begin(self) -> None:
        self._kinds: Counter[type] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._unconfigured = 0
        self._tombstones = 0
        self._found: Counter[tuple[str, ...]] = Counter()
        self._calls: Counter[tuple[str | None, ...]] = Counter()
        self._promises: Counter[tuple[str | None, ...]] = Counter()
        self._credited: Counter[CountedFact] = Counter()

    def cut(self) -> "EventCounts":
        """What was counted since the last cut, to be reported once it is committed; counting goes on from 0."""
        counted = copy(self)
        self._begin()
        return counted

    def accepted(self, facts: Sequence[Fact]) -> None:
        """Counts accepted facts."""
        kinds = Counter(map(type, facts))
        self._kinds.update(kinds)
        if kinds[Call]:
            first_legs = [f for f in facts if type(f) is Call and f.transferred_from is None and not f.void]
            self._calls.update(map(_CALL, first_legs))
        if kinds[Promise]:
            self._promises.update(map(_PROMISE, (f for f in facts if type(f) is Promise and not f.void)))
        last, sites = self._last_event, self._sites
        for fact in facts:
            site = fact.site_id or ""
            if site not in sites:
                self._unconfigured += 1
            if fact.occurred_at > last.get(site, 0):
                last[site] = fact.occurred_at

    def credited(self, counts: Mapping[CountedFact, int]) -> None:
        """Counts what the ledger knows the team of: payments, complaints, corrections."""
        self._credited.update(counts)

    def known(self, verdict: str) -> None:
        """Counts an event of which nothing is new. `verdict`: `duplicate` or `superseded`."""
        self._verdicts[verdict] += 1

    def tombstone(self) -> None:
        """Counts a record without a value."""
        self._tombstones += 1

    def refused(self, reason: str) -> None:
        """Counts a dead letter."""
        self._reasons[reason] += 1

    def found(self, findings: Sequence[ConductFinding]) -> None:
        """Counts what the conduct rules have found, by rule and site."""
        for finding in findings:
            of = finding.of
            what = of.state if isinstance(of, ConductStanding) else "withdrawn" if finding.withdrawn else "breach"
            self._found[what, of.rule, of.credit.site] += 1

    def report(self, meters: MetricSink) -> None:
        """Adds the counts to the meters; those that are 0 as well, so that a first event is seen as an increase."""
        for kind, name in KINDS.items():
            meters.add("collections_events_consumed_total", name, by=self._kinds[kind])
        meters.add("collections_events_duplicate_total", by=self._verdicts["duplicate"])
        meters.add("collections_events_superseded_total", by=self._verdicts["superseded"])
        meters.add("collections_events_unconfigured_site_total", by=self._unconfigured)
        meters.add("collections_tombstones_total", by=self._tombstones)
        for reason in dict.fromkeys((*REASONS, *self._reasons)):
            meters.add("collections_deadletters_total", reason, by=self._reasons[reason])
            meters.add("collections_events_rejected_total", reason, by=self._reasons[reason])
        self._report_teams(meters)
        for (what, rule, site), count in self._found.items():
            if what == "breach":
                meters.add("collections_conduct_breaches_found_total", rule, site, by=count)
            elif what == "withdrawn":
                meters.add("collections_conduct_breaches_withdrawn_total", rule, site, by=count)
            else:
                meters.add("collections_conduct_standings_total", rule, site, what, by=count)
        for site, at_ms in self._last_event.items():
            meters.set("collections_last_event_timestamp_seconds", site, to=at_ms / 1000)
            if site not in self._sites and site not in self._named and len(self._named) < MOST_NAMED:
                self._named.add(site)
                log.warning("a site is not configured: it counts in UTC, without shifts", site=site)

    def _report_teams(self, meters: MetricSink) -> None:
        """The counters by site and team: of each team that is named all of them, so that a first event is seen."""
        counts = Counter(self._credited)
        for (site, team, direction, outcome), count in self._calls.items():
            if direction == "outbound":
                counts[CountedFact("dials", site or "", team or UNASSIGNED)] += count
            if outcome == "human":
                counts[CountedFact("contacts", site or "", team or UNASSIGNED)] += count
        for (site, team), count in self._promises.items():
            counts[CountedFact("promises", site or "", team or UNASSIGNED)] += count
        for site, team in {(site or "", team or UNASSIGNED) for site, team, *_ in (*self._calls, *self._promises)} | {
            (counted.site, counted.team) for counted in counts
        }:
            for what, name in WHOSE.items():
                meters.add(name, site, team, by=counts[CountedFact(what, site, team)])
        for counted, amount in counts.items():
            if counted.what == "recovered_minor":
                name = "collections_recovered_minor_units_total"
                meters.add(name, counted.site, counted.team, counted.currency, by=amount)
