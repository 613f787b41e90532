"""The closed list of every metric: name, kind, labels, meaning, and what to do about it.

Nothing else is exported, and a test checks every query of `deploy/` against this list. Names follow the Prometheus
conventions: base units, `_total` for counters, `_timestamp_seconds` for "when". The label `number` is the index of a
partition. No label is an event, case or debtor id; `entity` is a pseudonymous agent, a team, a queue, a segment or a
site. ADR 0020 says why windows are exported as gauges, and as parts of KPIs.
"""

from dataclasses import dataclass

from stream.publish.parts import PARTS

PREFIX = "collections"

DURATION_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

WINDOW_LABELS = ("site", "level", "entity", "window")


@dataclass(frozen=True)
class Metric:
    """One metric. `kind`: counter, gauge or histogram (seconds). `remedy`: what a person does when it looks wrong."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str
    remedy: str


def _counter(name: str, labels: tuple[str, ...], meaning: str, remedy: str) -> Metric:
    return Metric(f"{PREFIX}_{name}_total", "counter", labels, meaning, remedy)


def _gauge(name: str, labels: tuple[str, ...], meaning: str, remedy: str) -> Metric:
    return Metric(f"{PREFIX}_{name}", "gauge", labels, meaning, remedy)


def _histogram(name: str, labels: tuple[str, ...], meaning: str, remedy: str) -> Metric:
    return Metric(f"{PREFIX}_{name}_duration_seconds", "histogram", labels, meaning, remedy)


EVENTS = (
    _counter("events_consumed", ("type",),
             "Facts accepted, by event type.",
             "No rise in opening hours: look at the producers, then at collections_consumer_lag_records."),
    _counter("events_rejected", ("reason",),
             "Records not accepted as facts, by dead-letter reason.",
             "`kpi-stream deadletter list --reason R`; mend the producer, then re-submit."),
    _counter("deadletters", ("reason",),
             "Records sent to the dead-letter topic, by reason.",
             "As collections_events_rejected_total; the two differ only in a transaction that is in hand."),
    _counter("events_duplicate", (),
             "Redelivered facts, counted once in the KPIs and here each time again.",
             "A steady rise is a producer that retries without idempotence; the numbers are right."),
    _counter("events_superseded", (),
             "Facts whose version is lower than one that already counts.",
             "Nothing: the greater version counts."),
    _counter("tombstones", (),
             "Records without a value in the inbound topics: no events, and they change nothing.",
             "Nothing. A feed that sends nothing else is a producer of deletions: is it the right one?"),
    _counter("records_lost", ("topic",),
             "Records that the topic's retention deleted before this worker read them.",
             "A backfill from another copy of the events; a longer retention; a worker that runs."),
    _counter("rows_frozen", (),
             "Contributions dropped since their window ended before the correction horizon.",
             "`kpi-stream reconcile` names the windows; a backfill brings them."),
    _counter("facts_forgotten", (),
             "Facts that were dropped from the ledger: older than anything that may still come, and in no open window.",
             "Nothing. No rise for weeks in a ledger that grows: is one of the topics silent, and idle_advance off?"),
    _counter("events_unconfigured_site", (),
             "Facts of a site that the configuration does not name: UTC, no shifts.",
             "Add the site to `sites`, or mend site_id at the producer."),
)  # fmt: skip

FACTS = (
    _counter("dials", ("site", "team"),
             "Outbound calls accepted, each by its first leg.",
             "A rate far from the dialler's own: look at the producer of calls, and at the dead letters."),
    _counter("contacts", ("site", "team"),
             "Calls accepted that reached a human, each by its first leg.",
             "Falls while dials do not: numbers, times of day, or the lines."),
    _counter("promises", ("site", "team"),
             "Promises accepted.",
             "None for hours while contacts are: is the producer of promises there?"),
    _counter("payments", ("site", "team"),
             "Payments accepted, by the team that they are credited to then.",
             "None on a working day: has the bank's file come?"),
    _counter("recovered_minor_units", ("site", "team", "currency"),
             "Amount of the payments accepted; a reversal takes nothing back here.",
             "For rates. What was recovered, reversals taken off, is collections_window_recovered_minor_units."),
    _counter("complaints", ("site", "team"),
             "Complaints accepted, by the team that they are credited to then.",
             "A jump: which calls, which script, which campaign?"),
    _counter("corrections", ("site", "team"),
             "Facts that came anew with another content, which counts from then on; the other counters do not fall.",
             "Many: a producer sends before it knows. The windows are right, the other counters are as first told."),
)  # fmt: skip

CONDUCT = (
    _counter("conduct_breaches_found", ("rule", "site"),
             "Breaches of conduct rules published, those included whose content changed or that came back.",
             "Who and whom: collections.conduct.v1 names debtor, fact, agent and team of each."),
    _counter("conduct_breaches_withdrawn", ("rule", "site"),
             "Breaches withdrawn, since a later fact has undone them.",
             "Many of a rule: which facts come so late, consents or corrections? Mend it at the source."),
    _counter("conduct_failures", (),
             "Debtors who could not be judged by an error of the product itself: nothing is said of them.",
             "Report it with the line of the log. They are judged again at every commit, until it can be done."),
    _counter("conduct_standings", ("rule", "site", "state"),
             "Standings published by state: debtors who came near the limit of a rule, reached it, or are clear again.",
             "`reached` rises and breaches follow: does the dialler ask `headroom` before it dials?"),
)  # fmt: skip

CLOCKS = (
    _gauge("watermark_timestamp_seconds", ("topic", "partition"),
           "Greatest event time applied of a topic's partition.",
           "Stands still in opening hours: is the partition idle, unowned, or its producer dead?"),
    _gauge("finality_watermark_timestamp_seconds", ("partition",),
           "Watermark that a partition of the entity stage has reached: finality and alerts go by it.",
           "Stands still while collections_watermark_timestamp_seconds moves: a debtor partition has no owner."),
    _gauge("kpi_as_of_timestamp_seconds", ("site",),
           "Event time up to which the KPI records that this worker committed count.",
           "Falls behind the clock in opening hours: the boards are old. Look at lag and at the feeds."),
    _gauge("last_event_timestamp_seconds", ("site",),
           "Event time of the last fact of a site that this worker accepted.",
           "Old in opening hours: the site's feed is dead, though its numbers look merely quiet."),
    _gauge("partitions_silent", ("partition",),
           "Debtor partitions without an owner for time.dead_after: an entity partition leaves them out of finality.",
           "Start a worker; what those partitions bring later corrects the windows."),
    _gauge("partition_idle", ("topic", "partition"),
           "1 while a partition is at its log end for idle_after, so the wall clock moves its watermark.",
           "1 for every partition of a topic in opening hours: its producer is silent."),
    _gauge("clock_offset_seconds", (),
           "This worker's clock minus the broker's, seconds.",
           "Beyond a minute the worker says nothing about idleness: mend time synchronisation."),
)  # fmt: skip

WORK = (
    _gauge("consumer_lag_records", ("topic", "partition"),
           "Records between the last one applied and the log end.",
           "Rises: add workers up to the number of partitions, or look for a slow commit."),
    _gauge("partitions_owned", ("stage",),
           "Partitions that this worker has open, by stage (1: debtor, 2: entity).",
           "0 on a running worker: it is spare, or it is being restored."),
    _gauge("restore_progress_ratio", ("stage", "partition"),
           "Share of a partition's state that is read, 0-1, while it is restored; absent otherwise.",
           "Stands still: look at the broker. `python -m bench.restore` measures what a machine does."),
    _gauge("restore_records", ("stage", "partition"),
           "State records of a partition read so far, while it is restored; absent otherwise.",
           "As collections_restore_progress_ratio."),
    _gauge("restore_remaining_seconds", ("stage", "partition"),
           "About how long the restore of a partition still takes, seconds; absent otherwise.",
           "Events of the partition wait in Kafka until then; other partitions are served already."),
    _histogram("restore", ("stage",),
               "Time from a partition's fence until it is served, restore and checks included.",
               "Long for a partition that came back: its state was not kept; was the worker started anew?"),
    _gauge("stalled_seconds", ("what",),
           "How long something that should get on has not: a partition with lag, a commit, an opening, a rebalance. "
           "Absent below a quarter of kafka.stall_after.",
           "At kafka.stall_after the worker exits with 5 to be started anew; the runbook says what to look at."),
    _histogram("commit", ("stage",),
               "Time of one transaction, from begin to commit.",
               "Above a second: the broker is slow, or too many partitions are on one worker."),
    _gauge("last_commit_timestamp_seconds", ("stage",),
           "When a transaction last succeeded.",
           "Older than the session: the worker is cut off and its KPI gauges are withdrawn."),
    _histogram("tick", (),
               "Time of one tick of the entity stage, publication and alerts included.",
               "Near publish.every: fewer alert rules, more entity partitions, or more workers."),
    _counter("kpi_records", (),
             "KPI records committed.",
             "No rise while facts are accepted: look at collections_last_commit_timestamp_seconds."),
    _counter("alert_records", ("state",),
             "Alert records committed, by state.",
             "A high rate of firing and resolved is flapping: set exit, for, keep_firing_for."),
    _counter("fences", (),
             "Times this process was fenced by a successor.",
             "More than one per takeover: two workers share a group and a host that pauses."),
    _counter("transactions_lost", ("stage",),
             "Transactions that the broker gave up since they took longer than kafka.transaction_timeout, by stage. "
             "What they held was read again from the last commit.",
             "A broker that stood still or is overloaded; collections_transaction_rows shows how the worker gives "
             "way."),
    _gauge("ledger_entities", ("partition",),
           "Agents, teams, queues, segments and sites that a debtor partition knows of the last "
           "time.correction_horizon; at limits.entities (or limits.entities_per_site) events of new ones are "
           "dead-lettered as `limit`.",
           "Rises day after day: a producer makes up ids (a session instead of an agent). Mend it, or raise the "
           "limits."),
    _gauge("transaction_rows", ("stage", "partition"),
           "How many records the next transaction of a partition may hold: less after a slow one, more while they are "
           "quick.",
           "At its least (1,000) for long: the broker or this machine is too slow; "
           "collections_commit_duration_seconds, `kpi-stream doctor`."),
)  # fmt: skip

SCORES = (
    _counter("score_records", (),
             "Records of scores committed.",
             "No rise after a change of the schemes: look at collections_scores_timestamp_seconds."),
    _counter("score_ledger_records", (),
             "Lines of the ledger of scores committed.",
             "Each is a change of what was final: `kpi-stream scores ledger` says which and why."),
    _gauge("scores_timestamp_seconds", (),
           "When the scores last agreed with all KPI records and measurements read; on the worker that computes them.",
           "Stands still: has each partition of the entity stage an owner? Else look at the worker's log for scores."),
    _gauge("measurements_undeclared", (),
           "Measurements of indicators that the section `indicators` does not list: no scheme can read them.",
           "Above 0: declare the indicator, or mend its name at the producer."),
    _gauge("score_points", ("name", "site", "level", "entity", "period"),
           "Points of a scorecard in its latest period, trials left out; agents on /metrics/agents. On the worker that "
           "computes scores.",
           "`kpi-stream scores show` has the arithmetic."),
)  # fmt: skip

TARGET_LABELS = (*WINDOW_LABELS, "kpi", "currency")
TARGETS = (
    _gauge("target_attainment_ratio", TARGET_LABELS,
           "A KPI's value as a share of its target; `currency` only where it has one. Agents on /metrics/agents.",
           "Absent: no target, or nothing to divide."),
    _gauge("target_pace_ratio", TARGET_LABELS,
           "Attainment as a share of the working time that has passed: 1 is on course.",
           "As collections_target_attainment_ratio."),
    _gauge("target_value", TARGET_LABELS,
           "The target of a KPI, in the unit of the KPI record; of all levels but agents.",
           "Change the target in the configuration."),
)  # fmt: skip

FEEDS = (
    _counter("feed_records", ("feed", "result"),
             "Records of a feed, by what became of them: mapped, unused or refused.",
             "refused rises: `kpi-stream deadletter list`, and `kpi-stream feed check` with such a record."),
    _gauge("feed_last_record_timestamp_seconds", ("feed",),
           "When a feed last read a record.",
           "Old in opening hours: the other system sends nothing, or the feed does not run."),
    _gauge("feed_open_joins", ("feed",),
           "Rows of a feed that wait for others of the same key.",
           "Rises for hours: the rows that complete them do not come; look at `join` in the mapping."),
    _counter("feed_clock_ahead", ("feed",),
             "Rows of a feed whose time lay too far ahead of the others to be believed.",
             "Which machine's clock is wrong?"),
    _counter("feed_overflow", ("feed",),
             "Joins of a feed that were given out incomplete, since too many were open.",
             "Raise --open (`open` in the configuration), or mend the key of the join."),
)  # fmt: skip

EXPOSITION = (
    _gauge("series_dropped", (),
           "Window series of agents withheld from /metrics/agents since the cap was reached.",
           "Above 0: fewer metrics.agent_kpis or agent_windows, or more workers, each with fewer agents."),
    _gauge("series_left_out", ("level", "window"),
           "Window series that /metrics does not show, since it would be longer than metrics.limit_kib.",
           "Are they wanted? Raise metrics.limit_kib; docs/metrics.md says in which order they are shown."),
    _gauge("window_entities", ("level",),
           "Entities with a current record, by level; agents on /metrics/agents.",
           "Falls to 0 on a worker that owns partitions: no commit has succeeded for a session."),
    _gauge("alert_active", ("rule", "severity", "site", "level", "entity", "kpi", "window"),
           "1 while an episode of a business alert fires, 0 for ten minutes after it has ended. Absent says nothing: a "
           "worker that restarts or restores does not know. Decided by the stream, not by Prometheus.",
           "The rule's own: see the alert's record on collections.alerts.v1."),
    _gauge("site_info", ("site", "zone"),
           "1 for each configured site.",
           "Join key for panels; nothing to do."),
    _counter("board_records_refused", ("topic",),
             "Records of the output topics, or of the topic of names, that the page cannot read, by topic.",
             "Who writes to that topic? `kpi-stream doctor` looks at names; everything else goes on."),
    _gauge("threshold", ("rule", "kpi", "level", "severity", "direction"),
           "Entry level of a rule on a value, in the KPI's unit (ratio, permille, ms, count, minor units); direction: "
           "above or below.",
           "Change the rule in the configuration, never in a panel."),
    _gauge("build_info", ("version", "catalogue", "core"),
           "1, with the product's version, the KPI catalogue's, and how the core runs: compiled or interpreted.",
           "Two versions at once: a rollout is under way, or stuck."),
)  # fmt: skip

WINDOWS = tuple(
    Metric(
        part.metric,
        "gauge",
        (*WINDOW_LABELS, "currency") if part.money else WINDOW_LABELS,
        part.meaning,
        "Absent: off shift or nothing to divide. Sum numerators and denominators, then divide.",
    )
    for part in PARTS.values()
)

METRICS: dict[str, Metric] = {
    m.name: m for m in EVENTS + FACTS + CONDUCT + CLOCKS + WORK + SCORES + TARGETS + FEEDS + EXPOSITION + WINDOWS
}
"""Every metric by its name as exposed (counters with `_total`)."""
