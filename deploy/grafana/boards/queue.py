"""The chosen queues: who waits how long, who gives up, what is dialled."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import SITE, alerts, as_of, entities, tile, trend
from deploy.grafana.words import Words

CHOSEN = 'entity=~"$queue"'
SHOWN = (
    "offered", "service_level", "abandonment_rate", "answer_wait_mean", "abandon_wait_mean", "callbacks", "dials",
    "connect_rate", "drop_rate", "handle_time_mean",
)  # fmt: skip
OF_SITE = ("offered", "service_level", "abandonment_rate", "drop_rate")

BOARD = Board(
    "queue",
    Words("Collections queue", "催收队列"),
    Words("The chosen queues: waiting, giving up, dialling.", "所选队列:等待、放弃与外呼。"),
    ("site", "queue", "window"),
    (
        Row(Words("The site now", "职场当前"), 4, (*as_of(), *(tile(kpi) for kpi in OF_SITE))),
        Row(Words("Queues", "队列"), 9, (entities("queue", SHOWN, CHOSEN),)),
        Row(Words("Over time", "趋势"), 9, tuple(
            trend(kpi, "queue", CHOSEN) for kpi in ("service_level", "abandonment_rate", "answer_wait_mean", "offered")
        )),
        Row(Words("Alerts", "告警"), 7, (alerts(SITE, 'level="queue"', CHOSEN),)),
    ),
)  # fmt: skip
