"""The arithmetic of a score, line by line, so that whoever is judged by it can check it with a pocket calculator.

Written from a score's record and the version of the scheme that made it, in the words of `words.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from stream.facts.instant import instant_text
from stream.scores.arithmetic_of_cards import CardArithmetic
from stream.scores.arithmetic_of_pay import PayArithmetic
from stream.scores.at_hand import AtHand
from stream.scores.decimals import plain
from stream.scores.payout import Basis
from stream.scores.phrases import Phrases
from stream.scores.schemes import Contest, Definition, Factor, Gate, Payout, Reward, Scorecard
from stream.scores.values import Value
from stream.scores.words import Say, english

Json = dict[str, Any]
HOUR_MS = 3_600_000
NOTHING_AT_HAND = AtHand()


def lines_of(
    record: Json,
    definition: Definition | None,
    read: Mapping[str, Value] | None = None,
    basis: Basis | None = None,
    say: Say = english,
    known: AtHand = NOTHING_AT_HAND,
) -> Iterator[str]:
    """What a person reads of one record; without its definition what the record says alone. `read`, `basis`, `known`:
    what it was computed from, if it is at hand."""
    return _Arithmetic(record, definition, say, known).lines(read or {}, basis)


class _Arithmetic:
    def __init__(self, record: Json, definition: Definition | None, say: Say, known: AtHand) -> None:
        self._record = record
        self._definition = definition
        self._say = say
        self._known = known
        self._words = Phrases(say, record["currency"] or "")

    def lines(self, read: Mapping[str, Value], basis: Basis | None) -> Iterator[str]:
        record, definition = self._record, self._definition
        yield self._head()
        cards = CardArithmetic(
            record, definition if isinstance(definition, Scorecard) else None, self._words, self._known
        )
        pay = PayArithmetic(record, self._words, self._known)
        if not isinstance(definition, Scorecard):
            yield from pay.values(definition, read)
        if isinstance(definition, Payout) and basis is not None:
            yield from pay.cliffs(definition, basis)
            yield from pay.products(definition, basis, read)
        for part in record["parts"]:
            if "amount_minor" in part:
                name = self._words.word(part["part"])
                yield "  " + self._say("{part}: {amount}", part=name, amount=self._words.amount(part["amount_minor"]))
            else:
                yield from cards.component(part)
        yield from self._rules(read if isinstance(definition, Scorecard) else {})
        if isinstance(definition, Payout):
            yield from pay.terms(definition)
        elif isinstance(definition, Contest):
            yield from pay.contest(definition)
        elif isinstance(definition, Reward):
            yield from pay.reward(definition, read)
        yield from cards.streaks()
        yield from (cards.total() if record["score"] is not None else pay.total())
        yield from self._outcome()

    def _head(self) -> str:
        record, say, words = self._record, self._say, self._words
        return say(
            "{kind} {name} version {version}{trial}: {level} {entity} at {site}, {period} from {start} to {end}"
            "{provisional}",
            **{key: record[key] for key in ("name", "version", "entity", "site", "start", "end")},
            **{key: words.word(record[key]) for key in ("kind", "level", "period")},
            trial=say(", on trial") if record["trial"] else "",
            provisional=say(", provisional") if record["provisional"] else "",
        )  # fmt: skip

    def _rules(self, read: Mapping[str, Value]) -> Iterator[str]:
        rules: dict[str, Factor | Gate] = {}
        if isinstance(self._definition, Scorecard | Payout):
            rules |= {each.factor: each for each in self._definition.factors}
            rules |= {each.gate: each for each in self._definition.gates}
        for gate in self._record["gates"]:
            rule = rules.get(gate["gate"])
            value = self._gate(gate, rule if isinstance(rule, Gate) else None)
            name = self._words.named(gate["gate"], rule.source if rule is not None else None)
            yield "  " + self._say("gate {gate}: {value}", gate=name, value=value)
        for factor in self._record["factors"]:
            factor_rule = rules.get(factor["factor"])
            words = self._factor(factor_rule, read) if isinstance(factor_rule, Factor) else ""
            yield "  " + self._say("factor {factor}: x {value}{rule}", **factor, rule=words)

    def _gate(self, gate: Json, rule: Gate | None) -> str:
        say, bounds, source = self._say, "", rule.source if rule is not None else None
        if rule is not None:
            below, above = self._known.bounds.get(gate["gate"], (None, None))
            if rule.below is not None:
                bounds += say(", must not be below {bound}", bound=self._words.bound(rule.below, below, source))
            if rule.above is not None:
                bounds += say(", must not be above {bound}", bound=self._words.bound(rule.above, above, source))
        value = say("no value") if gate["value"] is None else self._words.quantity(Fraction(gate["value"]), source)
        if not gate["missed"]:
            return say("{value}{bounds}: passed", value=value, bounds=bounds)
        effect = self._words.joined(
            f"{self._words.word(name)} {self._effect(name, given)}" for name, given in gate["effect"].items()
        )
        return say("{value}{bounds}: missed ({effect})", value=value, bounds=bounds, effect=effect)

    def _effect(self, name: str, given: object) -> str:
        if name == "cap_amount":
            return self._words.amount(Fraction(str(given)))
        return self._words.listed(given) if isinstance(given, list) else self._words.word(str(given))

    def _factor(self, rule: Factor, read: Mapping[str, Value]) -> str:
        told = self._say(
            " ({start}, {change} per full {per}{bounds})",
            start=plain(rule.start), change=plain(rule.change), per=self._words.quantity(rule.per, rule.source),
            bounds=self._words.within(rule.floor, rule.ceiling),
        )  # fmt: skip
        value = read.get(self._words.source(rule.source))
        return (
            told
            if value is None
            else self._words.pair(told, f"{self._words.source(rule.source)} {self._words.value(rule.source, value)}")
        )

    def _outcome(self) -> Iterator[str]:
        record, definition, say = self._record, self._definition, self._say
        if record["flags"]:
            yield "  " + say("flags: {flags}", flags=self._words.joined(record["flags"]))
        told = []
        if record["score"] is not None:
            told.append(say("score {score}", score=record["score"]))
        if record["amount_minor"] is not None:
            amount, currency = record["amount_minor"], record["currency"]
            told.append(say("amount {amount} {currency}", amount=self._words.amount(amount), currency=currency))
        if record["place"] is not None:
            told.append(say("place {place} of {of}", place=record["place"], of=record["of"]))
        if record["grade"] is not None:
            told.append(say("grade {grade}", grade=record["grade"]))
        yield f"  = {self._words.joined(told)}"
        if isinstance(definition, Scorecard) and record["score"] is not None:
            score = Fraction(record["score"])
            better = next(((name, bound) for name, bound in reversed(definition.grades) if bound > score), None)
            if better is not None:
                words = "next grade: {grade} at {bound}, {away} away"
                yield "  " + say(words, grade=better[0], bound=plain(better[1]), away=plain(better[1] - score))
        if record["reason"] is not None:
            yield "  " + say("it pays for one thing alone, for this reason: {reason}", reason=record["reason"])
        if record["provisional"]:
            yield "  " + self._provisional()

    def _provisional(self) -> str:
        """What it waits for: the end of the period, the last events of it, or the time until it is settled."""
        say, end, known = self._say, self._record["end"], self._known
        settle_ms = self._definition.settle_ms if self._definition is not None else 0
        if known.ends is not None:
            settle_ms = known.ends.settled_ms - known.ends.end_ms
        settle = self._length(settle_ms)
        if known.ends is None:
            if not settle_ms:
                words = "provisional: {end} has not come, or numbers of before may still change"
                return say(words, end=end)
            words = "provisional: it is settled {settle} after {end}, and numbers of before may still change"
            return say(words, settle=settle, end=end)
        told = say("provisional: as of {as_of} the period goes on, until {end}", as_of=self._record["as_of"], end=end)
        if not known.runs:
            told = say("provisional: the period has ended, and events of it may still come or be corrected")
        if settle_ms:
            until = instant_text(known.ends.settled_ms)
            told += say("; it is settled {settle} after {end}, at {until}", settle=settle, end=end, until=until)
        return told

    def _length(self, ms: int) -> str:
        days, rest = divmod(ms, 24 * HOUR_MS)
        count, unit = (days, "days") if not rest else (plain(Fraction(ms, HOUR_MS)), "hours")
        return f"{count} {self._say(unit)}"
