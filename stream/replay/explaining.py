"""The facts behind one KPI value: its contributions and the facts that decided each, from the ledger's own fold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stream.conduct.breach import Breach
from stream.conduct.rulebook import Rulebook
from stream.facts.fact import Fact
from stream.kpis.catalogue import Kpi
from stream.kpis.records import read_columns
from stream.ledger.contribution import Credit
from stream.ledger.definitions import Definitions
from stream.ledger.whole import emit_whole
from stream.replay.conduct import BreachFinder
from stream.replay.fact_store import FactStore
from stream.windows.calendar import day_begins
from stream.windows.plan import WindowPlan
from stream.windows.shifts import Shifts


class ExplainedContribution(NamedTuple):
    """An amount added to a column at an instant, and the facts that decided it, the one that it is about first.
    `breach`: of a conduct rule, where that is what is counted."""

    instant_ms: int
    column: str
    amount: int
    because: tuple[Fact, ...]
    breach: Breach | None = None


@dataclass(frozen=True)
class Question:
    """Which value is asked about: a KPI (in `currency`, if it is per currency) of an entity, `[start_ms, end_ms)`."""

    kpi: Kpi
    currency: str | None
    site: str
    level: str
    entity: str
    start_ms: int
    end_ms: int

    @property
    def numerator(self) -> tuple[str, ...]:
        """Columns that add up to the numerator."""
        return read_columns(self.kpi, self.currency)[0]

    @property
    def denominator(self) -> tuple[str, ...] | None:
        """Columns that add up to the denominator; None for counts and amounts."""
        return read_columns(self.kpi, self.currency)[1]

    def concerns(self, credit: Credit) -> bool:
        """Whether what goes to `credit` counts for the entity."""
        if credit.site != self.site:
            return False
        return self.level == "site" or credit._asdict()[self.level] == self.entity


def contributions(
    store: FactStore, question: Question, definitions: Definitions, plan: WindowPlan, rulebook: Rulebook | None = None
) -> list[ExplainedContribution]:
    """Every contribution to the value, in the order of their instants."""
    return answers(store, [question], definitions, plan, rulebook)[0]


def answers(
    store: FactStore,
    questions: Sequence[Question],
    definitions: Definitions,
    plan: WindowPlan,
    rulebook: Rulebook | None = None,
) -> list[list[ExplainedContribution]]:
    """`contributions` of each question; the facts are folded once for all of them. `rulebook`: the conduct rules.

    What counts after the pane that holds the greatest event time is left out, as `replay` leaves it out.
    """
    known_ms = 0 if store.greatest_ms is None else (store.greatest_ms // plan.pane_ms + 1) * plan.pane_ms
    collector = _Collector([replace(each, end_ms=min(each.end_ms, known_ms)) for each in questions])
    shifts, midnight_ms = Shifts(plan), day_begins(plan)
    findings = None if rulebook is None else BreachFinder(rulebook, definitions, plan)
    for facts in store.groups():
        emit_whole(facts, definitions, shifts, midnight_ms, plan.grain_ms, collector)
        if findings is not None:
            for breach, because in findings.explained(facts) if collector.asks("conduct_breaches") else ():
                collector.add(
                    breach.credit, ExplainedContribution(breach.at_ms, "conduct_breaches", 1, because, breach)
                )
    return [sorted(found, key=_order) for found in collector.found]


def _order(each: ExplainedContribution) -> tuple[int, str, str, str]:
    rule = "" if each.breach is None else each.breach.key
    return each.instant_ms, each.because[0].event_id, each.column, rule


class _Collector:
    """Keeps the contributions that the questions are about (the `Emit` protocol)."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.found: list[list[ExplainedContribution]] = [[] for _ in questions]
        self._of_column: dict[str, list[tuple[int, Question]]] = {}
        for index, question in enumerate(questions):
            for column in {*question.numerator, *(question.denominator or ())}:
                self._of_column.setdefault(column, []).append((index, question))

    def __call__(self, credit: Credit, column: str, instant_ms: int, amount: int, *because: Fact) -> None:
        if column in self._of_column:
            self.add(credit, ExplainedContribution(instant_ms, column, amount, because))

    def asks(self, column: str) -> bool:
        """Whether any question is about a column."""
        return column in self._of_column

    def add(self, credit: Credit, each: ExplainedContribution) -> None:
        """Keeps a contribution for the questions that are about it."""
        for index, question in self._of_column.get(each.column, ()):
            if each.amount and question.start_ms <= each.instant_ms < question.end_ms and question.concerns(credit):
                self.found[index].append(each)
