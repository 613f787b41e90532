"""A table of 1,000 agents in a real browser: what an update does to the document is bounded by what changed before
somebody's eyes. Changes are counted, not timed."""

import pytest

from deploy.local.chromium import Tab
from tests.publish.pages import Page
from tests.publish.people_records import agent_now
from tests.publish.records import kpi, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

AGENTS = 1_000
PHONE = (390, 844)
MOST_ROWS = 130  # two screens of the smallest rows, and what is ready above and below
TO_THE_END = "document.querySelector('#agents').scrollIntoView({ block: 'end' })"
WATCH = """
globalThis.changed = [];
globalThis.watch = new MutationObserver((list) => changed.push(...list));
const all = { subtree: true, childList: true, characterData: true, attributes: true };
watch.observe(document.querySelector("#agents"), all);
"""
COUNT = """
(() => {
  changed.push(...watch.takeRecords());
  const element = ({ target }) => (target.closest ? target : target.parentElement);
  const rows = new Set(changed.map((each) => element(each)?.closest("tbody tr")));
  const counted = [changed.length, [...rows].filter(Boolean).length];
  changed.length = 0;
  return counted;
})()
"""


def ranked(page: Page, agent: int, recovered: int, dials: int = 7) -> None:
    """The number of an agent; the greater it is, the higher the place."""
    values = value("recovered_amount", recovered, currency="CNY"), value("dials", dials)
    page.wallboard.latest.on_kpi(*kpi(*values, level="agent", entity=f"a-{agent:04}", revision=revision()))


def revision(_of: list[int] = [0]) -> int:  # noqa: B006  a counter of this module
    _of[0] += 1
    return _of[0]


@pytest.fixture
async def tab(page: Page) -> Tab:
    """The page on a phone, with all rows."""
    page.wallboard.latest.on_kpi(*kpi(value("dials", 7), level="site", entity="main"))
    for agent in range(AGENTS):
        ranked(page, agent, 10_000_000 - agent * 1_000)
        page.wallboard.latest.on_agent(agent_now(f"a-{agent:04}", "on_call", "2026-11-02T01:13:20Z", "t-1"))
    found = await page.open(f"agents={AGENTS}&kpis=dials,recovered_amount", PHONE)
    await found.until(f"document.querySelector('#agents').ariaRowCount === '{AGENTS}'")
    await found.value("document.querySelector('#agents').scrollIntoView()")
    await drawn(found)
    await found.value(WATCH)
    await found.value(COUNT)
    return found


async def drawn(tab: Tab) -> None:
    """Two frames: what comes near the screen is noticed with the first, and drawn."""
    await tab.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")


async def counted(page: Page, tab: Tab) -> tuple[int, int]:
    """Changes of the document since the last count, and rows that they are in, once all has been shown."""
    await page.settled(tab)
    await drawn(tab)
    changes, rows = await tab.value(COUNT)
    return changes, rows


async def test_a_number_that_changes_before_ones_eyes_changes_its_row_alone(page: Page, tab: Tab) -> None:
    ranked(page, 0, 10_000_000, dials=8)
    changes, rows = await counted(page, tab)
    assert rows == 1
    assert changes <= 6
    assert await tab.value("document.querySelector('[aria-rowindex=\"1\"]').innerText.includes('8')")


async def test_numbers_far_from_the_screen_change_nothing_until_they_come_near(page: Page, tab: Tab) -> None:
    for agent in range(500, AGENTS):
        ranked(page, agent, 10_000_000 - agent * 1_000, dials=99)
    assert await counted(page, tab) == (0, 0)
    await tab.value(TO_THE_END)
    await tab.until("document.querySelector('[aria-rowindex=\"1000\"]')?.innerText.includes('99')")
    assert await tab.value("document.querySelector('[aria-rowindex=\"1000\"]').innerText.includes('a-0999')")
    assert await tab.value("document.querySelectorAll('#agents tbody tr').length") <= MOST_ROWS


async def test_when_every_number_changes_the_rows_near_the_screen_are_drawn_and_no_more(page: Page, tab: Tab) -> None:
    for agent in range(AGENTS):
        ranked(page, agent, 20_000_000 + agent * 1_000, dials=55)  # and all places, too
    changes, rows = await counted(page, tab)
    assert 1 <= rows <= 100
    assert changes <= 30 * rows
    assert "a-0999" in await tab.value("document.querySelector('[aria-rowindex=\"1\"]').innerText")


async def test_whoever_scrolls_meets_every_place_in_its_turn(page: Page, tab: Tab) -> None:
    met: set[int] = set()
    while len(met) < AGENTS:
        places = await tab.value("[...document.querySelectorAll('[aria-rowindex]')].map((row) => +row.ariaRowIndex)")
        assert places == list(range(places[0], places[0] + len(places)))
        assert len(places) <= MOST_ROWS
        fresh = set(places) - met
        met |= fresh
        await tab.value("scrollBy(0, innerHeight)")
        await drawn(tab)
        if not fresh:
            at_end = await tab.value("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
            assert not at_end, f"{AGENTS - len(met)} places were never met"


async def test_one_agent_more_is_one_row_more_at_the_end(page: Page, tab: Tab) -> None:
    ranked(page, AGENTS, 1)
    tab_of_more = await page.open(f"agents={AGENTS + 1}&kpis=dials,recovered_amount", PHONE)
    await tab_of_more.until(f"document.querySelector('#agents').ariaRowCount === '{AGENTS + 1}'")
    await tab_of_more.value(TO_THE_END)
    await tab_of_more.until("document.querySelector('[aria-rowindex=\"1001\"]')?.innerText.includes('a-1000')")


async def test_what_agents_do_now_is_bounded_as_well(page: Page, tab: Tab) -> None:
    of = await page.open(f"agents={AGENTS}&people=state", PHONE)
    await of.until(f"document.querySelector('#agents').ariaRowCount === '{AGENTS}'")
    await of.value("document.querySelector('#agents').scrollIntoView()")
    await drawn(of)
    await of.value(WATCH)
    await of.value(COUNT)
    for agent in range(AGENTS):
        page.wallboard.latest.on_agent(agent_now(f"a-{agent:04}", "break", "2026-11-02T01:13:20Z", "t-1", revision=2))
    _, rows = await counted(page, of)
    assert 1 <= rows <= 100
    assert "break" in await of.value("document.querySelector('[aria-rowindex=\"1\"]').innerText")
