"""The page in a real browser: what a person reads, in the window sizes of a wall and of a phone."""

import re
from html import unescape

import pytest

from stream.publish.trouble import SILENT, STARTING
from tests.publish.pages import Page
from tests.publish.records import AS_OF, alert, floor, kpi, standing, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def words(html: str, tag: str, mark: str) -> list[str]:
    """The text of every element of `tag` whose attributes contain `mark`."""
    found = re.findall(rf"<{tag}\b[^>]*{mark}[^>]*>(.*?)</{tag}>", html, re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text))).strip() for text in found]


async def test_a_person_reads_values_parts_colours_in_words_and_the_time(page: Page) -> None:
    on = page.wallboard.latest
    floor_values = (
        value("dials", 1240),
        value("connect_rate", 128, 400),
        value("recovered_amount", 12_805_017, currency="CNY"),
        value("talk_time_mean", 400_000, 2),
        value("complaint_rate", 3, 1000),
    )
    on.on_kpi(*kpi(*floor_values, level="site", entity="main"))
    on.on_kpi(*kpi(value("dials", 60), value("connect_rate", 4, 60), level="team", entity="t-<b>3"))
    on.on_kpi(*kpi(value("dials", 2), value("connect_rate", 1, 2, minimum=20), level="team", entity="t-4"))
    on.on_alert(alert(entity="t-<b>3")[1])
    html = await page.text()
    tiles = words(html, "article", "tile")
    assert "Dials 1,240" in tiles
    assert "Connect rate 32.0 % 128 of 400" in tiles
    assert "Recovered amount CNY 128,050 128,050.17" in tiles
    assert "Mean talk time 3:20 min" in tiles
    assert "Complaint rate 3.0 ‰ 3 of 1,000" in tiles
    assert "Kept promise rate no data 0 of 0" in tiles
    teams = words(html, "table", 'id="teams"')[0]
    assert "! t-<b>3" in teams
    assert "! 6.7 %" in teams
    assert "t-4 2 too few" in teams
    assert words(html, "time", 'id="as-of"') == ["09:17:20"]
    assert words(html, "span", 'id="state"') == ["live"]
    alerts = words(html, "ol", 'id="alerts"')[0]
    assert "! t-<b>3 Connect rate 6.7 % limit 10.0 % warning · since 09:10 (7 min) nobody has it" in alerts
    assert "<title>main · Collections floor</title>" in html


async def test_queues_and_segments_are_offered_beside_the_teams_where_there_are_some(page: Page) -> None:
    on = page.wallboard.latest
    on.on_kpi(*kpi(value("offered", 40), value("service_level", 30, 40), level="queue", entity="inbound-2"))
    on.on_kpi(*kpi(value("dials", 60), level="team", entity="t-3"))
    html = await page.text()
    assert words(html, "h2", 'id="teams-title"') == ["Teams Queues"]
    assert "t-3" in words(html, "table", 'id="teams"')[0]
    html = await page.text("level=queue&kpis=offered,service_level")
    rows = words(html, "table", 'id="teams"')[0]
    assert "Queue" in rows
    assert "inbound-2 40 75.0 %" in rows
    assert "t-3" not in rows
    assert "队列" in words(await page.text("level=queue", lang="zh"), "h2", 'id="teams-title"')[0]


async def test_debtors_near_limits_have_a_panel_with_counts_where_there_are_any(page: Page) -> None:
    on = page.wallboard.latest
    on.on_kpi(*kpi(value("dials", 60), level="team", entity="t-3"))
    html = await page.text()
    assert re.search(r'<section class="panel conduct" id="conduct"[^>]* hidden', html)
    for debtor, state in (("d-1", "near"), ("d-2", "near"), ("d-3", "reached"), ("d-4", "breached")):
        on.on_conduct(*standing(debtor, state))
    html = await page.text()
    assert re.search(r'<section class="panel conduct" id="conduct"[^>]*"conduct-title">', html)
    assert words(html, "h2", 'id="conduct-title"') == ["Debtors near a limit"]
    table = words(html, "table", 'id="standings"')[0]
    assert table == "Team ≈ near ! reached !! over t-3 calls_in_7_days 2 1 1"
    assert "d-1" not in html
    assert "≈ 接近 ! 已达 !! 超限" in words(await page.text(lang="zh"), "table", 'id="standings"')[0]


async def test_target_and_pace_stand_beside_the_value_of_tiles_teams_and_agents(page: Page) -> None:
    on = page.wallboard.latest
    for level, entity, pace in (("site", "main", 1.25), ("team", "t-3", 0.92), ("agent", "a-1", None)):
        of = value("dials", 60, target=30_000, attainment=0.5, pace=pace)
        on.on_kpi(*kpi(of, level=level, entity=entity, window="day"))
    html = await page.text("window=day&kpis=dials")
    assert words(html, "article", "tile") == ["Dials 60 ✓ on target 125 % of 30,000"]
    assert "t-3 ≈ 60 92.0 % of 30,000" in words(html, "table", 'id="teams"')[0]
    assert 'aria-label="behind target"' in html
    assert "a-1 60 target 30,000" in words(html, "table", 'id="agents"')[0]
    assert "✓ 达标 125 % / 30,000" in words(await page.text("window=day&kpis=dials", lang="zh"), "article", "tile")[0]


async def test_on_a_wall_panels_of_many_alerts_and_many_standings_take_turns_on_one_screen(page: Page) -> None:
    on = page.wallboard.latest
    for record in floor(AS_OF):
        on.on_kpi(*record)
    for n in range(40):
        on.on_conduct(*standing(f"d-{n}", team=f"t-{n}"))
        on.on_alert(alert(f"a-{n}", entity=f"t-{n}")[1])
    html = await page.text()
    turn = re.search(r"Debtors near a limit \d+/(\d+)", words(html, "h2", 'id="conduct-title"')[0])
    assert turn is not None
    shown = len(re.findall("calls_in_7_days", words(html, "table", 'id="standings"')[0]))
    assert 1 <= shown <= -(-40 // (int(turn[1]) - 1))
    assert words(await page.text(size=(500, 900)), "table", 'id="standings"')[0].count("calls_in_7_days") == 40


async def test_old_numbers_are_greyed_and_said_to_be_old(page: Page) -> None:
    for record in floor(AS_OF):
        page.wallboard.latest.on_kpi(*record)
    page.now_ms += 119_000
    html = await page.text()
    assert re.search(r'<body class="stale">', html)
    assert words(html, "p", 'id="banner"')[0].startswith("The numbers are old. Counted up to 09:17:20, 2 min ago")


async def test_an_empty_floor_that_is_still_being_read_is_said(page: Page) -> None:
    page.wallboard.feed.loaded, page.wallboard.feed.reported = False, STARTING
    html = await page.text()
    assert words(html, "span", 'id="state"') == ["reading"]
    assert "not connected to Kafka yet" in words(html, "p", 'id="banner"')[0]
    assert words(html, "article", "tile")[0] == "Dials off shift"


@pytest.mark.parametrize(
    ("lang", "state", "said"),
    [
        ("en", "no new numbers", "No new numbers: Kafka does not answer · Counted up to 09:17:20, 3 s ago"),
        ("zh", "无新数据", "无新数据： Kafka 无响应 · 统计至 09:17:20, 3 秒 前"),  # noqa: RUF001
    ],
)
async def test_a_broker_that_does_not_answer_greys_the_page_and_is_said_in_words(
    page: Page, lang: str, state: str, said: str
) -> None:
    page.wallboard.feed.reported = SILENT
    page.wallboard.latest.on_kpi(*kpi(value("dials", 1240), level="site", entity="main"))
    html = await page.text(lang=lang)
    assert re.search(r'<body class="cut">', html)
    assert words(html, "span", 'id="state"') == [state]
    assert words(html, "p", 'id="banner"') == [said]


async def test_a_wrong_address_is_said_on_the_page(page: Page) -> None:
    html = await page.text("window=week")
    assert words(html, "span", 'id="state"') == ["wrong address"]
    (banner,) = words(html, "p", 'id="banner"')
    assert banner.startswith("This address cannot be shown: window: there is no 'week' (there are rolling_15m")
    assert banner.endswith("Show the first view")


async def test_a_shift_that_has_not_begun_says_when_it_does(page: Page) -> None:
    page.wallboard.latest.on_kpi(*kpi(value("dials", 3), level="site", entity="main"))
    assert words(await page.text("window=shift_late"), "p", 'id="span"') == ["Begins at 14:00"]
    assert words(await page.text("window=shift_early"), "p", 'id="span"') == ["Nothing has come in this window yet"]


async def test_what_names_nobody_stands_below_and_leads_nothing(page: Page) -> None:
    on = page.wallboard.latest
    for level, entity, recovered in (
        ("agent", "a-1", 100), ("agent", "unassigned", 900_000), ("team", "t-1", 100), ("team", "unassigned", 900_000)
    ):  # fmt: skip
        on.on_kpi(*kpi(value("recovered_amount", recovered, currency="CNY"), level=level, entity=entity))
    on.on_alert(alert(entity="unassigned")[1])
    html = await page.text()
    for tag, line in (("agents", "names no agent"), ("teams", "names no team")):
        table = words(html, "table", f'id="{tag}"')[0]
        assert table.index("-1") < table.index(f"unassigned {line}")
    assert words(html, "h2", 'id="alerts-title"') == ["Alerts · 0"]
    listed = words(html, "ol", 'id="alerts"')[0]
    assert "Of what names no team or agent unassigned Connect rate 8.0 %, limit 10.0 %" in listed


async def test_a_phone_shows_every_agent_and_a_wall_what_fits(page: Page) -> None:
    for record in floor(AS_OF):
        page.wallboard.latest.on_kpi(*record)
    wall, phone = await page.text("agents=24"), await page.text("agents=24", size=(500, 900))
    rows = [len(set(re.findall(r"a-\d{3}", words(html, "table", 'id="agents"')[0]))) for html in (wall, phone)]
    assert rows[1] == 24
    turn = re.search(r"Agents by Recovered amount (\d+)/(\d+)", words(wall, "h2", 'id="agents-title"')[0])
    assert turn is not None
    at, pages = int(turn[1]), int(turn[2])
    # Whichever page has its turn: all but the last show as many as fit, and the last shows the rest.
    assert pages == -(-24 // rows[0]) if at < pages else 1 <= rows[0] <= 24 // (pages - 1)


async def test_the_page_speaks_chinese_when_asked(page: Page) -> None:
    page.wallboard.latest.on_kpi(*kpi(value("connect_rate", 128, 400), level="site", entity="main"))
    html = await page.text(lang="zh")
    assert '<html lang="zh">' in html
    assert "电话接通率 32.0 % 128 / 400" in words(html, "article", "tile")
    assert words(html, "span", 'id="state"') == ["实时"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Share of outbound calls that a human answered."),
        ("zh", "呼出通话中有人接听的比例。"),
    ],
)
async def test_definitions_are_one_key_away_in_the_language_of_the_page(page: Page, lang: str, said: str) -> None:
    page.wallboard.latest.on_kpi(*kpi(value("connect_rate", 128, 400), level="site", entity="main"))
    tab = await page.open("kpis=connect_rate", lang=lang)
    await tab.press("?")
    await tab.until("document.querySelector('#help').open")
    assert said in await tab.value("document.querySelector('#definitions').innerText")
    number = await page.open("kpi=connect_rate", lang=lang)
    assert said in await number.value("document.querySelector('#looked-at').innerText")


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "12,805,017 JPY"), ("CNY", "128,050.17 CNY"), ("KWD", "12,805.017 KWD")]
)
async def test_a_number_of_money_is_made_of_major_units_with_the_digits_of_its_currency(
    page: Page, currency: str, shown: str
) -> None:
    amount = value("recovered_amount", 12_805_017, currency=currency)
    page.wallboard.latest.on_kpi(*kpi(amount, level="site", entity="main"))
    tab = await page.open(f"kpi=recovered_amount&currency={currency}")
    text = await tab.value("document.querySelector('#looked-at').innerText")
    assert shown in text
    assert currency == "JPY" or "12805017" not in text.replace(",", "")
