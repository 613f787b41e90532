"""`/api/headroom`: what diallers ask, read from an address or a body, and what is answered (conduct 5)."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from stream.conduct.headroom import Query
from stream.facts.decode import is_identifier
from stream.facts.instant import instant_ms
from stream.facts.printable import printable
from stream.http.pages import Refused, caller_of, json_answer
from stream.http.roles import Caller

MOST_QUERIES = 1_000
"""In one body."""
ANSWERED_AT_ONCE = 10
NAMES = ("debtor", "at", "case", "number", "site")
EXAMPLE = "2026-11-02T15:00:00Z"


class QueryError(ValueError):
    """A question that cannot be answered by anybody. One line that names what is wrong."""


@dataclass(frozen=True)
class Elsewhere:
    """The debtor is of a partition that another worker answers for; `worker`: its address, None where it is not
    known."""

    partition: int
    worker: str | None

    def fields(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"partition": self.partition, "worker": self.worker}


@dataclass(frozen=True)
class NotYet:
    """The debtor is of a partition of this worker (`worker`: its address) that is being restored, or of one that the
    group has not given to anybody yet."""

    partition: int | None
    worker: str | None
    why: str

    def fields(self) -> dict[str, Any]:
        """The body of the answer, in an array of answers."""
        return {"partition": self.partition, "worker": self.worker}


Answer = Mapping[str, Any] | Elsewhere | NotYet
HeadroomSource = Callable[[Query], Answer]
"""Answers a question now."""


class HeadroomPage:
    """The two ways to ask. `now_ms`: the time of a question that names none."""

    def __init__(self, source: HeadroomSource, now_ms: Callable[[], int]) -> None:
        self._source = source
        self._now_ms = now_ms

    async def one(self, request: web.BaseRequest) -> web.StreamResponse:
        """A question in the address."""
        try:
            answer = self._source(asked_by(caller_of(request), query_of(request.query.items(), self._now_ms())))
        except QueryError as error:
            return _wrong(str(error))
        if isinstance(answer, Elsewhere):
            return json_answer(answer.fields(), 404)
        if isinstance(answer, NotYet):
            return json_answer(answer.fields() | {"error": answer.why}, 503, {"Retry-After": "1"})
        return json_answer(answer)

    async def many(self, request: web.BaseRequest) -> web.StreamResponse:
        """An array of questions in the body; their answers in the same order."""
        now_ms = self._now_ms()
        try:
            caller = caller_of(request)
            queries = [asked_by(caller, query) for query in queries_of(await request.read(), now_ms)]
        except QueryError as error:
            return _wrong(str(error))
        answers: list[Answer] = []
        for number, query in enumerate(queries, 1):
            answers.append(self._source(query))
            if not number % ANSWERED_AT_ONCE:
                await asyncio.sleep(0)  # the partitions, and others who ask, take turns
        return json_answer([each.fields() if isinstance(each, Elsewhere | NotYet) else each for each in answers])


def asked_by(caller: Caller, query: Query) -> Query:
    """The question as its asker may ask it: from his own site, where he has one. Refused (403) for another."""
    if caller.site is None:
        return query
    if query.site is not None and query.site != caller.site:
        raise Refused(403, f"site: yours is {caller.site}")
    return replace(query, site=caller.site)


def queries_of(body: bytes, now_ms: int) -> list[Query]:
    """The questions of a body. QueryError names the first that is wrong by its index."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise QueryError("the body is not JSON") from error
    if not isinstance(asked, list):
        raise QueryError("the body is not an array of objects")
    if len(asked) > MOST_QUERIES:
        raise QueryError(f"the body asks {len(asked)} questions, more than {MOST_QUERIES}")
    queries = []
    for index, each in enumerate(asked):
        if not isinstance(each, dict):
            raise QueryError(f"[{index}]: is not an object")
        try:
            queries.append(query_of(((name, value) for name, value in each.items() if value is not None), now_ms))
        except QueryError as error:
            raise QueryError(f"[{index}]: {error}") from error
    return queries


def query_of(named: Iterable[tuple[str, object]], now_ms: int) -> Query:
    """The question that these names and values ask. QueryError: a name is unknown, there twice or missing, or a value
    is not what it should be."""
    found: dict[str, str] = {}
    for name, value in named:
        shown = printable(name, 40)
        if name not in NAMES:
            raise QueryError(f"{shown}: no such name; there are {', '.join(NAMES)}")
        if name in found:
            raise QueryError(f"{shown}: is there twice")
        if not isinstance(value, str):
            raise QueryError(f"{shown}: is not a text")
        if name != "at" and not is_identifier(value):
            raise QueryError(f"{shown}: is not a name: 1-256 printable characters without '|'")
        found[name] = value
    if "debtor" not in found:
        raise QueryError("debtor: is missing")
    at = found.pop("at", None)
    try:
        at_ms = now_ms if at is None else instant_ms(at)
    except ValueError as error:
        raise QueryError(f"at: {error}; an example is {EXAMPLE}") from error
    return Query(at_ms=at_ms, **found)


def _wrong(why: str) -> web.Response:
    return json_answer({"error": why}, 400)
