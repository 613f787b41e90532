"""A headless Chromium, and its tabs over the DevTools protocol: what tests and screenshots of the page look through."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import aiohttp

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--remote-debugging-port=0",
]  # fmt: skip
ANSWER_S = 5.0
"""A question that is asked while one document makes room for another may never be answered: it is asked again."""
START_S = 60.0
LOOK_S = 0.05  # between looks at a page for what is waited for


class ChromiumError(Exception):
    """Chromium did not start, or a page does not do what is waited for; the text says what it shows instead."""


class Chromium:
    """A running Chromium with a profile in `folder`; a context manager that ends it."""

    def __init__(self, executable: str, folder: Path) -> None:
        self._command = [executable, *FLAGS, f"--user-data-dir={folder}", "about:blank"]
        self._told = folder / "DevToolsActivePort"
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, start_new_session=True)
        until_s = time.monotonic() + START_S
        while not (self._told.exists() and "\n" in self._told.read_text()):
            if self._process.poll() is not None or time.monotonic() > until_s:
                self.__exit__()
                raise ChromiumError(f"{self._command[0]} did not start")
            time.sleep(LOOK_S)
        self.address = f"127.0.0.1:{self._told.read_text().split()[0]}"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)  # its processes share a session; the profile is thrown away
        self._process.wait()

    @property
    def pid(self) -> int:
        """Of its first process, which leads the group of all its processes."""
        assert self._process is not None
        return self._process.pid

    async def open(self, url: str, width: int = 1920, height: int = 1080, init: str = "") -> Tab:
        """A new tab of this size that shows `url`. `init`: a script that runs in each document before its own."""
        tab = Tab()
        await tab.connect(self.address)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await tab.call("Page.enable")
        await tab.call("Runtime.enable")
        await tab.call("Emulation.setDeviceMetricsOverride", **size)
        if init:
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=init)
        await tab.call("Page.navigate", url=url)
        return tab


class Tab:
    """A tab. Expressions are JavaScript; a promise is waited for, and values come back as JSON has them."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading: asyncio.Task[None] | None = None
        self.errors: list[str] = []
        self._target = ""

    async def connect(self, address: str) -> None:
        """Makes the tab and listens to it."""
        async with self._session.put(f"http://{address}/json/new?about:blank") as answer:
            target = await answer.json()
        self._target = f"http://{address}/json/close/{target['id']}"
        self._socket = await self._session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)
        self._reading = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            told = message.json()
            waiting = self._answers.pop(told.get("id", 0), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(told)
            elif told.get("method") == "Runtime.exceptionThrown":
                details = told["params"]["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description") or details["text"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One call of the protocol. ChromiumError: the protocol's own error, or no answer for a minute."""
        assert self._socket is not None
        number = next(self._numbers)
        waiting = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        try:
            answer = await asyncio.wait_for(waiting, START_S)
        except TimeoutError as error:
            raise ChromiumError(f"{method}: no answer") from error
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    async def value(self, expression: str) -> Any:
        """What the expression gives. ChromiumError: it throws."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise ChromiumError(f"{expression}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    async def until(self, expression: str, seconds: float = START_S) -> Any:
        """Waits until the expression gives something true, and gives it back. ChromiumError: it never does."""
        until_s = time.monotonic() + seconds
        while True:
            try:
                found, why = await asyncio.wait_for(self.value(expression), ANSWER_S), ""
            except (ChromiumError, TimeoutError) as error:  # a document that is being replaced
                found, why = None, str(error)
            if found:
                return found
            if time.monotonic() > until_s:
                shows = await self.value("document.body.innerText.slice(0, 2000)")
                raise ChromiumError(f"never true: {expression} {why} {self.errors}\nthe page shows:\n{shows}")
            await asyncio.sleep(LOOK_S)

    async def resize(self, width: int, height: int) -> None:
        """Another size of the window."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def press(self, key: str) -> None:
        """One key, as a person presses it: `Enter`, `Escape`, `ArrowDown`, `?`, ..."""
        text = {"Enter": "\r", "Tab": "", "Escape": ""}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38}.get(key, 0)
        names = {"key": key, "windowsVirtualKeyCode": code}
        down = {"type": "keyDown" if text else "rawKeyDown", **names} | ({"text": text} if text else {})
        await self.call("Input.dispatchKeyEvent", **down)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **names)

    async def picture(self, whole: bool = False) -> bytes:
        """What the tab shows, as PNG; `whole`: what lies below its edge, too."""
        answer = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    async def close(self) -> None:
        """Closes the tab."""
        async with self._session.get(self._target):
            pass
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            self._reading.cancel()
        await self._session.close()
