"""Stage 1: one number's ledger. Facts go in, deltas and state come out; the same live, in replay and in tests."""

from __future__ import annotations

from typing import NamedTuple, cast

from stream.engine.cells import Cells
from stream.engine.entities import Entities
from stream.engine.sweep import Sweep
from stream.facts.fact import AgentState, BotSession, Call, Fact, Message, QualityReview, Restriction, Survey
from stream.facts.identity import expected_key
from stream.ledger import desk, record
from stream.ledger import dossier as dossiers
from stream.ledger.calls import is_attempt, reaches_debtor
from stream.ledger.chain import Chain, as_state, moved
from stream.ledger.contribution import own_credit
from stream.ledger.definitions import Definitions, Limits
from stream.ledger.desk import Desk, Opened
from stream.ledger.difference import added, replaced
from stream.ledger.dossier import Dossier
from stream.ledger.forgetting import forgettable
from stream.ledger.judge import ACCEPTED, TOO_LATE, Judgement, Verdict, judge
from stream.ledger.links import Links
from stream.ledger.own import own_columns
from stream.ledger.reach import reach, reach_after
from stream.ledger.register import Register
from stream.ledger.states import span
from stream.windows.calendar import local_midnight_ms
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan

_ALONE: frozenset[type[Fact]] = frozenset({QualityReview, Survey, BotSession, Restriction})
"""Types that nothing else depends on."""


class Changes(NamedTuple):
    """What a number did since the last `take`: records for the deltas topic and for the ledger topic."""

    deltas: list[tuple[bytes, bytes]]
    state: list[tuple[bytes, bytes | None]]


class Stage1:
    """The facts of one number, and what they contribute."""

    def __init__(
        self,
        definitions: Definitions,
        plan: WindowPlan,
        limits: Limits,
        number: int,
        watched: frozenset[str] = frozenset(),
    ) -> None:
        self._definitions = definitions
        self._plan = plan
        self._limits = limits
        # A dossier shorter than this cannot hold as many facts as the smaller limit.
        self._roomy = min(limits.facts_per_case, limits.facts_per_debtor) * dossiers.SMALLEST_RECORD
        self._dossiers: dict[str, Dossier] = {}
        self._chains: dict[str, Chain] = {}
        self._desk = Desk()
        self._register = Register()
        self._cells = Cells(number, plan.grain_ms, watched)
        self._sweep = Sweep()
        self._entities = Entities(limits.entities_per_site, limits.entities)
        self._state: list[tuple[bytes, bytes | None]] = []
        self._greatest_ms = 0

    def knows(self, key: str) -> bool:
        """Whether the ledger holds anything of a key."""
        return key in self._dossiers or key in self._chains

    def keys(self) -> int:
        """How many keys (debtors, mostly) the ledger holds."""
        return len(self._dossiers) + len(self._chains)

    @property
    def pending(self) -> int:
        """How many records the next `take` gives, about."""
        return len(self._state) + self._cells.pending

    @property
    def entities(self) -> int:
        """How many agents, teams and sites count against the limits."""
        return len(self._entities)

    def apply(self, fact: Fact, frontier_ms: int | None = None) -> Verdict:
        """Takes an event in; the verdict says what became of it. An exception leaves everything as it was.

        `frontier_ms`: watermark less the correction horizon; what occurred before it is too late. None: no horizon.
        """
        if frontier_ms is not None and fact.occurred_at < frontier_ms:
            return TOO_LATE
        entities = self._entities
        if not entities.counted or entities.knows(fact):
            return self._judged(fact, frontier_ms)
        refusal = entities.refusal(fact)
        if refusal is not None:
            return refusal
        verdict = self._judged(fact, frontier_ms)
        if verdict.kind == "accepted":
            self._state += entities.note(fact)
        return verdict

    def _judged(self, fact: Fact, frontier_ms: int | None) -> Verdict:
        key = fact.debtor_id or expected_key(fact)
        if type(fact) is AgentState:
            return self._apply_state(key, fact, frontier_ms)
        name = record.identity(fact)
        dossier = self._dossiers.get(key)
        may_be_known = dossier is not None and self._register.may_hold(key, dossier, name)
        if may_be_known or not _stands_alone(fact, dossier) or (dossier is not None and len(dossier) >= self._roomy):
            return self._apply_linked(key, name, may_be_known, fact, dossier, frontier_ms)
        entry = record.encode(fact)
        ones, amounts = own_columns(fact, self._definitions)
        if dossier is not None and len(dossier) >= desk.LARGE_BYTES and (opened := self._desk.take(key)) is not None:
            opened.links.add(fact)
            opened.facts.append(fact)
            self._desk.put(key, opened)
        self._dossiers[key] = dossiers.append(dossiers.NOTHING if dossier is None else dossier, entry)
        self._register.add(key, name)
        self._keep(key, name, fact, entry)
        if ones:
            self._cells.add_own(
                fact.site_id or "", fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED, fact.occurred_at,
                ones, amounts,
            )  # fmt: skip
        return ACCEPTED

    def _apply_linked(
        self, key: str, name: str, may_be_known: bool, fact: Fact, dossier: Dossier | None, frontier_ms: int | None
    ) -> Verdict:
        if dossier is None:
            dossier = dossiers.NOTHING
        # Taken off the desk while it changes, so that an exception leaves nothing half done there.
        facts, links = opened = self._desk.take(key) or _read(key, dossier)
        known = _place(facts, name) if may_be_known else None
        if known is None:
            full = self._full(fact, facts, dossier)
            if full is not None:
                self._leave_open(key, dossier, opened)
                return full
            verdict = ACCEPTED
            change = added(links, fact, self._definitions, self._midnight_ms)
            ahead = reach_after(fact, dossier, links, self._definitions)
            facts.append(fact)
            entry = record.encode(fact)
            dossier = dossiers.append(dossier, entry)
        else:
            gone, losers = record.plain(facts[known]), record.losers_of(facts[known])
            verdict, winner, lost = judge(gone, losers, fact)
            if winner is gone and lost == losers:
                self._leave_open(key, dossier, opened)
                return verdict
            entry = record.encode(winner, lost)
            dossier = dossiers.exchanged(dossier, facts, known, entry)
            facts = [*facts[:known], record.decode(key, entry), *facts[known + 1 :]]
            if winner is gone:
                change, ahead = {}, None
            else:
                before, links = links, Links(facts)
                change = replaced(before, links, gone, winner, self._definitions, self._midnight_ms)
                ahead = reach(links, self._definitions)
        self._dossiers[key] = dossier if ahead is None else dossiers.with_reach(dossier, ahead)
        if known is None:
            self._register.add(key, name)
        self._leave_open(key, dossier, Opened(facts, links))
        self._keep(key, name, fact, entry)
        self._cells.add_difference(change, fact.occurred_at, frontier_ms)
        return verdict

    def _leave_open(self, key: str, dossier: Dossier, opened: Opened) -> None:
        if len(dossier) >= desk.LARGE_BYTES:
            self._desk.put(key, opened)

    def _keep(self, key: str, name: str, fact: Fact, entry: bytes) -> None:
        """The entry goes to the ledger topic with the next commit."""
        self._state.append((f"{key}|{name}".encode(), record.to_value(entry)))
        if fact.occurred_at > self._greatest_ms:
            self._greatest_ms = fact.occurred_at

    def _full(self, fact: Fact, facts: list[Fact], dossier: Dossier) -> Verdict | None:
        if len(dossier) < self._roomy:
            return None
        if len(facts) >= self._limits.facts_per_debtor:
            return Verdict("limit", f"the debtor has {len(facts)} facts, as many as limits.facts_per_debtor allows")
        if fact.case_id is not None and len(facts) >= self._limits.facts_per_case:
            of_case = sum(each.case_id == fact.case_id for each in facts)
            if of_case >= self._limits.facts_per_case:
                return Verdict("limit", f"the case has {of_case} facts, as many as limits.facts_per_case allows")
        return None

    def _apply_state(self, key: str, fact: AgentState, frontier_ms: int | None) -> Verdict:
        name = record.identity(fact)
        chain = self._chains.get(key) or Chain()
        known = chain.known(fact.event_id)
        if known is None and len(chain) >= self._limits.facts_per_debtor:
            return Verdict("limit", f"the agent has {len(chain)} states, as many as limits.facts_per_debtor allows")
        if known is None and (last := chain.last()) is not None and chain.is_next(fact):
            return self._follow(key, name, chain, last, fact, frontier_ms)
        if known is None:
            gone, (verdict, winner, lost) = None, Judgement(ACCEPTED, fact, ())
        else:
            gone, losers = as_state(record.plain(known)), record.losers_of(known)
            verdict, winner, lost = judge(gone, losers, fact)
            if winner is gone and lost == losers:
                return verdict
        entry = record.encode(winner, lost)
        change = moved(chain, gone, as_state(winner), entry, self._plan.grain_ms)
        self._chains[key] = chain
        self._keep(key, name, fact, entry)
        self._cells.add_difference(change, fact.occurred_at, frontier_ms)
        return verdict

    def _follow(
        self, key: str, name: str, chain: Chain, last: AgentState, fact: AgentState, frontier_ms: int | None
    ) -> Verdict:
        """The usual case: a state that follows the last one of its agent only adds the time between."""
        entry = record.encode(fact)
        columns, end_ms = span(last, fact)
        self._cells.add_span(own_credit(last), columns, last.occurred_at, end_ms, fact.occurred_at, frontier_ms)
        chain.put(fact, entry)
        self._keep(key, name, fact, entry)
        return ACCEPTED

    def forget(self, frontier_ms: int) -> int:
        """Forgets a part of what nothing can ask for any more, under this frontier; how many facts that is.

        Every day of event time all keys are looked at, some at each call; the facts are gone with the next `take`.
        """
        forgotten = 0
        self._state += self._entities.forget(frontier_ms)
        for key in self._sweep.some(frontier_ms, self._dossiers, self._chains):
            dossier, chain = self._dossiers.get(key), self._chains.get(key)
            if dossier is not None and dossiers.kept_until(dossier) <= frontier_ms:
                forgotten += self._forget_facts(key, dossier, frontier_ms)
            if chain is not None:
                states = chain.before(frontier_ms)
                forgotten += len(states)
                for state in states:
                    chain.remove(state)
                    self._state.append((f"{key}|{record.identity(state)}".encode(), None))
        return forgotten

    def _forget_facts(self, key: str, dossier: Dossier, frontier_ms: int) -> int:
        facts = dossiers.facts(key, dossier)
        gone, until_ms = forgettable(facts, frontier_ms, self._definitions, self._midnight_ms)
        if gone:
            names = {record.identity(fact) for fact in gone}
            kept = [fact for fact in facts if record.identity(fact) not in names]
            self._state += [(f"{key}|{name}".encode(), None) for name in names]
            self._desk.take(key)
            self._register.forget(key)
            if not kept:
                del self._dossiers[key]
                return len(gone)
            dossier = dossiers.with_reach(dossiers.of(map(record.entry, kept)), dossiers.reach_of(dossier))
        self._dossiers[key] = dossiers.keep_until(dossier, until_ms)
        return len(gone)

    def _midnight_ms(self, site: str, day: str, days: int) -> int:
        return local_midnight_ms(self._plan.clock(site).zone, day, days)

    def take(self) -> Changes:
        """What changed since the last time, ready to be written in one transaction."""
        state, self._state = self._state, []
        deltas = self._cells.take(self._greatest_ms)
        self._greatest_ms = 0
        return Changes(deltas, state)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Takes back one record of the ledger topic, in the order of the topic; later ones replace earlier ones."""
        owner, _, name = key.decode().partition("|")
        if not owner:
            self._entities.restore(name, value)
            return
        self._desk.take(owner)
        entry = None if value is None else record.from_value(value)
        if record.is_state(name):
            self._restore_state(owner, name, entry)
            return
        dossier = self._dossiers.get(owner)
        if dossier is None:
            if entry is not None:
                self._dossiers[owner] = dossiers.of([entry])
        elif entry is not None and not self._register.may_hold(owner, dossier, name):
            dossier = dossiers.append(dossier, entry)
            self._register.add(owner, name)
            self._dossiers[owner] = dossier if dossiers.always_matters(dossier) else dossiers.unread(dossier)
        else:
            self._register.forget(owner)
            others = [each for each in dossiers.facts(owner, dossier) if record.identity(each) != name]
            entries = [record.entry(each) for each in others]
            if entry is not None:
                entries.append(entry)
            if entries:
                self._dossiers[owner] = dossiers.of(entries)
            else:
                del self._dossiers[owner]

    def _restore_state(self, owner: str, name: str, entry: bytes | None) -> None:
        chain = self._chains.setdefault(owner, Chain())
        known = chain.known(name[1:])
        if known is not None:
            chain.remove(known)
        if entry is not None:
            chain.put(as_state(record.decode(owner, entry)), entry)
        if not len(chain):
            del self._chains[owner]


def _read(key: str, dossier: Dossier) -> Opened:
    facts = dossiers.facts(key, dossier)
    return Opened(facts, Links(facts))


def _stands_alone(fact: Fact, dossier: Dossier | None) -> bool:
    """Whether a new fact changes nothing but its own counts."""
    kind = type(fact)
    if dossier is None:
        return kind is Call or kind is Message or kind in _ALONE
    if kind is Call:
        if dossiers.is_calm(dossier):
            return True
        call = cast("Call", fact)
        human = call.outcome == "human"
        return not dossiers.call_matters(
            dossier, call.occurred_at, is_attempt(call), human, human and reaches_debtor(call)
        )
    if kind is Message:
        message = cast("Message", fact)
        return not dossiers.call_matters(dossier, message.occurred_at, message.direction == "outbound", False, False)
    return kind in _ALONE


def _place(facts: list[Fact], name: str) -> int | None:
    """The place of the fact of this identity."""
    return next((at for at, each in enumerate(facts) if record.identity(each) == name), None)
