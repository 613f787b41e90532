"""All sites on one page: how old each one's numbers are, how it stands, what fires; a site opens in its own zone."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import ALERTS, AS_OF, LEVELS, about, alerts, firing, name, select, unit
from deploy.grafana.panels import Column, Lines, Number, Table
from deploy.grafana.words import Words
from deploy.prometheus.recording import ACTIVE
from stream.kpis.catalogue import CATALOGUE

SHOWN = ("dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
         "service_level", "occupancy_ratio", "complaint_rate")  # fmt: skip
ZONE = "* on (site) group_left (zone) max by (site, zone) (collections_site_info)"


def _by_site(expression: str) -> str:
    """The expression, a row per site, with the zone that the configuration gives it."""
    return f"max by (site) ({expression}) {ZONE}"


KPIS = tuple(
    Column(name(kpi), _by_site(select(kpi, "site", site="")), unit(kpi), 1 if kpi.unit in ("ratio", "permille") else 0)
    for kpi in (CATALOGUE[each] for each in SHOWN)
)
SITES = Table(
    Words("Sites", "职场"),
    Words("One row per configured site; a click opens it, with times in its own zone.",
          "每个职场一行;点击打开,并以该职场时区显示时间。"),
    {"site": LEVELS["site"], "zone": Words("Zone", "时区")},
    (
        Column(Words("Age", "数据延迟"), _by_site(f"time() - max by (site) ({AS_OF})"), "s"),
        *KPIS,
        firing(f"sum by (site) ({ACTIVE} == 1) {ZONE}"),
    ),
    Words("no site configured", "没有配置职场"),
    links={"site": ("site", "var-site=${site}&var-window=$window&timezone=${zone}")},
)  # fmt: skip


def _lines(kpi_id: str) -> Lines:
    kpi = CATALOGUE[kpi_id]
    title = Words(f"{kpi.name_en} by site", f"各职场{kpi.name_zh}")
    return Lines(title, about(kpi), f"max by (site) ({select(kpi, 'site', site='')})",
                 unit(kpi), "{{site}}", 8)  # fmt: skip


BOARD = Board(
    "overview",
    Words("Collections overview", "催收总览"),
    Words("All sites: how old the numbers are, how each stands, what fires.", "所有职场:数据时效、现状与告警。"),
    ("window", "currency"),
    (
        Row(Words("Now", "当前"), 4, (
            Number(Words("Sites configured", "职场数"),
                   Words("Sites that the configuration names.", "配置中的职场数。"),
                   "count(count by (site) (collections_site_info))", w=6),
            Number(Words("Workers", "工作进程"),
                   Words("Workers that answer their scrapes.", "应答抓取的工作进程数。"),
                   'sum(up{job="kpi-stream"})', w=6, steps=((None, "dark-red"), (1, "dark-green"))),
            Number(Words("Alerts firing", "触发中的告警"),
                   Words("Business alerts that fire.", "正在触发的业务告警数。"),
                   f"count({ACTIVE} == 1) or vector(0)", w=6, steps=((None, "dark-green"), (1, "dark-red"))),
            Number(Words("Oldest numbers", "最旧数据"),
                   Words("Age of the site whose numbers are oldest.", "数据最旧职场的延迟。"),
                   f"max(time() - max by (site) ({AS_OF}))", "s", 6,
                   ((None, "dark-green"), (120, "dark-orange"), (300, "dark-red"))),
        )),
        Row(Words("Sites", "职场"), 8, (SITES,)),
        Row(Words("Over time", "趋势"), 8, (_lines("connect_rate"), _lines("promises"), _lines("recovered_amount"))),
        Row(ALERTS, 8, (alerts(),)),
    ),
)  # fmt: skip
