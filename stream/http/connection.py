"""One connection: how much it may send, how long a request may take, and what it is told when that is too much."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import structlog
from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web import RequestPayloadError

from stream.http.limits import CONNECTIONS, HEAD_BYTES, MOST_CONNECTIONS, REQUEST_S

_END = b"\r\n\r\n"
GRACE_S = 2.0
"""Longer than a request may take: what answers it has the first word."""
_REASONS = {
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

log = structlog.get_logger(__name__)

State = Literal["reading", "answering", "idle"]


class Connections(web.Server):
    """The protocol of a listening socket: makes and counts connections. `headers`: of every answer."""

    def __init__(self, handler: Any, *, request_factory: Any, headers: Mapping[str, str], **options: Any) -> None:
        super().__init__(handler, request_factory=request_factory, **options)
        self.headers = headers
        self._options = options
        self._open: set[Connection] = set()

    def __call__(self) -> web.RequestHandler:
        """A connection, before it is made."""
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def opened(self, connection: "Connection") -> int:
        """Counts it in; how many there are."""
        self._open.add(connection)
        return len(self._open)

    def closed(self, connection: "Connection") -> None:
        """Counts it out."""
        self._open.discard(connection)

    def sweep(self) -> None:
        """Ends connections whose request takes too long. To be called every second or so."""
        now_s = time.monotonic()
        for connection in list(self._open):
            connection.look(now_s)


class Connection(web.RequestHandler):
    """A connection as aiohttp serves it, with an end to what it may send and take."""

    def __init__(self, of: Connections, **options: Any) -> None:
        super().__init__(of, **options)
        self._of = of
        self._state: State = "reading"
        self._began_s = time.monotonic()
        self._head = 0
        self._tail = b""
        self._stuck_s: float | None = None
        self._body: StreamReader | None = None
        self.too_many = False
        """There are more connections than are served: the health checks alone are answered."""
        self.streams: Callable[[], bool] | None = None
        """The answer may go on for as long as somebody reads it and this says so: his token may be withdrawn."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        number = self._of.opened(self)
        self.too_many = number > CONNECTIONS
        if number > MOST_CONNECTIONS:
            self._end(503, "too many connections")

    def connection_lost(self, exc: BaseException | None) -> None:
        self._of.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._state == "idle" and (self._body is None or self._body.is_eof()):
            self._begin("reading")  # else it is the rest of a body that nobody wanted
        if self._state == "reading" and not self._is_head_whole(data):
            self._end(431, f"the request line and headers are longer than {HEAD_BYTES} bytes")
            return
        super().data_received(data)

    def _is_head_whole(self, data: bytes) -> bool:
        """Counts the bytes of a head up to its end; False if they are too many."""
        if self._head < 0:  # its end has come: what follows is the body
            return True
        end = (self._tail + data).find(_END)
        counted = self._head + (len(data) if end < 0 else end + len(_END) - len(self._tail))
        self._tail = (self._tail + data)[-3:]
        self._head = counted if end < 0 else -1
        return counted <= HEAD_BYTES

    def answers(self, body: StreamReader) -> None:
        """A request's head has been read, and it is being answered; its body may be on its way."""
        self._body = body
        if self._state == "idle":  # it came together with the one before
            self._begin("answering")
        self._state = "answering"

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._begin("idle")

    def _begin(self, state: State) -> None:
        self._state, self._began_s, self._head, self._tail, self.streams = state, time.monotonic(), 0, b"", None

    def look(self, now_s: float) -> None:
        """Ends itself if the request or its answer takes too long."""
        transport = self.transport
        if transport is None:
            return
        waits = transport.get_write_buffer_size() > 0
        self._stuck_s = (self._stuck_s or now_s) if waits else None
        took_s = now_s - self._began_s
        if self._state == "reading" and took_s > REQUEST_S:
            self._end(408, f"the request has not come within {REQUEST_S:g} s")
        elif self._state == "answering" and not self._goes_on(took_s):
            transport.abort()
        elif self._stuck_s is not None and now_s - self._stuck_s > REQUEST_S:
            transport.abort()  # nobody takes the answer

    def _goes_on(self, took_s: float) -> bool:
        """Whether an answer that has taken so long may go on."""
        return took_s <= REQUEST_S + GRACE_S if self.streams is None else self.streams()

    def _end(self, status: int, why: str) -> None:
        """Says why, and closes."""
        transport = self.transport
        if transport is not None:
            body = f"{why}\n".encode()
            headers = {
                **self._of.headers,
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
            lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
            transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.force_close()

    def log_exception(self, *_: Any, **kw: Any) -> None:
        """One line, without what was sent; a body that is not what its headers say is no fault of ours."""
        error = kw.get("exc_info")
        if not isinstance(error, RequestPayloadError | HttpProcessingError):
            log.error("a connection failed", error=type(error).__name__)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is no request. What was sent is neither logged nor sent back: it may hold a token."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer was begun already")
        if isinstance(exc, LineTooLong):
            status, message = 431, f"a line of the request is longer than {HEAD_BYTES} bytes"
        elif status < 500:
            message = "this is no request of HTTP/1.1 that can be read"
        else:
            if not isinstance(exc, ConnectionError):  # nobody is there any more
                log.error("a request failed", error=type(exc).__name__)
            message = "this request failed: the server's log says why"
        answer = web.Response(status=status, text=f"{message}\n")
        answer.force_close()
        return answer
