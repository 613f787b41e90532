"""The fuzzer of the HTTP surface: its requests to real servers; and it sees a fault where there is one."""

import random

import pytest

from stream.http.headers import security_headers
from tests.fuzz.asking import FaultError, ask, look
from tests.fuzz.drawn import request
from tests.http.served import Answer, answer_of

REQUESTS = 1_000


async def test_no_request_whole_or_broken_is_answered_with_a_fault_or_without_the_headers() -> None:
    counts = await ask(REQUESTS, seed=7)
    assert counts.total() == REQUESTS
    assert counts["200"] > 50
    assert counts["400"] > 50
    assert {"303", "401", "403", "404", "405", "421"} <= set(counts)


def test_a_seed_draws_the_same_requests() -> None:
    assert [request(random.Random(f"1 {n}")) for n in range(200)] == [
        request(random.Random(f"1 {n}")) for n in range(200)
    ]


def answered(status: int, body: str = "", **changed: str | None) -> Answer:
    headers = dict(security_headers(())) | {name.replace("_", "-"): text for name, text in changed.items()}
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {text}" for name, text in headers.items() if text is not None)]
    return answer_of("\r\n".join([*lines, "", body]).encode())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (answered(500), "answered with 500"),
        (answered(200, Content_Security_Policy=None), "200 without Content-Security-Policy"),
        (answered(404, X_Content_Type_Options=None), "404 without X-Content-Type-Options"),
        (answered(200, Access_Control_Allow_Origin="*"), "let another origin read it"),
        (answered(200), "let in without a token"),
        (answered(400, "Traceback (most recent call last)"), "shows a traceback"),
    ],
)
def test_an_answer_that_should_not_be_is_seen(answer: Answer, why: str) -> None:
    with pytest.raises(FaultError, match=why):
        look(answer, b"GET /api/floor HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "seed 1", guards=True)


def test_an_answer_that_may_be_is_none() -> None:
    sent = b"GET /api/floor HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    for answer, guards in ((answered(200), False), (answered(401), True), (answered(503), True)):
        look(answer, sent, "seed 1", guards=guards)
    look(answered(200), sent.replace(b"Host", b"Authorization: Bearer token-wall\r\nHost"), "seed 1", guards=True)
