"""Writes the JSON Schemas, the AsyncAPI document of all topics and the page of the KPI catalogue from the code; --check
only says if they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # run as a file, this folder alone would be on the path

from schemas.asyncapi import DOCUMENT, asyncapi  # noqa: E402
from stream.alerts.action import AlertAction  # noqa: E402
from stream.engine.debtors.erasure import ErasureRecord  # noqa: E402
from stream.engine.entities.outputs import AgentRecord, AlertRecord, ConductRecord, KpiRecord  # noqa: E402
from stream.facts.models import EVENTS, Event  # noqa: E402
from stream.feeds.mapping import FeedMapping  # noqa: E402
from stream.kpis.catalogue import CATALOGUE, CATALOGUE_VERSION  # noqa: E402
from stream.kpis.chinese import chinese  # noqa: E402
from stream.kpis.indicators import INDICATORS  # noqa: E402
from stream.kpis.options import OPTIONS, options_of  # noqa: E402
from stream.publish.names_topic import NameRecord  # noqa: E402
from stream.scores.outputs import LedgerRecord, ScoreRecord  # noqa: E402
from stream.settings.conduct import pack_schema  # noqa: E402
from stream.settings.document import DefinitionsSection  # noqa: E402
from stream.settings.schema import configuration_schema  # noqa: E402
from stream.windows.measures import LEVELS, TABLE  # noqa: E402

COLUMNS = (
    *("id", "version", "name", "名称", "numerator", "denominator", "unit", "better", "levels", "says"),
    *("口径", "not counted", "an unknown input", "a rolling window", "stated level", "options", "sources"),
)
DEFAULTS = DefinitionsSection()
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema: (file name, document)."""
    yield "events.json", {"$schema": DIALECT, "title": "Any inbound event", **EVENTS.json_schema()}
    for model in get_args(Event):
        kind = get_args(model.model_fields["type"].annotation)[0]
        yield f"events/{kind}.json", {"$schema": DIALECT, **model.model_json_schema()}
    yield "kpi.json", {"$schema": DIALECT, **KpiRecord.model_json_schema()}
    yield "agent.json", {"$schema": DIALECT, **AgentRecord.model_json_schema()}
    yield "conduct.json", {"$schema": DIALECT, **ConductRecord.model_json_schema()}
    yield "configuration.json", configuration_schema()
    yield "pack.json", {"$schema": DIALECT, "title": "A file of conduct rules", **pack_schema()}
    yield "score.json", {"$schema": DIALECT, **ScoreRecord.model_json_schema()}
    yield "scoreledger.json", {"$schema": DIALECT, **LedgerRecord.model_json_schema()}
    yield "feed.json", {"$schema": DIALECT, **FeedMapping.model_json_schema()}
    yield "name.json", {"$schema": DIALECT, **NameRecord.model_json_schema()}
    yield "alert.json", {"$schema": DIALECT, **AlertRecord.model_json_schema()}
    yield "alertaction.json", {"$schema": DIALECT, **AlertAction.model_json_schema()}
    yield "erasure.json", {"$schema": DIALECT, **ErasureRecord.model_json_schema()}


def pages() -> Iterator[tuple[str, str]]:
    """Every file that this writes: (name, text)."""
    for name, document in documents():
        yield name, json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    yield DOCUMENT, json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"
    yield "kpis.md", catalogue_page()


def catalogue_page() -> str:
    """The KPI catalogue, and what answers to each indicator of the published schemes."""
    lines = [
        f"# KPI catalogue, version {CATALOGUE_VERSION}",
        "",
        "Generated from `stream/kpis/`. Measures are sums of contributions in the window; `*_ms` are milliseconds,",
        "`*_minor` minor units of a currency. A KPI without a denominator is the sum itself. Sources are",
        "indicators of published collection schemes, listed below. `levels`: all, or those at which it exists.",
        "`an unknown input`: what it does. `a rolling window`: when one cannot show it, or shows less than a day does.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    for kpi in CATALOGUE.values():
        unit = f"{kpi.unit}, per currency" if kpi.per_currency else kpi.unit
        cells = (
            f"`{kpi.id}`", str(kpi.version), kpi.name_en, kpi.name_zh,
            " + ".join(kpi.numerator), " + ".join(kpi.denominator or ("-",)),
            unit, kpi.direction or "-", _levels(kpi.levels), kpi.description,
            chinese(kpi).description, kpi.not_counted or "-",
            kpi.unknown or "-", kpi.rolling or "-", kpi.threshold or "-",
            ", ".join(f"`{key}`" for key in options_of(kpi.id)) or "-", ", ".join(kpi.sources) or "-",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Measures", "", "| measure | unit | levels | counts | 含义 | field |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.name} | {row.unit} | {_levels(row.levels)} | {row.words_en} | {row.words_zh} | {row.field} |"
        for row in TABLE.values()
    ]
    lines += ["", "## Options", "", "What the sources leave open is a key of `definitions` in the configuration.", ""]
    lines += ["| key | default | KPIs | what is open | the default |", "|---|---|---|---|---|"]
    for option in OPTIONS:
        default = DEFAULTS.shown(option.key)
        shown = f"{default:.2f}" if isinstance(default, float) else str(default).lower()
        named = ", ".join(f"`{kpi}`" for kpi in option.kpis)
        lines.append(f"| `{option.key}` | {shown} | {named} | {option.open} | {option.literal} |")
    lines += ["", "## Indicators of the sources that a stream of events can compute", ""]
    lines += ["| source | indicator | KPI | reading, or why there is none |", "|---|---|---|---|"]
    for each in INDICATORS:
        kpis = ", ".join(f"`{kpi}`" for kpi in each.kpis) or "none"
        lines.append(f"| {each.source} | {each.name} | {kpis} | {each.note or '-'} |")
    return "\n".join(lines) + "\n"


def _levels(levels: tuple[str, ...]) -> str:
    return "all" if levels == LEVELS else ", ".join(levels)


def main() -> int:
    """Writes or checks; 0 where all is well, 1 where --check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    check = parser.parse_args().check
    stale = []
    for name, text in pages():
        path = HERE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    for name in stale:
        sys.stdout.write(f"schemas/{name} {'is out of date: run schemas/generate.py' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
