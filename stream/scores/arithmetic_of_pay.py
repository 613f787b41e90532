"""The arithmetic of money: payouts, contests and rewards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial
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
                yield "  " + self._words.pair(name, self._words.value(sources[name], value))

    def cliffs(self, payout: Payout, basis: Basis) -> Iterator[str]:
        """R, T and a of a payout, and how far the next steps are."""
        say = self._say
        if basis.amount is not None:
            yield "  " + say(
                "R = {amount}, T = {target}, a = R / T = {reached}",
                amount=self._words.quantity(basis.amount, payout.basis),
                target=say("none") if basis.target is None else self._words.quantity(basis.target, payout.basis),
                reached=plain(basis.reached) or say("undefined"),
            )  # fmt: skip
            yield from self._next_rate(payout, basis.amount, basis.target)
        reached = basis.reached
        ahead = next((step for step in payout.base_share if reached is not None and step[0] > reached), None)
        if reached is not None and ahead is not None:
            words = "next step of the base at a = {bound}, {away} away: x {share}"
            yield "  " + say(words, bound=plain(ahead[0]), away=plain(ahead[0] - reached), share=plain(ahead[1]))

    def _next_rate(self, payout: Payout, amount: Fraction, target: Fraction | None) -> Iterator[str]:
        commission, tell = payout.commission, self._words.quantity
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
                bound=tell(ahead[0], payout.basis), away=tell(ahead[0] - amount, payout.basis),
                rate=self._rate(payout, ahead[1]),
            )  # fmt: skip

    def products(self, payout: Payout, basis: Basis, read: Mapping[str, Value]) -> Iterator[str]:
        """How base and commission come about: the factors of each product, and what one more unit would change."""
        say, commission = self._say, payout.commission
        if basis.reached is not None and payout.basis is None:
            yield "  " + say("a = score {score}", score=fixed(basis.reached))
        base, share = payout.base.of(self._record["entity"]), share_at(payout.base_share, basis.reached)
        if base:
            streak = say(", unless a streak sets it") if payout.streaks else ""
            words = "base {base} x share {share}{streak}"
            yield "  " + say(words, base=self._words.amount(base), share=plain(share), streak=streak)
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
            of, times = commission.of or payout.basis, self._words.times
            told = " + ".join(
                f"{self._words.quantity(amount, of)}{times}{self._rate(payout, rate)}" for amount, rate in products
            )
            yield "  " + say("commission before factors: {products}", products=told)
        value = read.get(said(payout.basis)) if payout.basis is not None else None
        if paid_of is None or not unit or payout.basis is None or value is None or value.numerator is None:
            return
        more, told = self._words.one_more(payout.basis, value.numerator, value.denominator)
        amount = slabs(commission, more, unit)
        if commission.whole:
            amount = (more if commission.of is None else paid_of) * rate_at(commission, more / unit)
        now = sum((part * rate for part, rate in products), Fraction(0))
        if products and rounded(amount) != rounded(now):
            yield "    " + say("{more}: {amount}", more=told, amount=self._words.amount(amount))

    def _rate(self, payout: Payout, rate: Fraction) -> str:
        """A rate of the commission: a share of money, or an amount for each unit."""
        commission = payout.commission
        return self._words.rate(rate, payout.basis if commission is None or commission.of is None else commission.of)

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
                sets.append(say("base {base}", base=self._words.amount(streak.base_amount)))
            words = "streak: a below {below} in {periods} periods in a row: {then}"
            then = self._words.joined([*sets, *([streak.flag] if streak.flag else [])])
            yield "  " + say(words, below=plain(streak.below), periods=streak.periods, then=then)
        if payout.streaks and self._known.earlier:
            told = self._words.joined(f"{day} {a or say('undefined')}" for day, a, _ in self._known.earlier)
            yield "  " + say("a of the periods before: {told}", told=told)
        commission = payout.commission
        if commission is None:
            return
        beyond = ""

        def bounds(bound: Fraction) -> str:
            return self._words.quantity(bound, payout.basis) if commission.by_amount else plain(bound)

        if commission.then_every is not None:
            step, more = commission.then_every
            full = bounds(step)
            beyond = say(", then {rate} more for every full {step}", rate=self._rate(payout, more), step=full)
        yield "  " + say(
            "commission, {reading}, by {by}: {steps}{beyond}",
            reading=self._words.word("whole" if commission.whole else "slab"),
            by=self._words.word("amount" if commission.by_amount else "attainment"),
            steps=self._words.steps(commission.steps, bounds, partial(self._rate, payout)), beyond=beyond,
        )  # fmt: skip

    def contest(self, contest: Contest) -> Iterator[str]:
        """The rules of a contest, and what counts in the place of its amount."""
        say, words = self._say, self._words
        for end, prizes in ((say("first"), contest.top), (say("last"), contest.bottom)):
            if prizes is not None:
                amounts = words.joined(map(words.amount, prizes.amounts))
                musts = ((name, getattr(prizes.must, name)) for name in ("at_least", "at_most", "above", "below"))
                must = "".join(
                    say(", ") + f"{words.word(name)} {words.bound(bound, source=contest.source)}"
                    for name, bound in musts
                    if bound is not None
                )
                yield "  " + say("amounts of the {end}: {amounts}{must}", end=end, amounts=amounts, must=must)
        if contest.ties is not None:
            order = say(", lowest first" if contest.ties_lowest else ", highest first")
            yield "  " + say("equal ones by {ties}{order}", ties=said(contest.ties), order=order)
        for source, least in contest.minimum:
            yield "  " + say(
                "placed from {least} {source} on", least=words.quantity(least, source), source=said(source)
            )
        yield from self._instead("{own} by place, but reward {names} counts instead")

    def reward(self, reward: Reward, read: Mapping[str, Value]) -> Iterator[str]:
        """The rules of a reward, and what counts in its place."""
        yield "  " + self._say(
            "{amount} from {least} on, and {more} for each beyond{bounds}",
            amount=self._words.amount(reward.amount), more=self._words.amount(reward.each_more),
            least=self._words.quantity(reward.at_least, reward.source),
            bounds=self._words.within(None, reward.cap, self._words.amount),
        )  # fmt: skip
        value = read.get(said(reward.source))
        if value is not None and value.value is not None and value.numerator is not None:
            more, told = self._words.one_more(reward.source, value.numerator, value.denominator)
            if (then := reward_amount(reward, more)) != reward_amount(reward, value.value):
                yield "    " + self._say("{more}: {amount}", more=told, amount=self._words.amount(then))
        if reward.contest is not None:
            words = "beside an amount above 0 of contest {contest} counts: {stack}"
            yield "  " + self._say(words, contest=reward.contest, stack=self._words.word(reward.stack))
        yield from self._instead("{own} by itself, but contest {names} counts instead")

    def _instead(self, words: str) -> Iterator[str]:
        if self._known.own is not None:
            names = (self._words.bracketed(name, self._words.amount(amount)) for name, amount in self._known.instead)
            yield "  " + self._say(words, own=self._words.amount(self._known.own), names=self._words.joined(names))

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
        told = self._words.amount(sum(terms))
        if len(terms) > 1:
            told = f"{' + '.join(map(self._words.amount, terms))} = {told}"
        if void:
            told += say("; void: {names}", names=self._words.listed(sorted(void)))
        told += "".join(
            say("; x {factor}", factor=effect["factor"]) for effect in missed if effect.get("factor") is not None
        )
        caps = [Fraction(effect["cap_amount"]) for effect in missed if effect.get("cap_amount") is not None]
        yield "  " + say(
            "pay: {told}", told=told + self._words.within(None, min(caps, default=None), self._words.amount)
        )


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
