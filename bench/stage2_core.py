"""Rows a second through stage 2 alone, live and in a replay: `python bench/stage2_core.py [ROWS]`."""

import cProfile
import pstats
import random
import sys
import time

from stream.alerts.rules import Rule, exact
from stream.engine.delta import STATEMENT_KEY, encode_delta, encode_statement
from stream.engine.stage2 import Publication, Stage2
from stream.windows.plan import SiteClock, WindowPlan

BASE = 1_793_520_000_000
AGENTS, TEAMS, NUMBERS = 1_000, 50, 8
PLAN = WindowPlan(
    rolling=(("rolling_5m", 300_000), ("rolling_15m", 900_000), ("rolling_1h", 3_600_000)),
    intervals=(("interval_30m", 1_800_000),),
    sites={"main": SiteClock("Asia/Shanghai", {"day": (540, 1080), "night": (1320, 360)})},
)
RULES = (
    Rule("low", "connect_rate", "team", "rolling_15m", exact("0.1"), exact("0.12"), min_denominator=50, for_ms=120_000),
)
COLUMNS = (
    "dials", "connects", "contacts", "right_party_connects", "right_party_contacts", "handled", "talk_ms", "hold_ms",
    "wrap_ms", "effective_talk_ms", "promises", "recovered_minor:CNY", "payments",
)  # fmt: skip
Record = tuple[bytes, bytes]


def batches(rows: int, speed: float) -> list[list[Record]]:
    """Deltas of 200 ms each from every number, at `speed` times real time, 90,000 rows a second of work."""
    chance = random.Random(7)
    entities = [f"main|agent|a{number}" for number in range(AGENTS)] + [
        f"main|team|t{number}" for number in range(TEAMS)
    ]
    made, found, at_ms = 0, [], BASE
    while made < rows:
        batch: list[Record] = []
        for number in range(NUMBERS):
            for entity in [*chance.sample(entities, 400), "main|site|main"]:
                grain = at_ms // PLAN.grain_ms - chance.choice((0, 0, 0, 0, 0, 1))
                sums = {name: chance.randint(1, 9) for name in chance.sample(COLUMNS, 8)}
                batch.append((entity.encode(), encode_delta(number, at_ms, [((grain, 0, 0, 1), sums)])))
                made += 1
            batch.append((STATEMENT_KEY, encode_statement(number, at_ms, at_ms)))
        found.append(batch)
        at_ms += int(200 * speed)
    return found


def run(publication: Publication, made: list[list[Record]], ticks_every: int) -> None:
    """Prints rows a second, and what one row cost."""
    stage = Stage2(PLAN, RULES, publication, 0, NUMBERS)
    rows = sum(len(batch) for batch in made)
    kpis = state = size = 0
    begun = time.process_time()
    for number, batch in enumerate(made):
        for key, value in batch:
            stage.apply(key, value)
        if number % ticks_every == 0:
            output = stage.tick(number * 200)
            kpis += len(output.kpis)
            state += len(output.state)
            size += sum(len(value or b"") for _, value in output.state)
    if publication.horizon_ms is None:
        kpis += len(stage.close().kpis)
    seconds = time.process_time() - begun
    print(
        f"{publication.run}: {rows / seconds:,.0f} rows/s, {seconds / rows * 1e6:.2f} us a row; "
        f"{kpis:,} KPI records, {state:,} state records of {size / 1e6:.1f} MB from {rows:,} rows"
    )


def main() -> None:
    """Runs both."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    live, replay = Publication(), Publication(horizon_ms=None, run="replay", rolling_records=False)
    real_time, catch_up = batches(rows, 1), batches(rows, 100)
    profile = cProfile.Profile() if "profile" in sys.argv else None
    if profile:
        profile.enable()
    run(live, real_time, 1)
    if profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(22)
        return
    run(live, real_time, 5)
    run(live, catch_up, 1)
    run(replay, catch_up, 10)


if __name__ == "__main__":
    main()
