"""`make soak`: the demo's world for as long as asked, with restarts, a hand-over, scrapes, browsers and the forwarder.

Whether anything grows, and whether what was said live is what a backfill of the same topics says (docs/performance.md).
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.__main__ import RESULTS
from bench.result import Row, machine, save
from deploy.local.broker import BrokerError, LocalBroker
from deploy.local.chromium import ChromiumError
from tests.soak.plan import length_of, plan_of
from tests.soak.processes import SoakError
from tests.soak.running import Outcome, Say, Soak
from tests.soak.series import Verdict, verdicts

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = """examples:
  make soak                               two hours
  make soak ARGS="--for 60m --keep"       an hour, its report kept in bench/results
  make soak ARGS="--for 4m --no-history"  whether everything runs
"""


def main(arguments: list[str] | None = None) -> int:
    """0: nothing grows and nothing differs; 1: something does, or it could not be run; 2: a wrong argument."""
    asked = _asked(arguments)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder: Path = asked.folder.resolve()
    if LocalBroker(folder / "kafka").pid is not None:
        sys.stderr.write(f"soak: another one is running in {folder}: choose another --folder\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"[{(time.monotonic() - began) / 60:5.1f} min] {line}\n")
        sys.stdout.flush()

    try:
        outcome = asyncio.run(_run(folder, asked, say))
    except (SoakError, BrokerError, ChromiumError) as error:
        sys.stderr.write(f"soak: {error}\nlogs and samples are in {folder}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return _report(outcome, folder, keep=asked.keep)


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make soak", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--for", dest="seconds", metavar="LENGTH", default="2h", help="such as 60m (default 2h)")
    parser.add_argument("--rate", type=float, default=30.0, help="events a second, the mean over a day (default 30)")
    parser.add_argument("--no-history", action="store_true", help="without the days before, some 95,000 events")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".demo" / "soak", help="emptied first: data, logs and samples.jsonl"
    )
    parser.add_argument("--keep", action="store_true", help="keep the report with today's results in bench/results/")
    asked = parser.parse_args(arguments)
    try:
        asked.seconds = length_of(asked.seconds)
    except ValueError as error:
        parser.error(f"--for: {error}")
    if not 1 <= asked.rate <= 1_000:
        parser.error(f"--rate: {asked.rate:g} is not between 1 and 1000")
    return asked


async def _run(folder: Path, asked: argparse.Namespace, say: Say) -> Outcome:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopped() -> None:
        say("ending early; again: at once, without a report")
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGTERM, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped)
    return await Soak(folder, plan_of(asked.seconds), asked.rate, stop, say, history=not asked.no_history).run()


def _report(outcome: Outcome, folder: Path, *, keep: bool) -> int:
    judged = list(verdicts(outcome.samples))
    growing = [each for each in judged if each.judged is not None and each.judged.grows]
    differing = sum(each.differing for each in outcome.compared)
    rows = list(_rows(outcome, judged))
    sys.stdout.write("\n" + "".join(f"{row.what}: {row.text}\n" for row in rows))
    for found in outcome.compared:
        sys.stdout.writelines(f"differs: {found.what}: {line}\n" for line in found.lines)
    sys.stdout.writelines(f"grows: {_words(each)}\n" for each in growing)
    sys.stdout.writelines(f"broken: {line}\n" for line in outcome.broken)
    sys.stdout.write(f"samples, logs and numbers are in {folder}\n")
    if keep:
        save(RESULTS, time.strftime("%Y-%m-%d"), machine(), {"soak": rows})
    return int(bool(growing or differing or outcome.lacking or outcome.broken))


def _words(verdict: Verdict) -> str:
    found = verdict.judged
    assert found is not None
    figures = f"from {found.before:,.0f} to {found.after:,.0f} {verdict.unit}, at most {found.most:,.0f} allowed"
    return f"{verdict.what}: {figures}"


def _rows(outcome: Outcome, judged: list[Verdict]) -> Iterator[Row]:
    yield Row("soak.minutes", "the world ran live", round(outcome.seconds / 60, 1), "minutes")
    yield Row("soak.events", "events in the log at the end, days before included", outcome.events)
    for why, count in outcome.restarts.items():
        yield Row(f"soak.restarts.{why.replace(' ', '_').replace('-', '_')}", f"restarts of a worker: {why}", count)
    yield Row("soak.hand_over_s", "the hand-over, workers stopped to workers ready", outcome.hand_over_seconds, "s")
    yield Row("soak.pages", "pages open in a real browser", outcome.pages)
    yield Row("soak.posts", "posts of the forwarder", outcome.posts)
    yield Row("soak.lacking", "alerts that were never posted", outcome.lacking)
    for name, what, unit in (
        ("latency_ms", "event to KPI record, median of medians", "ms"),
        ("as_of_age_s", "age of the numbers on /metrics, median", "s"),
        ("lag_records", "lag, median", "records"),
        ("scrape_ms", "a scrape, median of medians", "ms"),
        ("board_bytes", "what the board answers, median", "bytes"),
    ):
        values = [sample[name] for sample in outcome.samples if sample[name] is not None]
        if values:
            yield Row(f"soak.{name}", what, round(median(values), 1), unit)
    longest = max((sample["latency_most_ms"] or 0 for sample in outcome.samples), default=0)
    yield Row("soak.latency_most_s", "event to KPI record, longest (a restart, the hand-over)", longest / 1_000, "s")
    for name in sorted({name for sample in outcome.samples for name in sample["processes"]}):
        used = [sample["processes"][name] for sample in outcome.samples if name in sample["processes"]]
        yield Row(f"soak.{name}.rss", f"memory of {name}, greatest", max(u["rss_bytes"] for u in used) >> 20, "MiB")
        yield Row(f"soak.{name}.files", f"open files of {name}, most", max(u["files"] for u in used))
        yield Row(f"soak.{name}.threads", f"threads of {name}, most", max(u["threads"] for u in used))
    yield Row("soak.judged", "series long enough to be judged", sum(each.judged is not None for each in judged))
    yield Row("soak.short", "series too short to be judged", sum(each.judged is None for each in judged))
    growing = sum(each.judged is not None and each.judged.grows for each in judged)
    yield Row("soak.growing", "series that grow", growing)
    for found in outcome.compared:
        key = found.what.split()[0].lower()
        yield Row(f"soak.{key}.compared", f"compared with a backfill: {found.what}", found.count)
        yield Row(f"soak.{key}.differing", f"that differ: {found.what}", found.differing)
    yield Row("soak.broken", "else went wrong", len(outcome.broken))


if __name__ == "__main__":
    sys.exit(main())
