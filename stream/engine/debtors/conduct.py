"""What the conduct rules find of the debtors of a ledger, and what has changed since the last commit (ADR 0067).

Nothing of it is at rest: what was said of a debtor is what the rules find in the facts of the last commit. So the first
fact that may touch a rule leaves the debtor's dossier here as it is before it, and `take` judges both.

    fact ──> touches no rule ─────────────────────────────────> nothing
        ├──> a contact after all others: judged by the counts kept of its debtor (ADR 0068) ──────────┐
        └──> else the dossier as of the last commit is kept ──> take: judged before and after ──> records, contributions
             (where it is contacts alone, by counts from the first of them on)
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import islice

from stream.conduct.breaches import breaches
from stream.conduct.counts import Noted
from stream.conduct.history import History
from stream.conduct.rulebook import Rulebook
from stream.conduct.running import CALM, JUDGED, UNTOUCHED, WHOLE
from stream.conduct.standing import standings
from stream.engine.debtors.findings import COLUMN, NOTHING, ConductFinding, Findings, changes, contributed
from stream.engine.debtors.followed import FollowedDebtors
from stream.engine.debtors.following import Name, judged_alone
from stream.engine.debtors.touched import TouchedDebtor
from stream.engine.deltas.buffer import DeltaBuffer
from stream.facts.fact import Call, Case, Complaint, Fact, Message, Restriction, Visit
from stream.facts.identity import own_id
from stream.facts.printable import error_text
from stream.ledger.complaints import complaint_credit
from stream.ledger.contribution import Credit
from stream.ledger.debtor_index import DebtorIndex
from stream.ledger.definitions import Definitions
from stream.ledger.kinds import MidnightMs
from stream.ledger.store import dossier as dossiers
from stream.ledger.store.dossier import Dossier
from stream.ledger.store.held_facts import FactList
from stream.ledger.store.large_dossier import LargeDossier

_SEEN: frozenset[type[Fact]] = frozenset((Call, Message, Visit, Case, Complaint, Restriction))
_CONTACTS: frozenset[type[Fact]] = frozenset((Call, Message, Visit))
_AT_ONCE: frozenset[type[Fact]] = frozenset((Complaint, Restriction))
"""Facts that may change what was found at an instant before they occurred: an evaluation in between knows nothing of
it, so each is judged by itself. What a contact or a case event changes lies at its own instant or after it."""

NOTHING_TO_CALL, COME, AFTER = range(3)
"""What is to be called once a fact has come."""
_ONE = (COLUMN,)
PREPARED_AT_ONCE = 200
"""Debtors who are followed, judged between two turns of others; `WHOLE_COSTS`: one who is not counts for so many."""
WHOLE_COSTS = 20
DUE_AT_ONCE = 100
"""Deadlines that one commit judges, and those of the same instant as the last."""
SCHEDULED_AT_ONCE = 100
"""Debtors whose deadlines are looked up at one commit after a restore."""


class Conduct:
    """The rules at work on one ledger. Contributions go to `buffer`; `take` gives the records."""

    def __init__(
        self,
        rulebook: Rulebook,
        definitions: Definitions,
        midnight_ms: MidnightMs,
        buffer: DeltaBuffer,
        held: Mapping[str, Dossier],
    ) -> None:
        self._held = held
        self._rulebook = rulebook
        self._definitions = definitions
        self._midnight_ms = midnight_ms
        self._buffer = buffer
        self._touched: dict[str, TouchedDebtor] = {}
        self._has_deadlines = rulebook.deadlines
        self._records: list[ConductFinding] = []
        self.failures: list[str] = []
        """Why debtors could not be judged, since whoever reads this emptied it: nothing is said of them until they can
        be, at one of the next commits."""
        self._failing: set[str] = set()
        self._followed = FollowedDebtors(rulebook)
        self._complaining: set[str] = set()
        """Debtors with a complaint, if there are deadlines: whom it is credited to depends on other facts."""
        self._due: list[tuple[int, str]] = []
        """A heap of the deadlines that are not judged yet, with the debtor; some may have been met."""
        self._unscheduled: dict[str, None] = {}
        """Debtors with a complaint whose deadlines are not in `_due` yet."""
        self.judged_ms: int | None = None
        """Deadlines before it are judged, as of the last `take`."""

    @property
    def pending(self) -> int:
        """How many debtors the next `take` judges, and how many records it has already."""
        return len(self._touched) + len(self._records)

    def before(self, key: str, fact: Fact, dossier: Dossier | None, *, may_be_known: bool) -> int:
        """To be called before a fact comes to a dossier, if there is one, or a version of it is exchanged there; that
        nothing comes of it then is no harm. COME, AFTER: that is to be called once it has come."""
        if fact.debtor_id is None:
            return NOTHING_TO_CALL
        kind, touched = type(fact), self._touched.get(key)
        complaining = key in self._complaining
        if not complaining:
            if kind not in _SEEN or (kind is Complaint and not self._has_deadlines):
                return NOTHING_TO_CALL
            if not may_be_known:
                if touched is None or touched.noted is not None:
                    verdict = self._asks(key, fact, dossier)
                    if verdict == JUDGED and touched is None:
                        self._touched[key] = TouchedDebtor(dossier, Noted())
                    if verdict in (CALM, JUDGED):
                        return COME
                    if verdict == UNTOUCHED:
                        return NOTHING_TO_CALL
                elif not self._may_matter(fact):
                    return NOTHING_TO_CALL
        if touched is None:
            touched = self._touched[key] = TouchedDebtor(dossier)
        return self._before_whole(key, fact, dossier, touched, may_be_known or complaining)

    def _asks(self, key: str, fact: Fact, dossier: Dossier | None) -> int:
        try:
            return self._followed.asks(key, fact, dossier)
        except Exception:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            self._followed.drop(key)
            return WHOLE

    def _before_whole(self, key: str, fact: Fact, dossier: Dossier | None, touched: TouchedDebtor, more: bool) -> int:
        """A fact comes that is not followed. `more`: it may change what was found of others, whatever it is."""
        kind = type(fact)
        touched.is_not_followed()
        if more or kind not in _CONTACTS:
            self._followed.drop(key)
        if touched.contacts is not None:
            if kind in _CONTACTS and not more:
                touched.contacts.append(fact)
            else:
                self._judge_large(key, touched)
                touched.contacts = None
        if kind is Complaint and self._has_deadlines:
            self._complaining.add(key)
        if not (more or kind in _AT_ONCE):
            return NOTHING_TO_CALL
        self._settle(key, touched, self._found(key, dossier), 0, None)
        return AFTER

    def come(self, key: str, fact: Fact) -> None:
        """A fact has come, and `before` asked for this."""
        touched = self._touched.get(key)
        try:
            self._followed.come(key, fact, None if touched is None else touched.noted)
        except Exception:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            self._followed.drop(key)
            if touched is not None:
                touched.is_not_followed()
        if touched is not None and touched.contacts is not None and type(fact) in _CONTACTS:
            touched.contacts.append(fact)

    def after(self, key: str, dossier: Dossier, caused_ms: int, frontier_ms: int | None) -> None:
        """A fact that occurred at `caused_ms` has come under this frontier, and `before` asked for this."""
        self._settle(key, self._touched[key], self._found(key, dossier), caused_ms, frontier_ms)

    def follows(self, key: str) -> bool:
        """Whether nothing of a debtor need be judged whole at the next commit."""
        touched = self._touched.get(key)
        return touched is None or touched.noted is not None

    def prepare(self) -> bool:
        """Judges some of the debtors whom `take` would judge, until which no fact may come; True: there are more."""
        cost = 0
        for key, touched in list(self._touched.items()):
            if key in self._failing:
                continue
            if cost >= PREPARED_AT_ONCE:
                return True
            cost += 1 if touched.noted is not None else WHOLE_COSTS
            self._finish(key, touched, self.judged_ms, self.judged_ms)
        return False

    def take(self, watermark_ms: int | None) -> list[ConductFinding]:
        """The records of what has changed since the last time. Deadlines are judged that the watermark has passed: so
        many at once, the others with the next commits."""
        before_ms = self.judged_ms
        now_ms = self._schedule(watermark_ms)
        due, last_ms = 0, 0
        while self._due and now_ms is not None and self._due[0][0] < now_ms:
            if due >= DUE_AT_ONCE and self._due[0][0] > max(last_ms, before_ms or 0):
                now_ms = self._due[0][0]
                break
            last_ms, key = heappop(self._due)
            due += 1
            if key not in self._touched:
                touched = self._touched[key] = TouchedDebtor(self._held.get(key))
                self._judge_large(key, touched)
                touched.contacts = None
        self.judged_ms = now_ms
        for key, touched in list(self._touched.items()):
            self._finish(key, touched, before_ms, now_ms)
        self._followed.make_room()
        found, self._records = self._records, []
        return found

    def _finish(self, key: str, touched: TouchedDebtor, before_ms: int | None, now_ms: int | None) -> None:
        """Takes what was found of a debtor, or judges all, and keeps the records; the debtor is touched no longer."""
        if touched.noted is not None and self._taken(key, touched, touched.noted):
            return
        try:
            self._judge(key, self._held.get(key), before_ms, now_ms)
        except Exception as error:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            if key not in self._failing:
                self._failing.add(key)
                self.failures.append(error_text(error))

    def _taken(self, key: str, touched: TouchedDebtor, noted: Noted) -> bool:
        """Takes what was found of a debtor who was followed; False: all is to be judged."""
        try:
            standings = self._followed.settle(key, noted)
        except Exception:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            self._followed.drop(key)
            touched.is_not_followed()
            return False
        buffer, records = self._buffer, self._records
        for breach in noted.breaches:
            credit = breach.credit
            buffer.add_own(credit.site, credit.team, credit.agent, breach.at_ms, _ONE, ())
            if credit.queue is not None or credit.segment is not None:
                buffer.add_beside(credit, breach.at_ms, _ONE, ())
            records.append(ConductFinding(breach))
        for standing in standings:
            records.append(ConductFinding(standing))
        del self._touched[key]
        return True

    def before_forgetting(self, key: str, dossier: Dossier) -> None:
        """To be called before facts are forgotten: what was said of a debtor is found in its facts, once more."""
        touched = self._touched.get(key)
        if touched is not None and not (touched.noted is not None and self._taken(key, touched, touched.noted)):
            self._judge(key, dossier, self.judged_ms, self.judged_ms)
        self._followed.drop(key)

    def _judge(self, key: str, dossier: Dossier | None, before_ms: int | None, now_ms: int | None) -> None:
        """Judges a debtor who is touched, and keeps the records of what has changed for `take`."""
        touched, now = self._touched[key], NOTHING
        if dossier is None:
            self._judge_large(key, touched)
        else:
            facts = dossiers.facts(key, dossier)
            new = touched.names()
            if new is not None and self._came_late(key, facts, new):
                return
            history = History(self._rulebook, key, facts)
            if new is not None:
                touched.said, now = judged_alone(history, facts, new)
                touched.settled = touched.said
            else:
                self._judge_large(key, touched)
                now = self._findings(history, facts)
        self._settle(key, touched, now, 0, None)
        self._await(key, now, now_ms)
        self._records += changes(self._found(key, touched.said), before_ms, now, now_ms)
        del self._touched[key]
        self._failing.discard(key)

    def _came_late(self, key: str, facts: list[Fact], new: set[Name]) -> bool:
        """Judges a debtor to whom only contacts came, by counts; False: that is not possible."""
        try:
            followed = self._followed.again(key, facts, new)
        except Exception:  # noqa: BLE001  one debtor must never stop a partition (live 6)
            followed = None
        if followed is None:
            return False
        before, now = Findings(followed.before, {}), Findings(followed.now, {})
        difference = contributed(before, now)
        if difference:
            self._buffer.add_difference(difference, 0, None)
        self._records += changes(before, None, now, None)
        for standing in followed.standings:
            self._records.append(ConductFinding(standing))
        del self._touched[key]
        self._failing.discard(key)
        return True

    def restored(self, key: str, name: str) -> None:
        """A record of the ledger topic was read, of a fact of this identity."""
        self._followed.drop(key)
        if self._has_deadlines and name[0] == Complaint.LETTER:
            self._complaining.add(key)
            self._unscheduled[key] = None

    def erased(self, key: str) -> None:
        """Nothing is left of a debtor, and nothing more is to be said."""
        self._followed.drop(key)
        self._touched.pop(key, None)
        self._unscheduled.pop(key, None)
        self._failing.discard(key)
        self._complaining.discard(key)
        self._due = sorted(each for each in self._due if each[1] != key)
        self._records = [each for each in self._records if each.of.debtor != key]

    def findings(self, key: str, dossier: Dossier | None) -> Findings:
        """All that the rules find of a debtor now."""
        return self._judged(key, dossier)

    def _may_matter(self, fact: Fact) -> bool:
        """Whether a new fact exists for any rule, or changes what a rule finds of others."""
        if isinstance(fact, Call):
            return fact.transferred_from is None and (fact.direction == "outbound" or fact.outcome == "human")
        if isinstance(fact, Message):
            return fact.direction == "outbound"
        if isinstance(fact, Case):
            return fact.debtor_zone is not None
        return isinstance(fact, Visit | Restriction) or (self._has_deadlines and isinstance(fact, Complaint))

    def _schedule(self, watermark_ms: int | None) -> int | None:
        """Looks up deadlines after a restore; up to which instant they can be judged now, which does not go back."""
        judged_ms = self.judged_ms
        for key in list(islice(self._unscheduled, SCHEDULED_AT_ONCE)):
            del self._unscheduled[key]
            self._await(key, self._found(key, self._held.get(key)), judged_ms)
        if self._unscheduled or watermark_ms is None:
            return judged_ms
        return watermark_ms if judged_ms is None else max(watermark_ms, judged_ms)

    def _await(self, key: str, found: Findings, judged_ms: int | None) -> None:
        """Sees to it that the debtor is judged when the next deadline has passed."""
        if key in self._complaining:
            waits = [
                breach.at_ms
                for breach in found.breaches.values()
                if breach.type == Complaint.TYPE and (judged_ms is None or breach.at_ms >= judged_ms)
            ]
            if waits:
                heappush(self._due, (min(waits), key))

    def _settle(self, key: str, touched: TouchedDebtor, now: Findings, caused_ms: int, frontier_ms: int | None) -> None:
        """Adds to the buffer what has changed since the last time, as a fact that occurred at `caused_ms` did it."""
        settled = self._found(key, touched.settled)
        if touched.said is touched.settled:
            touched.said = settled
        touched.settled = now
        difference = contributed(settled, now)
        if difference:
            self._buffer.add_difference(difference, caused_ms, frontier_ms)

    def _found(self, key: str, at: Dossier | Findings | None) -> Findings:
        return at if isinstance(at, Findings) else self._judged(key, at)

    def _judged(self, key: str, dossier: Dossier | None) -> Findings:
        """What the rules find in a dossier."""
        if dossier is None:
            return NOTHING
        facts = dossiers.facts(key, dossier)
        return self._findings(History(self._rulebook, key, facts), facts)

    def _findings(self, history: History, facts: list[Fact]) -> Findings:
        return Findings(
            {breach.key: breach for breach in breaches(history, self._credits(facts))},
            {standing.key: standing for standing in standings(history)},
        )

    def _judge_large(self, key: str, touched: TouchedDebtor) -> None:
        """Judges a large dossier as it was at the last commit."""
        if isinstance(touched.said, LargeDossier):
            new = touched.names() or ()
            facts = [
                fact
                for fact in dossiers.facts(key, touched.said)
                if not isinstance(fact, Call | Message | Visit) or (fact.TYPE, own_id(fact)) not in new
            ]
            touched.said = touched.settled = self._findings(History(self._rulebook, key, facts), facts)

    def _credits(self, facts: list[Fact]) -> _Credits:
        return _Credits(facts, self._definitions, self._midnight_ms)


class _Credits:
    """Who is credited with a complaint. The facts are indexed only if it is asked."""

    def __init__(self, facts: list[Fact], definitions: Definitions, midnight_ms: MidnightMs) -> None:
        self._facts = facts
        self._definitions = definitions
        self._midnight_ms = midnight_ms
        self._index: DebtorIndex | None = None

    def __call__(self, complaint: Complaint) -> Credit:
        if self._index is None:
            self._index = DebtorIndex(FactList(self._facts), self._definitions, self._midnight_ms)
            self._index.take_in_all()
        return complaint_credit(self._index, complaint)
