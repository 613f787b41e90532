"""Stage 1: one number's ledger. Facts go in, deltas and state come out; the same live, in replay and in tests."""

from __future__ import annotations

from typing import NamedTuple

from stream.engine.cells import Cells
from stream.facts.fact import AgentState, BotSession, Call, Fact, Message, QualityReview, Restriction, Survey
from stream.facts.identity import expected_key
from stream.ledger import dossier as dossiers
from stream.ledger import record
from stream.ledger.calls import is_attempt, reaches_debtor
from stream.ledger.chain import Chain, as_state, moved
from stream.ledger.contribution import own_credit
from stream.ledger.definitions import Definitions, Limits
from stream.ledger.desk import LARGE_BYTES, Desk, Opened
from stream.ledger.difference import added, replaced
from stream.ledger.judge import ACCEPTED, TOO_LATE, Judgement, Verdict, judge
from stream.ledger.links import Links
from stream.ledger.own import own_columns
from stream.ledger.reach import reach, reach_after
from stream.ledger.states import span
from stream.windows.calendar import local_midnight_ms
from stream.windows.measures import UNASSIGNED
from stream.windows.plan import WindowPlan

_ALONE: frozenset[type[Fact]] = frozenset({QualityReview, Survey, BotSession, Restriction})
"""Types that nothing else depends on."""
_ALONE_LETTERS = frozenset(kind.LETTER for kind in _ALONE)


def _read(dossier: bytearray, wanted: str) -> Opened:
    """The facts that the fold reads, and the one of identity `wanted`."""
    entries = {
        name: record.decode(name, value)
        for name, value in dossiers.records(dossier)
        if name[0] not in _ALONE_LETTERS or name == wanted
    }
    return Opened(entries, Links(fact for fact, _ in entries.values()))


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
        self._dossiers: dict[str, bytearray] = {}
        self._chains: dict[str, Chain] = {}
        self._desk = Desk()
        self._cells = Cells(number, plan.grain_ms, watched)
        self._state: dict[str, bytes] = {}
        self._greatest_ms = 0

    def knows(self, key: str) -> bool:
        """Whether the ledger holds anything of a key."""
        return key in self._dossiers or key in self._chains

    def keys(self) -> int:
        """How many keys (debtors, mostly) the ledger holds."""
        return len(self._dossiers) + len(self._chains)

    def apply(self, fact: Fact, frontier_ms: int | None = None) -> Verdict:
        """Takes an event in; the verdict says what became of it. An exception leaves everything as it was.

        `frontier_ms`: watermark less the correction horizon; what occurred before it is too late. None: no horizon.
        """
        if frontier_ms is not None and fact.occurred_at < frontier_ms:
            return TOO_LATE
        key = fact.debtor_id or expected_key(fact)
        if type(fact) is AgentState:
            return self._apply_state(key, fact, frontier_ms)
        name = record.identity(fact)
        mark = dossiers.token(name)
        dossier = self._dossiers.get(key)
        if self._stands_alone(fact, mark, dossier):
            value = record.encode(fact)
            ones, amounts = own_columns(fact, self._definitions)
            if dossier is None:
                dossier = self._dossiers[key] = bytearray(dossiers.NOTHING)
            dossiers.append(dossier, mark, value)
            if len(dossier) >= LARGE_BYTES and (opened := self._desk.take(key)) is not None:
                opened.entries[name] = (fact, ())
                opened.links.add(fact)
                self._desk.put(key, opened)
            self._state[f"{key}|{name}"] = value
            site = fact.site_id or ""
            team, agent = fact.team_id or UNASSIGNED, fact.agent_id or UNASSIGNED
            self._cells.add_own(site, team, agent, fact.occurred_at, ones, amounts)
            if fact.occurred_at > self._greatest_ms:
                self._greatest_ms = fact.occurred_at
            return ACCEPTED
        return self._apply_linked(key, name, fact, dossier, frontier_ms)

    def _stands_alone(self, fact: Fact, mark: bytes, dossier: bytearray | None) -> bool:
        """Whether a fact is new, and changes nothing but its own counts."""
        kind = type(fact)
        if dossier is None:
            return kind is Call or kind is Message or kind in _ALONE
        if mark in dossier or len(dossier) >= self._roomy:
            return False
        if kind is Call:
            human = fact.outcome == "human"  # type: ignore[union-attr]
            return not dossiers.call_matters(
                dossier,
                fact.occurred_at,
                attempt=is_attempt(fact),  # type: ignore[arg-type]
                human=human,
                right_party=human and reaches_debtor(fact),  # type: ignore[arg-type]
            )
        if kind is Message:
            outbound = fact.direction == "outbound"  # type: ignore[union-attr]
            return not dossiers.call_matters(
                dossier, fact.occurred_at, attempt=outbound, human=False, right_party=False
            )
        return kind in _ALONE

    def _apply_linked(
        self, key: str, name: str, fact: Fact, dossier: bytearray | None, frontier_ms: int | None
    ) -> Verdict:
        if dossier is None:
            dossier = bytearray(dossiers.NOTHING)
        entries, links = opened = self._open(key, dossier, name)
        known = entries.get(name)
        if known is None:
            full = self._full(fact, dossier)
            if full is not None:
                self._leave_open(key, dossier, opened)
                return full
            verdict, winner, losers = Judgement(ACCEPTED, fact, ())
            change = added(links, fact, self._definitions, self._midnight_ms)
            ahead = reach_after(fact, dossiers.reach_of(dossier), links, self._definitions)
            entries[name] = (winner, losers)
        else:
            verdict, winner, losers = judge(*known, fact)
            if winner is known[0] and losers == known[1]:
                self._leave_open(key, dossier, opened)
                return verdict
            entries[name] = (winner, losers)
            before, links = links, Links(each for each, _ in entries.values())
            change = replaced(before, links, known[0], winner, self._definitions, self._midnight_ms)
            ahead = reach(links, self._definitions)
        value = record.encode(winner, losers)
        if known is None:
            dossiers.append(dossier, dossiers.token(name), value)
        else:
            dossier = dossiers.replaced(dossier, name, value)
        dossiers.set_reach(dossier, ahead)
        self._dossiers[key] = dossier
        self._leave_open(key, dossier, Opened(entries, links))
        self._state[f"{key}|{name}"] = value
        self._cells.add_difference(change, fact.occurred_at, frontier_ms)
        self._greatest_ms = max(self._greatest_ms, fact.occurred_at)
        return verdict

    def _open(self, key: str, dossier: bytearray, name: str) -> Opened:
        # Taken off the desk while it changes, so that an exception leaves nothing half done there.
        opened = self._desk.take(key)
        if opened is None or (name[0] in _ALONE_LETTERS and name not in opened.entries):
            return _read(dossier, name)
        return opened

    def _leave_open(self, key: str, dossier: bytearray, opened: Opened) -> None:
        if len(dossier) >= LARGE_BYTES:
            self._desk.put(key, opened)

    def _full(self, fact: Fact, dossier: bytearray) -> Verdict | None:
        if len(dossier) < self._roomy:
            return None
        facts = [record.decode(name, value)[0] for name, value in dossiers.records(dossier)]
        if len(facts) >= self._limits.facts_per_debtor:
            return Verdict("limit", f"the debtor has {len(facts)} facts, as many as limits.facts_per_debtor allows")
        if fact.case_id is not None and len(facts) >= self._limits.facts_per_case:
            of_case = sum(each.case_id == fact.case_id for each in facts)
            if of_case >= self._limits.facts_per_case:
                return Verdict("limit", f"the case has {of_case} facts, as many as limits.facts_per_case allows")
        return None

    def _apply_state(self, key: str, fact: AgentState, frontier_ms: int | None) -> Verdict:
        chain = self._chains.get(key) or Chain()
        known = chain.known(fact.event_id)
        if known is None and len(chain) >= self._limits.facts_per_debtor:
            return Verdict("limit", f"the agent has {len(chain)} states, as many as limits.facts_per_debtor allows")
        if known is None and (last := chain.last()) is not None and chain.is_next(fact):
            return self._follow(key, chain, last, fact, frontier_ms)
        gone = known[0] if known else None
        verdict, winner, losers = Judgement(ACCEPTED, fact, ()) if known is None else judge(*known, fact)
        if known is not None and winner is gone and losers == known[1]:
            return verdict
        value = record.encode(winner, losers)
        change = moved(chain, None if gone is None else as_state(gone), as_state(winner), value, self._plan.grain_ms)
        self._keep_state(key, chain, fact, value)
        self._cells.add_difference(change, fact.occurred_at, frontier_ms)
        return verdict

    def _follow(self, key: str, chain: Chain, last: AgentState, fact: AgentState, frontier_ms: int | None) -> Verdict:
        """The usual case: a state that follows the last one of its agent only adds the time between."""
        value = record.encode(fact)
        columns, end_ms = span(last, fact)
        chain.put(fact, value)
        self._keep_state(key, chain, fact, value)
        self._cells.add_span(own_credit(last), columns, last.occurred_at, end_ms, fact.occurred_at, frontier_ms)
        return ACCEPTED

    def _keep_state(self, key: str, chain: Chain, fact: AgentState, value: bytes) -> None:
        self._chains[key] = chain
        self._state[f"{key}|{record.identity(fact)}"] = value
        self._greatest_ms = max(self._greatest_ms, fact.occurred_at)

    def _midnight_ms(self, site: str, day: str, days: int) -> int:
        return local_midnight_ms(self._plan.clock(site).zone, day, days)

    def take(self) -> Changes:
        """What changed since the last time, ready to be written in one transaction."""
        state: list[tuple[bytes, bytes | None]] = [(key.encode(), value) for key, value in self._state.items()]
        self._state = {}
        deltas = self._cells.take(self._greatest_ms)
        self._greatest_ms = 0
        return Changes(deltas, state)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Takes back one record of the ledger topic, in the order of the topic; later ones replace earlier ones."""
        owner, _, name = key.decode().partition("|")
        self._desk.take(owner)
        if record.is_state(name):
            self._restore_state(owner, name, value)
            return
        dossier = self._dossiers.get(owner)
        mark = dossiers.token(name)
        if dossier is not None and mark in dossier:
            dossier = self._dossiers[owner] = dossiers.replaced(dossier, name, None)
        if value is not None:
            if dossier is None:
                dossier = self._dossiers[owner] = bytearray(dossiers.UNREAD)
            dossiers.append(dossier, mark, value)
            dossier[: len(dossiers.UNREAD)] = dossiers.UNREAD
        elif dossier is not None and dossiers.is_empty(dossier):
            del self._dossiers[owner]

    def _restore_state(self, owner: str, name: str, value: bytes | None) -> None:
        chain = self._chains.setdefault(owner, Chain())
        known = chain.known(name[1:])
        if known is not None:
            chain.remove(as_state(known[0]))
        if value is not None:
            chain.put(as_state(record.decode(name, value)[0]), value)
        if not len(chain):
            del self._chains[owner]
