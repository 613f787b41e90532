"""Runs a soak: the world, the restarts, the hand-over, the end, the comparison."""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewPartitions

from deploy.local.broker import LocalBroker
from deploy.local.chromium import Chromium, Tab
from deploy.local.status import page_text
from stream.kafka.names import Names
from stream.kafka.topics import admin_client
from stream.settings import load
from tests.forward.receiver import Receiver, receiving
from tests.kafka.test_live_is_replay import alerts_of
from tests.soak.comparing import Compared, backfilled, compared
from tests.soak.plan import Plan, zone_whose_day_ends
from tests.soak.probing import Probes
from tests.soak.processes import WORKERS, Processes, SoakError
from tests.soak.watching import STREAMS, Watch
from tests.soak.world import GROWN, PARTITIONS, PREFIX, write_config

NAMES = Names(PREFIX, PREFIX)
TABS = ("", "view=agents")
SETTLE_SECONDS = 300.0
CATCH_UP_SECONDS = 900.0
WATERMARK = re.compile(r"^collections_finality_watermark_timestamp_seconds\{[^}]*\} (\S+)$", re.MULTILINE)
INBOUND_LAG = re.compile(r'^collections_consumer_lag_records\{[^}]*topic="[^"]*\.v1"[^}]*\} (\S+)$', re.MULTILINE)
Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a soak gave. `seconds`: how long the world ran live; `lacking`: alerts that were never posted; `broken`:
    what else went wrong, a line each."""

    samples: list[dict[str, Any]] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    seconds: float = 0.0
    events: int = 0
    hand_over_seconds: float = 0.0
    restarts: dict[str, int] = field(default_factory=dict)
    posts: int = 0
    lacking: int = 0
    pages: int = 0
    broken: list[str] = field(default_factory=list)


class Soak:
    """One run, in `folder`. `stop` ends it early: what there is by then is compared and reported."""

    def __init__(
        self, folder: Path, plan: Plan, rate: float, stop: asyncio.Event, say: Say, *, history: bool = True
    ) -> None:
        self.outcome = Outcome()
        self._history = history
        self._folder, self._plan, self._rate, self._stop, self._say = folder, plan, rate, stop, say
        self._partitions = PARTITIONS

    async def run(self) -> Outcome:
        """From the broker's start to the comparison. SoakError: it could not be run to its end."""
        async with AsyncExitStack() as stack:
            self._say("broker, topics, the days before ...")
            broker = LocalBroker(self._folder / "kafka")
            stack.push_async_callback(asyncio.to_thread, broker.stop)
            await asyncio.to_thread(broker.start)
            self._bootstrap = broker.bootstrap
            self._zone = zone_whose_day_ends(datetime.now(UTC), self._plan.seconds)
            receiver = await stack.enter_async_context(receiving())
            config = write_config(self._folder, broker.bootstrap, self._zone, PARTITIONS)
            self._processes = Processes(self._folder, config, self._rate, receiver.url)
            stack.push_async_callback(asyncio.to_thread, self._processes.end)
            self._consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap)
            await self._consumer.start()
            stack.push_async_callback(self._consumer.stop)
            await self._begin()
            tabs, groups = await self._browser(stack)
            async with Probes(broker.bootstrap) as probes:
                self._probes = probes
                others = {"broker": broker.pid or 0}
                samples = self._folder / "samples.jsonl"
                self._watch = Watch(samples, self._processes, probes, others, groups)
                self.outcome.samples = self._watch.samples
                await self._live(receiver)
            await self._end(receiver, tabs)
        return self.outcome

    async def _begin(self) -> None:
        """What lies before is in the log before the workers read: who is late then is late for replay, too."""
        await self._processes.run("topics", "topics", "create")
        self._processes.simulate(history=self._history)
        await self._history_is_sent()
        self._say(f"{await self._events():,} events of the days before; workers, board, forwarder ...")
        for name in (*WORKERS, "board", "forward"):
            self._processes.start(name)
        await self._processes.ready(*WORKERS, "board")
        await self._caught_up()

    async def _history_is_sent(self) -> None:
        """Returns once what comes is no more than what happens."""
        before, calm = 0, 0
        while calm < 3:
            await asyncio.sleep(1.0)
            self._processes.check()
            now = await self._events()
            calm = calm + 1 if now and now - before < 5 * self._rate else 0
            before = now

    async def _events(self) -> int:
        """Records in the inbound topics."""
        ends = await self._consumer.end_offsets(
            [TopicPartition(topic, number) for topic in NAMES.inbound for number in range(self._partitions)]
        )
        return sum(ends.values())

    async def _browser(self, stack: AsyncExitStack) -> tuple[list[Tab], dict[str, int]]:
        executable = shutil.which("chromium") or shutil.which("google-chrome")
        if executable is None:
            self._say("no chromium on the path: nobody looks at the board's page")
            return [], {}
        (self._folder / "chromium").mkdir()
        browser = Chromium(executable, self._folder / "chromium")
        await asyncio.to_thread(stack.enter_context, browser)
        tabs = [await browser.open(f"{self._processes.address('board')}/?lang=en&{query}") for query in TABS]
        for tab in tabs:
            stack.push_async_callback(tab.close)
        return tabs, {"browser": browser.pid}

    async def _live(self, receiver: Receiver) -> None:
        """Until the time is over or somebody stops it."""
        began = time.monotonic()
        self._say(f"live for {self._plan.seconds / 60:g} minutes; Ctrl-C ends it early and reports")
        watching = [self._watch.scrape(), self._probes.send(), self._probes.read(), *self._streams()]
        async with _beside(*watching, self._samples(began, receiver)) as tasks:
            course = asyncio.create_task(self._course(began))
            stopped = asyncio.create_task(self._stop.wait())
            await asyncio.wait([course, stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in (stopped, *([course] if not course.done() and not self._stop.is_set() else [])):
                task.cancel()
            await self._finished(course, tasks)
        self.outcome.seconds = time.monotonic() - began

    async def _finished(self, course: "asyncio.Task[None]", tasks: "list[asyncio.Task[None]]") -> None:
        """Waits for a step of the course that is under way; raises what ended it, or what watches."""
        for task in tasks:
            if task.done():
                task.result()
        with suppress(asyncio.CancelledError):
            await course

    def _streams(self) -> "list[Any]":
        return [self._watch.stream() for _ in range(STREAMS)]

    async def _course(self, began: float) -> None:
        """Restarts, in turn, and the hand-over, which does not count as time; returns when the time is over."""
        steps = [(at, False) for at in self._plan.restarts] + [(self._plan.hand_over_at, True)]
        turn = 0
        for at, hand_over in sorted(steps):
            if not await self._wait(began + at):
                return
            if hand_over:
                await self._hand_over()
                began += self.outcome.hand_over_seconds
            else:
                await self._processes.restart(WORKERS[turn % 2], "rolling")
                turn += 1
        await self._wait(began + self._plan.seconds)

    async def _wait(self, until: float) -> bool:
        """Whether it came to that instant before somebody stopped the run."""
        while (left := until - time.monotonic()) > 0 and not self._stop.is_set():
            self._processes.check()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), min(1.0, left))
        return not self._stop.is_set()

    async def _hand_over(self) -> None:
        """The inbound topics get more partitions, as docs/backfill.md says: workers stop, the state is made anew from
        the log, and they go on."""
        began = time.monotonic()
        self._say(f"hand-over to {GROWN} partitions ...")
        await self._probes.pause()
        await self._processes.stop("simulate", *WORKERS, "board")
        settings = load(self._processes.config, {})
        async with admin_client(settings) as admin:
            await admin.create_partitions({topic: NewPartitions(GROWN) for topic in NAMES.inbound})
        self._partitions = GROWN
        self._processes.config = write_config(self._folder, self._bootstrap, self._zone, GROWN)
        out = str(self._folder / "hand-over")
        await self._processes.run("hand-over", "backfill", "--hand-over", "--out", out, "--no-progress")
        for name in (*WORKERS, "board"):
            self._processes.start(name)
        self._processes.restarts["hand-over"] += len(WORKERS)
        await self._processes.ready(*WORKERS, "board")
        self._processes.simulate(history=False)
        await self._probes.go_on()
        self.outcome.hand_over_seconds = time.monotonic() - began

    async def _samples(self, began: float, receiver: Receiver) -> None:
        told, due = -60.0, time.monotonic()
        while True:
            events = await self._events()
            line = await self._watch.sample(lambda: {"events": events, "posts": len(receiver.posts)})  # noqa: B023
            if time.monotonic() - began - told >= 60:
                told = time.monotonic() - began
                self._say(self._line(told, line))
            due += self._plan.sample_seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _line(self, at: float, line: dict[str, Any]) -> str:
        memory = ", ".join(f"{name} {used['rss_bytes'] >> 20}" for name, used in line["processes"].items())
        return (
            f"{at / 60:.0f} of {self._plan.seconds / 60:g} min: {line['events']:,} events, "
            f"lag {line['lag_records']:,.0f}, latency {line['latency_ms']} ms, scrape {line['scrape_ms']} ms, "
            f"{sum(line['restarts'].values())} restarts, {line['posts']} posts; MiB: {memory}"
        )

    async def _end(self, receiver: Receiver, tabs: list[Tab]) -> None:
        """The world stops, the workers come to the end, and what they said is compared; again when they have ended,
        since what is right must stay so."""
        self._say("the world has ended; the workers come to their end ...")
        await self._processes.stop("simulate")
        until_ms = time.time_ns() // 1_000_000
        self.outcome.events = await self._events()
        self.outcome.broken += [f"the board's page failed: {error}" for tab in tabs for error in tab.errors]
        self.outcome.pages = len(tabs)
        await self._caught_up(until_ms)
        settings, out = load(self._processes.config, {}), self._folder / "replayed"
        self._say("backfill of the same topics ...")
        await backfilled(self._processes, out)
        deadline = time.monotonic() + SETTLE_SECONDS
        while await self._differs(settings, out, until_ms, receiver):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(10.0)
        await self._processes.stop(*WORKERS, "forward")
        await self._differs(settings, out, until_ms, receiver)
        self.outcome.restarts = dict(self._processes.restarts)

    async def _differs(self, settings: Any, out: Path, until_ms: int, receiver: Receiver) -> bool:
        self._say("comparing ...")
        found = self.outcome.compared = await compared(self._processes, settings, out, until_ms)
        posted = set(receiver.taken)
        told = {f"{each['alert_id']}:{each['state']}" for each in await alerts_of(settings) if not each["muted"]}
        self.outcome.posts, self.outcome.lacking = len(receiver.posts), len(told - posted)
        return bool(self.outcome.lacking or any(each.differing for each in found))

    async def _caught_up(self, until_ms: int = 0) -> None:
        """Returns when nothing waits in the inbound topics, and all clocks have passed the instant."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while not await self._is_up(until_ms):
            self._processes.check()
            if time.monotonic() > deadline:
                raise SoakError(f"the workers have not caught up after {CATCH_UP_SECONDS:.0f} s")
            await asyncio.sleep(1.0)

    async def _is_up(self, until_ms: int) -> bool:
        pages = [await asyncio.to_thread(page_text, f"{self._processes.address(name)}/metrics") for name in WORKERS]
        text = "\n".join(page or "" for page in pages)
        lags, clocks = ([float(value) for value in form.findall(text)] for form in (INBOUND_LAG, WATERMARK))
        if not all(pages) or not lags or not clocks:
            return False
        waits = sum(lags) if until_ms else max(0.0, sum(lags) - 10 * self._rate)  # it goes on while the world does
        return not waits and min(clocks) * 1_000 >= until_ms


@asynccontextmanager
async def _beside(*work: Any) -> "AsyncIterator[list[asyncio.Task[None]]]":
    """Runs what goes on until the block is over."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
