"""What a rule on a target compares (alerting 1): the attainment or the pace of the entity's target (scores 1)."""

from fractions import Fraction

from stream.alerts.rules import Rule
from stream.kpis.kpi import Kpi
from stream.kpis.targets import Targets
from stream.kpis.value import OK, rate

Span = tuple[int, int]
"""[start, end) of a window, in ms."""


REMEMBERED = 10_000


class Goal:
    """The targets of one rule's KPI. `least`: the KPI's minimum sample; what has fewer has no attainment."""

    def __init__(self, rule: Rule, kpi: Kpi, targets: Targets, least: int) -> None:
        self._rule = rule
        self._targets = targets
        self._what = (rule.kpi, rule.currency or "")
        self._factor = kpi.factor
        self._least = least
        self._shares: dict[tuple[str, Span, int], tuple[int, int]] = {}
        self.moves = rule.on == "pace" and kpi.denominator is None
        """Whether time alone moves it, since what should be reached by now grows."""

    def value(self, text: str, parts: tuple[int, int | None], span: Span, at_ms: int) -> Fraction | None:
        """The compared value of an entity (`site|level|id`) at an evaluation; None where it is undefined."""
        target = self._targets.of_record(text, self._rule.window, span[0]).get(self._what)
        if not target:
            return None
        numerator, denominator = parts
        if denominator is not None:
            if rate(numerator, denominator, self._factor, self._least)[1] != OK:
                return None
            return Fraction(numerator * self._factor, denominator) / target
        attainment = Fraction(numerator) / target
        if not self.moves:
            return attainment
        elapsed_ms, whole_ms = self._share(text.partition("|")[0], span, at_ms)
        return attainment * Fraction(whole_ms, elapsed_ms) if elapsed_ms else None

    def breached(self, value: Fraction | None, firing: bool) -> bool:
        """Whether this value breaches the rule; once the alert is firing, `exit` decides."""
        if value is None:
            return False
        level = Fraction(*(self._rule.exit if firing else self._rule.threshold))
        return value > level if self._rule.above else value < level

    def turns_ms(
        self, text: str, parts: tuple[int, int | None], span: Span, at_ms: int, firing: bool, pane_ms: int
    ) -> int | None:
        """The first evaluation after `at_ms`, in this window, that may find otherwise with the same sums; None: none.

        As time goes on the pace of the same sums moves one way only, so that it turns once at most."""
        if not self.moves or not self._targets.of_record(text, self._rule.window, span[0]).get(self._what):
            return None
        site = text.partition("|")[0]
        is_defined = self._share(site, span, at_ms)[0] > 0
        now = self.breached(self.value(text, parts, span, at_ms), firing)

        def has_turned(at_ms: int) -> bool:
            if not is_defined:
                return self._share(site, span, at_ms)[0] > 0
            return self.breached(self.value(text, parts, span, at_ms), firing) != now

        low, high = at_ms // pane_ms, -(-span[1] // pane_ms)
        if low >= high or not has_turned(high * pane_ms):
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if has_turned(middle * pane_ms) else (middle, high)
        return high * pane_ms

    def _share(self, site: str, span: Span, at_ms: int) -> tuple[int, int]:
        """Elapsed and all working time of a window: the same for all entities of a site, which ask one by one."""
        asked = (site, span, at_ms)
        found = self._shares.get(asked)
        if found is None:
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            found = self._shares[asked] = self._targets.share(site, *span, at_ms)
        return found
