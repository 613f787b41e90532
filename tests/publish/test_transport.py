"""How the page gets its data: pushed, taken up again after a loss, asked for where nothing can be pushed."""

import asyncio

import pytest

from tests.publish.pages import Page
from tests.publish.records import alert, kpi, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

STATE = "document.querySelector('#state').textContent"
DIALS = "document.querySelector('.tile .figure').textContent"
NO_STREAM = "globalThis.EventSource = class { static CLOSED = 2; addEventListener() {} close() {} };"
"""A proxy that holds back what it is sent: the stream is open, and nothing comes."""


def dials(page: Page, count: int) -> None:
    """The floor has dialled so often."""
    page.wallboard.latest.on_kpi(*kpi(value("dials", count), level="site", entity="main", revision=count))


async def test_a_new_record_appears_without_being_asked_for(page: Page) -> None:
    dials(page, 1)
    tab = await page.open("kpis=dials")
    asked = "performance.getEntriesByType('resource').filter((one) => one.name.includes('api/floor?')).length"
    dials(page, 2)
    await tab.until(f"{DIALS} === '2'")
    assert await tab.value(asked) == 0


async def test_a_server_that_comes_back_is_heard_again_and_its_silence_is_said(page: Page) -> None:
    dials(page, 1)
    tab = await page.open("kpis=dials")
    await page.web.stop()
    await tab.until(f"{STATE} === 'no connection'")
    assert await tab.value("document.body.className") == "lost"
    assert "No answer from the server since" in await tab.value("document.querySelector('#banner').textContent")
    await page.serve_again()
    dials(page, 2)
    await tab.until(f"{STATE} === 'live' && {DIALS} === '2'")


async def test_where_nothing_can_be_pushed_the_page_asks_and_says_so(page: Page) -> None:
    dials(page, 1)
    tab = await page.open("kpis=dials", init=NO_STREAM)
    await tab.until(f"{STATE} === 'live · polling'")
    dials(page, 2)
    await tab.until(f"{DIALS} === '2'")


async def test_a_wrong_address_is_not_asked_for_again_and_again(page: Page) -> None:
    tab = await page.open("window=week")
    count = "performance.getEntriesByType('resource').filter((one) => one.name.includes('api/floor')).length"
    before = await tab.value(count)
    await asyncio.sleep(2.5)
    assert await tab.value(count) - before <= 2


async def test_what_is_opened_and_focused_stays_so_when_the_numbers_change(page: Page) -> None:
    dials(page, 1)
    page.wallboard.latest.on_alert(alert("a-2", muted=True)[1])
    tab = await page.open("kpis=dials")
    assert (await tab.value("document.querySelector('#alerts .count').textContent")).startswith("1 muted")
    await tab.value(
        "document.querySelector('#alerts details').open = true; document.querySelector('#choices a').focus(); 1"
    )
    dials(page, 2)
    await tab.until(f"{DIALS} === '2'")
    assert await tab.value("document.querySelector('#alerts details').open")
    assert await tab.value("document.activeElement === document.querySelector('#choices a')")


async def test_definitions_are_one_key_away_and_escape_closes_them(page: Page) -> None:
    dials(page, 1)
    tab = await page.open("kpis=dials,connect_rate")
    await tab.press("?")
    await tab.until("document.querySelector('#help').open")
    text = await tab.value("document.querySelector('#definitions').textContent")
    assert "Connect rate" in text
    assert "fewer than the KPI's minimum sample" in text
    await tab.press("Escape")
    await tab.until("!document.querySelector('#help').open")


async def test_a_new_alert_is_said_to_who_cannot_see_it_and_old_ones_are_not(page: Page) -> None:
    page.wallboard.latest.on_alert(alert("a-1")[1])
    tab = await page.open()
    assert await tab.value("document.querySelector('#spoken').ariaLive") == "polite"
    assert await tab.value("document.querySelector('#spoken').textContent") == ""
    page.wallboard.latest.on_alert(alert("a-2", entity="t-9")[1])
    await tab.until("document.querySelector('#spoken').textContent.startsWith('New alert: t-9, Connect rate, 8.0 %')")


async def test_every_heading_of_a_table_has_a_scope(page: Page) -> None:
    for level, entity in (("team", "t-1"), ("team", "unassigned"), ("agent", "a-1")):
        page.wallboard.latest.on_kpi(*kpi(value("dials", 3), level=level, entity=entity))
    tab = await page.open()
    assert (
        await tab.value("[...document.querySelectorAll('th')].filter((th) => !th.scope).map((th) => th.textContent)")
        == []
    )
