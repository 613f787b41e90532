"""The page's address: what it asks for, and what is said where it is wrong."""

import re
from pathlib import Path

import pytest

from stream.publish import address_words
from stream.publish.address import PARAMETERS, Address, AddressError
from stream.publish.choices import choices
from stream.publish.latest_records import LatestRecords
from stream.publish.view import Focus, Policy
from stream.settings import load
from tests.publish.people_records import CARD, agent_now
from tests.publish.records import ROLLING, kpi, value


@pytest.fixture
def address(tmp_path: Path) -> Address:
    file = tmp_path / "kpi-stream.yaml"
    file.write_text(f"sites: {{main: {{zone: Asia/Shanghai}}}}\n{CARD}")
    settings = load(file, environ={})
    latest = LatestRecords(ROLLING)
    for level, entity in (("agent", "a-017"), ("team", "t-3"), ("team", "t-10"), ("queue", "q-1")):
        latest.on_kpi(*kpi(value("dials", 3), level=level, entity=entity))
    latest.on_agent(agent_now("a-018"))
    policy = Policy(definitions=settings.schemes().definitions)
    return Address(choices(settings.plan()), latest, policy, lambda: ["main"])


@pytest.mark.parametrize(
    ("query", "focus"),
    [
        ({}, None),
        ({"team": "t-3"}, Focus("team", "t-3")),
        ({"team": "t-3", "agent": "a-017"}, Focus("agent", "a-017")),
        ({"agent": "a-018"}, Focus("agent", "a-018")),
        ({"queue": "q-1", "kpi": "service_level"}, Focus("queue", "q-1", "service_level")),
        ({"kpi": "recovered_amount", "currency": "CNY"}, Focus("site", "main", "recovered_amount", "CNY")),
        ({"agent": "a-017", "scheme": "ladder"}, Focus("agent", "a-017", scheme="ladder")),
    ],
)
def test_an_address_says_what_is_looked_at_closely(
    address: Address, query: dict[str, str], focus: Focus | None
) -> None:
    assert address.view(query).focus == focus


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"windw": "day"}, f"there is no parameter 'windw' (there are {', '.join(PARAMETERS)})"),
        ({"site": "north"}, "site: there is no 'north' (there are main)"),
        ({"team": "t-99"}, "team: there is no 't-99' at site main (there are t-3, t-10)"),
        ({"segment": "M1"}, "segment: there is no 'M1': no segment of site main is known yet"),
        ({"agent": "a-9" * 40}, f"agent: there is no {'a-9' * 13 + 'a...'!r} at site main (there are a-017, a-018)"),
        ({"team": "t-3", "kpi": "dial"}, "kpi: there is no KPI 'dial' (`kpi-stream kpis` lists them)"),
        (
            {"queue": "q-1", "kpi": "recovered_amount"},
            "kpi: recovered_amount does not exist at level queue",
        ),
        ({"kpi": "dials", "currency": "CNY"}, "currency: dials has none"),
        ({"kpi": "recovered_amount", "currency": "yuan"}, "currency: 'yuan' is no code such as CNY"),
        ({"currency": "CNY"}, "currency: goes with a `kpi` per currency"),
        ({"score": "card"}, "score: there is no scorecard 'card' (there are card_agent, card_team)"),
        (
            {"team": "t-3", "scheme": "ladder"},
            "scheme: there is no 'ladder' at level team (there are card_team)",
        ),
        ({"order": "first"}, "order: there is no 'first' (there are best, worst, name)"),
        ({"level": "agent"}, "level: there is no 'agent' (there are team, leader, queue, segment)"),
        ({"people": "states"}, "people: there is no 'states' (there are rank, state)"),
    ],
)
def test_a_wrong_address_says_what_is_wrong_and_what_would_do(
    address: Address, query: dict[str, str], said: str
) -> None:
    with pytest.raises(AddressError) as raised:
        address.view(query)
    assert str(raised.value) == said


def test_every_reason_is_said_in_chinese_with_the_same_fields() -> None:
    templates = {text for name, text in vars(address_words).items() if name.isupper() and isinstance(text, str)}
    assert templates == set(address_words.ZH)
    fields = re.compile(r"\{(\w+)\}")
    for english, chinese in address_words.ZH.items():
        assert set(fields.findall(english)) == set(fields.findall(chinese))
        assert re.search("[\u4e00-\u9fff]", chinese)


def test_an_id_is_not_refused_before_the_topics_are_read() -> None:
    nothing = Address(
        choices(load(environ={}).plan()), LatestRecords(ROLLING), Policy(), lambda: ["main"], lambda: False
    )
    assert nothing.view({"team": "t-99"}).focus == Focus("team", "t-99")
