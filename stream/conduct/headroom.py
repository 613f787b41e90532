"""Headroom: what may still be done with a debtor under each rule, and from when on (conduct 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from stream.conduct.asking import SECOND_MS, AskedCall, allows, first_allowed_ms, is_asked_of, moment_of
from stream.conduct.breaches import time_text
from stream.conduct.contact import asked
from stream.conduct.history import History
from stream.conduct.judging import Moment, is_judged, window_of
from stream.conduct.rule import DAY_MS, ConductRule, Frequency, Quiet, Restricted
from stream.facts.fact import DEFAULT_SITE
from stream.facts.instant import instant_text

HORIZON_MS = 60 * DAY_MS
"""How far an answer looks ahead."""
NUMBERS_MS = 7 * DAY_MS
"""For how long a number that was called, or called from, is one of the debtor's."""


@dataclass(frozen=True)
class Query:
    """What is asked: may the debtor be called at `at_ms`, on this case and number, from this site? None: not said."""

    debtor: str
    at_ms: int
    case: str | None = None
    number: str | None = None
    site: str | None = None


def headroom(history: History, query: Query, known_until_ms: int | None) -> dict[str, Any]:
    """The answer as JSON data. `known_until_ms`: up to when the facts of the history are known; None: not at all."""
    site = query.site or _site(history, query.at_ms)
    call = Moment(history, asked(query.at_ms, query.case, query.number, site))
    scopes = list(_scopes(history, query, site))
    questions = [_question(scope, query, site) for scope in scopes]
    entries = [
        _entry(history, scope, question, query.at_ms)
        for scope, question in zip(scopes, questions, strict=True)
        if is_judged(scope.rule, moment_of(history, question, query.at_ms).zone, query.at_ms)
    ]
    allowed = all(entry["allowed"] for entry in entries)
    return {
        "debtor": query.debtor,
        "at": instant_text(query.at_ms),
        "allowed": allowed,
        "allowed_from": _text(query.at_ms if allowed else _allowed_from_ms(history, questions, query.at_ms)),
        "known_until": _text(known_until_ms),
        "local_time": time_text(call.zone, query.at_ms),
        "zone": call.zone,
        "zone_assumed": call.assumed,
        "rules": sorted(entries, key=lambda entry: (entry["rule"], entry["case"] or "", entry["number"] or "")),
    }


def _text(at_ms: int | None) -> str | None:
    return None if at_ms is None else instant_text(at_ms)


def _site(history: History, at_ms: int) -> str:
    """The site of the latest case event up to an instant; `main` where there is none."""
    steps = history.known_steps(at_ms)
    return steps[-1].site if steps else DEFAULT_SITE


def _cases(history: History, at_ms: int) -> list[str]:
    """The cases that are open as of an instant."""
    closed = {step.case: step.closes for step in history.known_steps(at_ms)}
    return sorted(case for case, is_closed in closed.items() if not is_closed)


class Scope(NamedTuple):
    """What an entry of an answer is about."""

    rule: ConductRule
    case: str | None
    number: str | None


def _scopes(history: History, query: Query, site: str) -> Iterator[Scope]:
    """Every entry that an answer can have, whether or not its rule is in force."""
    cases = [query.case] if query.case is not None else _cases(history, query.at_ms)
    numbers = [query.number] if query.number is not None else history.numbers_in(query.at_ms - NUMBERS_MS, query.at_ms)
    for rule in history.rulebook.at(site):
        if is_asked_of(rule):
            for case, number in _of_rule(rule, cases, numbers):
                yield Scope(rule, case, number)


def _of_rule(
    rule: ConductRule, cases: Sequence[str], numbers: Sequence[str]
) -> Iterable[tuple[str | None, str | None]]:
    of = rule.parameters
    if isinstance(of, Quiet | Restricted):
        return product(cases or (None,), numbers or (None,))
    per = getattr(of, "per", "debtor")
    if per == "case":
        return ((case, None) for case in cases)
    if per == "number":
        return ((None, number) for number in numbers)
    return ((None, None),)


def _question(scope: Scope, query: Query, site: str) -> AskedCall:
    """The call that is judged for an entry: on what was asked about where the entry has no case or number."""
    return AskedCall(scope.rule, scope.case or query.case, scope.number or query.number, site)


def _entry(history: History, scope: Scope, question: AskedCall, at_ms: int) -> dict[str, Any]:
    rule, of = scope.rule, scope.rule.parameters
    moment = moment_of(history, question, at_ms)
    allowed = allows(history, rule, moment)
    count, limit, left = None, None, None
    if isinstance(of, Frequency):
        count, limit = window_of(history, of, moment).count, of.limit
        left = max(0, limit - count)
    return {
        "rule": rule.name,
        "case": scope.case,
        "number": scope.number,
        "allowed": allowed,
        "count": count,
        "limit": limit,
        "headroom": left,
        "allowed_from": _text(at_ms if allowed else _allowed_from_ms(history, _versions(history, question), at_ms)),
    }


def _versions(history: History, question: AskedCall) -> list[AskedCall]:
    """The call under every version of the rule: later, another may be in force."""
    rules = history.rulebook.at(question.site)
    return [question._replace(rule=rule) for rule in rules if rule.name == question.rule.name and is_asked_of(rule)]


def _allowed_from_ms(history: History, questions: Sequence[AskedCall], at_ms: int) -> int | None:
    """The first whole second after an instant at which all of them are allowed; None: at none within the horizon."""
    end_ms, found_ms = at_ms + HORIZON_MS, (at_ms // SECOND_MS + 1) * SECOND_MS
    agreed = 0
    while agreed < len(questions):
        for question in questions:
            allowed_ms = first_allowed_ms(history, question, found_ms, end_ms)
            if allowed_ms is None:
                return None
            agreed = agreed + 1 if allowed_ms == found_ms else 1
            found_ms = allowed_ms
            if agreed >= len(questions):
                break
    return found_ms
