"""What the rules of one entity read: its watched columns in time, up to the last evaluation.

A row waits until the evaluation that may know of it, then enters the windows of the rules. Rolling windows are running
sums that panes enter and leave, so that an evaluation costs what changed, whatever the length.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from stream.alerts.lifecycle import due_ms
from stream.alerts.open import OpenAlert
from stream.alerts.watch import Watch
from stream.windows.calendar import SiteCalendar
from stream.windows.packed import Selection
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums, add, subtract

DAY_MS = 86_400_000
CHUNK_MS = 60_000
FEW_TEAMS = 16
"""What events say of an agent's team is added up once more than so many panes wait for a look at the agent."""

Mark = tuple[str | int, ...]
"""Which state record changed, as its key says it after the entity: ("q", T) rows that wait, ("p", chunk) panes,
("t", window, start) a tumbling window, ("e",) edges of runs, ("s",) what was seen and what is open, ("m",) the team."""


class TeamNote(NamedTuple):
    """What an event says of the team of its agent. Of two the greater one counts: the later event."""

    occurred_at_ms: int
    event_id: str
    team: str


class RuleInput:
    """The sums of one entity (`site|level|id`) that the rules which apply to it read, as of the last evaluation."""

    __slots__ = (
        "_plan", "ahead", "arrivals", "calendar", "changed", "columns", "leaving", "lengths", "opened", "panes",
        "rolling", "seen", "team", "teams", "text", "tumbling", "view", "waiting", "wake_ms", "watches", "windows",
    )  # fmt: skip

    def __init__(self, text: str, calendar: SiteCalendar, plan: WindowPlan, watches: tuple[Watch, ...]) -> None:
        self.text = text
        self.calendar = calendar
        self.watches = watches
        self.columns: frozenset[str] = frozenset().union(*(watch.columns for watch in watches))
        self.lengths = sorted({watch.length_ms for watch in watches if watch.length_ms is not None})
        self.tumbling = {watch.rule.window for watch in watches if watch.length_ms is None}
        self.view = Selection(self.columns)
        """Of packed amounts, what the rules read."""
        self._plan = plan
        self.waiting: dict[int, dict[int, Sums]] = {}
        """T of the evaluation they enter at -> grain -> sums."""
        self.ahead: dict[int, Sums] = {}
        """Edges of runs that go on: grain -> by how much more each grain from there on holds."""
        self.panes: dict[int, Sums] = {}
        """End of a pane -> what entered of it; kept while the longest rolling window may hold it."""
        self.windows: dict[tuple[str, int], tuple[int, Sums]] = {}
        """(window, start) -> (end, what entered of it)."""
        self.seen: dict[str, int] = {}
        """Column -> day (since the epoch) of the last evaluation at which something entered."""
        self.opened: dict[str, OpenAlert] = {}
        """Rule -> its alert, where it is pending or firing, or cools down."""
        self.team: TeamNote | None = None
        """The team of an agent as of the last evaluation."""
        self.teams: dict[int, TeamNote] = {}
        """T of the evaluation that may know of it -> what its events say of the agent's team."""
        self.changed: set[Mark] = set()
        self.wake_ms: int | None = None
        self.arrivals: list[int] = []
        self.leaving: dict[int, list[int]] = {length: [] for length in self.lengths}
        self.rolling: dict[int, Sums] = {length: {} for length in self.lengths}

    def wait(self, at_ms: int, grain: int, amounts: Sums) -> None:
        """The amounts of a grain enter at the evaluation `at_ms`."""
        by_grain = self.waiting.get(at_ms)
        if by_grain is None:
            by_grain = self.waiting[at_ms] = {}
            heappush(self.arrivals, at_ms)
        held = by_grain.get(grain)
        if held is None:
            by_grain[grain] = amounts
        else:
            add(held, amounts)
        self.changed.add(("q", at_ms))

    def run(self, first: int, end: int, amounts: Sums) -> None:
        """Each grain of [first, end) holds these amounts, known at its own time."""
        for grain, sign in ((first, 1), (end, -1)):
            add(self.ahead.setdefault(grain, {}), {name: sign * amount for name, amount in amounts.items()})
        self.changed.add(("e",))

    def note_team(self, at_ms: int, noted: TeamNote, evaluated_ms: int | None) -> None:
        """An event names the agent's team; the evaluation `at_ms` may know it. None is made for it: a record asks."""
        if evaluated_ms is not None and len(self.teams) > FEW_TEAMS:
            self._learn_teams(evaluated_ms)
        known = self.teams.get(at_ms)
        if known is None or noted > known:
            self.teams[at_ms] = noted
            self.changed.add(("m",))

    def _learn_teams(self, at_ms: int) -> None:
        come = [each for each in self.teams if each <= at_ms]
        for each in come:
            noted = self.teams.pop(each)
            if self.team is None or noted > self.team:
                self.team = noted
        if come:
            self.changed.add(("m",))

    def first_entry_ms(self) -> int | None:
        """The evaluation at which the first of what waits enters; None where nothing waits."""
        pane_ms = self._plan.pane_ms
        runs = [(min(self.ahead) * self._plan.grain_ms // pane_ms + 1) * pane_ms] if self.ahead else []
        return min([*self.arrivals[:1], *runs], default=None)

    def move_to(self, at_ms: int) -> None:
        """The windows hold what they hold at the evaluation `at_ms`."""
        for key in [key for key, (end_ms, _) in self.windows.items() if end_ms < at_ms]:
            del self.windows[key]
            self.changed.add(("t", *key))
        if self.teams:
            self._learn_teams(at_ms)
        self._leave(at_ms)
        entered: Sums = {}
        while self.arrivals and self.arrivals[0] <= at_ms:
            arrived = heappop(self.arrivals)
            self.changed.add(("q", arrived))
            for grain, amounts in self.waiting.pop(arrived).items():
                self._enter(at_ms, grain, amounts)
                add(entered, amounts)
        if self.ahead:
            self._enter_runs(at_ms, entered)
        self._see(at_ms // DAY_MS, entered)

    def sums(self, watch: Watch, at_ms: int) -> Sums | None:
        """What the rule's window holds at `at_ms`; None: no window holds the instant just before."""
        if watch.length_ms is not None:
            return self.rolling[watch.length_ms]
        held = self.calendar.holding(watch.rule.window, at_ms - 1)
        if held is None:
            return None
        entered = self.windows.get(held[:2])
        return {} if entered is None else entered[1]

    def span(self, watch: Watch, at_ms: int) -> tuple[int, int] | None:
        """The rule's window at `at_ms`; None: no window holds the instant just before."""
        if watch.length_ms is not None:
            return at_ms - watch.length_ms, at_ms
        held = self.calendar.holding(watch.rule.window, at_ms - 1)
        return None if held is None else held[1:3]

    def covers(self, watch: Watch, at_ms: int) -> bool:
        """Whether all that the rule's window holds at `at_ms` was seen."""
        if watch.since_ms is None:
            return True
        span = self.span(watch, at_ms)
        return span is not None and span[0] >= watch.since_ms

    def _covered_from_ms(self, watch: Watch, since_ms: int, at_ms: int) -> int:
        """The next instant after `at_ms` at which a window may be one that was seen whole."""
        if watch.length_ms is not None:
            return since_ms + watch.length_ms
        return self.calendar.change_after(watch.rule.window, at_ms - 1) + 1

    def is_seen(self, watch: Watch) -> bool:
        """Whether any contribution to the rule's columns has ever entered."""
        return not watch.columns.isdisjoint(self.seen)

    def forget(self, at_ms: int, horizon_ms: int) -> None:
        """Forgets that columns were seen to which nothing was contributed for the horizon; with the last, the team."""
        gone = [name for name, day in self.seen.items() if (day + 1) * DAY_MS + horizon_ms <= at_ms]
        for name in gone:
            del self.seen[name]
            self.changed.add(("s",))
        if gone and not self.seen and self.team is not None:
            self.team = None
            self.changed.add(("m",))

    def next_wake_ms(self, at_ms: int, horizon_ms: int | None) -> int | None:
        """The next evaluation that may differ from the one at `at_ms`, if nothing else arrives; None: none."""
        pane_ms = self._plan.pane_ms
        instants = [heap[0] + length for length, heap in self.leaving.items() if heap]
        instants += [change_ms + 1 for name in self.tumbling for change_ms in self._changes(name, at_ms)]
        for watch in self.watches:
            opened = self.opened.get(watch.rule.rule)
            rule = watch.rule
            due = due_ms(opened.status, rule.for_ms, rule.keep_firing_for_ms, rule.cooldown_ms) if opened else None
            if due is not None:
                instants.append(due)
            if watch.goal is not None:
                instants += self._turns(watch, at_ms)
            if watch.since_ms is not None and not self.covers(watch, at_ms):
                instants.append(self._covered_from_ms(watch, watch.since_ms, at_ms))
        if self.seen and horizon_ms is not None:
            instants.append((min(self.seen.values()) + 1) * DAY_MS + horizon_ms)
        instants += self.arrivals[:1]
        if self.ahead:
            instants.append(min(self.ahead) * self._plan.grain_ms + 1)
        return -(-min(instants) // pane_ms) * pane_ms if instants else None

    def _turns(self, watch: Watch, at_ms: int) -> Iterator[int]:
        """When a rule on a target may find otherwise though nothing arrives: time moves the pace, and each window has a
        target of its own."""
        if watch.goal is None or not self.is_seen(watch):
            return
        if watch.length_ms is None:
            yield self.calendar.change_after(watch.rule.window, at_ms - 1) + 1
        span = self.span(watch, at_ms)
        if span is not None:
            parts = watch.parts(self.sums(watch, at_ms))
            turn_ms = watch.goal.turns_ms(self.text, parts, span, at_ms, self._fires(watch), self._plan.pane_ms)
            if turn_ms is not None:
                yield turn_ms

    def chunk(self, chunk: int) -> dict[int, Sums]:
        """The panes of a state record: those that end in this minute."""
        first = -(-chunk * CHUNK_MS // self._plan.pane_ms) * self._plan.pane_ms
        ends = range(first, (chunk + 1) * CHUNK_MS, self._plan.pane_ms)
        return {end_ms: self.panes[end_ms] for end_ms in ends if end_ms in self.panes}

    def is_pane(self, end_ms: int) -> bool:
        """Whether a pane of today's length ends then."""
        return end_ms % self._plan.pane_ms == 0

    @property
    def idle(self) -> bool:
        """Whether it holds nothing at all."""
        held = (self.seen, self.opened, self.waiting, self.ahead, self.panes, self.windows, self.team, self.teams)
        return not any(held)

    def clear(self) -> None:
        """Forgets everything, its state records with it."""
        self.changed.update(("q", at_ms) for at_ms in self.waiting)
        self.changed.update(("p", end_ms // CHUNK_MS) for end_ms in self.panes)
        self.changed.update(("t", *key) for key in self.windows)
        self.changed.update((("s",), ("e",), ("m",)))
        for sums in (self.waiting, self.panes, self.windows, self.ahead):
            sums.clear()
        for held in (self.seen, self.opened, self.teams, self.arrivals):
            held.clear()
        self.team = None

    def rebuild(self, at_ms: int | None) -> None:
        """Running sums and heaps follow from what was restored; `at_ms`: the last evaluation."""
        self.arrivals = list(self.waiting)
        heapify(self.arrivals)
        self.rolling = {length: {} for length in self.lengths}
        self.leaving = {length: [] for length in self.lengths}
        longest = self.lengths[-1] if self.lengths else 0
        for end_ms in [end for end in self.panes if not longest or (at_ms is not None and end + longest <= at_ms)]:
            del self.panes[end_ms]
            self.changed.add(("p", end_ms // CHUNK_MS))
        for key in [key for key in self.windows if key[0] not in self.tumbling]:
            del self.windows[key]
            self.changed.add(("t", *key))
        for end_ms, sums in self.panes.items():
            for length in self.lengths:
                if at_ms is None or end_ms + length > at_ms:
                    add(self.rolling[length], sums)
                    heappush(self.leaving[length], end_ms)

    def _enter(self, at_ms: int, grain: int, amounts: Sums) -> None:
        instant_ms = grain * self._plan.grain_ms
        if self.lengths:
            self._enter_rolling(at_ms, instant_ms, amounts)
        if self.tumbling:
            for name, start_ms, end_ms in self.calendar.windows(instant_ms):
                if name in self.tumbling and end_ms >= at_ms:
                    _, sums = self.windows.setdefault((name, start_ms), (end_ms, {}))
                    add(sums, amounts)
                    self.changed.add(("t", name, start_ms))

    def _enter_runs(self, at_ms: int, entered: Sums) -> None:
        """What of the runs lies before the evaluation; grains of one pane and slot are in the same windows."""
        grain_ms, cut = self._plan.grain_ms, at_ms // self._plan.grain_ms
        come = sorted(grain for grain in self.ahead if grain < cut)
        if not come:
            return
        level: Sums = {}
        for at, end in zip(come, [*come[1:], cut], strict=True):
            add(level, self.ahead.pop(at))
            if not any(level.values()):
                continue
            grain = at
            while grain < end:
                until = min(end, self._same_until(at_ms, grain * grain_ms) // grain_ms)
                amounts = {name: amount * (until - grain) for name, amount in level.items() if amount}
                self._enter(at_ms, grain, amounts)
                add(entered, amounts)
                grain = until
        if any(level.values()):
            add(self.ahead.setdefault(cut, {}), level)
        self.changed.add(("e",))

    def _same_until(self, at_ms: int, instant_ms: int) -> int:
        """The windows that hold the instant at this evaluation hold all from there up to this one."""
        slot_ms, pane_ms = self.calendar.slot_ms, self._plan.pane_ms
        slot_end_ms = (instant_ms // slot_ms + 1) * slot_ms
        if self.lengths and slot_end_ms + self.lengths[-1] + pane_ms > at_ms:
            return min(slot_end_ms, (instant_ms // pane_ms + 1) * pane_ms)
        return slot_end_ms

    def _see(self, day: int, entered: Sums) -> None:
        """A column is seen from the evaluation on at which what entered of it is not 0: contributions are not negative,
        so that all facts before T then hold one. What was undone before anybody looked was never there."""
        for name, amount in entered.items():
            if self.seen.get(name, None if amount else day) != day:
                self.seen[name] = day
                self.changed.add(("s",))

    def _enter_rolling(self, at_ms: int, instant_ms: int, amounts: Sums) -> None:
        end_ms = (instant_ms // self._plan.pane_ms + 1) * self._plan.pane_ms
        if end_ms + self.lengths[-1] <= at_ms:
            return
        holding = [length for length in self.lengths if end_ms + length > at_ms]
        pane = self.panes.get(end_ms)
        if pane is None:
            pane = self.panes[end_ms] = {}
            for length in holding:
                heappush(self.leaving[length], end_ms)
        add(pane, amounts)
        self.changed.add(("p", end_ms // CHUNK_MS))
        for length in holding:
            add(self.rolling[length], amounts)

    def _leave(self, at_ms: int) -> None:
        """Before anything enters: a late row for a pane that leaves now must not be subtracted with it."""
        for length, heap in self.leaving.items():
            while heap and heap[0] + length <= at_ms:
                end_ms = heappop(heap)
                subtract(self.rolling[length], self.panes[end_ms])
                if length == self.lengths[-1]:
                    del self.panes[end_ms]
                    if not self.chunk(end_ms // CHUNK_MS):
                        self.changed.add(("p", end_ms // CHUNK_MS))

    def _changes(self, name: str, at_ms: int) -> Iterator[int]:
        """When a tumbling window changes under the rules: the end of a full one, and any edge that silence breaches.

        Intervals, days and months follow each other without a gap, so that an empty one is judged as the one before:
        a jump of years over a quiet floor costs nothing.
        """
        full = any(key[0] == name and any(sums.values()) for key, (_, sums) in self.windows.items())
        if full or (name.startswith("shift_") and self._silence_matters(name)):
            yield self.calendar.change_after(name, at_ms - 1)

    def _silence_matters(self, name: str) -> bool:
        watches = (watch for watch in self.watches if watch.rule.window == name and self.is_seen(watch))
        return any(watch.breached_by_silence(self._fires(watch)) for watch in watches)

    def _fires(self, watch: Watch) -> bool:
        opened = self.opened.get(watch.rule.rule)
        return opened is not None and opened.status.firing
