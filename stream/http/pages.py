"""A page: an address, who may ask for it, and what answers. And what answers need: the caller, JSON, refusals."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from aiohttp import web

from stream.http.roles import Caller, Role

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
CALLER = web.RequestKey("caller", Caller)


class Refused(Exception):  # noqa: N818  it is an answer, not a fault
    """Ends a request with a status and one line that says why. `headers`: further ones of the answer."""

    def __init__(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Page:
    """What `answer` gives at `path` (exact) to callers of `roles` (`EVERYBODY`: without a token, too).

    `stream`: the answer may go on for longer than a request may take. `counted`: requests count towards the limit of
    requests a second; files that never change and the health checks do not. `often`: whoever may ask it may ask it as
    often as a dialler.
    """

    path: str
    answer: Handler = field(repr=False)
    roles: frozenset[Role]
    method: Literal["GET", "POST"] = "GET"
    stream: bool = False
    counted: bool = True
    often: bool = False


def caller_of(request: web.BaseRequest) -> Caller:
    """Who asks. The server has looked at his token already; a page for everybody has no caller (KeyError)."""
    return request[CALLER]


async def json_body(request: web.BaseRequest) -> Any:
    """The body of a request as JSON. Refused (400) if it is none; the server refuses a body that is too large."""
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is not JSON") from error


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer of JSON."""
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json", headers=headers)
