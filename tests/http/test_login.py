"""People log in once: a form, a cookie that no script reads, and no POST that another page sends with it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http.served import Answer, Door, guarded, token
from tests.http.test_roles import BODY


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        yield of


def own(door: Door) -> str:
    return f"http://127.0.0.1:{door.port}"


async def logged_in(door: Door, who: str) -> Answer:
    body = f"token={token(who)}".encode()
    return await door.ask(
        "/login", method="POST", body=body, Content_Type="application/x-www-form-urlencoded", Origin=own(door)
    )


def cookie_of(answer: Answer) -> str:
    return str(answer.headers["Set-Cookie"]).split(";")[0]


async def test_a_browser_that_has_no_token_is_sent_to_the_form_and_a_program_is_told(door: Door) -> None:
    answer = await door.ask("/", Accept="text/html,application/xhtml+xml")
    assert (answer.status, answer.headers["Location"]) == (303, "login")
    assert (await door.ask("/", Accept="*/*")).status == 401
    form = await door.ask("/login")
    assert form.status == 200
    assert form.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<input id="token" name="token" type="password"' in form.body
    assert form.body.count(b"<script") == form.body.count(b'<script type="module" src="login.js"></script>') == 1
    for inline in (b"<style", b"style=", b"onload=", b"onsubmit="):
        assert inline not in form.body


@pytest.mark.parametrize(("who", "lasts_s"), [("lead", 43_200), ("wall", 34_560_000)])
async def test_a_token_becomes_a_cookie_that_no_script_and_no_other_site_gets(
    door: Door, who: str, lasts_s: int
) -> None:
    answer = await logged_in(door, who)
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    parts = {part.strip() for part in answer.headers["Set-Cookie"].split(";")}
    assert parts == {f"kpi_stream={token(who)}", "HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={lasts_s}"}
    shown = await door.ask("/api/floor", Cookie=f"other=1; {cookie_of(answer)}")
    assert shown.json["you"] == {"name": who, "role": who}
    again = await door.ask("/login", Cookie=cookie_of(answer))
    assert f"{who} · {who}".encode() in again.body
    assert b'action="logout"' in again.body


async def test_a_program_may_log_in_by_json_or_by_the_header(door: Door) -> None:
    body = b'{"token":"token-wall"}'
    assert (await door.ask("/login", method="POST", body=body, Content_Type="application/json")).status == 303
    assert (await door.ask("/login", "wall", "POST", body=b"")).headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"token=wrong", "application/x-www-form-urlencoded", 401),
        (b"token=", "application/x-www-form-urlencoded", 401),
        (b"", "application/x-www-form-urlencoded", 401),
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 401),
        (b'{"token":7}', "application/json", 401),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"token=a", "multipart/form-data", 400),
        (b"token=token-wall", "text/plain; charset=no-such", 401),
    ],
)
async def test_what_is_no_token_gives_no_cookie(door: Door, body: bytes, kind: str, status: int) -> None:
    answer = await door.ask("/login", method="POST", body=body, Content_Type=kind)
    assert (answer.status, answer.headers["Set-Cookie"]) == (status, None)


async def test_a_token_is_never_taken_from_an_address(door: Door) -> None:
    assert (await door.ask(f"/?token={token('manager')}")).status == 401
    assert (await door.ask(f"/login?token={token('manager')}")).headers["Set-Cookie"] is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "own"}, 200),
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 403),
    ],
)
async def test_a_post_by_the_cookie_is_taken_from_the_servers_own_pages_alone(
    door: Door, headers: dict[str, str], status: int
) -> None:
    cookie = cookie_of(await logged_in(door, "manager"))
    sent = {name: own(door) if text == "own" else text for name, text in headers.items()}
    answer = await door.ask("/api/headroom", method="POST", body=BODY, Cookie=cookie, more=sent)
    assert answer.status == status


async def test_who_logs_out_has_no_cookie_any_more(door: Door) -> None:
    cookie = cookie_of(await logged_in(door, "lead"))
    answer = await door.ask("/logout", method="POST", body=b"", Cookie=cookie, Origin=own(door))
    assert (answer.status, answer.headers["Location"]) == (303, "login")
    assert 'kpi_stream=""' in answer.headers["Set-Cookie"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert (await door.ask("/logout", method="POST", body=b"", Cookie=cookie)).status == 403


async def test_a_header_goes_before_a_cookie(door: Door) -> None:
    cookie = cookie_of(await logged_in(door, "manager"))
    assert (await door.ask("/api/floor", "wall", Cookie=cookie)).json["you"]["role"] == "wall"
    assert (await door.ask("/api/floor", Cookie=cookie, Authorization="Bearer wrong")).status == 401
    assert (await door.ask("/api/floor", Cookie=cookie, Authorization="Basic YTpi")).status == 200


async def test_an_open_server_asks_nobody_to_log_in() -> None:
    async with Door() as door:
        assert (await door.ask("/login")).headers["Location"] == "./"
        assert (await door.ask("/login", method="POST", body=b"token=x")).headers["Location"] == "./"
