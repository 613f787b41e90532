"""The arithmetic of money: payouts, contests and rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from stream.scores.at_hand import AtHand
from stream.scores.contest import reward_amount
from stream.scores.decimals import fixed, plain, rounded
from stream.scores.payout import Basis, rate_at, share_at, slabs
from stream.scores.phrases import Phrases
from stream.scores.schemes import Commission, Contest, Definition, Payout, Reward
from stream.scores.values import Value, said

Json = dict[str, Any]
MANY = 20
"""Slabs that are no longer told one by one."""


class PayArithmetic:
    """The lines of a record about money."""

    def __init__(self, record: Json, words: Phrases, known: AtHand) -> None:
        self._record, self._words, self._known = record, words, known
        self._say = words.say

    def values(self, definition: Definition | None, read: Mapping[str, Value]) -> Iterator[str]:
        """What it is computed from."""
        sources = {said(source): source for source in definition.sources()} if definition is not None else {}
        for name, value in read.items():
            if name in sources:
                yield f"  {name}: {self._words.value(sources[name], value)}"

    def cliffs(self, payout: Payout, basis: Basis) -> Iterator[str]:
        """R, T and a of a payout, and how far the next steps are."""
        say = self._say
        if basis.amount is not None:
            yield "  " + say(
                "R = {amount}, T = {target}, a = R / T = {reached}",
                amount=plain(basis.amount), target=plain(basis.target) or say("none"),
                reached=plain(basis.reached) or say("undefined"),
            )  # fmt: skip
            yield from self._next_rate(payout.commission, basis.amount, basis.target)
        reached = basis.reached
        ahead = next((step for step in payout.base_share if reached is not None and step[0] > reached), None)
        if reached is not None and ahead is not None:
            words = "next step of the base at a = {bound}, {away} away: x {share}"
            yield "  " + say(words, bound=plain(ahead[0]), away=plain(ahead[0] - reached), share=plain(ahead[1]))

    def _next_rate(self, commission: Commission | None, amount: Fraction, target: Fraction | None) -> Iterator[str]:
        if commission is None or (not target and not commission.by_amount):
            return
        unit = Fraction(1) if commission.by_amount else target or Fraction(1)
        ahead = next(((bound * unit, rate) for bound, rate in commission.steps if bound * unit > amount), None)
        if ahead is None and commission.then_every is not None:
            step, more = commission.then_every
            bound, rate = commission.steps[-1]
            full = ((amount / unit - bound) / step).__floor__() + 1
            ahead = (bound + step * full) * unit, rate + more * full
        if ahead is not None:
            yield "  " + self._say(
                "next step of the commission at {bound}, {away} away: {rate}",
                bound=plain(ahead[0]), away=plain(ahead[0] - amount), rate=plain(ahead[1]),
            )  # fmt: skip

    def products(self, payout: Payout, basis: Basis, read: Mapping[str, Value]) -> Iterator[str]:
        """How base and commission come about: the factors of each product, and what one more unit would change."""
        say, commission = self._say, payout.commission
        if basis.reached is not None and payout.basis is None:
            yield "  " + say("a = score {score}", score=fixed(basis.reached))
        base, share = payout.base.of(self._record["entity"]), share_at(payout.base_share, basis.reached)
        if base:
            streak = say(", unless a streak sets it") if payout.streaks else ""
            yield "  " + say("base {base} x share {share}{streak}", base=plain(base), share=plain(share), streak=streak)
        measure = basis.amount if commission is not None and commission.by_amount else basis.reached
        if commission is None or basis.amount is None or measure is None:
            return
        unit = Fraction(1) if commission.by_amount else basis.target or Fraction()
        paid_of: Fraction | None = basis.amount
        if commission.of is not None:
            paid_of = read[said(commission.of)].value if said(commission.of) in read else None
        if commission.whole:
            products = [] if paid_of is None else [(paid_of, rate_at(commission, measure))]
        else:
            products = _slabs(commission, basis.amount, unit)
        if products:
            told = " + ".join(f"{plain(amount)} x {plain(rate)}" for amount, rate in products)
            yield "  " + say("commission before factors: {products}", products=told)
        if paid_of is None or not unit:
            return
        more = basis.amount + 1
        amount = slabs(commission, more, unit)
        if commission.whole:
            amount = (more if commission.of is None else paid_of) * rate_at(commission, more / unit)
        now = sum((part * rate for part, rate in products), Fraction(0))
        if products and rounded(amount) != rounded(now):
            yield "    " + say("one more: {amount}", amount=plain(amount))

    def terms(self, payout: Payout) -> Iterator[str]:
        """The rules of a payout."""
        say = self._say
        if payout.base_share:
            yield "  " + say("share of the base by attainment: {steps}", steps=self._words.steps(payout.base_share))
        for streak in payout.streaks:
            sets = []
            if streak.base_share is not None:
                sets.append(say("share {share}", share=plain(streak.base_share)))
            if streak.base_amount is not None:
                sets.append(say("base {base}", base=plain(streak.base_amount)))
            words = "streak: a below {below} in {periods} periods in a row: {then}"
            then = self._words.joined([*sets, *([streak.flag] if streak.flag else [])])
            yield "  " + say(words, below=plain(streak.below), periods=streak.periods, then=then)
        if payout.streaks and self._known.earlier:
            told = self._words.joined(f"{day} {a or say('undefined')}" for day, a in self._known.earlier)
            yield "  " + say("a of the periods before: {told}", told=told)
        commission = payout.commission
        if commission is None:
            return
        beyond = ""
        if commission.then_every is not None:
            step, more = commission.then_every
            beyond = say(", then {rate} more for every full {step}", rate=plain(more), step=plain(step))
        yield "  " + say(
            "commission, {reading}, by {by}: {steps}{beyond}",
            reading=self._words.word("whole" if commission.whole else "slab"),
            by=self._words.word("amount" if commission.by_amount else "attainment"),
            steps=self._words.steps(commission.steps), beyond=beyond,
        )  # fmt: skip

    def contest(self, contest: Contest) -> Iterator[str]:
        """The rules of a contest, and what counts in the place of its amount."""
        say, words = self._say, self._words
        for end, prizes in ((say("first"), contest.top), (say("last"), contest.bottom)):
            if prizes is not None:
                amounts = ", ".join(map(plain, prizes.amounts))
                musts = ((name, getattr(prizes.must, name)) for name in ("at_least", "at_most", "above", "below"))
                must = "".join(
                    f", {words.word(name)} {words.bound(bound)}" for name, bound in musts if bound is not None
                )
                yield "  " + say("amounts of the {end}: {amounts}{must}", end=end, amounts=amounts, must=must)
        if contest.ties is not None:
            order = say(", lowest first" if contest.ties_lowest else ", highest first")
            yield "  " + say("equal ones by {ties}{order}", ties=said(contest.ties), order=order)
        for source, least in contest.minimum:
            yield "  " + say("placed from {least} {source} on", least=plain(least), source=said(source))
        yield from self._instead("{own} by place, but reward {names} counts instead")

    def reward(self, reward: Reward, read: Mapping[str, Value]) -> Iterator[str]:
        """The rules of a reward, and what counts in its place."""
        yield "  " + self._say(
            "{amount} from {least} on, and {more} for each beyond{bounds}",
            amount=plain(reward.amount), least=plain(reward.at_least), more=plain(reward.each_more),
            bounds=self._words.within(None, reward.cap),
        )  # fmt: skip
        value = read[said(reward.source)].value if said(reward.source) in read else None
        if value is not None and reward_amount(reward, value + 1) != reward_amount(reward, value):
            yield "    " + self._say("one more: {amount}", amount=plain(reward_amount(reward, value + 1)))
        if reward.contest is not None:
            words = "beside an amount above 0 of contest {contest} counts: {stack}"
            yield "  " + self._say(words, contest=reward.contest, stack=self._words.word(reward.stack))
        yield from self._instead("{own} by itself, but contest {names} counts instead")

    def _instead(self, words: str) -> Iterator[str]:
        if self._known.own is not None:
            yield "  " + self._say(words, own=self._known.own, names=self._words.joined(self._known.instead))

    def total(self) -> Iterator[str]:
        """How the parts of a payout are added up."""
        record, say = self._record, self._say
        if not record["parts"]:
            return
        missed = [gate["effect"] for gate in record["gates"] if gate["missed"]]
        void = {name for effect in missed for name in ([] if effect.get("void") in (None, "all") else effect["void"])}
        if any(effect.get("void") == "all" for effect in missed):
            void = {part["part"] for part in record["parts"]}
        terms = [part["amount_minor"] for part in record["parts"] if part["part"] not in void]
        told = f"{' + '.join(map(str, terms))} = {sum(terms)}" if len(terms) > 1 else str(sum(terms))
        if void:
            told += say("; void: {names}", names=self._words.listed(sorted(void)))
        told += "".join(f"; x {effect['factor']}" for effect in missed if effect.get("factor") is not None)
        caps = [Fraction(effect["cap_amount"]) for effect in missed if effect.get("cap_amount") is not None]
        yield "  " + say("pay: {told}", told=told + self._words.within(None, min(caps, default=None)))


def _slabs(commission: Commission, amount: Fraction, unit: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Each part of the amount with its rate; none under the first bound, or of more than MANY parts."""
    ends = [(bound * unit, rate) for bound, rate in commission.steps]
    if amount < ends[0][0]:
        return []
    step, more = commission.then_every or (Fraction(0), Fraction(0))
    while step * unit > 0 and ends[-1][0] + step * unit < amount and len(ends) < MANY:
        ends.append((ends[-1][0] + step * unit, ends[-1][1] + more))
    starts = [Fraction(0), *(end for end, _ in ends[1:])]
    parts = [
        (min(amount, after) - start, rate)
        for start, after, (_, rate) in zip(starts, [*starts[1:], amount], ends, strict=True)
        if start < amount
    ]
    return parts if len(ends) < MANY else []
