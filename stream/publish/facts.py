"""The facts behind a number, for the page: `kpi-stream explain` in a process of its own, one at a time.

It reads the inbound topics from their start, which takes time and memory: so the page of a worker does not, and the
`board` command does unless `board.facts` is false.
"""

import asyncio
import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence

from aiohttp import web

from stream.kpis.catalogue import CATALOGUE
from stream.windows.measures import LEVELS

PATIENCE_S = 300.0
MOST_LINES = 2_000
NICENESS = 10
REQUIRED = ("site", "level", "entity", "kpi", "window", "start")
KNOWN = (*REQUIRED, "currency", "lang")


class QuestionError(ValueError):
    """A parameter of a question about facts is wrong; the message names it."""


def arguments(asked: Mapping[str, str]) -> list[str]:
    """The arguments of `kpi-stream explain` for a question. QuestionError: a parameter is unknown, missing or wrong;
    what the command itself finds wrong it says."""
    for name in asked:
        if name not in KNOWN:
            raise QuestionError(f"there is no parameter {name[:40]!r} (there are {', '.join(KNOWN)})")
    for name in REQUIRED:
        if not asked.get(name):
            raise QuestionError(f"{name}: is missing")
    if asked["kpi"] not in CATALOGUE:
        raise QuestionError(f"kpi: there is no KPI {asked['kpi'][:40]!r}")
    if asked["level"] not in LEVELS:
        raise QuestionError(f"level: is not one of {', '.join(LEVELS)}")
    options = [f"--{name}={asked[name]}" for name in ("level", "entity", "site", "window", "start")]
    return [asked["kpi"], *options, *([f"--currency={asked['currency']}"] if asked.get("currency") else [])]


def command_line(asked: Mapping[str, str]) -> str:
    """What a person types to see the facts."""
    return shlex.join(["kpi-stream", "explain", *arguments(asked)])


class FactsPage:
    """Answers `/api/facts`. `command`: runs `explain`; None: this server does not read facts, and says who does.
    `reading`: the process that does."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self.command = command
        self.reading: asyncio.subprocess.Process | None = None
        self._busy = False

    async def one(self, request: web.BaseRequest) -> web.StreamResponse:
        """`{lines, left_out}`: what `explain` prints; or `{error, command}`."""
        try:
            given = arguments(request.query)
        except QuestionError as error:
            return web.json_response({"error": str(error)}, status=400)
        typed = command_line(request.query)
        if self.command is None:
            return web.json_response({"error": "this server reads no facts", "command": typed}, status=404)
        if self._busy:
            answer = {"error": "the facts of another number are being read", "command": typed}
            return web.json_response(answer, status=503, headers={"Retry-After": "2"})
        self._busy = True
        try:
            code, out, wrong = await self._run([*self.command, *given])
        except TimeoutError:
            answer = {"error": f"not done in {PATIENCE_S:.0f} s: there are too many events", "command": typed}
            return web.json_response(answer, status=503)
        finally:
            self._busy = False
        if code != 0:
            reason = wrong.strip().splitlines()[-1:] or [f"`explain` ended with {code}"]
            return web.json_response({"error": reason[0], "command": typed}, status=503)
        lines = out.splitlines()
        shown = lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 4], *lines[-4:]]
        return web.json_response({"lines": shown, "left_out": len(lines) - len(shown), "command": typed})

    async def _run(self, command: Sequence[str]) -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdout=pipe, stderr=pipe, stdin=asyncio.subprocess.DEVNULL
        )
        self.reading = process
        with contextlib.suppress(OSError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        try:
            out, wrong = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        finally:
            await self.stop()
        return process.returncode or 0, out.decode(errors="replace"), wrong.decode(errors="replace")

    async def stop(self) -> None:
        """Ends what still reads."""
        process, self.reading = self.reading, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
