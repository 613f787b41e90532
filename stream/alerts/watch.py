"""A rule made ready for evaluation: which columns it reads, and when a window breaches it (definitions 7)."""

from collections.abc import Mapping

from stream.alerts.goal import Goal
from stream.alerts.record import Parts, card_of
from stream.alerts.rules import Rule
from stream.kpis.catalogue import CATALOGUE
from stream.kpis.kpi import why_not_at
from stream.kpis.records import read_columns
from stream.kpis.targets import Targets
from stream.windows.plan import WindowPlan
from stream.windows.sums import Sums

NO_MINIMA: Mapping[str, int] = {}


class Watch:
    """One rule with the columns that it reads, and of a rule on a target the targets. ValueError: its KPI is unknown or
    does not exist at its level, or its currency is missing or out of place."""

    def __init__(
        self,
        rule: Rule,
        plan: WindowPlan,
        targets: Targets | None = None,
        minimum_sample: Mapping[str, int] = NO_MINIMA,
    ) -> None:
        kpi = CATALOGUE.get(rule.kpi)
        if kpi is None:
            raise ValueError(f"rule {rule.rule}: unknown KPI {rule.kpi!r}")
        if reason := why_not_at(kpi, rule.level):
            raise ValueError(f"rule {rule.rule}: KPI {rule.kpi} {reason}")
        if kpi.per_currency != (rule.currency is not None):
            raise ValueError(f"rule {rule.rule}: KPI {rule.kpi} {'needs a' if kpi.per_currency else 'has no'} currency")
        self.rule = rule
        self.since_ms: int | None = None
        """The rule judges nothing that lies before, since not all of it is known; None: all is."""
        self.length_ms: int | None = dict(plan.rolling).get(rule.window)
        """Length of a rolling window; None for a tumbling one."""
        self.numerator, self.denominator = read_columns(kpi, rule.currency)
        self.columns = frozenset(self.numerator + (self.denominator or ()))
        self._factor = kpi.factor
        self.goal: Goal | None = None
        """What it compares, where that is no value but attainment or pace."""
        if rule.on != "value":
            self.goal = Goal(rule, kpi, targets or Targets(), minimum_sample.get(rule.kpi, 1))
        self.card = card_of(rule, self.denominator is None)
        self.denominator_min = self.card.denominator_min
        entities = None if rule.entities is None else sorted(rule.entities)
        self.scope = str((rule.level, rule.window, *sorted(self.columns), entities))
        """What it looks at, as text. A rule whose scope no rule had before begins with what the windows hold
        (`adoption.py`)."""

    def parts(self, sums: Mapping[str, int] | None) -> Parts:
        """Numerator and denominator in a window; None: no window holds the instant, so there is no data."""
        held = sums or {}
        numerator = sum([held.get(name, 0) for name in self.numerator])
        if self.denominator is None:
            return numerator, None
        return numerator, sum([held.get(name, 0) for name in self.denominator])

    @property
    def no_data(self) -> Parts:
        """What a record says where there is no value."""
        return 0, None if self.denominator is None else 0

    def breached(self, parts: Parts, firing: bool) -> bool:
        """Whether a window with these parts breaches the rule; once the alert is firing, `exit` decides."""
        numerator, denominator = parts
        if denominator is None:
            denominator = 1
        elif denominator < max(1, self.rule.min_denominator):
            return False
        level, scale = self.rule.exit if firing else self.rule.threshold
        value, limit = numerator * self._factor * scale, level * denominator
        return value > limit if self.rule.above else value < limit

    def breached_by_silence(self, firing: bool) -> bool:
        """Whether an empty window breaches it: only a count or amount can."""
        if self.goal is not None:
            return False  # it is looked at when each window begins
        return self.denominator is None and self.breached((0, None), firing)

    def value(self, parts: Parts) -> float | None:
        """The value in the KPI's unit, the nearest double; None where the denominator is 0."""
        numerator, denominator = parts
        if denominator is None:
            return numerator
        return numerator * self._factor / denominator if denominator else None


def watched_columns(rules: tuple[Rule, ...], plan: WindowPlan) -> frozenset[str]:
    """The columns that any rule reads: the debtor stage sends their rows even where they come to 0 (live 5)."""
    return frozenset().union(*(Watch(rule, plan).columns for rule in rules))


def view_of(sums: Sums, columns: frozenset[str]) -> Sums:
    """The part of `sums` that lies in `columns`, zeros included."""
    return {name: sums[name] for name in columns.intersection(sums)}
