"""Laws of whom the server lets in, over drawn tokens, hosts and origins."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.http.limits import Rates
from tests.http.served import CALLERS, Answer, Door, guarded, token
from tests.http.test_headers import carries_everything
from tests.http.test_roles import BOARD

visible = st.characters(min_codepoint=33, max_codepoint=126)
words = st.text(visible, max_size=40)
known = st.sampled_from(sorted(CALLERS)).map(token)
cut = st.tuples(known, st.integers(0, 12)).map(lambda drawn: drawn[0][: -drawn[1]] if drawn[1] else drawn[0].upper())
near = st.tuples(known, words).map(lambda drawn: drawn[0] + drawn[1])
schemes = st.sampled_from(["Bearer", "bearer", "BEARER", "Basic", "Token", "Bearer Bearer", ""])


class Asked:
    """A server in a loop and a thread of its own, asked from this one."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop

    def __call__(self, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        asking = self._door.ask(target, None, method, body=body, more=headers)
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result(60)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def made(folder: Path) -> Door:
        door = Door(guarded(folder))
        now_s = iter(range(10**9))
        door.web._server._rates = Rates(lambda: float(next(now_s)))
        return await door.__aenter__()

    door = asyncio.run_coroutine_threadsafe(made(tmp_path_factory.mktemp("any")), loop).result(60)
    yield Asked(door, loop)
    asyncio.run_coroutine_threadsafe(door.__aexit__(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@given(scheme=schemes, given_token=words | known | cut | near)
def test_nobody_is_let_in_but_by_a_token_of_the_file(asked: Asked, scheme: str, given_token: str) -> None:
    answer = asked("/api/floor", Authorization=f"{scheme} {given_token}")
    who = next((who for who in CALLERS if token(who) == given_token and scheme.lower() == "bearer"), None)
    assert answer.status == (401 if who is None else 200 if who in BOARD else 403)
    carries_everything(answer)


@given(cookie=words | known | cut | near)
def test_nor_by_a_cookie(asked: Asked, cookie: str) -> None:
    answer = asked("/api/floor", Cookie=f"kpi_stream={cookie}")
    # What else stands behind a `;` is another cookie, and quotes are not a part of one.
    held = cookie.split(";", maxsplit=1)[0].strip('"')
    who = next((who for who in CALLERS if token(who) == held), None)
    assert answer.status == 401 or (who is not None and answer.status == (200 if who in BOARD else 403))


@given(host=st.text(visible, min_size=1, max_size=30))
def test_no_name_but_the_servers_own_is_answered(asked: Asked, host: str) -> None:
    answer = asked("/health/live", Host=host)
    own = host.rpartition(":")[0] if ":" in host else host
    assert answer.status in (400, 421) or own.strip("[]").rstrip(".").lower() in ("127.0.0.1", "localhost")
    carries_everything(answer)


@given(origin=st.text(visible, min_size=1, max_size=40), site=st.sampled_from(["", "same-site", "cross-site", "none"]))
def test_no_page_of_another_origin_posts_with_a_token_or_without(asked: Asked, origin: str, site: str) -> None:
    headers = {"Origin": origin, "Sec_Fetch_Site": site, "Cookie": f"kpi_stream={token('manager')}"}
    answer = asked("/api/headroom", "POST", b"[]", **headers)
    assert answer.status in (400, 403)
    carries_everything(answer)
