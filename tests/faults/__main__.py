"""`make faults`: seeded schedules of faults on a real broker, each compared with replay of the same events.

A schedule follows from its seed: `make faults ARGS="--schedules 1 --seed S"` repeats it.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.__main__ import RESULTS
from bench.result import Row, machine, save
from deploy.local.broker import BrokerError
from tests.faults.running import UNFENCED, Report, run_schedule, stand
from tests.faults.schedule import Kind


async def _run(schedules: int, seed: int, at_once: int, folder: Path, before: str, reports: list[Report]) -> None:
    """Adds a report for each schedule as it ends; so many run at the same time, each on a broker of its own."""
    numbers = iter(range(seed, seed + schedules))

    async def in_turn(place: Path) -> None:
        await asyncio.to_thread(place.mkdir)
        async with stand(place) as here:
            for number in numbers:
                sys.stdout.write(f"[{number - seed + 1}/{schedules}] seed {number} ...\n")
                sys.stdout.flush()
                report = await run_schedule(here, number, before)
                sys.stdout.write(f"        {report.line()}\n")
                sys.stdout.writelines(f"        {line}\n" for line in report.differences[:10])
                reports.append(report)

    await asyncio.gather(*(in_turn(folder / str(place)) for place in range(at_once)))


def _rows(reports: list[Report]) -> Iterator[Row]:
    faults: Counter[Kind] = sum((report.faults for report in reports), Counter())
    seeds = [report.schedule.seed for report in reports]
    yield Row("faults.schedules", f"schedules run (seeds {min(seeds)} to {max(seeds)})", len(reports))
    yield Row("faults.injected", "faults injected", faults.total())
    for kind, count in sorted(faults.items()):
        yield Row(f"faults.{kind.replace(' ', '_')}", f"faults injected: {kind}", count)
    yield Row(
        "faults.compared",
        "after the faults: records, scores, breaches of conduct and alerts compared with replay",
        sum(report.compared for report in reports),
    )
    yield Row(
        "faults.differing",
        "after the faults: records, scores, breaches of conduct and alerts that differ",
        sum(len(report.differences) for report in reports),
    )


def main() -> int:
    """0: no difference; 1: some, or a schedule could not be run; 130: interrupted. What has been run is reported, and
    kept if asked, however it ends."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=20, help="how many, a minute each (default 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the next ones follow (default 1)")
    parser.add_argument("--at-once", type=int, default=1, help="how many at the same time (default 1)")
    parser.add_argument(
        "--unfenced", action="store_true", help="with workers that fence nobody: it must find something"
    )
    parser.add_argument("--keep", action="store_true", help="keep the report with today's results in bench/results/")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that the broker is away is on purpose
    before = UNFENCED if asked.unfenced else "pass"
    reports: list[Report] = []
    code = 0
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        try:
            asyncio.run(_run(asked.schedules, asked.seed, asked.at_once, Path(folder), before, reports))
        except (RuntimeError, BrokerError) as error:
            sys.stderr.write(f"faults: {error}\n")
            code = 1
        except KeyboardInterrupt:
            code = 130
    return max(code, _told(reports, keep=asked.keep)) if reports else code


def _told(reports: list[Report], *, keep: bool) -> int:
    """Prints what the schedules gave. 1: there are differences."""
    rows = list(_rows(reports))
    sys.stdout.write("\n" + "".join(f"{row.what}: {row.text}\n" for row in rows))
    if keep:
        save(RESULTS, time.strftime("%Y-%m-%d"), machine(), {"faults": rows})
    wrong = [str(report.schedule.seed) for report in reports if report.differences]
    if wrong:
        sys.stdout.write(f"differences with the seeds {', '.join(wrong)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
