"""The series that the samples of a soak make, and what is allowed to each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, NamedTuple

from tests.soak.growth import Bound, Judged, judged

MIB = float(1 << 20)
KEPT_BYTES = 1_024
"""What a worker may keep of each event: facts are the state of the horizon, and are to be kept. Each is to have it in
memory once, and after a restart one worker may have those of both."""
FILES, THREADS = Bound(0.0, 10), Bound(0.0, 5)
SEGMENTS = Bound(0.25, 50)
"""Open files of the broker: a topic that is written to becomes more files."""
LIFE_SECONDS, RUN_SECONDS = 480.0, 1_200.0
"""A life, and a run, that is shorter says nothing: its middle third is still its beginning."""
MEMORY = {
    "worker-1": Bound(0.05, 8 * MIB, KEPT_BYTES),
    "worker-2": Bound(0.05, 8 * MIB, KEPT_BYTES),
    "simulate": Bound(0.05, 8 * MIB, KEPT_BYTES),  # a world of debtors, who become more
    "board": Bound(0.05, 16 * MIB),
    "forward": Bound(0.05, 8 * MIB),
    "broker": Bound(0.25, 64 * MIB),  # a heap of 512 MiB, which fills before it is swept
    "browser": Bound(0.10, 64 * MIB),
}
WHOLE = {
    "lag_records": (Bound(1.0, 500), "lag", "records"),
    "latency_ms": (Bound(1.0, 1_000), "event to KPI record", "ms"),
    "as_of_age_s": (Bound(0.5, 5), "age of the numbers on /metrics", "s"),
    "scrape_ms": (Bound(1.0, 250), "a scrape", "ms"),
    "scrape_bytes": (Bound(0.2, 64 * 1024), "the longest page that is scraped", "bytes"),
    "board_bytes": (Bound(0.2, 64 * 1024), "what the board answers", "bytes"),
}
"""Of the whole run. Other load on the machine moves times: they may double, and a second on top is a busy machine."""
FROM_LIFE_TO_LIFE = Bound(0.10, 16 * MIB, KEPT_BYTES)


class Verdict(NamedTuple):
    """`judged` None: too few measurements to say anything."""

    what: str
    unit: str
    most: float
    judged: Judged | None


def verdicts(samples: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    """All series: of each life of each process, of the whole run, and of the workers from one life to the next."""
    lives: dict[tuple[str, int], list[tuple[dict[str, float], float]]] = defaultdict(list)
    spans: dict[tuple[str, int], list[float]] = defaultdict(list)
    for sample in samples:
        for name, used in sample["processes"].items():
            lives[name, used["life"]].append((used, sample["events"]))
            spans[name, used["life"]].append(sample["at_s"])
    for (name, life), held in lives.items():
        long = spans[name, life][-1] - spans[name, life][0] >= LIFE_SECONDS
        events = [count for _, count in held]
        files = SEGMENTS if name == "broker" else FILES
        for what, unit, bound in (
            ("rss_bytes", "bytes", MEMORY[name]), ("files", "files", files), ("threads", "threads", THREADS),
        ):  # fmt: skip
            values = [used[what] for used, _ in held]
            found = judged(values, bound, events) if long else None
            yield Verdict(f"{name}, life {life}: {what}", unit, max(values), found)
    if not samples or samples[-1]["at_s"] - samples[0]["at_s"] < RUN_SECONDS:
        return
    yield from _whole(samples)
    yield _from_life_to_life(lives)


def _whole(samples: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    for name, (bound, what, unit) in WHOLE.items():
        values = [sample[name] for sample in samples if sample[name] is not None]
        yield Verdict(what, unit, max(values, default=0.0), judged(values, bound))


def _from_life_to_life(lives: dict[tuple[str, int], list[tuple[dict[str, float], float]]]) -> Verdict:
    ends = []
    for (name, _), held in lives.items():
        if name.startswith("worker-"):
            last = held[-max(1, len(held) // 3) :]
            ends.append((last[-1][1], median(used["rss_bytes"] for used, _ in last)))
    ends.sort()
    values, events = [memory for _, memory in ends], [count for count, _ in ends]
    most = max(values, default=0.0)
    return Verdict("workers, from life to life: rss_bytes", "bytes", most, judged(values, FROM_LIFE_TO_LIFE, events))
