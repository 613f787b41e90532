"""The debtor stage: the ledger of one partition. Facts go in, deltas and state come out, live and in replay."""

from __future__ import annotations

from collections.abc import Iterator

from stream.conduct.rulebook import Rulebook
from stream.engine.debtors.accepted import AcceptedFacts
from stream.engine.debtors.agents import AgentChanges
from stream.engine.debtors.alone import stands_alone
from stream.engine.debtors.changes import Changes
from stream.engine.debtors.conduct import AFTER, COME, Conduct
from stream.engine.debtors.entity_limits import EntityLimits
from stream.engine.debtors.findings import NOTHING, Findings
from stream.engine.debtors.late import LateChanges
from stream.engine.debtors.measured import Measured
from stream.engine.debtors.removal import Erased, Removal
from stream.engine.debtors.room import no_room_for
from stream.engine.debtors.timelines import restore_state
from stream.engine.deltas.buffer import DeltaBuffer
from stream.facts.fact import AgentState, Fact, Measurement
from stream.facts.identity import expected_key
from stream.ledger.contribution import own_credit, queue_of
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions, FactLimits
from stream.ledger.difference import Difference, Emitted, added, removed, total
from stream.ledger.judge import ACCEPTED, TOO_LATE, Verdict, judge
from stream.ledger.own import own_columns, own_instant_ms
from stream.ledger.reach import reach, reach_after
from stream.ledger.state_timeline import StateTimeline, as_state, moved
from stream.ledger.states import Bounds
from stream.ledger.store import dossier as dossiers
from stream.ledger.store import dossier_cache, record
from stream.ledger.store.dossier import Dossier
from stream.ledger.store.dossier_cache import DossierCache, read_index
from stream.ledger.store.held_facts import FactList
from stream.ledger.store.large_dossier import LargeDossier
from stream.windows.calendar import day_begins
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan
from stream.windows.shifts import Shifts

NO_LOSERS: tuple[bytes, ...] = ()


class DebtorStage:
    """The facts of one partition, and what they contribute. `teams`: say which teams the facts put agents to."""

    def __init__(
        self,
        definitions: Definitions,
        plan: WindowPlan,
        limits: FactLimits,
        partition: int,
        watched: frozenset[str] = frozenset(),
        rulebook: Rulebook | None = None,
        scored: frozenset[str] = frozenset(),
        teams: bool = False,
    ) -> None:
        self._definitions = definitions
        self._midnight_ms = day_begins(plan)
        self._limits, self._least_limit = limits, min(limits.facts_per_case, limits.facts_per_debtor)
        self._dossiers: dict[str, Dossier] = {}
        self._timelines: dict[str, StateTimeline] = {}
        self._agents = AgentChanges()
        self._measured = Measured()
        self.late = LateChanges(plan, scored) if scored else None  # None: no scores, so nobody asks for their reasons
        self.accepted = AcceptedFacts()
        self._bounds = Bounds(definitions, Shifts(plan))
        self._cache = DossierCache()
        self._buffer = DeltaBuffer(partition, plan.grain_ms, watched)
        self._tells_teams = teams
        self._entities = EntityLimits(limits.entities_per_site, limits.entities)
        self.conduct: Conduct | None = None  # there are no rules
        if rulebook is not None and not rulebook.empty:
            self.conduct = Conduct(rulebook, definitions, self._midnight_ms, self._buffer, self._dossiers)
        self._removal = Removal(
            definitions, self._midnight_ms, self._dossiers, self._timelines, self._cache, self.conduct, rulebook
        )
        self._state: list[tuple[bytes, bytes | None]] = []
        self._greatest_ms = 0

    def knows(self, key: str) -> bool:
        """Whether the ledger holds anything of a key."""
        return key in self._dossiers or key in self._timelines

    def keys(self) -> int:
        """How many keys (debtors, mostly) the ledger holds."""
        return len(self._dossiers) + len(self._timelines)

    @property
    def pending(self) -> int:
        """How many records the next `take` gives, about."""
        judged = 0 if self.conduct is None else self.conduct.pending
        late = 0 if self.late is None else len(self.late)
        return len(self._state) + self._buffer.pending + len(self._agents) + len(self._measured) + judged + late

    @property
    def entities(self) -> int:
        """How many agents, teams, queues, segments and sites count against the limits."""
        return len(self._entities)

    def apply(self, fact: Fact, frontier_ms: int | None = None) -> Verdict:
        """Takes an event in; the verdict says what became of it. An exception leaves everything as it was.

        `frontier_ms`: watermark less the correction horizon; what occurred before it is too late. None: no horizon.
        """
        if frontier_ms is not None and fact.occurred_at < frontier_ms:
            return TOO_LATE
        entities = self._entities
        if not entities.counted or entities.knows(fact):
            verdict = self._judged(fact, frontier_ms)
        else:
            verdict = entities.refusal(fact) or self._judged(fact, frontier_ms)
            if verdict.kind == "accepted":
                self._note(fact)
        if self._tells_teams and fact.agent_id is not None and fact.team_id is not None and verdict.kind != "limit":
            self._buffer.note_team(fact.site_id or "", fact.agent_id, fact.occurred_at, fact.event_id, fact.team_id)
        return verdict

    def _note(self, fact: Fact) -> None:
        """The fact counts, be it new or a better version: its entities are known from now on."""
        if self._entities.counted:
            self._state += self._entities.note(fact)

    def _judged(self, fact: Fact, frontier_ms: int | None) -> Verdict:
        key = fact.debtor_id or expected_key(fact)
        if type(fact) is AgentState:
            return self._apply_state(key, fact, frontier_ms)
        name = record.identity(fact)
        dossier = self._dossiers.get(key)
        may_be_known = dossier is not None and dossiers.may_hold(dossier, name)
        conduct = self.conduct
        if conduct is None:
            return self._fold(key, name, may_be_known, fact, dossier, frontier_ms)
        then = conduct.before(key, fact, dossier, may_be_known=may_be_known)
        verdict = self._fold(key, name, may_be_known, fact, dossier, frontier_ms)
        if then == COME and verdict.kind == "accepted":
            conduct.come(key, fact)
        elif then == AFTER and key in self._dossiers:
            conduct.after(key, self._dossiers[key], fact.occurred_at, frontier_ms)
        return verdict

    def _fold(
        self, key: str, name: str, may_be_known: bool, fact: Fact, dossier: Dossier | None, frontier_ms: int | None
    ) -> Verdict:
        """Takes in a fact that concerns this dossier, if there is one."""
        if (
            may_be_known
            or not stands_alone(fact, dossier)
            or (dossier is not None and dossiers.holds(dossier, self._least_limit))
        ):
            return self._apply_linked(key, name, may_be_known, fact, dossier, frontier_ms)
        entry = record.encode(fact)
        (ones, amounts), at_ms = own_columns(fact, self._definitions), own_instant_ms(fact, self._definitions)
        beside = own_credit(fact) if fact.segment_id is not None or queue_of(fact) is not None else None
        if dossier is None:
            self._dossiers[key] = dossiers.append(dossiers.NOTHING, key, fact, entry)
        elif len(dossier) < dossier_cache.OPENED_BYTES and not isinstance(dossier, LargeDossier):
            self._dossiers[key] = dossiers.append(dossier, key, fact, entry)
        else:
            self._append(key, fact, dossier, entry)
        self._keep(key, name, fact, entry)
        if ones:
            self._buffer.add_own(
                fact.site_id or "", fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED, at_ms, ones, amounts
            )  # fmt: skip
            if beside is not None:
                self._buffer.add_beside(beside, at_ms, ones, amounts)
            if self.late is not None and at_ms < self.late.before_ms:
                self.late.own(fact, at_ms, ones, amounts)
        return ACCEPTED

    def _append(self, key: str, fact: Fact, dossier: Dossier, entry: bytes) -> None:
        """Adds a fact that stands alone to a dossier that may lie open."""
        index = self._cache.take(key)
        after = dossiers.append(dossier, key, fact, entry)
        if index is not None:
            try:
                if isinstance(index.held, FactList):
                    index.held.append(fact)
                if not fact.void:
                    index.add(fact, len(index.held) - 1)
            except BaseException:
                dossiers.undo(dossier, record.identity(fact), fact.case_id)
                raise
            self._cache.leave_open(key, after, index)
        self._dossiers[key] = after

    def _apply_linked(
        self, key: str, name: str, may_be_known: bool, fact: Fact, dossier: Dossier | None, frontier_ms: int | None
    ) -> Verdict:
        if dossier is None:
            dossier = dossiers.NOTHING
        # Taken out of the cache while it changes, so that an exception leaves nothing half done there.
        index = self._cache.take(key) or read_index(key, dossier, self._definitions, self._midnight_ms)
        place = index.held.place_of(name) if may_be_known else None
        emitted: list[Emitted] | None = None if self.late is None else []
        if place is None:
            full = no_room_for(fact, key, dossier, self._limits)
            if full is not None:
                self._cache.leave_open(key, dossier, index)
                return full
            verdict, entry = ACCEPTED, record.encode(fact)
            change, dossier = self._come(key, name, fact, entry, dossier, index, emitted)
            self.accepted.linked(fact, change)
        else:
            known = index.fact(place)
            gone, losers = record.plain(known), record.losers_of(known)
            verdict, winner, lost = judge(gone, losers, fact)
            if winner is gone and lost == losers:
                self._cache.leave_open(key, dossier, index)
                return verdict
            entry = record.encode(winner, lost)
            change, dossier = self._exchange(key, place, gone, winner, entry, dossier, index, emitted)
            if winner is not gone:
                self._note(winner)
                self.accepted.replaced(winner, verdict)
        self._dossiers[key] = dossier
        self._cache.leave_open(key, dossier, index)
        self._keep(key, name, fact, entry)
        self._buffer.add_difference(change, fact.occurred_at, frontier_ms)
        if self.late is not None and emitted:
            self.late.differed(fact, emitted)
        return verdict

    def _come(
        self, key: str, name: str, fact: Fact, entry: bytes, dossier: Dossier, index: DebtorIndex,
        emitted: list[Emitted] | None,
    ) -> tuple[Difference, Dossier]:  # fmt: skip
        """Adds a fact; what that changes, and the dossier as it is then."""
        held = index.held
        change: Difference
        if isinstance(held, FactList):
            held.append(fact)
            change = {} if fact.void else added(index, fact, len(held) - 1, emitted)
            ahead = reach_after(fact, dossier, index)
            dossier = dossiers.append(dossier, key, fact, entry)
        else:
            dossier = dossiers.append(dossier, key, fact, entry)
            try:
                change = {} if fact.void else added(index, fact, len(held) - 1, emitted)
                ahead = reach_after(fact, dossier, index)
            except BaseException:
                dossiers.undo(dossier, name, fact.case_id)
                raise
        return change, dossier if ahead is None else dossiers.with_reach(dossier, ahead)

    def _exchange(
        self, key: str, place: int, gone: Fact, winner: Fact, entry: bytes, dossier: Dossier, index: DebtorIndex,
        emitted: list[Emitted] | None,
    ) -> tuple[Difference, Dossier]:  # fmt: skip
        """Puts the entry of `winner` in the place of the fact `gone`, which may be the same, and another has lost."""
        held, known, come = index.held, index.fact(place), record.decode(key, entry)
        lost: Difference = {} if winner is gone or gone.void else removed(index, gone, place, emitted)
        held.exchange(place, come)
        try:
            gained: Difference = {} if winner is gone or come.void else added(index, come, place, emitted)
            ahead = None if winner is gone else reach(index)
            if isinstance(held, FactList):
                dossier = dossiers.exchanged(key, dossier, held.facts)
        except BaseException:
            held.exchange(place, known)
            raise
        return total(lost, gained), dossier if ahead is None else dossiers.with_reach(dossier, ahead)

    def _keep(self, key: str, name: str, fact: Fact, entry: bytes) -> None:
        """The entry goes to the ledger topic with the next commit."""
        self._state.append((f"{key}|{name}".encode(), record.to_value(entry)))
        if type(fact) is Measurement:
            self._measured.entries[key] = entry
        if fact.occurred_at > self._greatest_ms:
            self._greatest_ms = fact.occurred_at

    def _apply_state(self, key: str, fact: AgentState, frontier_ms: int | None) -> Verdict:
        name = record.identity(fact)
        timeline = self._timelines.get(key) or StateTimeline()
        known = timeline.known(fact.event_id)
        if known is None and timeline.weight() >= self._limits.facts_per_debtor:
            why = f"the agent has {len(timeline)} states, as many as limits.facts_per_debtor allows"
            return Verdict("limit", why)
        winner, lost = fact, NO_LOSERS
        if known is None:
            verdict = ACCEPTED
        else:
            losers = timeline.losers_of(known.event_id)
            verdict, judged, lost = judge(known, losers, fact)
            if judged is known and lost == losers:
                return verdict
            winner = as_state(judged)
            if judged is not known:
                self._note(winner)
                self.accepted.replaced(winner, verdict)
        entry = record.encode(winner, lost)
        self._agents.note(timeline, str(winner.site_id), key)
        if known is not None and known.site_id != winner.site_id:
            self._agents.note(timeline, str(known.site_id), key)
        spans = moved(timeline, known, winner, lost, self._bounds)
        for span in spans:
            self._buffer.add_span(span, fact.occurred_at, frontier_ms)
        if self.late is not None and fact.occurred_at < self.late.before_ms:
            self.late.moved(winner, spans)
        self._timelines[key] = timeline
        self._keep(key, name, fact, entry)
        return verdict

    def forget(self, frontier_ms: int) -> int:
        """Forgets a part of what nothing can ask for any more, under this frontier; how many facts that is.

        Every day of event time all keys are looked at, some at each call; the facts are gone with the next `take`.
        """
        self._state += self._entities.forget(frontier_ms)
        forgotten, state = self._removal.forget(frontier_ms)
        self._state += state
        return forgotten

    def erase(self, debtor: str, through_ms: int) -> Erased:
        """Erases a debtor: the facts are gone with the next `take`, what they counted up to `through_ms` stays, and
        what comes later begins anew. An exception leaves everything as it was."""
        erased = self._removal.erase(debtor, through_ms)
        # What came of the debtor since the last `take` is not written at all.
        gone = {key for key, _ in erased.state}
        self._state = [each for each in self._state if each[0] not in gone] + erased.state
        self._buffer.add_difference(erased.taken_back, through_ms, None)
        return erased

    def debtors(self) -> Iterator[str]:
        """The keys of which the ledger holds facts other than agents' states: debtors, mostly."""
        yield from self._dossiers

    def prepare(self, most: int) -> bool:
        """Makes a part of what the next `take` gives, until which no fact may come: some debtors judged, or at most so
        many deltas; True: there is more."""
        if self.conduct is not None and self.conduct.prepare():
            return True
        return self._buffer.prepare(self._greatest_ms, most)

    def take(self, watermark_ms: int | None = None) -> Changes:
        """What changed since the last time, ready to be written in one transaction. `watermark_ms`: that of the
        partition; deadlines of conduct rules that it has passed are judged."""
        # What it finds contributes to the deltas.
        found = [] if self.conduct is None else self.conduct.take(watermark_ms)
        state, self._state = self._state, []
        deltas = self._buffer.take(self._greatest_ms)
        self._greatest_ms = 0
        late = [] if self.late is None else self.late.take(watermark_ms)
        return Changes(deltas, state, self._agents.take(self._timelines), found, self._measured.take(), late)

    def facts_of(self, debtor: str) -> list[Fact]:
        """All that the ledger holds of a debtor, but for agents' states."""
        dossier = self._dossiers.get(debtor)
        return [] if dossier is None else dossiers.facts(debtor, dossier)

    def findings(self) -> Iterator[tuple[str, Findings]]:
        """Every debtor with what the conduct rules find of it, deadlines of the future included."""
        if self.conduct is not None:
            for key, dossier in self._dossiers.items():
                found = self.conduct.findings(key, dossier)
                if found != NOTHING:
                    yield key, found

    def say_all_agents(self) -> None:
        """The next `take` gives every agent of whom anything is known."""
        self._agents.note_all(self._timelines)

    def say_all_measurements(self) -> None:
        """The next `take` gives every measurement that is known."""
        self._measured.note_all(self._dossiers)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Takes back one record of the ledger topic, in the order of the topic; later ones replace earlier ones."""
        owner, _, name = key.decode().partition("|")
        if not owner:
            self._entities.restore(name, value)
            return
        self._cache.take(owner)
        if self.conduct is not None:
            self.conduct.restored(owner, name)
        entry = None if value is None else record.from_value(value)
        if record.is_state(name):
            restore_state(self._timelines, owner, name, entry)
            return
        dossier = dossiers.restored(owner, self._dossiers.get(owner), name, entry)
        if dossier is None:
            self._dossiers.pop(owner, None)
        else:
            self._dossiers[owner] = dossier
