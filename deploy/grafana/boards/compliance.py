"""Conduct and complaints of a site: breaches by rule, debtors near a limit, quality reviews, and the teams."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import SITE, as_of, entities, tile, trend
from deploy.grafana.panels import Lines, Number
from deploy.grafana.words import Words

TILES = (
    "conduct_breaches", "conduct_breach_rate", "complaints", "complaint_rate", "complaint_timeliness", "drop_rate",
    "qa_pass_rate", "qa_score_mean",
)  # fmt: skip
TEAMS = (
    "conduct_breaches", "conduct_breach_rate", "complaints", "complaint_rate", "drop_rate", "qa_pass_rate",
    "qa_score_mean", "satisfaction_rate",
)  # fmt: skip


def _hourly(what: str, by: str, title: Words, about: Words) -> Lines:
    """How many in the last hour, by a label."""
    return Lines(title, about, f"sum by ({by}) (increase({what}{{{SITE}}}[1h]))", legend=f"{{{{{by}}}}}", w=8)


BOARD = Board(
    "compliance",
    Words("Collections compliance", "催收合规"),
    Words("Breaches, complaints and reviews of a site.", "职场的违规、投诉与质检。"),
    ("site", "window"),
    (
        Row(Words("Now", "当前"), 4, (
            *as_of(),
            *(tile(kpi) for kpi in TILES),
            Number(Words("Not judged", "未能判定"),
                   Words("Debtors whom an error of the product kept from being judged.",
                         "因产品错误而未能判定的债务人数。"),
                   "sum(collections_conduct_failures_total) or vector(0)",
                   steps=((None, "dark-green"), (1, "dark-red"))),
        )),
        Row(Words("Conduct, the last hour", "最近一小时合规"), 8, (
            _hourly("collections_conduct_breaches_found_total", "rule",
                    Words("Breaches found by rule", "各规则发现的违规"),
                    Words("collections.conduct.v1 has debtor, fact, agent and team of each.",
                          "collections.conduct.v1 记录每次违规的债务人、事实、坐席与团队。")),
            _hourly("collections_conduct_breaches_withdrawn_total", "rule",
                    Words("Breaches withdrawn by rule", "各规则撤销的违规"),
                    Words("A later fact has undone them.", "后到的事实使其撤销。")),
            _hourly("collections_conduct_standings_total", "state", Words("Debtors by state", "各状态债务人"),
                    Words("near: close to a limit; reached: at it; clear: away from it again.",
                          "near:接近上限;reached:到达上限;clear:恢复。")),
        )),
        Row(Words("Teams", "团队"), 9, (entities("team", TEAMS),)),
        Row(Words("Over time", "趋势"), 8, (trend("complaint_rate", "team"), trend("conduct_breach_rate", "team"))),
    ),
)  # fmt: skip
