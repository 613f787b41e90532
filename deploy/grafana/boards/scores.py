"""Targets and scores: attainment and pace of teams over time, of teams and agents now, and the points of the
scorecards. What is ahead of 1 is on course or there; nothing here knows a target."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import ATTAINMENT, PACE, SITE, as_of, of_target, targets
from deploy.grafana.panels import Column, Lines, Table
from deploy.grafana.words import Words

CHOSEN = 'entity=~"$team"'
LEGEND = "{{entity}} {{kpi}} {{currency}}"
POINTS = Table(
    Words("Scores", "评分"),
    Words("The latest period of each scorecard; trials are left out. Provisional until the period is final.",
          "每张评分卡的最新周期,不含试算;周期结束前为暂定。"),
    {
        "name": Words("Scorecard", "评分卡"),
        "level": Words("Level", "层级"),
        "entity": Words("Who", "对象"),
        "period": Words("Period", "周期"),
    },
    (Column(Words("Points", "得分"),
            f"max by (name, level, entity, period) (collections_score_points{{{SITE}}})", decimals=1),),
    Words("no scorecard", "没有评分卡"),
    sort=Words("Points", "得分"),
    falling=True,
)  # fmt: skip

BOARD = Board(
    "scores",
    Words("Collections scores", "催收评分"),
    Words("Targets, pace and scorecards.", "目标、进度与评分卡。"),
    ("site", "team", "window"),
    (
        Row(Words("Now", "当前"), 4, as_of()),
        Row(Words("Over time", "趋势"), 9, (
            Lines(Words("Attainment by team", "各团队达成率"),
                  Words("Value against target: 1 is there.", "数值与目标之比:1 为达成。"),
                  of_target(ATTAINMENT, "team", CHOSEN), "percentunit", LEGEND),
            Lines(Words("Pace by team", "各团队进度"),
                  Words("Attainment against the working time that has passed: 1 is on course.",
                        "达成率与已过工作时间之比:1 为按进度。"),
                  of_target(PACE, "team", CHOSEN), "percentunit", LEGEND),
        )),
        Row(Words("Targets", "目标"), 10, (targets("team"), targets("agent"))),
        Row(Words("Scorecards", "评分卡"), 10, (POINTS,)),
    ),
)  # fmt: skip
