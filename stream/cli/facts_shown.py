"""The facts behind KPI values: reading them, and showing them to a person."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from stream.cli.failure import CommandError

if TYPE_CHECKING:
    from stream.conduct.breach import Breach
    from stream.facts.fact import Fact
    from stream.replay.explaining import ExplainedContribution, Question
    from stream.replay.fact_store import FactStore
    from stream.settings import Settings


def facts_of(settings: "Settings", sources: Sequence[str], before_ms: int | None = None) -> "FactStore":
    """The facts of files; without files, those of the inbound topics. `before_ms`: only those that occurred before it.
    CommandError names what cannot be read."""
    from stream.replay.chunks import InputError
    from stream.replay.fact_store import FactStore

    store = FactStore(settings.limits())
    try:
        for fact in from_files(settings, list(sources)) if sources else _from_topics(settings):
            if before_ms is None or fact.occurred_at < before_ms:
                store.add(fact)
    except InputError as error:
        raise CommandError(str(error)) from error
    return store


def from_files(settings: "Settings", sources: list[str]) -> "Iterator[Fact]":
    """The facts of files, in any version and as often as they are there; how many events were refused is said on stderr
    at the end. InputError names what cannot be read."""
    from stream.facts.decode import Rejection, decode
    from stream.replay.chunks import FilePosition
    from stream.replay.reading import read
    from stream.windows.calendar import day_begins

    midnight_ms = day_begins(settings.plan())
    refused = 0
    for raw in read(sources, FilePosition()):
        fact = decode(raw.value, midnight_ms) if len(raw.value) <= settings.record_bytes else None
        if fact is None or isinstance(fact, Rejection):
            refused += 1
        else:
            yield fact
    if refused:
        print(f"kpi-stream: {refused:,} events are refused and left out: `replay` names them", file=sys.stderr)


def _from_topics(settings: "Settings") -> "Iterator[Fact]":
    import asyncio

    from stream.cli.broker import reached
    from stream.facts.decode import Rejection
    from stream.partition.intake import decoder_of
    from stream.rebuild.backfill import TopicMissingError, captured
    from stream.replay.chunks import FilePosition

    decode_all = decoder_of(settings.plan())
    with reached(settings):
        try:
            parts = asyncio.run(captured(settings))
        except TopicMissingError as error:
            raise CommandError(str(error)) from error
        for part in parts:
            for block in part.blocks(FilePosition()):
                for fact in decode_all(block.values):
                    if not isinstance(fact, Rejection):
                        yield fact


def page(
    question: "Question",
    window: str,
    found: "list[ExplainedContribution]",
    settings: "Settings",
    last_ms: int | None,
) -> Iterator[str]:
    """The lines for one value: what was asked, every contribution, the parts of the fraction, and the value. `last_ms`:
    of the last event that was read; None: there was none."""
    from stream.facts.currency import major
    from stream.facts.instant import instant_text
    from stream.kpis.value import rate

    kpi, currency = question.kpi, question.currency
    name = f"{kpi.id} {currency}" if currency else kpi.id
    span = f"{instant_text(question.start_ms)} to {instant_text(question.end_ms)}"
    yield f"{name}  {question.site}|{question.level}|{question.entity}  {window}  {span}"
    if not found:
        yield f"no fact contributes to it{_perhaps(question, last_ms)}"
    yield from addends(found)
    numerator = _sum(found, question.numerator)
    yield f"numerator    {' + '.join(question.numerator)} = {numerator}"
    if question.denominator is None:
        yield f"value        {numerator}" + (f" = {major(numerator, currency)} {currency}" if currency else "")
        return
    denominator = _sum(found, question.denominator)
    yield f"denominator  {' + '.join(question.denominator)} = {denominator}"
    minimum = settings.document.minimum_sample.get(kpi.id, 1)
    value, status = rate(numerator, denominator, kpi.factor, minimum)
    yield f"value        {'-' if value is None else value} ({status})"


def _perhaps(question: "Question", last_ms: int | None) -> str:
    """Why nothing contributes, as far as one can guess."""
    from stream.facts.instant import instant_text

    if last_ms is None:
        return ": there are no events"
    if last_ms < question.start_ms:
        return f": the last event is of {instant_text(last_ms)}, before this window (--start)"
    if question.level == "site":
        return ""
    return f": is the {question.level} {question.entity} one of site {question.site} (--site)?"


def addends(found: "Iterable[ExplainedContribution]") -> Iterator[str]:
    """The contributions, one line for those of the same facts at the same instant."""
    from stream.facts.instant import instant_text

    for (instant_ms, because, breach), each in groupby(
        found, key=lambda one: (one.instant_ms, one.because, one.breach)
    ):
        amounts = "  ".join(f"{one.column} {one.amount:+d}" for one in each)
        rule = "" if breach is None else f"{_rule(breach)}  "
        yield f"{instant_text(instant_ms)}  {amounts}  {rule}{_facts(because)}"


def _sum(found: "Iterable[ExplainedContribution]", columns: tuple[str, ...]) -> int:
    return sum(each.amount for column in columns for each in found if each.column == column)


def _rule(breach: "Breach") -> str:
    """The rule, its pack, the scope, and what was counted where the rule counts."""
    pack = "own rule" if breach.pack is None else f"pack {breach.pack}"
    scope = f" case {breach.case}" if breach.case else f" number {breach.number}" if breach.number else ""
    counted = "" if breach.count is None else f" {breach.count} counted, limit {breach.limit}"
    return f"{breach.rule} ({pack}){scope}{counted} at {breach.local_time} {breach.zone}"


def _facts(because: "tuple[Fact, ...]") -> str:
    from stream.facts.identity import own_id

    return ", ".join(f"{fact.TYPE} {own_id(fact)} (event {fact.event_id})" for fact in because)
