"""Rows of a small PBX, and what a feed gives of them when nothing goes wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from stream.feeds.adjustment import Adjustments
from stream.feeds.feed_run import FeedRun
from stream.feeds.given import GivenEvent, RecordPlace, RefusedRecord
from stream.feeds.loading import Feed, load

AFTER_S = 600
MAPPING = """
feed: pbx
input: {format: delimited, delimiter: "|", columns: [epoch, call, agent, event]}
join: {by: call, closes: "contains(['COMPLETE', 'ABANDON'], event)", after: 10m, time: {path: epoch, as: epoch_s}}
events:
  - when: "rows[?event=='ENTER']"
    type: call
    fields:
      call_id: key
      occurred_at: {path: "rows[0].epoch", as: epoch_s}
      ended_at: {path: "rows[-1].epoch", as: epoch_s}
      direction: {value: inbound}
      outcome: {path: "rows[?event=='CONNECT'] | [0].event", map: {CONNECT: human}, default: abandoned}
      agent_id: {path: "rows[?event=='CONNECT'] | [0].agent", match: "^PJSIP/(.+)"}
"""
PLAIN = """
feed: plain
input: {format: json}
events:
  - type: survey
    fields: {survey_id: id, score: {path: score, as: integer}, occurred_at: {path: at, as: epoch_s}, debtor_id: debtor}
"""
NOON_S = 1_792_000_000


def feed(text: str = MAPPING) -> Feed:
    return load(text, "pbx.yaml", Adjustments())


def rows(calls: int, seed: int = 1, wrong: int = 0) -> list[bytes]:
    """Rows of so many calls by time: some never end, some are told of again after they ended; `wrong`: so many lines
    that no mapping can read."""
    random = Random(seed)
    found: list[tuple[float, bytes]] = []
    for number in range(calls):
        at, call = NOON_S + 5 * number, b"s%d-c%d" % (seed, number)
        steps: list[tuple[int, bytes, bytes]] = [(0, b"NONE", b"ENTER")]
        if number % 7:
            steps.append((random.randrange(1, 30), b"PJSIP/20%d" % random.randrange(5), b"CONNECT"))
        if number % 5:
            steps.append((random.randrange(30, 400), b"NONE", b"COMPLETE" if len(steps) > 1 else b"ABANDON"))
        if number % 11 == 0:
            steps.append((steps[-1][0] + random.randrange(1, 300), b"NONE", b"RINGNOANSWER"))
        found += [(at + after, b"%d|%b|%b|%b" % (at + after, call, agent, event)) for after, agent, event in steps]
    found += [(NOON_S + random.random() * 5 * calls, b"epoch|c|none|ENTER%d" % number) for number in range(wrong)]
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def undisturbed(
    lines: Sequence[bytes], text: str = MAPPING, first: int = 0
) -> tuple[list[GivenEvent], list[RefusedRecord]]:
    """What one run gives of the lines of a topic, without an end of the input."""
    run = FeedRun(feed(text), most_open=100_000)
    for offset, line in enumerate(lines, first):
        run.take(RecordPlace("source-0", offset), line)
    events, refused = run.drain()
    return list(events), list(refused)


def each_once(events: Iterator[bytes] | Sequence[bytes]) -> Counter[bytes]:
    return Counter(events)
