"""From the floor to a team, an agent, a number and its facts, in a real browser: by click, by keyboard, by address."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.chromium import Chromium, Tab
from tests.publish.pages import CONFIG, Page
from tests.publish.people_records import CARD, agent_now, payout, score
from tests.publish.records import AS_OF, floor, kpi, value
from tests.publish.test_fit import WIDE, faults

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

BOARD = "board: {names: names.csv, opt_out: [a-3], pay: true}\n"
HEADS = {
    "scorecard": "heads", "version": 1, "from": "2026-01-01", "level": "team", "period": "month", "only_one": "x",
    "components": [{"component": "c", "kpi": "connect_rate", "weight": 6, "scoring": {"steps": [[0, 0], ["0.1", 60]]}}],
}  # fmt: skip
NAMES = "level,id,name,team\nagent,a-1,Li Wei,\nteam,t-3,North,\n"


@pytest.fixture
async def page(browser: Chromium, tmp_path: Path) -> AsyncIterator[Page]:
    """Three agents of two teams with scores and states, and a queue."""
    (tmp_path / "names.csv").write_text(NAMES)
    of = Page(browser, tmp_path, CONFIG + CARD + BOARD)
    on = of.wallboard.latest
    for level, entity, n in (("site", "main", 70), ("team", "t-3", 50), ("team", "t-4", 20), ("agent", "a-1", 30),
                             ("agent", "a-2", 20), ("agent", "a-3", 20)):  # fmt: skip
        dials = value("dials", n, target=40, attainment=n / 40, pace=n / 20)
        for window in ("rolling_15m", "day"):
            on.on_kpi(*kpi(dials, value("connect_rate", n // 5, n), level=level, entity=entity, window=window))
    on.on_kpi(*kpi(value("offered", 40), value("service_level", 30, 40), level="queue", entity="inbound-2"))
    for agent, points, place, team in (("a-1", "82.7800", 1, "t-3"), ("a-2", "71.3000", 2, "t-3"),
                                       ("a-3", "71.3000", 2, "t-4")):  # fmt: skip
        on.on_score(*score(agent, points, place))
        on.on_agent(agent_now(agent, "on_call", "2026-11-02T01:13:20Z", team))
    on.on_score(*payout("a-1"))
    await of.start()
    yield of
    await of.stop()


WORDS = """
  (selector) => [...document.querySelectorAll(selector)].map((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) found.push(walker.currentNode.data.replace(/\\s+/g, " ").trim());
    return found.filter(Boolean).join(" ");
  }).join(" | ")
"""


async def text(tab: Tab, selector: str) -> str:
    """The words of all elements that match, with `|` between them; crumbs have `/`."""
    return str(await tab.value(f"({WORDS})({json.dumps(selector)})")).replace("\u203a", "/")


async def follow(tab: Tab, selector: str) -> None:
    """Clicks a link and waits until the page behind it has been drawn."""
    await tab.value("window.before = true")
    await tab.value(f"document.querySelector({selector!r}).click()")
    await tab.until("!window.before && document.querySelector('main').dataset.changes")


async def test_a_click_leads_from_the_floor_to_a_team_an_agent_a_number_and_back(page: Page) -> None:
    tab = await page.open("kpis=dials,connect_rate")
    assert "North" in await text(tab, "#teams tbody th")
    await follow(tab, "#teams tbody a[href*='team=t-3']")
    assert await text(tab, "#looked-at h2") == "Team North (t-3)"
    assert (await text(tab, ".across thead th")).startswith("KPI | Now · 15 min | Today")
    assert "Dials | ✓ 50 250 % of 40 | ✓ 50 250 % of 40" in await text(tab, ".across tbody tr:first-child > *")
    members = await text(tab, "#looked-at table:not(.across):not(#team-states) tbody tr")
    assert "Li Wei 82.78 #1/3 · B" in members
    assert "a-2" in members
    await follow(tab, "#looked-at a[href*='agent=a-1']")
    assert await text(tab, ".crumbs") == "main / North / Li Wei (a-1)"
    assert "now on call, 4 min" in await text(tab, ".about")
    await follow(tab, ".across a[href*='kpi=connect_rate']")
    assert await text(tab, ".crumbs") == "main / North / Li Wei (a-1) / Connect rate"
    assert "Share of outbound calls that a human answered." in await text(tab, "dd")
    assert "6 / 30" in await text(tab, "#looked-at tbody tr:first-child td")
    for crumbs in ("main / North / Li Wei (a-1)", "main / North (t-3)"):
        await tab.value("window.before = true")
        await tab.press("Escape")
        await tab.until("!window.before && document.querySelector('main').dataset.changes")
        assert await text(tab, ".crumbs") == crumbs
    await follow(tab, ".crumbs a")
    assert await tab.value("document.getElementById('drill').hidden && !document.querySelector('main').hidden")
    assert not tab.errors


async def test_the_keyboard_follows_a_link_and_keeps_it_while_numbers_come(page: Page) -> None:
    tab = await page.open("agent=a-1&kpis=dials,connect_rate")
    await tab.value("document.querySelector('.across tbody a').focus()")
    page.wallboard.latest.on_kpi(*kpi(value("dials", 31), entity="a-1", revision=2))
    await tab.until("document.querySelector('.across td').textContent.includes('31')")
    assert await tab.value("document.activeElement === document.querySelector('.across tbody a')")
    await tab.value("window.before = true")
    await tab.press("Enter")
    await tab.until("!window.before && document.querySelector('main').dataset.changes")
    assert (await text(tab, ".crumbs")).endswith("Dials")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["82.78", "place 1 of 3 · grade B · provisional", "calls (connect_rate): 128 / 400 = 0.32, step 0.3 ="]),
        ("zh", ["82.78", "名次 1 / 3 · 等级 B · 暂定", "128 / 400 = 0.32，档位 0.3 = 40.0000 分"]),  # noqa: RUF001
    ],
)
async def test_the_arithmetic_of_a_score_has_an_address(page: Page, lang: str, said: list[str]) -> None:
    tab = await page.open("agent=a-1&scheme=card_agent", lang=lang)
    shown = await text(tab, ".score:first-child")
    assert [line for line in said if line not in shown] == []
    assert "3,000.00 CNY" in await text(tab, ".score:last-child .big")
    command = "kpi-stream scores show ladder --entity a-1 --period 2026-11"
    assert command in await text(tab, ".score:last-child code")


async def test_facts_come_by_a_click_and_without_them_the_command(page: Page) -> None:
    tab = await page.open("agent=a-1&kpi=dials")
    await tab.value("document.querySelector('#facts button[data-choice=day]').click()")
    await tab.until("!!document.querySelector('#facts code')")
    command = (
        "kpi-stream explain dials --level=agent --entity=a-1 --site=main --window=day --start=2026-11-01T16:00:00Z"
    )
    assert await text(tab, "#facts code") == command
    page.facts.command = [sys.executable, "-c", "import sys; print(*sys.argv[1:], sep='\\n')"]
    await tab.value("document.querySelector('#facts button[data-choice=day]').click()")
    await tab.until("!!document.querySelector('#facts pre')")
    assert (await text(tab, "#facts pre")).startswith("dials --level=agent --entity=a-1 --site=main --window=day")


async def test_agents_are_ranked_by_score_and_by_a_second_click_from_the_worst(page: Page) -> None:
    tab = await page.open("kpis=dials")
    await follow(tab, "#agents thead a[href*='rank=score']")
    assert await text(tab, "#agents tbody tr") == (
        "1 Li Wei 82.78 #1/3 · B ✓ 30 150 % of 40 | 2 a-2 71.3 #2/3 · B ✓ 20 100 % of 40"
        " | 2 not named 71.3 #2/3 · B ✓ 20 100 % of 40"
    )
    assert await tab.value("document.querySelector('#agents [aria-sort]').getAttribute('aria-sort')") == "descending"
    await follow(tab, "#agents thead a[href*='order=worst']")
    assert (await text(tab, "#agents tbody td.place")) == "2 | 2 | 1"
    assert "a-3" not in await tab.value("document.getElementById('agents').outerHTML")


async def test_a_heading_sorts_its_table_both_ways_and_the_address_keeps_it(page: Page) -> None:
    tab = await page.open("kpis=dials")
    for way, order in (("-", "North | t-4"), ("", "t-4 | North")):
        await follow(tab, f"#teams thead a[href*='teams%3A{way}dials']")
        assert await text(tab, "#teams tbody th") == order
    assert "sort=teams%3Adials" in str(await tab.value("location.search"))


async def test_the_windows_of_an_entity_and_of_a_number_sort_like_any_table(page: Page) -> None:
    tab = await page.open("team=t-4&kpis=dials,connect_rate")
    assert await text(tab, "#looked-at .across tbody th") == "Dials | Connect rate"
    await follow(tab, "#looked-at .across thead a[href*='across%3Aname']")
    assert await text(tab, "#looked-at .across tbody th") == "Connect rate | Dials"
    for way in ("-", ""):
        await follow(tab, f"#looked-at .across thead th:last-child a[href*='across%3A{way}']")
        assert await tab.value("document.querySelectorAll('#looked-at .across [aria-sort]').length") == 1
    tab = await page.open("team=t-4&kpi=dials")
    orders = []
    for way in ("", "-"):
        await follow(tab, f"#looked-at thead a[href*='windows%3A{way}window']")
        orders.append(str(await text(tab, "#looked-at tbody th")).split(" | "))
    assert len(orders[0]) > 1
    assert orders[1] == orders[0][::-1]
    for column in ("value", "parts", "target", "judges", "counted"):
        await follow(tab, f"#looked-at thead a[href*='{column}']")
        assert await tab.value("document.querySelectorAll('#looked-at [aria-sort]').length") == 1


async def test_agents_by_what_they_do_now_have_the_time_in_it(page: Page) -> None:
    tab = await page.open()
    await follow(tab, "#agents-title a[href*='people=state']")
    assert await text(tab, "#agents caption") == "on call 3"
    assert await text(tab, "#agents tbody tr:first-child > *") == "Li Wei | t-3 | on call | 4 min"
    assert "通话中 3" in await text(await page.open("people=state", lang="zh"), "#agents caption")


async def test_queues_have_tiles_and_columns_of_their_own(page: Page) -> None:
    tab = await page.open("level=queue")
    assert await text(tab, "#tiles article") == "inbound-2 75.0 % 40 offered no data abandoned no data wait"
    assert "Service level" in await text(tab, "#teams thead th")
    await follow(tab, "#tiles a")
    assert await text(tab, "#looked-at h2") == "Queue inbound-2"


async def test_on_target_is_said_only_where_there_is_a_target(page: Page) -> None:
    page.wallboard.latest.on_kpi(*kpi(value("connect_rate", 30, 60), level="team", entity="t-4", revision=2))
    tab = await page.open("kpis=connect_rate")
    assert await tab.value("document.querySelector('#teams .sign').title") == "within limits"
    assert "on target" in await text(await page.open("kpis=dials"), "#tiles article")


async def test_an_address_of_nobody_says_who_there_is(page: Page) -> None:
    tab = await page.open("team=t-99")
    assert "team: there is no 't-99' at site main (there are t-3, t-4)" in await text(tab, "#banner")
    tab = await page.open("team=t-99", lang="zh")
    assert "team：职场 main 没有 't-99'（有：t-3, t-4）" in await text(tab, "#banner")  # noqa: RUF001


@pytest.mark.parametrize("query", ["window=day&rank=score", "people=state", "level=queue"])
async def test_scores_states_and_queues_fit_a_wall(page: Page, query: str) -> None:
    on = page.wallboard.latest
    for record in floor(AS_OF, teams=12, agents=40):
        on.on_kpi(*record)
    for n in range(40):
        on.on_score(*score(f"a-{n:03}", f"{90 - n}.1234", n + 1, of=40))
        on.on_agent(agent_now(f"a-{n:03}", ("on_call", "wrap", "available", "break")[n % 4], team=f"t-{n % 12 + 1}"))
    for n in range(10):
        told = (value("offered", 1240 + n), value("service_level", 911, 1240), value("abandonment_rate", 201, 1240),
                value("answer_wait_mean", 7_240_000, 100))  # fmt: skip
        on.on_kpi(*kpi(*told, level="queue", entity=f"inbound-{n}"))
    tab = await page.open(query, (1280, 720))
    assert [fault for size in ((1280, 720), (1920, 1080)) for fault in await faults(tab, size)] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_leaders_stand_beside_the_teams_fit_a_wall_and_lead_to_their_arithmetic(
    browser: Chromium, tmp_path: Path, lang: str
) -> None:
    teams = {f"l-{n}": [f"t-{n * 10 + team}" for team in range(10)] for n in range(12)}
    of = Page(browser, tmp_path, f"{CONFIG}scorecards: [{json.dumps(HEADS | {'leader_of': {'leaders': teams}})}]\n")
    for record in floor(AS_OF, teams=12, agents=40):
        of.wallboard.latest.on_kpi(*record)
    for n in range(12):
        of.wallboard.latest.on_score(*score(f"l-{n}", f"{90 - n}.1234", n + 1, level="leader", name="heads", of=12))
    await of.start()
    try:
        tab = await of.open("", (1280, 720), lang, init=WIDE if lang == "zh" else "")
        await follow(tab, "#teams-title a[href*='level=leader']")
        assert [fault for size in ((1280, 720), (1920, 1080)) for fault in await faults(tab, size)] == []
        first = (await text(tab, "#teams tbody tr:first-child")).split()
        assert first[0] == "l-0"
        assert "90.12" in first
        assert " ".join(first).endswith("t-0, t-1, t-2 +7")
        await follow(tab, "#teams tbody th a")
        assert "90.12" in await text(tab, ".score .big")
        assert await text(tab, ".crumbs") == "main / l-0"
        assert not tab.errors
    finally:
        await of.stop()
