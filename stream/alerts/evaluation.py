"""Evaluates rules exactly as if each were looked at, for each entity, at each multiple of the pane (definitions 7).

It looks only where something changes: when a row enters, when a pane leaves a rolling window, at the edge of a tumbling
window that matters, and when `for`, `keep_firing_for` or the horizon runs out. Looking more often changes nothing.
A row enters at the first evaluation that may know of it: the end of the pane that holds the later of its instant and
its `known`; if that one is past, at the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from stream.alerts.firing import Firing
from stream.alerts.lifecycle import INACTIVE, Change, State, Status, step
from stream.alerts.open import OpenAlert
from stream.alerts.reason import reason
from stream.alerts.record import Card, Parts, encode
from stream.alerts.rule_input import RuleInput, TeamNote
from stream.alerts.rules import Rule
from stream.alerts.texts import TEXTS, Language
from stream.alerts.watch import NO_MINIMA, Watch
from stream.kpis.targets import Targets
from stream.windows.calendar import Calendar
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums


class AlertDecision(NamedTuple):
    """One alert record. `order`: of publication, by (at, rule, site, level, entity). `change`: the state it says."""

    order: tuple[int | str, ...]
    key: bytes
    value: bytes
    change: Change


class Judged(NamedTuple):
    """What one alert of an entity came to at an evaluation, before it is known which of its others fire."""

    card: Card
    change: Change
    status: Status
    parts: Parts
    value: float | None
    reason: str


class Evaluator:
    """All rules over the entities of one partition. `horizon_ms` None: no entity is ever forgotten (replay).

    `targets`, `minimum_sample`: for rules on a target. `firing`: when alerts of other entities fired that inhibit some;
    it must know of each evaluation before this does. `language`: of reasons.
    """

    def __init__(
        self, plan: WindowPlan, calendar: Calendar, rules: Sequence[Rule], run: str, horizon_ms: int | None,
        targets: Targets | None = None, minimum_sample: Mapping[str, int] = NO_MINIMA, firing: Firing | None = None,
        language: Language = "en",
    ) -> None:  # fmt: skip
        self._plan = plan
        self._calendar = calendar
        self._run = run
        self._horizon_ms = horizon_ms
        self._firing = firing or Firing()
        self._language: Language = language
        self._watches: dict[str, list[Watch]] = {}
        for rule in rules:
            self._watches.setdefault(rule.level, []).append(Watch(rule, plan, targets, minimum_sample))
        self._wakes: list[tuple[int, int, RuleInput]] = []
        self._pushes = 0
        self.evaluated_ms: int | None = None
        """T of the last evaluation; None: none yet."""
        self.changed: dict[str, RuleInput] = {}
        """Feeds whose state changed since the caller last emptied this."""

    def feed(self, text: str) -> RuleInput | None:
        """A new feed for an entity (`site|level|id`); None if no rule applies to it. To `unassigned`, on which nobody
        can act, none applies but those that name it."""
        site, level, name = text.split("|")
        at_site = self._calendar.site(site)
        nobody = name == UNASSIGNED and level in ("agent", "team")
        watches = tuple(
            watch
            for watch in self._watches.get(level, ())
            if (not nobody if watch.rule.entities is None else name in watch.rule.entities)
            and (watch.length_ms is not None or at_site.has(watch.rule.window))
        )
        return RuleInput(text, at_site, self._plan, watches) if watches else None

    @property
    def scopes(self) -> list[str]:
        """What the rules look at."""
        return sorted({watch.scope for watches in self._watches.values() for watch in watches})

    @property
    def since(self) -> dict[str, int | None]:
        """By scope: before which instant not all is known of what a rule looks at; None: all is."""
        return {watch.scope: watch.since_ms for watches in self._watches.values() for watch in watches}

    def look_since(self, since: Mapping[str, int | None]) -> None:
        """Sets `since`."""
        for watches in self._watches.values():
            for watch in watches:
                watch.since_ms = since.get(watch.scope)

    def bare_feed(self, text: str) -> RuleInput:
        """A feed for an entity of the restored state, even if no rule applies to it any more."""
        return self.feed(text) or RuleInput(text, self._calendar.site(text.partition("|")[0]), self._plan, ())

    def take(self, feed: RuleInput, grain: int, known: int, amounts: Sums) -> None:
        """What the feed's rules read of a row (never nothing); it is taken over, and will enter at its evaluation."""
        self._wait(feed, self._entry_ms(max(grain, known)), grain, amounts)

    def take_run(self, feed: RuleInput, first: int, length: int, known: int, amounts: Sums) -> None:
        """The same row in each of `length` grains from `first` on, all before `known`; 0: each known at its own time.

        Grains that no rolling window can hold any more are added up by slot: within one, windows are the same.
        """
        if not known:
            feed.run(first, first + length, amounts)
            self.changed[feed.text] = feed
            at_ms = self._entry_ms(first)
            if feed.wake_ms is None or at_ms < feed.wake_ms:
                self._wake(feed, at_ms)
            return
        grain_ms, slot_ms = self._plan.grain_ms, feed.calendar.slot_ms
        at_ms = self._entry_ms(known)
        recent = end = first + length
        if feed.lengths:
            recent = (at_ms - feed.lengths[-1] - self._plan.pane_ms) // grain_ms
        grain = first
        while grain < min(recent, end):
            until = min(recent, end, (grain * grain_ms // slot_ms + 1) * slot_ms // grain_ms)
            self._wait(feed, at_ms, grain, {name: amount * (until - grain) for name, amount in amounts.items()})
            grain = until
        for each in range(grain, end):
            self._wait(feed, at_ms, each, amounts.copy())

    def note_team(self, feed: RuleInput, grain: int, noted: TeamNote) -> None:
        """An event in this grain names the agent's team."""
        feed.note_team(self._entry_ms(grain), noted, self.evaluated_ms)
        self.changed[feed.text] = feed

    def _entry_ms(self, grain: int) -> int:
        """The first evaluation that may know of a row whose instants and cause lie in this grain or before."""
        pane_ms = self._plan.pane_ms
        at_ms = (grain * self._plan.grain_ms // pane_ms + 1) * pane_ms
        if self.evaluated_ms is not None and at_ms <= self.evaluated_ms:
            return self.evaluated_ms + pane_ms
        return at_ms

    def _wait(self, feed: RuleInput, at_ms: int, grain: int, amounts: Sums) -> None:
        feed.wait(at_ms, grain, amounts)
        self.changed[feed.text] = feed
        if feed.wake_ms is None or at_ms < feed.wake_ms:
            self._wake(feed, at_ms)

    def advance(self, to_ms: int) -> list[AlertDecision]:
        """Every evaluation up to the last multiple of the pane that is not after `to_ms`; its alerts, in order."""
        last_ms = to_ms // self._plan.pane_ms * self._plan.pane_ms
        if self.evaluated_ms is not None and last_ms <= self.evaluated_ms:
            return []
        alerts: list[AlertDecision] = []
        while self._wakes and self._wakes[0][0] <= last_ms:
            at_ms, _, feed = heappop(self._wakes)
            if feed.wake_ms == at_ms:
                alerts += self._evaluate(feed, at_ms)
        self.evaluated_ms = last_ms
        alerts.sort(key=lambda alert: alert.order)
        return alerts

    def resume(self, feeds: Mapping[str, RuleInput], evaluated_ms: int | None) -> None:
        """Goes on from restored feeds. Each is looked at once more at the next T: its rules may be others now."""
        self.evaluated_ms = evaluated_ms
        self._wakes.clear()
        self.changed.clear()
        for feed in feeds.values():
            feed.rebuild(evaluated_ms)
            if feed.changed:
                self.changed[feed.text] = feed
            first_ms = feed.first_entry_ms()
            feed.wake_ms = None
            if evaluated_ms is not None:
                self._wake(feed, evaluated_ms + self._plan.pane_ms)
            elif first_ms is not None:
                self._wake(feed, first_ms)

    def _wake(self, feed: RuleInput, at_ms: int) -> None:
        feed.wake_ms = at_ms
        self._pushes += 1
        heappush(self._wakes, (at_ms, self._pushes, feed))

    def _evaluate(self, feed: RuleInput, at_ms: int) -> Iterator[AlertDecision]:
        feed.wake_ms = None
        feed.move_to(at_ms)
        if self._horizon_ms is not None:
            feed.forget(at_ms, self._horizon_ms)
        judged = [*self._end_orphans(feed)]
        for watch in feed.watches:
            if feed.is_seen(watch):
                judged += self._judge(feed, watch, at_ms)
        for each in judged:
            yield self._decision(feed, each, at_ms)
        if feed.changed:
            self.changed[feed.text] = feed
        wake_ms = feed.next_wake_ms(at_ms, self._horizon_ms)
        if wake_ms is not None:
            self._wake(feed, wake_ms)

    def _judge(self, feed: RuleInput, watch: Watch, at_ms: int) -> Iterator[Judged]:
        rule, goal = watch.rule, watch.goal
        opened = feed.opened.get(rule.rule)
        before = opened.status if opened else INACTIVE
        sums = feed.sums(watch, at_ms)
        parts = watch.parts(sums)
        if goal is None:
            breached = sums is not None and watch.breached(parts, before.firing)
            value = None if sums is None else watch.value(parts)
        else:
            span = feed.span(watch, at_ms)
            exact = None if span is None else goal.value(feed.text, parts, span, at_ms)
            breached = goal.breached(exact, before.firing)
            value = None if exact is None else float(exact)
        if watch.since_ms is not None and not feed.covers(watch, at_ms):
            breached = False
        after, change = step(before, breached, at_ms, rule.for_ms, rule.keep_firing_for_ms, rule.cooldown_ms)
        if after != before:
            feed.changed.add(("s",))
            if after == INACTIVE:
                del feed.opened[rule.rule]
            else:
                feed.opened[rule.rule] = OpenAlert(after, rule.digest, watch.card)
        if change is None or (change is Change.PENDING and not (rule.publish_pending and rule.for_ms > 0)):
            return
        status = before if change is Change.RESOLVED else after
        if value is None and (goal is None or sums is None):
            parts = watch.no_data
        text = reason(
            watch, change, parts, value, sums is not None, feed.text.rpartition("|")[2], self._language
        )  # fmt: skip
        yield Judged(watch.card, change, status, parts, value, text)

    def _decision(self, feed: RuleInput, judged: Judged, at_ms: int) -> AlertDecision:
        card, change = judged.card, judged.change
        team = feed.team.team if feed.team is not None else None
        muted = change is not Change.PENDING and self._is_muted(feed, card, team, at_ms)
        key, record = encode(
            self._run, card, feed.text, change, judged.status, judged.parts, judged.value, at_ms, judged.reason, team,
            muted,
        )  # fmt: skip
        return AlertDecision((at_ms, card.rule, *feed.text.split("|")), key, record, change)

    def _is_muted(self, feed: RuleInput, card: Card, team: str | None, at_ms: int) -> bool:
        """Whether an alert that inhibits this one fires at the evaluation, when every rule has been judged."""
        if not card.inhibited_by:
            return False
        site, level, name = feed.text.split("|")
        if card.where == "same":
            opened = (feed.opened.get(alert) for alert in card.inhibited_by)
            return any(each is not None and each.status.firing for each in opened)
        if card.where == "site":
            return any(self._firing.anywhere(alert, site, at_ms) for alert in card.inhibited_by)
        team = name if level == "team" else team
        return team is not None and any(
            self._firing.of(alert, f"{site}|team|{team}", at_ms) for alert in card.inhibited_by
        )

    def _end_orphans(self, feed: RuleInput) -> Iterator[Judged]:
        """Ends what is open under a rule that changed or went, or for an entity that was forgotten (live 5)."""
        if not feed.opened:
            return
        watches = {watch.rule.rule: watch for watch in feed.watches}
        for name, opened in list(feed.opened.items()):
            watch = watches.get(name)
            same = watch is not None and watch.rule.digest == opened.digest
            if same and watch is not None and feed.is_seen(watch):
                continue
            del feed.opened[name]
            feed.changed.add(("s",))
            if opened.status.state is State.FIRING:
                text = TEXTS[self._language]["forgotten" if same else "rule changed"]
                parts: Parts = (0, None if opened.card.plain else 0)
                yield Judged(opened.card, Change.RESOLVED, opened.status, parts, None, text)
