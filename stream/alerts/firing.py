"""When alerts fired that inhibit others (alerting 1): spans of event time, by alert and entity."""

from __future__ import annotations

Spans = list[tuple[int, int | None]]
"""[from, until) in ms, in order; `until` None: it fires still."""


class Firing:
    """Where and when inhibiting alerts fired, as far as an evaluation may still ask."""

    def __init__(self) -> None:
        self._by_alert: dict[str, dict[str, dict[str, Spans]]] = {}
        """Alert -> site -> entity (`site|level|id`) -> spans."""

    def begin(self, alert: str, entity: str, at_ms: int) -> None:
        """The alert fires for the entity from this evaluation on."""
        at_site = self._by_alert.setdefault(alert, {}).setdefault(entity.partition("|")[0], {})
        at_site.setdefault(entity, []).append((at_ms, None))

    def end(self, alert: str, entity: str, at_ms: int) -> None:
        """At this evaluation it does not fire any more."""
        spans = self._by_alert.get(alert, {}).get(entity.partition("|")[0], {}).get(entity)
        if spans and spans[-1][1] is None:
            spans[-1] = spans[-1][0], at_ms

    def of(self, alert: str, entity: str, at_ms: int) -> bool:
        """Whether the alert fires for this entity at an evaluation."""
        spans = self._by_alert.get(alert, {}).get(entity.partition("|")[0], {}).get(entity, ())
        return any(begin <= at_ms and (end is None or at_ms < end) for begin, end in spans)

    def anywhere(self, alert: str, site: str, at_ms: int) -> bool:
        """Whether the alert fires for anything at this site at an evaluation."""
        return any(self.of(alert, entity, at_ms) for entity in self._by_alert.get(alert, {}).get(site, ()))

    def clear(self) -> None:
        """Forgets everything."""
        self._by_alert.clear()

    def forget(self, at_ms: int) -> None:
        """No evaluation before or at this instant will ask any more."""
        for by_site in self._by_alert.values():
            for by_entity in by_site.values():
                for entity, spans in list(by_entity.items()):
                    spans[:] = [span for span in spans if span[1] is None or span[1] > at_ms]
                    if not spans:
                        del by_entity[entity]
