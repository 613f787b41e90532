"""Panels of KPIs, alerts and targets: what the eight dashboards share.

Reads recorded series, each with `site`, `level` and `window` fixed (ADR 0020), and of agents the parts. Thresholds are
series, from the alert rules; nothing here knows a level or a target.
"""

from collections.abc import Sequence

from deploy.grafana.panels import Column, Lines, Number, Table
from deploy.grafana.words import Words
from deploy.prometheus.recording import ACTIVE, agent_expression, series
from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.kpis.chinese import chinese

SITE = 'site="$site"'
ASSIGNED = 'entity!="unassigned"'  # what names no team is none: it stands among them nowhere
UNITS = {"ratio": "percentunit", "permille": "suffix:‰", "ms": "s"}
LEVELS = {
    "site": Words("Site", "职场"),
    "team": Words("Team", "团队"),
    "queue": Words("Queue", "队列"),
    "segment": Words("Segment", "账龄段"),
    "agent": Words("Agent", "坐席"),
}
ALERTS = Words("Alerts", "告警")
AS_OF = "collections_kpi_as_of_timestamp_seconds"
OLD_S, TOO_OLD_S = 120, 300
AGE_STEPS = ((None, "dark-green"), (OLD_S, "dark-orange"), (TOO_OLD_S, "dark-red"))
ATTAINMENT, PACE = "collections_target_attainment_ratio", "collections_target_pace_ratio"
TARGET_LABELS = "entity, kpi, currency"
TARGET_STEPS = ((None, "dark-red"), (0.8, "dark-orange"), (1.0, "dark-green"))
"""Below four fifths of the target, below it, at it."""
SEVERITIES = {"critical": "dark-red", "warning": "dark-orange", "info": "dark-blue"}


def select(kpi: Kpi, level: str, *matchers: str, site: str = SITE) -> str:
    """The KPI's series at `level` in the chosen window, in the unit that the panel shows."""
    chosen = [each for each in (site, 'window="$window"', *matchers) if each]
    if kpi.per_currency:
        chosen.append('currency="$currency"')
    if level == "agent":
        selector = agent_expression(kpi, ",".join(chosen))
        return f"({selector}) * 1000" if kpi.unit == "permille" else selector
    matched = ",".join((f'level="{level}"', *chosen))
    selector = f"{series(kpi)}{{{matched}}}"
    return f"{selector} * 1000" if kpi.unit == "permille" else selector


def name(kpi: Kpi) -> Words:
    """What the KPI is called."""
    return Words(kpi.name_en, kpi.name_zh)


def about(kpi: Kpi) -> Words:
    """What it counts."""
    return Words(kpi.description, f"{kpi.name_zh}({kpi.id})。口径:{chinese(kpi).description}")


def unit(kpi: Kpi) -> str:
    """Grafana's name of the unit."""
    return UNITS.get(kpi.unit, "locale")


def tile(kpi_id: str, level: str = "site", *matchers: str, w: int = 4) -> Number:
    """A KPI of one entity now."""
    kpi = CATALOGUE[kpi_id]
    expression = select(kpi, level, *matchers)
    return Number(name(kpi), about(kpi), expression, unit(kpi), w, decimals=_decimals(kpi))


def trend(kpi_id: str, level: str, *matchers: str, w: int = 12) -> Lines:
    """The KPI of the chosen entities over time, with the levels of the alert rules on it."""
    kpi = CATALOGUE[kpi_id]
    title = Words(f"{kpi.name_en} by {level}", f"各{LEVELS[level].zh}{kpi.name_zh}")
    limits = f'max by (rule) (collections_threshold{{kpi="{kpi.id}",level="{level}"}})'
    if kpi.unit == "ms":
        limits += " / 1000"  # a threshold is in the KPI's unit, the panel in seconds
    shown = f"max by (entity) ({select(kpi, level, *matchers)})"
    return Lines(
        title, about(kpi), shown, unit(kpi), w=w, levels="" if kpi.per_currency or level == "agent" else limits
    )


def entities(level: str, kpis: Sequence[str], *matchers: str, w: int = 24) -> Table:
    """One row per entity of a level, and the alerts that fire for it as a sign and a number."""
    columns = [
        Column(name(kpi), f"max by (entity) ({select(kpi, level, ASSIGNED, *matchers)})", unit(kpi), _decimals(kpi))
        for kpi in (CATALOGUE[kpi_id] for kpi_id in kpis)
    ]
    chosen = ",".join((SITE, f'level="{level}"', *matchers))
    columns.append(firing(f"sum by (entity) ({ACTIVE}{{{chosen}}} == 1)"))
    head = LEVELS[level]
    asked = f"var-site=$site&var-{level}=${{entity}}&var-window=$window"
    links = {"entity": (level, asked)} if level in ("team", "queue", "agent") else {}
    return Table(
        Words(f"{head.en}s", head.zh),
        Words("Empty: off shift, or nothing to divide.", "空白:不当班,或没有可计算的数据。"),
        {"entity": head},
        tuple(columns),
        Words(f"no {level} in this window", "该时间窗内没有数据"),
        w,
        links=links,
    )


def firing(expression: str) -> Column:
    """How many alerts fire, as a sign and a number; a tick where none does."""
    steps = [{"color": "transparent", "value": None}, {"color": "dark-red", "value": 1}]
    more = {
        "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [{"type": "special", "options": {"match": "null", "result": {"text": "✓"}}}],
    }
    return Column(ALERTS, expression, "suffix: ▲", more=more)


def alerts(*matchers: str, w: int = 24) -> Table:
    """What the stream says fires now; Prometheus judges no KPI."""
    keys = {
        "severity": Words("Severity", "级别"),
        "rule": Words("Rule", "规则"),
        "site": Words("Site", "职场"),
        "level": Words("Level", "层级"),
        "entity": Words("Who", "对象"),
        "kpi": Words("KPI", "指标"),
        "window": Words("Window", "时间窗"),
    }
    marks = {
        word: {"text": f"▲ {word}", "color": colour, "index": n} for n, (word, colour) in enumerate(SEVERITIES.items())
    }
    cells = {
        "custom.cellOptions": {"type": "color-background", "mode": "basic"},
        "mappings": [{"type": "value", "options": marks}],
    }
    return Table(
        ALERTS,
        Words("What fires now, as the stream decides it.", "当前触发的告警,由流处理判定。"),
        keys,
        (Column(ALERTS, f"{ACTIVE}{{{','.join(matchers)}}} == 1"),),
        Words("nothing fires", "没有告警"),
        w,
        cells={"severity": cells},
        links={"site": ("site", "var-site=${site}&var-window=${window}")},
        shown=False,
    )


def as_of(site: str = SITE) -> tuple[Number, Number]:
    """The instant up to which the numbers count, and how long ago that is."""
    newest = f"max({AS_OF}{{{site}}})"
    return (
        Number(Words("As of", "数据截至"), Words("Event time up to which the numbers count.", "数字统计到的事件时间。"),
               f"{newest} * 1000", "dateTimeAsIsoNoDateIfToday", none=Words("no records", "没有记录")),
        Number(Words("Age", "数据延迟"),
               Words("Green: live. Orange: slow. Red: do not trust it.", "绿:实时。橙:变慢。红:不可信。"),
               f"time() - {newest}", "s", steps=AGE_STEPS),
    )  # fmt: skip


def of_target(metric: str, level: str, *matchers: str) -> str:
    """A series about targets, of the entities of a level in the chosen window."""
    chosen = ",".join((SITE, f'level="{level}"', 'window="$window"', *matchers))
    return f"max by ({TARGET_LABELS}) ({metric}{{{chosen}}})"


def targets(level: str, *matchers: str, w: int = 12) -> Table:
    """One row per entity and target: the target, the share reached, and the share of what should be reached by now."""
    head = LEVELS[level]
    coloured = {"custom.cellOptions": {"type": "color-text"}}
    columns = [
        Column(Words(title, chinese), of_target(metric, level, ASSIGNED, *matchers), "percentunit", 1, coloured)
        for title, chinese, metric in (("Attainment", "达成率", ATTAINMENT), ("Pace", "进度", PACE))
    ]
    if level != "agent":  # the page of agents leaves the targets themselves out: they would be a third of it
        columns.append(
            Column(Words("Target", "目标"), of_target("collections_target_value", level, ASSIGNED, *matchers))
        )
    return Table(
        Words(f"Targets of {level}s", f"{head.zh}目标"),
        Words("Attainment: value against target. Pace: attainment against the working time that has passed. "
              "Target: in the KPI's own unit (ms, minor units).",
              "达成率:数值与目标之比。进度:达成率与已过工作时间之比。目标:按指标自身单位(毫秒、分)。"),
        {"entity": head, "kpi": Words("KPI", "指标"), "currency": Words("Currency", "币种")},
        tuple(columns),
        Words("no target in this window", "该时间窗没有目标"),
        w,
        sort=Words("Pace", "进度"),
        steps=TARGET_STEPS,
    )  # fmt: skip


def _decimals(kpi: Kpi) -> int:
    return 1 if kpi.unit in ("ratio", "permille", "per hour", "points") else 0
