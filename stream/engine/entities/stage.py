"""The entity stage of one partition: rows become windows, KPI records and alerts; pure (internals, section 5).

The same class serves live and replay. Live, every tick is one transaction: its records, its alerts and the state that
changed belong together, and whoever restores that state goes on as if nothing had happened.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from stream.alerts import state as alert_state
from stream.alerts.adoption import HeldWindows, adopt
from stream.alerts.evaluation import Evaluator
from stream.alerts.rules import Rule
from stream.engine.deltas.delta import STATEMENT_KEY, decode_delta
from stream.engine.deltas.routing import COPY
from stream.engine.entities.entity import Entity
from stream.engine.entities.inhibitors import Inhibitors
from stream.engine.entities.publication import (
    NO_END_MS,
    Publication,
    Record,
    StageOutput,
    StateRecord,
    published_plan,
)
from stream.engine.entities.publisher import Publisher
from stream.engine.entities.window_store import WindowStore
from stream.engine.entities.windows_state import (
    CLOCK_KEY,
    chunk_record,
    future_record,
    read_chunk,
    read_future,
    read_total,
    read_views,
    total_key,
    total_record,
    views_key,
    views_record,
)
from stream.windows.calendar import Calendar
from stream.windows.exact import FORMAT, dumps, loads
from stream.windows.packed import unpack
from stream.windows.plan import WindowPlan
from stream.windows.totals import Total
from stream.windows.watermark import Watermark

FOLD_AT_ROWS = 20_000
"""Rows that may wait for the next tick before they are folded in: bounds memory while catching up."""

NO_END = 1 << 62

__all__ = ["EntityStage", "Publication", "StageOutput"]


class Stated(NamedTuple):
    """What a statement said: the watermark (ms) of a debtor partition; None where it has none yet."""

    partition: int
    watermark_ms: int | None


class EntityStage:
    """Takes in the deltas of an entity partition, which come from so many debtor partitions."""

    def __init__(
        self, plan: WindowPlan, rules: Sequence[Rule], publication: Publication, partition: int, debtor_partitions: int
    ) -> None:
        self.partition = partition
        self._plan = plan
        self._pane_ms = plan.pane_ms
        self._publication = publication
        self._replay = publication.horizon_ms is None
        published = published_plan(plan, publication)
        self._inhibitors = Inhibitors(plan, rules, publication)
        self._evaluator = Evaluator(
            plan, Calendar(plan), rules, publication.run, publication.horizon_ms, publication.targets,
            publication.minimum_sample, self._inhibitors.firing, publication.language,
        )  # fmt: skip
        self._publisher = Publisher(publication, published.rolling)
        self._store = WindowStore(
            published, plan.grain_ms, self._evaluator, self._publisher.admit,
            patient=not self._replay or bool(published.rolling) or publication.end_ms != NO_END_MS,
        )  # fmt: skip
        self._watermark = Watermark(debtor_partitions, publication.dead_after_ms)
        self._greatest_ms: int | None = None
        self._waiting_rows = 0
        self._saved_clock = b""
        self._restoring = False
        self._known_scopes: frozenset[str] = frozenset()
        self._known_afar: dict[str, int | None] = {}
        self._known_targets = publication.targets.digest

    @property
    def counters(self) -> Counter[str]:
        """Reason -> count since the start: "frozen", contributions to windows that may not change any more."""
        return self._store.counters

    @property
    def silent_partitions(self) -> frozenset[int]:
        """Debtor partitions that were not heard for `dead_after` and no longer hold the watermark back."""
        return self._watermark.dead

    @property
    def watermark_ms(self) -> int | None:
        """The minimum watermark, as of the last tick."""
        return self._watermark.value_ms

    @property
    def as_of_ms(self) -> int:
        """KPI records count instants before this one; 0: nothing heard."""
        return self._store.as_of_ms

    def apply(self, key: bytes, value: bytes) -> Stated | None:
        """Takes a delta or a statement in; of a statement, what it said. Raises ValueError if its format is unknown."""
        if self._restoring:
            self._settle()
        if key == STATEMENT_KEY:
            record = loads(value)
            self._watermark.hear(record["n"], record["watermark"], record["idle"])
            self._hear_greatest(record["watermark"])
            self._hear_greatest(record["greatest"])
            return Stated(record["n"], record["watermark"])
        delta = decode_delta(value)
        if key.startswith(COPY):
            self._inhibitors.take(key[len(COPY) :].decode(), delta)
            return None
        self._hear_greatest(delta.at)
        self._store.take(key, delta)
        self._waiting_rows += sum(rows.size for rows in delta.rows.values())
        if self._waiting_rows >= FOLD_AT_ROWS:
            self._fold()
        return None

    @property
    def pending(self) -> int:
        """How many records the next tick writes, about: more is not to be applied before it, if that is many."""
        return self._store.pending

    def tick(self, now_ms: int, most: int = NO_END) -> StageOutput:
        """What is due at `now_ms`, which only paces: KPI records, alerts, and all state that changed since the last.

        `most`: KPI records that it gives at most; what is due beyond them is due at the next tick, the oldest first.
        In a replay: alerts alone.
        """
        if self._restoring:
            self._settle()
        self._fold()
        self._watermark.advance(now_ms, self._greatest_ms)
        watermark_ms = self._watermark.value_ms
        self._publisher.watermark_ms = watermark_ms
        output = StageOutput()
        if watermark_ms is not None:
            delay_ms = 0 if self._replay else self._publication.alert_delay_ms
            self._decide(watermark_ms - delay_ms, output)
        if self._replay:
            self._forget_changes()
            return output
        looked_at = self._publish(output.kpis, now_ms, most)
        self._drop(output, now_ms, most)
        self._save(output.state, looked_at)
        output.behind = self._publisher.behind
        return output

    def close(self) -> StageOutput:
        """The end of a replay: the last alerts, and the record of every window that holds a KPI, by key."""
        if self._restoring:
            self._settle()
        self._fold()
        output = StageOutput()
        if self._greatest_ms is not None:
            self._decide(self._greatest_ms, output)
        if self._publication.end_ms not in (None, NO_END_MS):
            self._move_to(NO_END_MS)
            self._store.fold()
        as_of_ms = self._store.as_of_ms
        self._store.look()
        views = [view for entity in self._store.entities.values() for view in entity.views]
        for view in views:
            self._store.refresh(view)
        last = [self._publisher.last_word(view, as_of_ms) for view in views]
        if self._publication.end_ms == NO_END_MS:
            as_of_ms = NO_END_MS
            self._store.move_to(as_of_ms)
            self._store.fold()
        last += [self._publisher.last_word(total, as_of_ms) for total in self._store.all_totals()]
        output.kpis = sorted(record for record in last if record is not None)
        return output

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Takes back one record of the windows topic, in the order of the topic; later ones replace earlier ones.

        On a stage that has run: only when every output was committed; rows that no tick has taken are gone.
        """
        self._restoring = True
        if key == CLOCK_KEY:
            self._restore_clock(value)
            return
        kind, site, level, name, *rest = key.decode().split("|")
        text = f"{site}|{level}|{name}"
        if kind == alert_state.OWN:
            feed = self._store.feeds.get(text)
            if feed is None:
                feed = self._store.feeds[text] = self._evaluator.bare_feed(text)
            alert_state.restore(feed, rest, value)
            return
        if kind == alert_state.AFAR:
            self._inhibitors.restore(text, rest, value)
            return
        entity = self._store.entity(text)
        if kind == "w":
            self._restore_total(entity, rest[0], rest[1], value)
        elif kind == "v":
            entity.views = []
            if value is not None:
                read_views(self._store.rolling.views(entity), value)
        elif kind == "p":
            read_chunk(entity, int(rest[0]), self._store.rolling, value)
        elif kind == "f":
            read_future(entity, int(rest[0]), value)
        else:
            raise ValueError(f"the windows topic has a record of unknown kind {kind!r}")

    def _hear_greatest(self, greatest_ms: int | None) -> None:
        if greatest_ms is not None and (self._greatest_ms is None or greatest_ms > self._greatest_ms):
            self._greatest_ms = greatest_ms

    def _fold(self) -> None:
        self._waiting_rows = 0
        if self._greatest_ms is not None:
            self._move_to((self._greatest_ms // self._pane_ms + 1) * self._pane_ms)
        self._store.fold()

    def _move_to(self, as_of_ms: int) -> None:
        """Sums count what lies before `as_of_ms`, and never what lies at or after the end of a replay."""
        end_ms = self._publication.end_ms
        self._store.move_to(as_of_ms if end_ms is None else min(as_of_ms, end_ms))

    def _decide(self, to_ms: int, output: StageOutput) -> None:
        """Appends the alert records of every evaluation up to `to_ms`."""
        self._inhibitors.advance(to_ms)
        for alert in self._evaluator.advance(to_ms):
            output.alerts.append((alert.key, alert.value))
            output.alert_states[alert.change.value] += 1
        self._inhibitors.firing.forget(to_ms)

    def _publish(self, kpis: list[Record], now_ms: int, most: int) -> list[Total]:
        """Appends the records that are due; gives the windows that may have to be saved."""
        looked_at = self._store.look()
        for total in self._publisher.due(looked_at.copy(), now_ms, most):
            self._publish_now(total, kpis, now_ms)
            looked_at.append(total)
        return looked_at

    def _publish_now(self, total: Total, kpis: list[Record], now_ms: int) -> None:
        self._store.refresh(total)
        record = self._publisher.publish(total, self._store.as_of_ms, now_ms)
        if record is not None:
            kpis.append(record)

    def _drop(self, output: StageOutput, now_ms: int, most: int) -> None:
        """Forgets windows that nothing may change any more, and entities of which nothing is left."""
        for total in islice(self._publisher.expired(), most):
            if not self._store.holds(total):
                continue
            self._drop_one(total, output, now_ms)
            self._store.drop(total)
            entity = self._store.entities[total.text]
            if entity.empty:
                self._drop_views(entity, output, now_ms)
                self._store.forget(entity)

    def _drop_one(self, total: Total, output: StageOutput, now_ms: int) -> None:
        self._drop_quietly(total, output, now_ms)
        output.state.append((total_key(total), None))

    def _drop_views(self, entity: Entity, output: StageOutput, now_ms: int) -> None:
        for view in entity.views:
            self._drop_quietly(view, output, now_ms)
        if entity.views:
            output.state.append((views_key(entity), None))

    def _drop_quietly(self, total: Total, output: StageOutput, now_ms: int) -> None:
        if total.queued:
            self._publish_now(total, output.kpis, now_ms)
        self._publisher.retire(total)
        total.unsaved = False

    def _save(self, state: list[StateRecord], totals: list[Total]) -> None:
        store = self._store
        viewed: dict[str, Entity] = {}
        for total in totals:
            if not total.unsaved or not store.holds(total):
                continue
            total.unsaved = False
            if total.rolling:
                viewed[total.text] = store.entities[total.text]
            elif any(total.sums.values()) or total.revision:
                state.append(total_record(total))
            else:  # an undone fact: the window holds nothing and nobody ever saw it
                store.drop(total)
                state.append((total_key(total), None))
        state += map(views_record, viewed.values())
        for (_, grain), entity in store.unsaved_future.items():
            state.append(future_record(entity, grain))
        store.unsaved_future.clear()
        for entity in store.unsaved_trails.values():
            state += [chunk_record(entity, chunk, store.rolling) for chunk in sorted(entity.unsaved)]
            entity.unsaved.clear()
        store.unsaved_trails.clear()
        for feed in self._evaluator.changed.values():
            state += alert_state.records(feed)
            if feed.idle and feed.text not in store.entities:
                store.feeds.pop(feed.text, None)
        self._evaluator.changed.clear()
        state += self._inhibitors.records()
        if not self._publisher.again:
            self._known_targets = self._publication.targets.digest
        clock = self._clock()
        if clock != self._saved_clock:
            self._saved_clock = clock
            state.append((CLOCK_KEY, clock))

    def _clock(self) -> bytes:
        targets = {"targets": self._known_targets} if self._known_targets else {}
        return dumps(
            {
                "f": FORMAT,
                "as_of": self._store.as_of_ms,
                "greatest": self._greatest_ms,
                "watermark": self._watermark.encode(),
                "floor": self._publisher.revision_floor,
                "evaluated": self._evaluator.evaluated_ms,
                "scopes": self._evaluator.scopes,
                **targets,
                **({"afar": since} if (since := self._inhibitors.since) else {}),
            }
        )

    def _forget_changes(self) -> None:
        """A replay keeps no state."""
        self._inhibitors.forget_changes()
        self._store.forget_changes()
        for feed in self._evaluator.changed.values():
            feed.changed.clear()
        self._evaluator.changed.clear()

    def _restore_clock(self, value: bytes | None) -> None:
        if value is None:
            return
        record = loads(value)
        self._saved_clock = value
        self._store.as_of_ms = record["as_of"]
        self._greatest_ms = record["greatest"]
        self._watermark.restore(record["watermark"])
        self._publisher.revision_floor = record["floor"]
        self._evaluator.evaluated_ms = record["evaluated"]
        self._known_scopes = frozenset(record["scopes"])
        self._known_targets = record.get("targets", "")
        self._known_afar = record.get("afar", {})

    def _restore_total(self, entity: Entity, name: str, start: str, value: bytes | None) -> None:
        if value is None:
            entity.totals.pop((name, int(start)), None)
        else:
            entity.totals[name, int(start)] = read_total(entity.text, name, start, value)

    def _settle(self) -> None:
        """What was restored is complete: everything that follows from it is made anew."""
        self._restoring = False
        self._waiting_rows = 0
        store = self._store
        for text in [text for text, entity in store.entities.items() if entity.empty]:
            if not any(view.revision for view in store.entities[text].views):
                del store.entities[text]
        store.rebuild()
        self._publisher.watermark_ms = self._watermark.value_ms
        views = (view for entity in store.entities.values() for view in entity.views)
        self._publisher.resume([*store.all_totals(), *views])
        if self._known_targets != self._publication.targets.digest:
            self._publisher.look_again(store.all_totals())
        self._adopt()
        self._evaluator.resume(store.feeds, self._evaluator.evaluated_ms)
        self._inhibitors.resume(self._evaluator.evaluated_ms, self._known_afar)

    def _adopt(self) -> None:
        """Rules that look at what no rule looked at before begin with what the windows hold."""
        evaluated_ms = self._evaluator.evaluated_ms
        if evaluated_ms is None or self._known_scopes.issuperset(self._evaluator.scopes):
            return
        for text, feed in self._store.feeds.items():
            entity = self._store.entities.get(text)
            if entity is not None and any(watch.scope not in self._known_scopes for watch in feed.watches):
                panes = {end_ms: unpack(packed) for end_ms, packed in self._store.rolling.panes(entity).items()}
                future = {grain: unpack(packed) for grain, packed in entity.future.items()}
                windows = {key: unpack(total.sums) for key, total in entity.totals.items()}
                ahead = {grain: unpack(packed) for grain, packed in entity.ahead.items()}
                adopt(feed, self._plan, evaluated_ms, HeldWindows(panes, future, ahead, windows))
