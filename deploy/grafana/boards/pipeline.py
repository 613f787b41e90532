"""The machinery: what comes in, what is refused, how far behind it is, how long commits take, what runs where."""

from deploy.grafana.board import Board, Row
from deploy.grafana.kpis import AGE_STEPS, AS_OF
from deploy.grafana.panels import Column, Lines, Number, Steps, Table
from deploy.grafana.words import Words

NONE_IS_WELL: Steps = ((None, "dark-green"), (1, "dark-red"))
QUANTILE = "histogram_quantile(0.99, sum by ({by}) (rate({metric}_bucket[5m])))"


def _rate(title: Words, about: Words, metric: str, by: str) -> Lines:
    """How many a second, by a label."""
    return Lines(title, about, f"sum by ({by}) (rate({metric}[5m]))", "suffix: /s", f"{{{{{by}}}}}", 8)


BOARD = Board(
    "pipeline",
    Words("Collections pipeline", "催收数据管道"),
    Words("The machinery: input, lag, commits, workers. docs/metrics.md says what each series means.",
          "系统运行:输入、积压、提交与进程。各指标含义见 docs/metrics.md。"),
    (),
    (
        Row(Words("Now", "当前"), 4, (
            Number(Words("Workers", "工作进程"), Words("Workers that answer their scrapes.", "应答抓取的工作进程数。"),
                   'sum(up{job="kpi-stream"})', w=3, steps=((None, "dark-red"), (1, "dark-green"))),
            Number(Words("Oldest numbers", "最旧数据"),
                   Words("Age of the site whose numbers are oldest.", "数据最旧职场的延迟。"),
                   f"max(time() - max by (site) ({AS_OF}))", "s", 3, AGE_STEPS),
            Number(Words("Lag", "积压"),
                   Words("Records between what is applied and the log ends.", "尚未处理的记录数。"),
                   "sum(max without (instance) (collections_consumer_lag_records))", w=3,
                   steps=((None, "dark-green"), (10_000, "dark-orange"), (100_000, "dark-red"))),
            Number(Words("Last commit", "最近提交"),
                   Words("Age of the older stage's last transaction.", "较旧阶段最近一次事务距今。"),
                   "max(time() - max by (stage) (collections_last_commit_timestamp_seconds))", "s", 3,
                   ((None, "dark-green"), (30, "dark-orange"), (60, "dark-red"))),
            Number(Words("Silent partitions", "无主分区"),
                   Words("Debtor partitions without an owner.", "没有归属的债务人分区数。"),
                   "max(collections_partitions_silent) or vector(0)", w=3, steps=NONE_IS_WELL),
            Number(Words("Clock offset", "时钟偏差"),
                   Words("The worker's clock whose offset is greatest.", "偏差最大的进程时钟。"),
                   "max(abs(collections_clock_offset_seconds))", "s", 3,
                   ((None, "dark-green"), (10, "dark-orange"), (60, "dark-red")), decimals=1),
            Number(Words("Left out", "未导出序列"),
                   Words("Series that /metrics or /metrics/agents does not show.",
                         "未在 /metrics 与 /metrics/agents 中导出的序列数。"),
                   "sum(collections_series_left_out) + sum(collections_series_dropped)", w=3,
                   steps=((None, "dark-green"), (1, "dark-orange"))),
            Number(Words("Scores' age", "评分延迟"),
                   Words("Since the scores last agreed with all records read.", "评分最近一次与已读记录一致距今。"),
                   "time() - max(collections_scores_timestamp_seconds)", "s", 3,
                   ((None, "dark-green"), (120, "dark-orange"), (600, "dark-red"))),
        )),
        Row(Words("Input", "输入"), 8, (
            _rate(Words("Events by type", "各类型事件"), Words("Facts accepted.", "已接受的事实。"),
                  "collections_events_consumed_total", "type"),
            _rate(Words("Rejected by reason", "各原因拒收"),
                  Words("`kpi-stream deadletter list --reason R` shows them.",
                  "用 `kpi-stream deadletter list --reason R` 查看。"), "collections_events_rejected_total", "reason"),
            _rate(Words("Feeds by result", "数据源结果"),
                  Words("Records of feeds: mapped, unused, refused.", "数据源记录:已映射、未用、拒绝。"),
                  "collections_feed_records_total", "result"),
        )),
        Row(Words("Progress", "进度"), 8, (
            Lines(Words("Lag by topic", "各主题积压"),
                  Words("Rises: add workers, or look for a slow commit.", "上升:增加进程或检查提交耗时。"),
                  "sum by (topic) (max without (instance) (collections_consumer_lag_records))",
                  legend="{{topic}}", w=8),
            Lines(Words("Behind by topic", "各主题水位延迟"),
                  Words("Of the slowest partition.", "最慢分区的延迟。"),
                  "time() - min by (topic) (max by (topic, partition) (collections_watermark_timestamp_seconds))",
                  "s", "{{topic}}", 8),
            Lines(Words("Restored", "恢复进度"),
                  Words("Share of a partition's state that is read; empty otherwise.",
                        "分区状态已读比例;无恢复时为空。"),
                  "max by (stage, partition) (collections_restore_progress_ratio)",
                  "percentunit", "{{stage}}/{{partition}}", 8),
        )),
        Row(Words("Work", "处理"), 8, (
            Lines(Words("Commit, 99th percentile", "提交耗时 P99"),
                  Words("Of one transaction, by stage.", "单次事务,按阶段。"),
                  QUANTILE.format(by="stage, le", metric="collections_commit_duration_seconds"), "s", "{{stage}}", 8),
            Lines(Words("Tick, 99th percentile", "周期耗时 P99"),
                  Words("Of one tick of the entity stage.", "实体阶段单个周期。"),
                  QUANTILE.format(by="le", metric="collections_tick_duration_seconds"), "s", "P99", 8),
            Lines(Words("KPI records", "指标记录"), Words("Records committed a second.", "每秒提交的记录。"),
                  "sum(rate(collections_kpi_records_total[5m]))", "suffix: /s", "KPI", 8),
        )),
        Row(Words("Workers", "工作进程"), 8, (
            Table(Words("Builds", "版本"),
                  Words("Two at once: a rollout is under way, or stuck.", "同时两个:升级进行中或卡住。"),
                  {"version": Words("Version", "版本"), "catalogue": Words("Catalogue", "口径版本"),
                   "core": Words("Core", "内核")},
                  (Column(Words("Workers", "工作进程"),
                          "count by (version, catalogue, core) (collections_build_info)"),), w=8),
            Lines(Words("Partitions owned", "持有分区"),
                  Words("Of each worker, both stages.", "各进程两个阶段的分区数。"),
                  "sum by (instance) (collections_partitions_owned)", legend="{{instance}}", w=8),
            Lines(Words("Started", "运行时长"), Words("Time since each worker started.", "各进程启动以来的时间。"),
                  'time() - max by (instance) (process_start_time_seconds{job="kpi-stream"})', "s", "{{instance}}", 8),
        )),
    ),
)  # fmt: skip
