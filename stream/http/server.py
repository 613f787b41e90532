"""The HTTP server: every request passes here before a page sees it, and every answer before it leaves."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from traceback import extract_tb
from typing import Any

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

from stream.http.access import Access, server_context
from stream.http.connection import Connection, Connections
from stream.http.headers import host_name, is_own_origin, security_headers
from stream.http.limits import (
    BODY_BYTES,
    DIALLER_REQUESTS_PER_S,
    HEAD_BYTES,
    IDLE_S,
    OPEN_REQUESTS_PER_S,
    REQUEST_S,
    REQUESTS_PER_S,
    Rates,
)
from stream.http.login import COOKIE, Login
from stream.http.pages import CALLER, Page, Refused, json_answer
from stream.http.roles import ANYBODY, Caller

HANDSHAKE_S = 10.0
LINGER_S = 2.0
"""How long what more comes of a refused body is read, so that its sender sees why."""
LOOKS_S = 1.0
HEALTH = "/health/"
_OFFERED = "Authorization, Content-Type"

log = structlog.get_logger(__name__)


class _Request(web.BaseRequest):
    """A request whose answer, whoever makes it, carries the server's headers."""

    def __init__(self, of: "HttpServer", message: Any, *given: Any) -> None:
        self.is_http_1 = message.version in (HttpVersion10, HttpVersion11)
        if not self.is_http_1:  # else aiohttp would answer in a version that it does not speak
            message = message._replace(version=HttpVersion11)
        super().__init__(message, *given, client_max_size=BODY_BYTES)
        self._of = of
        if isinstance(self.protocol, Connection):
            self.protocol.answers(self.content)

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        for name, value in self._of.headers_for(self).items():
            if name == "Server":  # aiohttp has written its own, with versions
                response.headers[name] = value
            else:
                response.headers.setdefault(name, value)


class HttpServer:
    """Serves `pages` to whom `access` lets in."""

    def __init__(self, pages: Iterable[Page], access: Access) -> None:
        self._access = access
        login = Login(access)
        self._pages: dict[str, dict[str, Page]] = {}
        for page in (*pages, *login.pages()):
            self._pages.setdefault(page.path, {})[page.method] = page
        self._rates = Rates()
        self._headers = security_headers(access.frame_ancestors)
        self._server: asyncio.Server | None = None
        self._connections: Connections | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens on host and port (0: any free one) and returns the port. OSError if it cannot."""
        loop = asyncio.get_running_loop()
        self._connections = Connections(
            self._answer,
            request_factory=lambda *given: _Request(self, *given, loop),
            headers=self._headers,
            access_log=None,
            keepalive_timeout=IDLE_S,
            max_line_size=HEAD_BYTES,
            max_field_size=HEAD_BYTES,
            max_headers=HEAD_BYTES // 4,
            lingering_time=LINGER_S,
        )
        context = server_context(self._access)
        handshake_s = None if context is None else HANDSHAKE_S
        self._server = await loop.create_server(
            self._connections, host or None, port, ssl=context, ssl_handshake_timeout=handshake_s
        )
        self._looking = loop.create_task(self._look())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stops listening; a request that is being answered has one second."""
        if self._server is not None:
            self._server.close()
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        if self._connections is not None:
            self._connections.pre_shutdown()
            await self._connections.shutdown(1.0)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_S)
            assert self._connections is not None
            self._connections.sweep()
            if self._access.certificate is not None:
                self._access.certificate.renew()

    def headers_for(self, request: web.BaseRequest) -> Mapping[str, str]:
        """What the answer to a request carries beside its own headers."""
        origin = request.headers.get("Origin")
        if not self._access.origins:
            return self._headers
        if origin is None or origin.lower() not in self._access.origins:
            return {**self._headers, "Vary": "Origin"}
        return {
            **self._headers,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": origin,
            "Vary": "Origin",
        }

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await self._answered(request)
        connection = request.protocol
        if isinstance(connection, Connection) and connection.too_many:
            answer.force_close()
        return answer

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._checked(request)
        except Refused as refused:
            return _refusal(request, refused)
        except web.HTTPException as error:
            return _refusal(request, Refused(error.status, error.reason.lower()))
        except RequestPayloadError:
            return _refusal(request, Refused(400, "the body did not come as its headers say"))
        except HttpProcessingError:
            return _refusal(request, Refused(400, "the body is not what its headers say"))
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the server goes on and says so
            # Neither what was asked nor what the error says of it: it may hold a token, or a debtor's id.
            where = extract_tb(error.__traceback__)[-1]
            log.error(
                "a page failed", page=request.path, error=type(error).__name__, at=f"{where.filename}:{where.lineno}"
            )
            return _refusal(request, Refused(500, "this page failed: the server's log says why"))

    async def _checked(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if isinstance(connection, Connection) and connection.too_many and not request.path.startswith(HEALTH):
            raise Refused(503, "too many connections", {"Retry-After": "5"})
        self._check_address(request)
        if request.method == "OPTIONS" and (answer := self._preflight(request)) is not None:
            return answer
        page = self._page(request)
        if (request.content_length or 0) > BODY_BYTES:
            raise Refused(413, f"the body is longer than {BODY_BYTES} bytes", {"Connection": "close"})
        self._let_in(request, page)
        await _continue(request)
        if page.stream:
            if isinstance(connection, Connection):
                connection.streams = lambda: self._still_knows(request)
            return await page.answer(request)
        try:
            async with asyncio.timeout(REQUEST_S):
                return await page.answer(request)
        except TimeoutError as error:
            late = request.can_read_body and not request.content.is_eof()
            why = "the request has not come" if late else "the page was not made"
            raise Refused(408 if late else 503, f"{why} within {REQUEST_S:g} s", {"Connection": "close"}) from error

    def _check_address(self, request: web.BaseRequest) -> None:
        """A page of somebody else's must not read this server by giving its own name our address."""
        if isinstance(request, _Request) and not request.is_http_1:
            raise Refused(400, "HTTP/1.1 and HTTP/1.0 are spoken here", {"Connection": "close"})
        if not request.raw_path.startswith("/") and request.raw_path != "*":
            raise Refused(400, "the address is not a path")
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1:
            raise Refused(400, "a request names one Host")
        here = request.get_extra_info("sockname")
        reached_at = here[0] if isinstance(here, tuple) else None
        if not self._access.is_named(host_name(hosts[0]), reached_at):
            raise Refused(421, "Host is not a name of this server: http.names lists them")

    def _page(self, request: web.BaseRequest) -> Page:
        pages = self._pages.get(request.path)
        if pages is None:
            raise Refused(404, "there is no such page")
        page = pages.get("GET" if request.method == "HEAD" else request.method)
        if page is None:
            allowed = ", ".join(sorted({*pages, *(["HEAD"] if "GET" in pages else [])}))
            raise Refused(405, f"{allowed} only", {"Allow": allowed})
        return page

    def _let_in(self, request: web.BaseRequest, page: Page) -> None:
        """Looks at the token, counts the request, and refuses who has no business here."""
        tokens = self._access.tokens
        bearer, by_cookie = token_of(request)
        known = None if tokens is None or bearer is None else tokens.caller(bearer)
        if page.counted:
            self._count(request, page, known)
        self._check_origin(request, by_cookie=by_cookie and known is not None)
        if not page.roles:
            return
        if tokens is None:
            caller = ANYBODY
        elif known is not None:
            caller = known[0]
        else:
            raise _unknown(request, given=bearer is not None)
        if not caller.may(page.roles):
            raise Refused(403, f"this page is not for role {caller.role}{_scope_note(caller)}")
        request[CALLER] = caller

    def _still_knows(self, request: web.BaseRequest) -> bool:
        """Whether who was let in would be let in again."""
        tokens, bearer = self._access.tokens, token_of(request)[0]
        if tokens is None:
            return True
        known = None if bearer is None else tokens.caller(bearer)
        return known is not None and known[0] == request.get(CALLER)

    def _count(self, request: web.BaseRequest, page: Page, known: tuple[Caller, bytes] | None) -> None:
        if known is not None:
            caller, digest = known
            most, who = DIALLER_REQUESTS_PER_S if caller.role == "dialler" else REQUESTS_PER_S, f"token {digest.hex()}"
            if page.often and caller.role != "dialler" and caller.may(page.roles):
                most, who = DIALLER_REQUESTS_PER_S, f"{who} often"
        else:
            most = OPEN_REQUESTS_PER_S if self._access.tokens is None else REQUESTS_PER_S
            who = f"address {request.remote}"
        if not self._rates.takes(who, most):
            raise Refused(429, f"more than {most} requests in a second", {"Retry-After": "1"})

    def _check_origin(self, request: web.BaseRequest, *, by_cookie: bool) -> None:
        """What changes something must come from a page of this server, where it comes from a browser."""
        if request.method in ("GET", "HEAD"):
            return
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if origin == "null" and site == "same-origin":
            ours = True  # a form of a page without a referrer: the browser says where it is from in another way
        elif origin is not None:
            tls = self._access.certificate is not None
            own = is_own_origin(origin, request.headers["Host"], tls=tls)
            ours = own or (origin.lower() in self._access.origins and not by_cookie)
        else:
            ours = not by_cookie and site in (None, "same-origin", "none")
        if not ours:
            raise Refused(403, "a POST from another page is not taken (Origin)")

    def _preflight(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """The answer to a browser that asks whether a page of `http.origins` may send a request; None: it does not."""
        origin, method = (request.headers.get(name) for name in ("Origin", "Access-Control-Request-Method"))
        if origin is None or method is None or origin.lower() not in self._access.origins:
            return None
        allowed = ", ".join(sorted(self._pages.get(request.path, ())))
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": allowed,
                "Access-Control-Allow-Headers": _OFFERED,
                "Access-Control-Max-Age": "600",
            },
        )


def token_of(request: web.BaseRequest) -> tuple[str | None, bool]:
    """The token of a request, and whether it is a cookie's. What a program sends goes before what a browser keeps."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip(), False
    found = request.cookies.get(COOKIE)
    return found, found is not None


def _unknown(request: web.BaseRequest, *, given: bool) -> Refused:
    """A person is sent to where he can log in; a program is told."""
    if request.path == "/" and "text/html" in request.headers.get("Accept", ""):
        return Refused(303, "log in first", {"Location": "login"})
    why = "the token is not known" if given else "a token is needed: Authorization: Bearer TOKEN, or /login"
    return Refused(401, why, {"WWW-Authenticate": 'Bearer realm="kpi-stream"'})


def _scope_note(caller: Caller) -> str:
    return "" if caller.site is None else f" of site {caller.site}"


async def _continue(request: web.BaseRequest) -> None:
    """Tells a client that asked whether its body is wanted that it is."""
    expects = request.headers.get("Expect", "").lower()
    if expects and expects != "100-continue":
        raise Refused(417, "only 100-continue can be expected")
    if expects:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


def _refusal(request: web.BaseRequest, refused: Refused) -> web.StreamResponse:
    """One line: JSON for programs, text for people."""
    if request.path.startswith("/api/"):
        answer = json_answer({"error": str(refused)}, refused.status)
    else:
        answer = web.Response(text=f"{refused}\n", status=refused.status)
    answer.headers.update(refused.headers)
    if refused.headers.get("Connection") == "close":
        answer.force_close()
    return answer
