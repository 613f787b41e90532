"""The facts behind a number as JSON and as CSV, for programs and spreadsheets."""

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stream.replay.explaining import ExplainedContribution, Question
    from stream.settings import Settings

COLUMNS = ("instant", "column", "amount", "rule", "facts", "events")


def print_json(question: "Question", window: str, found: "list[ExplainedContribution]", settings: "Settings") -> None:
    """One object: what was asked, every contribution with its facts, the parts of the fraction, and the value."""
    from stream.facts.identity import own_id
    from stream.facts.instant import instant_text
    from stream.kpis.value import rate

    def total(columns: tuple[str, ...] | None) -> dict[str, Any] | None:
        if columns is None:
            return None
        amount = sum(each.amount for column in columns for each in found if each.column == column)
        return {"columns": list(columns), "amount": amount}

    numerator, denominator = total(question.numerator), total(question.denominator)
    assert numerator is not None
    value: float | int | None = numerator["amount"]
    status = "ok"
    if denominator is not None:
        minimum = settings.document.minimum_sample.get(question.kpi.id, 1)
        value, status = rate(numerator["amount"], denominator["amount"], question.kpi.factor, minimum)
    document = {
        "kpi": question.kpi.id, "currency": question.currency, "site": question.site, "level": question.level,
        "entity": question.entity, "window": window, "start": instant_text(question.start_ms),
        "end": instant_text(question.end_ms), "value": value, "status": status, "numerator": numerator,
        "denominator": denominator,
        "contributions": [
            {
                "instant": instant_text(each.instant_ms), "column": each.column, "amount": each.amount,
                "rule": None if each.breach is None else each.breach.rule,
                "facts": [
                    {"type": fact.TYPE, "id": own_id(fact), "event_id": fact.event_id} for fact in each.because
                ],
            }
            for each in found
        ],
    }  # fmt: skip
    print(json.dumps(document, ensure_ascii=False))


def print_csv(found: "list[ExplainedContribution]") -> None:
    """A row for each contribution. Several facts of one stand in one cell, with spaces between them."""
    from stream.facts.identity import own_id
    from stream.facts.instant import instant_text

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in found:
        facts = " ".join(f"{fact.TYPE}:{own_id(fact)}" for fact in each.because)
        events = " ".join(fact.event_id for fact in each.because)
        rule = "" if each.breach is None else each.breach.rule
        writer.writerow((instant_text(each.instant_ms), each.column, each.amount, rule, facts, events))
