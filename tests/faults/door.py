"""A door: a TCP proxy between one worker and the broker, with a network that can be made bad."""

import asyncio
from contextlib import suppress
from typing import Self

CHUNK_BYTES = 65_536


class Door:
    """Carries bytes from its own port to `behind`, in both directions, until it is told otherwise.

    `delay_s`: every chunk waits so long. `shut`: new connections are refused.
    """

    def __init__(self) -> None:
        self.behind = 0
        self.port = 0
        self.delay_s = 0.0
        self.shut = False
        self._tears = 0
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self.heal()
        self.cut()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """Resets every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def tear(self, chunks: int) -> int:
        """Of the next so many chunks the first half is carried, and then their connections are closed. Returns how
        many of the last time are left."""
        left, self._tears = self._tears, chunks
        return left

    def freeze(self) -> None:
        """Nothing is carried, and connections stay."""
        self._flows.clear()

    def flow(self) -> None:
        """Ends `freeze`."""
        self._flows.set()

    def heal(self) -> None:
        """A good network again."""
        self.delay_s, self.shut, self._tears = 0.0, False, 0
        self.flow()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.shut:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:  # the broker is down
            writer.transport.abort()
            return
        ends = {writer, back}
        self._writers |= ends
        pumps = {asyncio.create_task(self._carry(*way)) for way in ((reader, back), (there, writer))}
        self._tasks |= pumps
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.close()
            self._tasks -= pumps
            self._writers -= ends

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._flows.wait()
                if self._tears:
                    self._tears -= 1
                    writer.write(data[: len(data) // 2])
                    await writer.drain()
                    break
                writer.write(data)
                await writer.drain()
