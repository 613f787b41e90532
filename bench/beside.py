"""Ours beside the peers: the same calls, each peer on the topic that suits it best (keyed by agent), in one run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from bench import calls_run, throughput
from bench.calls import PARTITIONS
from bench.peers import engine
from bench.peers.engine import Outcome, Peer
from bench.result import Row
from bench.setting import Setting, step
from bench.system import BenchError
from bench.throughput import Throughput

HOPS = {"tumbling": 1, "hopping": 15, "empty": 0}
WORDS = {"tumbling": "tumbling 60 s", "hopping": "hopping 15 min / 1 min", "empty": "an empty agent"}


class Try(NamedTuple):
    """A peer, a window, and how many calls it needs to run for about fifteen seconds."""

    peer: Peer
    window: str
    events: int
    at_end: bool = True
    """Whether it reads to the end of the topic; stock Faust is too slow for that, and stops after so many."""


TRIES = (
    Try(engine.FLINK, "tumbling", 500_000),
    Try(engine.FLINK, "hopping", 2_000_000),
    Try(engine.STREAMS, "tumbling", 500_000),
    Try(engine.STREAMS, "hopping", 250_000),
    Try(engine.STREAMS_ALO, "tumbling", 500_000),
    Try(engine.STREAMS_ALO, "hopping", 250_000),
    Try(engine.BYTEWAX, "tumbling", 250_000),
    Try(engine.BYTEWAX, "hopping", 250_000),
    Try(engine.QUIX, "tumbling", 250_000),
    Try(engine.QUIX, "hopping", 50_000),
    Try(engine.FAUST, "empty", 100_000, at_end=False),
    Try(engine.FAUST, "tumbling", 12_000, at_end=False),
    Try(engine.FAUST, "hopping", 2_000, at_end=False),
)
LEAST = 10_000
"""Fewer are read by the fast ones in one go."""
SMOKE = (Try(engine.FAUST, "empty", 100_000, at_end=False),)


def rows(setting: Setting) -> Iterator[Row]:
    """The part `peers`."""
    ours = calls_run.worked_off(setting)
    yield from throughput.lines("calls", "calls, ours", ours)
    asked = [each for each in TRIES if each.peer.ready and each.peer.home] + list(SMOKE) if setting.smoke else TRIES
    for each in asked:
        yield from _tried(setting, each, ours)


def _tried(setting: Setting, each: Try, ours: Throughput) -> Iterator[Row]:
    key, what = f"{each.peer.key}.{each.window}", f"{each.peer.name}, {WORDS[each.window]}"
    events = setting.events(each.events, LEAST if each.at_end else 1_000)
    step(f"{what}: {events:,} calls")
    try:
        found = asyncio.run(_run(setting, each, events))
    except BenchError as error:
        yield Row(f"{key}.failed", what, f"failed: {error}")
        return
    yield from lines(key, what, found)
    if found.calls is not None:
        yield lost(f"{key}.lost", what, found.calls, events * HOPS[each.window])
    yield Row(f"{key}.ratio", f"ours to {what}", round(ours.rate / found.rate, 2), "times the events/s")
    yield Row(f"{key}.cpu_ratio", f"{what} to ours", round(found.cpu_us / ours.cpu_us, 2), "times the CPU an event")


async def _run(setting: Setting, each: Try, events: int) -> Outcome:
    full = setting.events(calls_run.EVENTS)
    size = events if each.at_end else min(full, setting.events(250_000))
    by_agent, _ = await calls_run.staged(setting, size, ours=size == full)
    return await engine.run(
        each.peer, setting, by_agent, each.window, events + PARTITIONS if each.at_end else events
    )  # fmt: skip


def lines(key: str, what: str, found: Outcome) -> Iterator[Row]:
    """The rows of one run of a peer."""
    yield Row(f"{key}.rate", what, round(found.rate), "events/s")
    yield Row(f"{key}.cpu_us", f"{what}: CPU", round(found.cpu_us, 2), "us an event")
    yield Row(f"{key}.rss_mib", f"{what}: most memory", found.rss_mib, "MiB")


def lost(key: str, what: str, counted: int, truth: int) -> Row:
    """How many of the calls that its windows should count a peer did not count, of a hundred."""
    return Row(key, f"{what}: lost", round(100 * (truth - counted) / truth, 2), f"% of {truth:,} counts")
