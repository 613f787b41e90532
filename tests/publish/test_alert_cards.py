"""Cards of alerts in a browser: the value now, the limit, who has it; silenced and muted ones behind a count."""

from typing import Any

import pytest

from stream.alerts.action import encode_action, made_action
from tests.publish.pages import Page
from tests.publish.records import alert, kpi, value

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CARDS = "[...document.querySelectorAll('#alerts .card')].map((card) => card.innerText.replace(/\\s+/g, ' '))"
TITLE = "document.querySelector('#alerts-title').textContent"
STAND_IN = """
globalThis.prompt = () => "Lena";
globalThis.sent = [];
const fetched = globalThis.fetch;
globalThis.fetch = (to, how) => {
  if (to !== "api/alerts") return fetched(to, how);
  sent.push(JSON.parse(how.body));
  return Promise.resolve(new Response("{}"));
};
"""


def said(action: str, **fields: Any) -> tuple[bytes, bytes]:
    """A record of what Lena did at 09:14."""
    return encode_action(made_action({"action": action, "by": "Lena", "at": "2026-11-02T01:14:00Z", **fields}))


async def test_a_card_says_the_value_now_the_limit_its_direction_and_who_has_it(page: Page) -> None:
    on = page.wallboard.latest
    on.on_kpi(*kpi(value("connect_rate", 3, 60), level="team", entity="t-3"))
    on.on_alert(alert("a-1", rule="low")[1])
    tab = await page.open()
    assert await tab.value(CARDS) == [
        "!t-3 Connect rate 5.0 % below 10.0 % warning · since 09:10 (7 min) nobody has it Take it on Silence 1 h"
    ]
    on.on_action(*said("ack", id="a-1", note="calling the carrier"))
    await tab.until(f"{CARDS}[0].includes('taken by Lena 09:14')")
    assert "calling the carrier" in await tab.value("document.querySelector('#alerts .card').title")
    on.on_kpi(*kpi(value("connect_rate", 12, 60), level="team", entity="t-3", revision=2))
    await tab.until(f"{CARDS}[0].includes('20.0 % below 10.0 %')")


async def test_silenced_and_muted_alerts_are_a_count_that_opens_and_mark_no_row(page: Page) -> None:
    on = page.wallboard.latest
    for entity in ("t-1", "t-2", "t-3"):
        on.on_kpi(*kpi(value("dials", 3), level="team", entity=entity))
        on.on_alert(alert(f"a-{entity}", rule="low", entity=entity, muted=entity == "t-2")[1])
    during = {"from": "2026-11-02T01:00:00Z", "until": "2026-11-02T03:00:00Z"}
    on.on_action(*said("silence", id="s-1", note="the line is being mended", match={"entity": "t-3"}, **during))
    tab = await page.open()
    assert await tab.value(TITLE) == "Alerts · 1"
    assert len(await tab.value(CARDS)) == 1
    assert await tab.value("document.querySelector('#alerts summary').textContent") == "1 silenced · 1 muted"
    hidden = await tab.value("document.querySelector('#alerts details').textContent")
    assert "until 11:00 · Lena: the line is being mended" in hidden
    marked = "[...document.querySelectorAll('#teams tr.alert')].map((row) => row.querySelector('th').textContent)"
    assert await tab.value(marked) == ["!t-1"]


async def test_who_may_takes_an_alert_on_from_its_card(page: Page) -> None:
    page.wallboard.latest.on_alert(alert("a-1", rule="low")[1])
    tab = await page.open("", (390, 844), init=STAND_IN)
    await tab.value("document.querySelector('#alerts button').click()")
    assert await tab.until("sent.length && sent") == [{"action": "ack", "id": "a-1", "by": "Lena"}]


async def test_a_manager_silences_an_alert_for_an_hour_and_says_why(page: Page) -> None:
    page.wallboard.latest.on_alert(alert("a-1", rule="low")[1])
    tab = await page.open("", (390, 844), init=STAND_IN)
    await tab.value("document.querySelector('#alerts button[data-action=silence]').click()")
    match = {"rule": "low", "site": "main", "level": "team", "entity": "t-3"}
    said = {"action": "silence", "match": match, "for": "1h", "note": "Lena", "by": "Lena"}
    assert await tab.until("sent.length && sent") == [said]


async def test_the_worst_alert_comes_first_and_cards_that_do_not_fit_take_turns(page: Page) -> None:
    for n, severity in enumerate(["info", "warning", "critical"] * 5):
        page.wallboard.latest.on_alert(alert(f"a-{n}", rule="low", entity=f"t-{n}", severity=severity)[1])
    tab = await page.open("", (390, 844))
    signs = await tab.value("[...document.querySelectorAll('#alerts .card .sign')].map((sign) => sign.textContent)")
    assert signs == ["!!"] * 5 + ["!"] * 5 + ["i"] * 5
    await tab.resize(1280, 720)
    await tab.until(f"/^Alerts · 15 \\d\\/\\d$/.test({TITLE})")
    shown = await tab.value("[...document.querySelectorAll('#alerts .card')].filter((card) => !card.hidden).length")
    assert 1 < shown < 15
