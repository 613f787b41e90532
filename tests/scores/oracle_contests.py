"""Contests and volume rewards once more, from the sentences of docs/scores.md, section 4: days of one site's agents."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from operator import ge, gt, le, lt
from typing import Any

from tests.scores.oracle import LOWER, Json, Oracle, number

MEETS = {"at_least": ge, "at_most": le, "above": gt, "below": lt}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ContestOracle(Oracle):
    """Beside an `Oracle` whose months are the days of April."""

    def begins(self, definition: Json, day: int) -> bool:
        on = f"2026-04-{day:02d}"
        if not (str(definition["from"]) <= on and ("until" not in definition or on < str(definition["until"]))):
            return False
        calendar = self.config["calendar"]
        of_week = WEEK[date(2026, 4, day).weekday()] in calendar["workdays"]
        is_workday = on in calendar["extra_workdays"] or (of_week and on not in calendar["holidays"])
        return is_workday or not definition.get("workdays_only")

    def the_version(self, section: str, name: str | None, day: int) -> Json | None:
        key, on = section.removesuffix("s"), f"2026-04-{day:02d}"
        fitting = [
            each for each in self.config[section]
            if each[key] == name and not each.get("trial") and str(each["from"]) <= on
            and ("until" not in each or on < str(each["until"]))
        ]  # fmt: skip
        return max(fitting, key=lambda each: str(each["from"]), default=None)

    def computed(self, section: str, day: int) -> list[Json]:
        key = section.removesuffix("s")
        return [
            each for each in self.config[section]
            if self.begins(each, day) and (each.get("trial") or self.the_version(section, each[key], day) is each)
        ]  # fmt: skip

    def named(self, name: str, who: str, day: int) -> Fraction:
        source = {"indicator": name} if name in self.config["indicators"] else {"kpi": name}
        return self.value(source, who, day) or Fraction(0)

    def placed(self, contest: Json, day: int) -> dict[str, tuple[Fraction, Fraction]]:
        """Who is placed -> value and what decides between equal values."""
        found = {}
        for who in self.there(contest, day) if self.begins(contest, day) else ():
            value = self.value(contest, who, day)
            enough = all(
                self.named(name, who, day) >= number(least) for name, least in contest.get("minimum", {}).items()
            )
            if value is not None and enough:
                ties = contest.get("ties")
                decides = self.named(ties["by"], who, day) if ties else Fraction(0)
                found[who] = value, -decides if ties and ties.get("order") == "lowest" else decides
        return found

    def standing(self, contest: Json, day: int) -> dict[str, tuple[int, Fraction]]:
        """Who is placed -> place, and the amount before any reward."""
        placed = self.placed(contest, day)
        lower = contest.get("better", "lower" if contest.get("kpi") in LOWER else "higher") == "lower"
        worth = {who: (-value if lower else value, decides) for who, (value, decides) in placed.items()}
        rank = {who: 1 + sum(other > mine for other in worth.values()) for who, mine in worth.items()}
        top = self.paid(contest, "top", placed, lambda one, other: worth[other] > worth[one], day)
        from_the_worst = {who: (-value, decides) for who, (value, decides) in worth.items()}
        bottom = self.paid(
            contest, "bottom", placed, lambda one, other: from_the_worst[other] > from_the_worst[one], day
        )
        return {
            who: (rank[who], top.get(who, Fraction(0)) if who in top else bottom.get(who, Fraction(0)))
            for who in placed
        }

    def paid(self, contest: Json, end: str, placed: dict[str, Any], is_ahead: Any, day: int) -> dict[str, Fraction]:
        """The amounts of one list, whoever else takes one."""
        if end not in contest:
            return {}
        amounts, must = contest[end]["amounts"], contest[end].get("must", {})
        found = {}
        for who in placed:
            ahead = sum(is_ahead(who, other) for other in placed)
            equal = [other for other in placed if not is_ahead(who, other) and not is_ahead(other, who)]
            if ahead >= len(amounts):
                continue
            mine = [Fraction(amounts[place]) for place in range(ahead, ahead + len(equal)) if place < len(amounts)]
            bounds = {key: self.bound(bound, contest, who, day) for key, bound in must.items()}
            value = placed[who][0]
            if all(bound is not None and MEETS[key](value, bound) for key, bound in bounds.items()):
                found[who] = sum(mine, Fraction(0)) / len(equal)
        return found

    def reward(self, reward: Json, value: Fraction) -> Fraction:
        if value < number(reward["at_least"]):
            return Fraction(0)
        amount = reward["amount"] + reward.get("each_more", 0) * (value - number(reward["at_least"]))
        return min(amount, Fraction(reward["cap"])) if "cap" in reward else Fraction(amount)

    def of_contest(self, contest: Json, who: str, day: int) -> tuple[int, Fraction]:
        """Place, and what is left of the amount once every reward that applies was weighed against all of it."""
        place, whole = self.standing(contest, day)[who]
        left = whole
        for name in {} if contest.get("trial") else {each["reward"] for each in self.config["rewards"]}:
            reward = self.the_version("rewards", name, day)
            if reward is None or reward.get("with") != contest["contest"] or not self.begins(reward, day):
                continue
            value = self.value(reward, who, day) if who in self.there(reward, day) else None
            if value is not None and not self.stays(reward, self.reward(reward, value), whole)[1]:
                left = Fraction(0)
        return place, left

    def of_reward(self, reward: Json, who: str, day: int) -> Fraction | None:
        value = self.value(reward, who, day)
        if value is None:
            return None
        amount = self.reward(reward, value)
        contest = self.the_version("contests", reward.get("with"), day)
        standing = {} if contest is None else self.standing(contest, day)
        if who in standing and not self.stays(reward, amount, standing[who][1])[0]:
            return Fraction(0)
        return amount

    def stays(self, reward: Json, amount: Fraction, of_contest: Fraction) -> tuple[bool, bool]:
        """(whether the reward's amount counts, whether the contest's does)."""
        stack = reward.get("stack", "both")
        if amount <= 0 or of_contest <= 0 or stack == "both":
            return True, True
        if stack == "larger":
            stack = "contest" if of_contest >= amount else "reward"
        return stack == "reward", stack == "contest"
