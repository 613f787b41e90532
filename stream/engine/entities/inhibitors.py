"""The alerts that inhibit those of other entities: every partition judges them, from copies of the deltas (ADR 0075).

So it knows of each evaluation what fires elsewhere, without asking the partition that publishes it: both have the same
rows before the same watermark. Nothing that is decided here is published.
"""

from collections.abc import Iterator, Mapping, Sequence

from stream.alerts import state as alert_state
from stream.alerts.evaluation import Evaluator
from stream.alerts.firing import Firing
from stream.alerts.inhibition import asked_from_afar
from stream.alerts.lifecycle import Change
from stream.alerts.rule_input import RuleInput
from stream.alerts.rules import Rule
from stream.engine.deltas.delta import Delta
from stream.engine.entities.publication import Publication, StateRecord
from stream.engine.entities.rule_rows import evaluate_rows
from stream.windows.calendar import Calendar
from stream.windows.plan import WindowPlan


class Inhibitors:
    """Those of these rules that inhibit from afar, over all their entities. `firing`: when they fired, as far as alerts
    of this partition may still ask."""

    def __init__(self, plan: WindowPlan, rules: Sequence[Rule], publication: Publication) -> None:
        self.firing = Firing()
        self._evaluator = Evaluator(
            plan, Calendar(plan), asked_from_afar(rules), publication.run, publication.horizon_ms,
            publication.targets, publication.minimum_sample,
        )  # fmt: skip
        self._feeds: dict[str, RuleInput] = {}

    @property
    def since(self) -> Mapping[str, int | None]:
        """What is looked at, and from which evaluation on the copies are complete; None: from the beginning."""
        return self._evaluator.since

    def take(self, text: str, delta: Delta) -> None:
        """The copy of a delta."""
        feed = self._feeds.get(text)
        if feed is None:
            feed = self._evaluator.feed(text)
            if feed is None:
                return
            self._feeds[text] = feed
        amounts: dict[str, dict[int, int]] = {}
        edges: dict[str, dict[int, int]] = {}
        for currency, rows in delta.rows.items():
            amounts[currency] = _numbers(rows.grains, rows.amounts)
            if rows.edge_grains:
                edges[currency] = _numbers(rows.edge_grains, rows.changes)
        evaluate_rows(feed, self._evaluator, amounts, edges, [delta])

    def advance(self, to_ms: int) -> None:
        """Every evaluation up to `to_ms`: what fires then is known."""
        for decided in self._evaluator.advance(to_ms):
            at_ms, alert, *entity = decided.order
            text = "|".join(map(str, entity))
            if decided.change is Change.FIRING:
                self.firing.begin(str(alert), text, int(at_ms))
            elif decided.change is Change.RESOLVED:
                self.firing.end(str(alert), text, int(at_ms))

    def records(self) -> Iterator[StateRecord]:
        """State that changed since the last time."""
        for feed in self._evaluator.changed.values():
            yield from alert_state.records(feed, alert_state.AFAR)
            if feed.idle:
                self._feeds.pop(feed.text, None)
        self._evaluator.changed.clear()

    def forget_changes(self) -> None:
        """A replay keeps no state."""
        for feed in self._evaluator.changed.values():
            feed.changed.clear()
        self._evaluator.changed.clear()

    def restore(self, text: str, mark: list[str], value: bytes | None) -> None:
        """Takes one record back."""
        feed = self._feeds.get(text)
        if feed is None:
            feed = self._feeds[text] = self._evaluator.bare_feed(text)
        alert_state.restore(feed, mark, value)

    def resume(self, evaluated_ms: int | None, since: Mapping[str, int | None]) -> None:
        """Goes on from what was restored. What no rule looked at from afar before (`since`: what one did) is known from
        here on, so that a window that began earlier says nothing of it."""
        self._evaluator.look_since({scope: since.get(scope, evaluated_ms) for scope in self._evaluator.scopes})
        gone = [feed for feed in self._feeds.values() if not feed.watches]
        self._evaluator.resume({text: feed for text, feed in self._feeds.items() if feed.watches}, evaluated_ms)
        for feed in gone:
            feed.clear()
            self._evaluator.changed[feed.text] = feed
        self.firing.clear()
        for text, feed in self._feeds.items():
            for alert, opened in feed.opened.items():
                if opened.status.firing and opened.status.fired_at_ms is not None:
                    self.firing.begin(alert, text, opened.status.fired_at_ms)


def _numbers(grains: list[int], amounts: list[bytes]) -> dict[int, int]:
    found: dict[int, int] = {}
    for grain, raw in zip(grains, amounts, strict=True):
        found[grain] = found.get(grain, 0) + int.from_bytes(raw, "little", signed=True)
    return found
