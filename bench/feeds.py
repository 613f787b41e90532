"""Feeds without Kafka: records a second of a flat mapping, of every shipped one, and the memory of open joins.

    .venv/bin/python -m bench --only feeds

A flat mapping has ten plain paths, one time and two maps. The shipped ones run over the samples of the tests, again
and again: small files with all the quirks of a platform, so a real one is no slower.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence

from bench.result import Row
from bench.setting import Setting
from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import RecordPlace
from stream.feeds.loading import load
from tests.feeds.shipped import NAMES, mapping_text, own_sample

RECORDS = 200_000
SHIPPED_RECORDS = 20_000
OPEN_CALLS = 100_000
DRAIN_EVERY = 5_000
START_S = 1_792_000_000

FLAT = """
feed: flat
input: {format: FORMAT}
events:
  - type: call
    fields:
      call_id: id
      occurred_at: {path: started, as: epoch_ms}
      ended_at: {path: started, as: epoch_ms, plus: {path: length, as: seconds}}
      direction: {path: way, map: {in: inbound, out: outbound}}
      outcome: {path: result, map: {answered: human, silent: no_answer, engaged: busy}}
      talk_ms: {path: talk, as: seconds}
      agent_id: agent
      team_id: team
      queue_id: queue
      debtor_id: customer
"""
"""`length` of the same record makes the end: ten paths of eleven fields."""


def record(number: int) -> dict[str, str]:
    """One call of the flat mappings, all of it text as in a CSV file."""
    return {
        "id": f"k-{number}",
        "started": str(START_S * 1_000 + number * 40),
        "length": str(30 + number % 400),
        "talk": str(number % 300),
        "way": ("in", "out")[number % 2],
        "result": ("answered", "silent", "engaged")[number % 3],
        "agent": f"a-{number % 500}",
        "team": f"t-{number % 20}",
        "queue": f"q-{number % 7}",
        "customer": f"d-{number % 60_000}",
    }


def rate_of(run: FeedRun, lines: Sequence[bytes], rounds: int = 1) -> float:
    """Records a second that a run takes and gives events of; a line may hold several."""
    began = time.perf_counter()
    for _ in range(rounds):
        for number, line in enumerate(lines, 1):
            run.take(RecordPlace("bench", number), line)
            if number % DRAIN_EVERY == 0:
                run.drain()
        run.drain()
    return run.counts.records / (time.perf_counter() - began)


def flat_json(records: int) -> float:
    lines = [json.dumps(record(number)).encode() for number in range(records)]
    return rate_of(FeedRun(load(FLAT.replace("FORMAT", "json"), "flat", Adjustments())), lines)


def flat_csv(records: int) -> float:
    run = FeedRun(load(FLAT.replace("FORMAT", "csv"), "flat", Adjustments()))
    run.use_columns(run.header(",".join(record(0)).encode()))
    return rate_of(run, [",".join(record(number).values()).encode() for number in range(records)])


def shipped(name: str, records: int) -> float:
    """Of a joined feed a run begins anew with each round, as its samples are the same calls each time."""
    one = own_sample(name)
    feed = load(mapping_text(name), name, Adjustments(zone=one.zone))
    lines = one.values()
    header = lines.pop(0) if feed.needs_header else None
    rounds = max(1, records // len(lines))
    runs = [FeedRun(feed) for _ in range(rounds if feed.joins else 1)]
    if header is not None:
        for run in runs:
            run.use_columns(run.header(header))
    if not feed.joins:
        return rate_of(runs[0], lines, rounds)
    began = time.perf_counter()
    for run in runs:
        rate_of(run, lines)
        run.end()
        run.drain()
    return sum(run.counts.records for run in runs) / (time.perf_counter() - began)


def open_calls_mib(calls: int) -> float:
    """What so many open calls of a queue_log, two rows each, add to the process."""
    run = FeedRun(load(mapping_text("asterisk_queue_log"), "asterisk_queue_log", Adjustments()), calls)
    before = _peak_mib()
    for number in range(calls):
        at = START_S + number // 10
        call = f"{START_S}.{number}"
        run.take(RecordPlace("bench", 2 * number), f"{at}|{call}|front|NONE|ENTERQUEUE||+3512100{number}|1".encode())
        row = f"{at + 1}|{call}|front|PJSIP/{number % 500}|CONNECT|1|{call}1|1"
        run.take(RecordPlace("bench", 2 * number + 1), row.encode())
    events, _ = run.drain()
    assert not events, "all of them are open"
    return _peak_mib() - before


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `feeds`."""
    # First, as what is measured is the highest that the process has had.
    calls = setting.events(OPEN_CALLS)
    yield Row("feeds.open.mib", f"a join of {calls:,} open calls, two rows each", open_calls_mib(calls), "MiB")
    records = setting.events(RECORDS)
    yield Row("feeds.json.rate", "flat JSON: ten paths, one time, two maps", flat_json(records), "records/s")
    yield Row("feeds.csv.rate", "flat CSV: the same", flat_csv(records), "records/s")
    for name in NAMES:
        rate = shipped(name, setting.events(SHIPPED_RECORDS))
        yield Row(f"feeds.{name}.rate", f"shipped mapping `{name}`", rate, "records/s")
