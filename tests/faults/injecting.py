"""Injects the faults of a schedule at their times."""

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from deploy.local.broker import LocalBroker
from tests.faults.schedule import Fault, Kind
from tests.faults.slot import Slot

DELAY_SECONDS = 0.15


class Injector:
    """`done`: faults injected, by kind."""

    def __init__(self, broker: LocalBroker, slots: Sequence[Slot]) -> None:
        self.done: Counter[Kind] = Counter()
        self._broker = broker
        self._slots = slots

    async def inject(self, faults: Sequence[Fault]) -> None:
        """Returns when the last of them is over. Faults overlap, also at one worker."""
        await asyncio.gather(*(self._inject(fault) for fault in faults))

    async def _inject(self, fault: Fault) -> None:
        await asyncio.sleep(fault.at_s)
        slot = self._slots[fault.slot]
        inject: dict[Kind, Callable[[Slot, float], Coroutine[Any, Any, None]]] = {
            Kind.KILL: self._kill,
            Kind.STOP: self._stop,
            Kind.TERM: self._term,
            Kind.BROKER_KILL: self._kill_broker,
            Kind.DELAY: self._delay,
            Kind.CUT: self._cut,
            Kind.TEAR: self._tear,
            Kind.FREEZE: self._freeze,
        }
        if fault.kind is not Kind.BROKER_KILL:
            while not slot.connected:  # noqa: ASYNC110  its last fault, or that of the broker, is not over yet
                await asyncio.sleep(0.05)
        await inject[fault.kind](slot, fault.lasts_s)
        self.done[fault.kind] += 1

    async def _kill(self, slot: Slot, _: float) -> None:
        slot.signal(signal.SIGKILL)

    async def _term(self, slot: Slot, _: float) -> None:
        slot.signal(signal.SIGTERM)

    async def _stop(self, slot: Slot, seconds: float) -> None:
        slot.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        slot.signal(signal.SIGCONT)

    async def _kill_broker(self, _: Slot, seconds: float) -> None:
        await asyncio.to_thread(self._broker.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._broker.start)

    async def _delay(self, slot: Slot, seconds: float) -> None:
        slot.door.delay_s = DELAY_SECONDS
        await asyncio.sleep(seconds)
        slot.door.delay_s = 0.0

    async def _cut(self, slot: Slot, seconds: float) -> None:
        slot.door.shut = True
        slot.door.cut()
        await asyncio.sleep(seconds)
        slot.door.shut = False

    async def _tear(self, slot: Slot, seconds: float) -> None:
        slot.door.tear(3)
        await asyncio.sleep(seconds)
        while slot.door.tear(0) == 3:  # nothing came by
            slot.door.tear(3)
            await asyncio.sleep(seconds)

    async def _freeze(self, slot: Slot, seconds: float) -> None:
        slot.door.freeze()
        await asyncio.sleep(seconds)
        slot.door.flow()
