"""The chosen agents: a row each, over time, and their targets; what /metrics/agents shows, in its windows."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import ASSIGNED, SITE, alerts, as_of, entities, targets, trend
from deploy.grafana.panels import Number
from deploy.grafana.words import Words

CHOSEN = 'entity=~"$agent"'
SHOWN = ("connect_rate", "right_party_contacts", "promises", "recovered_amount", "occupancy_ratio", "talk_time_mean")
"""What metrics.agent_kpis names by default."""

AT_WORK = f'collections_window_dials{{{SITE},level="agent",window="$window",{ASSIGNED}}}'
"""Every agent who has a record has this series."""

BOARD = Board(
    "agent",
    Words("Collections agent", "催收坐席"),
    Words("The chosen agents. Shown: metrics.agent_kpis in metrics.agent_windows (by default rolling_15m and day).",
          "所选坐席。范围:metrics.agent_kpis 与 metrics.agent_windows(默认 rolling_15m 与 day)。"),
    ("site", "agent", "window", "currency"),
    (
        Row(Words("Now", "当前"), 4, (
            *as_of(),
            Number(Words("Agents at work", "当班坐席"),
                   Words("Agents of the site with anything in the chosen window.",
                         "该职场在所选时间窗内有数据的坐席数。"),
                   f'count(count by (entity) ({AT_WORK}))'),
        )),
        Row(Words("Agents", "坐席"), 12, (entities("agent", SHOWN, CHOSEN),)),
        Row(Words("Over time", "趋势"), 9, (
            trend("connect_rate", "agent", CHOSEN), trend("right_party_contacts", "agent", CHOSEN),
            trend("promises", "agent", CHOSEN), trend("occupancy_ratio", "agent", CHOSEN),
        )),
        Row(Words("Targets and alerts", "目标与告警"), 9, (
            targets("agent", CHOSEN), alerts(SITE, 'level="agent"', CHOSEN, w=12),
        )),
    ),
)  # fmt: skip
