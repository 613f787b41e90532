"""Scores once more, straight from the configuration as it is written and the sentences of docs/scores.md.

Slow and plain: everything is computed from nothing at each question. It knows months, agents and one site.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

Json = dict[str, Any]
Ask = tuple[str, int]
"""Who, and the number of the month."""

LOWER = {"complaint_rate"}
PLAIN = {"visits", "dials"}


def number(value: Any) -> Fraction:
    return Fraction(str(value))


class Oracle:
    """`kpis`: (agent or "main", month) -> KPI -> its parts; `marks`: -> indicator -> its value."""

    def __init__(self, config: Json, kpis: dict[Ask, Json], marks: dict[Ask, Json]) -> None:
        self.config, self.kpis, self.marks = config, kpis, marks
        self._scores: dict[Any, Fraction | None] = {}

    def value(self, source: Json, who: str, month: int) -> Fraction | None:
        if "indicator" in source:
            found = self.marks.get((who, month), {}).get(source["indicator"])
            return None if found is None else Fraction(found)
        listed, kpi = self.kpis.get((who, month), {}), source["kpi"]
        if kpi in PLAIN:
            return Fraction(listed.get(kpi, 0))
        above, below = listed.get(kpi, (0, 0))
        return Fraction(above, below) * (1000 if kpi in LOWER else 1) if below else None

    def bound(self, bound: Any, source: Json, who: str, month: int) -> Fraction | None:
        if not isinstance(bound, dict):
            return number(bound)
        if "of" in bound:
            return self.value(source, "main", month)
        month -= bound["before"]
        if "kpi" in source and not self.has_record(who, month):
            return None
        return self.value(source, who, month)

    def has_record(self, who: str, month: int) -> bool:
        return bool(self.kpis.get((who, month)))

    def target(self, source: Json, who: str, month: int) -> Fraction | None:
        """The target in place, else the one that the section `targets` gives."""
        return self.bound(source["target"], source, who, month) if "target" in source else None

    def there(self, definition: Json, month: int) -> list[str]:
        named = str(definition)
        agents = {who for who, at in [*self.kpis, *self.marks] if at == month and who != "main"}
        return sorted(
            who
            for who in agents
            if self.kpis.get((who, month)) or any(f"'{name}'" in named for name in self.marks.get((who, month), {}))
        )

    def points(self, part: Json, who: str, month: int, everybody: list[str]) -> tuple[Fraction, bool]:
        """(points, whether there is a number)."""
        ((kind, scoring),) = part["scoring"].items()
        weight, value = number(part["weight"]), self.value(part, who, month)
        lower = part.get("better", "lower" if part.get("kpi") in LOWER else "higher") == "lower"
        if value is None:
            return Fraction(0), False
        if kind == "attainment":
            target = self.target(part, who, month)
            if not target:
                return Fraction(0), False
            quotient = value / target
            low, high = scoring.get("floor", 0), scoring.get("cap")
            if low is not None and quotient < number(low):
                quotient = number(low)
            if high is not None and quotient > number(high):
                quotient = number(high)
            return weight * quotient, True
        if kind == "steps":
            got = Fraction(0)
            for bound, points in scoring:
                if value <= number(bound) if lower else value >= number(bound):
                    got = number(points)
            return got, True
        if kind == "deduct":
            limit = self.bound(scoring["limit"], part, who, month)
            if limit is None:
                return Fraction(0), False
            over = max(Fraction(0), limit - value if scoring.get("of") == "below" else value - limit)
            steps = over / number(scoring.get("per", 1))
            how = scoring.get("steps", "whole")
            steps = Fraction(floor(steps)) if how == "whole" else Fraction(ceil(steps)) if how == "begun" else steps
            got = weight - number(scoring.get("points", 1)) * steps
            return (max(got, number(scoring["floor"])) if "floor" in scoring else got), True
        if kind == "linear":
            (x0, p0), (x1, p1) = ([number(each) for each in end] for end in (scoring["from"], scoring["to"]))
            along = min(max((value - x0) / (x1 - x0), Fraction(0)), Fraction(1))
            return p0 + (p1 - p0) * along, True
        values = [each for each in (self.value(part, other, month) for other in everybody) if each is not None]
        ahead = sum(each < value if scoring.get("order") == "lowest" else each > value for each in values)
        equal = values.count(value)
        listed = [number(each) for each in scoring["points"]]
        of_places = [listed[min(place, len(listed) - 1)] for place in range(ahead, ahead + equal)]
        ties = scoring.get("ties", "best")
        return (
            of_places[0]
            if ties == "best"
            else of_places[-1]
            if ties == "worst"
            else sum(of_places, Fraction(0)) / equal
        ), True

    def missed(self, definition: Json, who: str, month: int, default: str) -> list[Json]:
        found = []
        for gate in definition.get("gates", ()):
            value = self.value(gate, who, month)
            bounds = {side: self.bound(gate[side], gate, who, month) for side in ("below", "above") if side in gate}
            if value is None or None in bounds.values():
                failed = gate.get("if_no_data", default) == "missed"
            else:
                under = "below" in bounds and value < (bounds["below"] or 0)
                failed = under or ("above" in bounds and value > (bounds["above"] or 0))
            if failed:
                found.append(gate["effect"])
        return found

    def factors(self, definition: Json, who: str, month: int) -> Fraction:
        product = Fraction(1)
        for factor in definition.get("factors", ()):
            value = self.value(factor, who, month)
            full = 0 if value is None else floor(value / number(factor.get("per", 1)))
            got = number(factor["start"]) + number(factor["change"]) * full
            got = max(got, number(factor["floor"])) if "floor" in factor else got
            product *= min(got, number(factor["ceiling"])) if "ceiling" in factor else got
        return product

    def applies(self, section: str, name: str, month: int) -> Json | None:
        key = section.removesuffix("s")
        fitting = [
            each
            for each in self.config.get(section, ())
            if each[key] == name and not each.get("trial") and int(each["from"][5:7]) <= month
        ]
        return max(fitting, key=lambda each: str(each["from"]), default=None)

    def score(self, card: Json, who: str, month: int) -> Fraction | None:
        asked = (card["version"], who, month)
        if asked not in self._scores:
            self._scores[asked] = self._score(card, who, month)
        return self._scores[asked]

    def _score(self, card: Json, who: str, month: int) -> Fraction | None:
        everybody = self.there(card, month)
        if who not in everybody:
            return None
        got = {part["component"]: self.points(part, who, month, everybody) for part in card["components"]}
        weights = {part["component"]: number(part["weight"]) for part in card["components"]}
        away = {
            part["component"]
            for part in card["components"]
            if part.get("if_no_data") == "redistribute" and not got[part["component"]][1]
        }
        left = sum(weight for name, weight in weights.items() if name not in away)
        times = Fraction(1) if not away else Fraction(sum(weights.values()), left) if left else Fraction(0)
        effects = self.missed(card, who, month, "passed")
        total = Fraction(0)
        for name, (points, _) in got.items():
            if not any(effect.get("void") == "all" or name in effect.get("void", ()) for effect in effects):
                total += points * times
        total *= self.factors(card, who, month)
        for effect in effects:
            total *= number(effect.get("factor", 1))
        return min([total, *(number(effect["cap"]) for effect in effects if "cap" in effect)])

    def place(self, card: Json, who: str, month: int) -> int:
        mine = self.score(card, who, month)
        return 1 + sum((self.score(card, other, month) or 0) > (mine or 0) for other in self.there(card, month))

    def flags(self, card: Json, who: str, month: int) -> list[str]:
        found = []
        for streak in card.get("streaks", ()):
            holds = True
            for back in range(streak["periods"]):
                version = card if not back else self.applies("scorecards", card["scorecard"], month - back)
                score = None if version is None else self.score(version, who, month - back)
                if score is None or version is None:
                    holds = False
                elif "place" in streak:
                    holds &= self.place(version, who, month - back) >= streak["place"]
                else:
                    holds &= score < number(streak["below"])
            if holds:
                found.append(streak["flag"])
        return found

    def reached(self, payout: Json, who: str, month: int) -> tuple[Fraction | None, Fraction | None]:
        """(R, a)."""
        basis = payout["basis"]
        if "scorecard" in basis:
            card = self.applies("scorecards", basis["scorecard"], month)
            return None, None if card is None else self.score(card, who, month)
        amount, target = self.value(basis, who, month), self.target(basis, who, month)
        return amount, None if amount is None or not target else amount / target

    def pay(self, payout: Json, who: str, month: int) -> Fraction:
        amount, reached = self.reached(payout, who, month)
        share = Fraction(1)
        if "base_share" in payout and reached is not None:
            share = Fraction(0)
            for bound, given in payout["base_share"]:
                share = number(given) if reached >= number(bound) else share
        base = number(payout.get("base", 0)) * share
        for streak in payout.get("streaks", ()):
            months = [month - back for back in range(streak["periods"])]
            all_under = all(
                (a := self.reached(payout, who, each)[1]) is not None
                and a < number(streak["below"])
                and self.has_record(who, each)
                for each in months
            )
            if all_under and "base_amount" in streak["then"]:
                base = number(streak["then"]["base_amount"])
            elif all_under:
                base = number(payout.get("base", 0)) * number(streak["then"]["base_share"])
        commission = Fraction(0)
        rule = payout.get("commission")
        if rule and amount is not None:
            commission = self.commission(payout, who, month, amount, reached)
        parts = {
            "base": base,
            "commission": commission * self.factors(payout, who, month),
            "allowance": number(payout.get("allowance", 0)),
        }
        effects = self.missed(payout, who, month, "missed")
        for effect in effects:
            for name in parts:
                if effect.get("void") == "all" or name in effect.get("void", ()):
                    parts[name] = Fraction(0)
        total = sum(parts.values(), Fraction(0))
        for effect in effects:
            total *= number(effect.get("factor", 1))
        return min([total, *(Fraction(effect["cap_amount"]) for effect in effects if "cap_amount" in effect)])

    def commission(self, payout: Json, who: str, month: int, amount: Fraction, reached: Fraction | None) -> Fraction:
        rule, target = payout["commission"], self.target(payout["basis"], who, month)
        if rule.get("by") == "amount":
            reached, target = amount, Fraction(1)
        if reached is None or target is None:
            return Fraction(0)
        steps = [(number(bound), number(rate)) for bound, rate in rule["steps"]]
        if reached < steps[0][0]:
            return Fraction(0)
        while "then_every" in rule and steps[-1][0] <= reached:  # further steps, one by one
            steps.append(
                (steps[-1][0] + number(rule["then_every"]["step"]), steps[-1][1] + number(rule["then_every"]["rate"]))
            )
        if rule.get("reading", "whole") == "whole":
            if "of" in rule:
                amount = self.value(rule["of"], who, month) or Fraction(0)
            return amount * [rate for bound, rate in steps if bound <= reached][-1]
        total, below = Fraction(0), Fraction(0)
        for place, (_, rate) in enumerate(steps):
            end = min(amount, steps[place + 1][0] * target) if place + 1 < len(steps) else amount
            if end > below:
                total += (end - below) * rate
                below = end
        return total


def half_away(value: Fraction, places: int = 0) -> Fraction:
    """Rounded to so many places, halves away from zero."""
    scaled = abs(value) * 10**places
    whole = floor(scaled + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**places)
