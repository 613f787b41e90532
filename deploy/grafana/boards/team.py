"""The chosen teams: a row each, over time, how fast things happen, their targets and alerts."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import ASSIGNED, SITE, alerts, as_of, entities, select, targets, tile, trend
from deploy.grafana.panels import Lines, Number
from deploy.grafana.words import Words
from stream.kpis.catalogue import CATALOGUE

CHOSEN = 'entity=~"$team"'
SHOWN = (
    "dials", "connect_rate", "right_party_contacts", "promises", "promise_kept_rate", "recovered_amount",
    "recovered_per_hour", "talk_time_mean", "wrap_time_mean", "occupancy_ratio", "qa_pass_rate", "complaint_rate",
)  # fmt: skip


def _pace(metric: str, en: str, zh: str) -> Lines:
    """How many a minute, from a counter, whichever workers counted."""
    return Lines(
        Words(f"{en} a minute", f"每分钟{zh}"),
        Words(
            "Rate of the last five minutes; the windows have the exact number.", "最近五分钟速率;精确数以时间窗为准。"
        ),
        f'sum by (team) (rate({metric}{{{SITE},team=~"$team"}}[5m])) * 60',
        "suffix: /min",
        "{{team}}",
        8,
    )


KEPT = CATALOGUE["promise_kept_rate"]
BOARD = Board(
    "team",
    Words("Collections team", "催收团队"),
    Words("The chosen teams: side by side, over time, against their targets.", "所选团队:对比、趋势与目标。"),
    ("site", "team", "window", "currency"),
    (
        Row(Words("Now", "当前"), 4, (
            *as_of(), *(tile(kpi) for kpi in ("connect_rate", "promises", "recovered_amount")),
        )),
        Row(Words("Teams", "团队"), 10, (entities("team", SHOWN, CHOSEN),)),
        Row(Words("Kept promises", "承诺履约"), 4, (
            Number(Words("Kept promise rate · $team", "承诺履约率 · $team"),
                   Words("One tile for each chosen team.", "每个所选团队一格。"),
                   select(KEPT, "team", 'entity="$team"'), "percentunit", repeat="team", decimals=1),
        )),
        Row(Words("Over time", "趋势"), 9, (
            trend("connect_rate", "team", CHOSEN), trend("recovered_amount", "team", CHOSEN),
            trend("promises", "team", CHOSEN), trend("occupancy_ratio", "team", CHOSEN),
        )),
        Row(Words("Pace", "节奏"), 8, (
            _pace("collections_dials_total", "Dials", "拨打"), _pace("collections_contacts_total", "Contacts", "接触"),
            _pace("collections_promises_total", "Promises", "承诺"),
        )),
        Row(Words("Targets and alerts", "目标与告警"), 9, (
            targets("team", CHOSEN), alerts(SITE, 'level="team"', CHOSEN, ASSIGNED, w=12),
        )),
    ),
)  # fmt: skip
