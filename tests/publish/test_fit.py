"""On a wall nothing scrolls, is clipped or overlaps, and captions can be read at six metres: measured in Chromium.

The floor is full: twelve teams, sixty agents, fourteen alerts, debtors near limits, values of many digits. This machine
may have no Chinese font, so that each Chinese character is measured as one of the width of an em.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.local.chromium import Tab
from stream.facts.instant import instant_ms, instant_text
from tests.publish.pages import Page
from tests.publish.records import AS_OF, alert, floor, kpi, standing, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

WALLS = [(1280, 720), (1366, 768), (1920, 1080), (3840, 2160)]
STEP_MS = 1_800_000
HERE = Path(__file__).parent
WIDE = (HERE / "wide_characters.js").read_text()
FAULTS = (HERE / "faults_of_layout.js").read_text()


def fill(page: Page) -> None:
    on = page.wallboard.latest
    for record in floor(AS_OF, teams=12, agents=60):
        on.on_kpi(*record)
    places = [("site", "main"), *(("team", f"t-{n}") for n in range(1, 13))]
    for first, last in (("2026-10-31T20:00:00Z", "2026-11-01T02:00:00Z"), ("2026-11-01T20:00:00Z", AS_OF)):
        for at_ms in range(instant_ms(first), instant_ms(last) - STEP_MS, STEP_MS):
            paid = value("recovered_amount", 1_000_000 + at_ms // STEP_MS % 7 * 90_000, currency="CNY")
            rate = value("connect_rate", 9 + at_ms // STEP_MS % 5, 50)
            during: dict[str, Any] = {"start": instant_text(at_ms), "end": instant_text(at_ms + STEP_MS)}
            for level, entity in places:
                on.on_kpi(*kpi(paid, rate, level=level, entity=entity, window="interval_30m", **during))
    for n in range(14):
        severity = ("critical", "warning", "info")[n % 3]
        on.on_alert(alert(f"a-{n}", entity=f"t-{n % 12 + 1}", rule="low", severity=severity)[1])
        on.on_conduct(*standing(f"d-{n}", team=f"t-{n % 12 + 1}"))
    on.on_kpi(*kpi(value("dials", 20), level="team", entity="unassigned"))
    for n in range(8):
        service = (
            value("offered", 4_000),
            value("service_level", 3_000, 4_000),
            value("answer_wait_mean", 90_000_000, 3_000),
        )
        on.on_kpi(*kpi(*service, value("abandonment_rate", 300, 4_000), level="queue", entity=f"inbound-{n}"))


async def faults(tab: Tab, size: tuple[int, int]) -> list[str]:
    """What does not fit at this size, once the page has been drawn at it."""
    await tab.resize(*size)
    await tab.until(f"innerWidth === {size[0]} && innerHeight === {size[1]}")
    await tab.value("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(1))))")
    return [f"{size}: {fault}" for fault in await tab.value(FAULTS)]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "query", ["window=rolling_15m", "window=day&people=state", "level=queue&kpis=dials,connect_rate"]
)
async def test_a_full_floor_fits_every_wall_without_clipping_and_can_be_read(page: Page, lang: str, query: str) -> None:
    fill(page)
    tab = await page.open(query, WALLS[0], lang, init=WIDE if lang == "zh" else "")
    found = [fault for size in WALLS for fault in await faults(tab, size)]
    assert found == []


@pytest.mark.parametrize("firing", [1, 2, 3, 5])
async def test_alerts_that_ended_fill_the_room_that_is_left_and_no_more(page: Page, firing: int) -> None:
    for record in floor(AS_OF):
        page.wallboard.latest.on_kpi(*record)
    for n in range(12):
        page.wallboard.latest.on_alert(alert(f"r-{n}", "resolved", entity=f"t-{n}")[1])
    for n in range(firing):
        page.wallboard.latest.on_alert(alert(f"a-{n}", entity=f"t-{n}")[1])
    tab = await page.open("", WALLS[0])
    assert [fault for size in WALLS[:2] for fault in await faults(tab, size)] == []


async def test_the_banner_of_old_numbers_takes_its_room_from_the_tables(page: Page) -> None:
    fill(page)
    page.now_ms += 3_600_000
    tab = await page.open("", (1280, 720))
    await tab.until("document.body.className === 'stale'")
    assert await faults(tab, (1280, 720)) == []


async def test_everything_grows_with_the_screen(page: Page) -> None:
    fill(page)
    tab = await page.open("", (1280, 720))
    sizes = []
    for width, height in WALLS:
        await tab.resize(width, height)
        await tab.until(f"innerWidth === {width}")
        sizes.append(
            await tab.value("parseFloat(getComputedStyle(document.querySelector('.tile .figure')).fontSize)") / height
        )
    assert max(sizes) - min(sizes) < 0.002


async def test_a_phone_shows_alerts_first_and_scrolls_only_down(page: Page) -> None:
    fill(page)
    tab = await page.open("", (390, 844))
    assert await tab.value("document.documentElement.scrollWidth") <= 390
    bottom = await tab.value("document.querySelector('.alerts').getBoundingClientRect().bottom")
    assert bottom <= await tab.value("document.querySelector('#tiles').getBoundingClientRect().top")
    assert await tab.value("document.querySelectorAll('#alerts .card').length") == 14


def test_no_length_of_the_style_is_in_pixels_but_the_root_and_hairlines() -> None:
    style = (HERE.parents[1] / "stream/publish/board/board.css").read_text()
    rules = re.sub(r"@media \([^)]*\)", "", style)
    assert set(re.findall(r"[0-9.]+px", rules)) == {"16px", "1px"}
