"""One site: as of, its tiles, its teams, queues and segments side by side, and the alerts that fire."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import SITE, alerts, as_of, entities, tile, trend
from deploy.grafana.words import Words

TILES = (
    "dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
    "recovered_per_hour", "talk_time_mean", "occupancy_ratio", "complaint_rate",
)  # fmt: skip
TEAMS = (
    "dials", "connect_rate", "promises", "promise_kept_rate", "recovered_amount", "recovered_per_hour",
    "occupancy_ratio", "complaint_rate",
)  # fmt: skip
QUEUES = ("offered", "service_level", "abandonment_rate", "dials", "connect_rate")
SEGMENTS = ("dials", "connect_rate", "promises", "promise_kept_rate", "recovered_amount", "complaint_rate")

BOARD = Board(
    "site",
    Words("Collections site", "催收职场"),
    Words("One site now: its numbers, its teams, queues and segments, what fires.",
          "单个职场:指标、团队、队列、账龄段与告警。"),
    ("site", "window", "currency"),
    (
        Row(Words("Now", "当前"), 5, (*as_of(), *(tile(kpi) for kpi in TILES))),
        Row(Words("Teams and alerts", "团队与告警"), 10, (entities("team", TEAMS, w=16), alerts(SITE, w=8))),
        Row(Words("Over time", "趋势"), 9, (trend("connect_rate", "site"), trend("recovered_amount", "site"))),
        Row(Words("Queues and segments", "队列与账龄段"), 8, (
            entities("queue", QUEUES, w=12), entities("segment", SEGMENTS, w=12),
        )),
    ),
)  # fmt: skip
