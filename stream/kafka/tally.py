"""Counts of what became of events, gathered while they are applied and told once they are committed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import get_args

from stream.facts.fact import Fact
from stream.kafka.context import Meters

KINDS: Mapping[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Fact)}


class Tally:
    """`sites`: those that the configuration names."""

    def __init__(self, sites: Collection[str]) -> None:
        self._sites = frozenset(sites)
        self._last_event: dict[str, int] = {}
        self._kinds: Counter[type] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._strangers = 0

    def accepted(self, facts: Sequence[Fact]) -> None:
        """These facts count."""
        self._kinds.update(map(type, facts))
        last, sites = self._last_event, self._sites
        for fact in facts:
            site = fact.site_id or ""
            if site not in sites:
                self._strangers += 1
            if fact.occurred_at > last.get(site, 0):
                last[site] = fact.occurred_at

    def known(self, verdict: str) -> None:
        """One that counts already: `duplicate` or `superseded`."""
        self._verdicts[verdict] += 1

    def refused(self, reason: str) -> None:
        """One that was dead-lettered."""
        self._reasons[reason] += 1

    def tell(self, meters: Meters) -> None:
        """Tells what was counted since the last time."""
        for kind, count in self._kinds.items():
            meters.add("collections_events_consumed_total", KINDS[kind], by=count)
        meters.add("collections_events_duplicate_total", by=self._verdicts["duplicate"])
        meters.add("collections_events_superseded_total", by=self._verdicts["superseded"])
        meters.add("collections_events_unconfigured_site_total", by=self._strangers)
        for reason, count in self._reasons.items():
            meters.add("collections_deadletters_total", reason, by=count)
            meters.add("collections_events_rejected_total", reason, by=count)
        for site, at_ms in self._last_event.items():
            meters.set("collections_last_event_timestamp_seconds", site, to=at_ms / 1000)
        self._kinds.clear()
        self._verdicts.clear()
        self._reasons.clear()
        self._strangers = 0
