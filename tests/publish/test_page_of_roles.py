"""The page in a real browser as each role sees it: logged in by its form, under a policy that runs nothing inline."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.chromium import Chromium, Tab
from tests.http.served import Door, guarded, token

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LISTENS = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", ({effectiveDirective, blockedURI}) => {
  violations.push(`${effectiveDirective} ${blockedURI}`);
});
"""
SHOWN = "document.querySelector('main')?.dataset.changes > 0"
VIEWS = ["", "people=state", "level=queue", "window=day&kpis=dials,connect_rate", "order=name&agents=2000"]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with Door(guarded(tmp_path)) as of:
        of.wallboard.feed.loaded, of.wallboard.feed.reported = True, None
        yield of


@pytest.fixture
async def tabs(browser: Chromium) -> AsyncIterator[list[Tab]]:
    """Tabs that are closed at the end; what they were logged in as is forgotten."""
    opened: list[Tab] = []
    yield opened
    for tab in opened:
        await tab.call("Network.clearBrowserCookies")
        await tab.close()


async def seen_by(browser: Chromium, tabs: list[Tab], door: Door, who: str, query: str = "") -> Tab:
    """The page as somebody sees it who has logged in before."""
    base = f"http://127.0.0.1:{door.port}"
    tab = await browser.open("about:blank", init=LISTENS)
    tabs.append(tab)
    await tab.call("Network.setCookie", name="kpi_stream", value=token(who), url=base, httpOnly=True, sameSite="Strict")
    await tab.call("Page.navigate", url=f"{base}/?lang=en&{query}")
    await tab.until(SHOWN)
    return tab


async def test_a_person_logs_in_once_and_out_again_and_no_script_sees_the_token(
    browser: Chromium, tabs: list[Tab], door: Door
) -> None:
    tab = await browser.open(f"http://127.0.0.1:{door.port}/", init=LISTENS)
    tabs.append(tab)
    await tab.until("location.pathname === '/login' && document.readyState === 'complete'")
    assert await tab.value("getComputedStyle(document.querySelector('form')).display") == "grid"  # its style is taken
    enter = "document.getElementById('token').value = '{}'; document.querySelector('form button').click()"
    await tab.value(enter.format("no such token"))
    await tab.until("document.querySelector('[role=alert]')?.textContent.includes('not known')")
    await tab.value(enter.format(token("manager")))
    await tab.until(SHOWN)
    assert await tab.value("document.cookie") == ""
    assert await tab.value("document.body.innerText.includes('a-003')")
    await tab.call("Page.navigate", url=f"http://127.0.0.1:{door.port}/login")
    await tab.until("document.body.innerText.includes('manager · manager')")
    await tab.value("document.querySelector('form[action=logout] button').click()")
    await tab.until("document.getElementById('token') && !document.body.innerText.includes('manager')")
    await tab.call("Page.navigate", url=f"http://127.0.0.1:{door.port}/")
    await tab.until("location.pathname === '/login'")
    assert await tab.value("violations") == []


async def test_the_form_works_without_scripts_where_the_browser_says_where_it_is_from(
    browser: Chromium, tabs: list[Tab], door: Door
) -> None:
    tab = await browser.open("about:blank")
    tabs.append(tab)
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    await tab.call("Page.navigate", url=f"http://127.0.0.1:{door.port}/login")
    await tab.until("document.getElementById('token') && document.readyState === 'complete'")
    await tab.value(f"document.getElementById('token').value = '{token('wall')}'; document.forms[0].submit()")
    await tab.until("location.pathname === '/' && document.getElementById('agents') !== null")


@pytest.mark.parametrize("who", ["wall", "agent", "lead", "manager"])
async def test_every_role_has_a_page_without_a_fault_and_nothing_of_it_is_inline(
    browser: Chromium, tabs: list[Tab], door: Door, who: str
) -> None:
    for view in VIEWS:
        tab = await seen_by(browser, tabs, door, who, view)
        text = await tab.value("document.body.innerHTML")
        if who == "wall":
            assert "a-0" not in text, view
        if who == "agent":
            assert "a-003" in text or view == "level=queue"
            assert "a-001" not in text, view
            assert "t-1" not in text, view
        if who == "lead":
            assert "a-001" not in text, view  # of t-2
        assert tab.errors == [], view
        assert await tab.value("violations") == [], view
        assert await tab.value("document.body.className") in ("live", "stale"), view


async def test_what_is_inline_does_not_run_and_no_other_page_may_show_this_one_in_a_frame(
    browser: Chromium, tabs: list[Tab], door: Door
) -> None:
    tab = await seen_by(browser, tabs, door, "manager")
    await tab.value(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'globalThis.ran = 1'}));"
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"globalThis.ran = 2\">')"
    )
    await tab.until("violations.length >= 2")
    assert await tab.value("globalThis.ran ?? 0") == 0
    other = await browser.open("about:blank")
    tabs.append(other)
    await other.value(
        f"document.body.append(Object.assign(document.createElement('iframe'), {{src: 'http://127.0.0.1:{door.port}/login'}}))"
    )
    await other.until("(() => { try { return frames[0].document === null } catch { return true } })()")
    assert not await other.value("frames[0].length")


async def test_a_wall_shows_the_place_of_who_has_no_name(browser: Chromium, tabs: list[Tab], door: Door) -> None:
    tab = await seen_by(browser, tabs, door, "wall", "rank=dials")
    places = await tab.value("[...document.querySelectorAll('#agents tbody .place')].map((cell) => cell.textContent)")
    assert len(places) >= 3
    assert all(place.isdigit() for place in places)
    assert "null" not in await tab.value("document.body.innerText")


async def test_a_manager_sees_who_is_near_a_limit_by_a_click_and_a_lead_has_nothing_to_click(
    browser: Chromium, tabs: list[Tab], door: Door
) -> None:
    tab = await seen_by(browser, tabs, door, "manager")
    await tab.until("document.querySelectorAll('#standings .who-are').length === 1")
    assert not await tab.value("document.documentElement.outerHTML.includes('d-7')")
    await tab.value("document.querySelector('#standings .who-are').click()")
    await tab.until(
        "document.querySelector('#debtors').open && document.querySelectorAll('#debtor-list li').length === 1"
    )
    assert await tab.value("document.querySelector('#debtor-list').innerText") == "d-7\nuntil 2026-11-05 22:10:00"
    await tab.press("Escape")
    await tab.until("!document.querySelector('#debtors').open && !document.querySelector('#debtor-list li')")
    lead = await seen_by(browser, tabs, door, "lead")
    await lead.until("document.querySelectorAll('#standings tbody tr').length === 1")
    assert await lead.value("document.querySelectorAll('.who-are').length") == 0
    assert await tab.value("violations") == []
