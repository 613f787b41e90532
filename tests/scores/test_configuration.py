# ruff: noqa: E501  (a scheme is read best on one line)
"""Wrong schemes: each breach in one line with its key and reason (scores 6), and the balance rule (scores 2)."""

import re
from pathlib import Path

import pytest
import yaml

from stream.settings import SettingsError, load
from tests.scores.floor import settings_of

GOOD = """
sites: {main: {shifts: {early: ["09:00", "18:00"]}}}
indicators: [bad_rate, income]
targets:
  - {kpi: recovered_amount, currency: CNY, level: agent, entity: "*", period: month, value: 10000000, from: 2026-01-01}
scorecards:
  - scorecard: card
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    full_marks: 100
    components:
      - {component: money, kpi: recovered_amount, currency: CNY, weight: 40, scoring: {attainment: {}}}
      - {component: quality, indicator: bad_rate, weight: 60, scoring: {deduct: {limit: "0.012", per: "0.0001"}}}
    factors: [{factor: staff, indicator: income, start: 1, change: 1}]
    gates: [{gate: qa, kpi: qa_pass_rate, below: "0.98", effect: {void: [money]}}]
    grades: [[A, 90], [B, 60]]
    streaks: [{place: 3, periods: 3, flag: hr}]
payouts:
  - payout: pay
    version: 1
    from: 2026-01-01
    level: agent
    period: month
    currency: CNY
    basis: {kpi: recovered_amount, currency: CNY}
    base: {default: 300000, entities: {a-1: 5}}
    base_share: [["0.5", "0.5"], ["0.7", 1]]
    commission: {reading: whole, steps: [[1, "0.05"], ["1.1", "0.08"]], then_every: {step: "0.1", rate: "0.02"}}
    streaks: [{below: "0.6", periods: 2, then: {base_share: "0.5"}}]
    gates: [{gate: qa, kpi: qa_pass_rate, below: "0.98", effect: {cap_amount: 5}}]
  - {payout: by_score, version: 1, from: 2026-01-01, level: agent, period: month, currency: CNY, basis: {scorecard: card}, base: 5}
contests:
  - {contest: best, version: 1, from: 2026-01-01, level: agent, period: day, kpi: connect_rate, currency: CNY, top: {amounts: [5]}, ties: {by: dials}, minimum: {dials: 1}}
rewards:
  - {reward: volume, version: 1, from: 2026-01-01, level: agent, period: day, currency: CNY, indicator: income, at_least: 3, amount: 5, with: best, stack: larger}
"""


def changed(path: str, value: object) -> str:
    """The good configuration with one thing changed; `...` takes it out."""
    document = yaml.safe_load(GOOD)
    at, *_ = [document]
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        at = at.setdefault(part, {}) if isinstance(at, dict) else at[part]
    if value is ...:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(value)
    else:
        at[last] = value
    return str(yaml.safe_dump(document, default_style=None, sort_keys=False)).replace("!!python/tuple", "")


def first_line(tmp_path: Path, text: str) -> str:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{file}: ")


def test_the_good_one_is_good(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, GOOD)
    assert settings.warnings() == []
    assert [each.name for each in settings.schemes().definitions] == ["card", "pay", "by_score", "best", "volume"]


CARD, PAY, BY_SCORE = "scorecards.0", "payouts.0", "payouts.1"
COMPONENT = f"{CARD}.components.0"


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        # unknown keys
        (f"{CARD}.colour", 1, "scorecards[0].colour"),
        (f"{COMPONENT}.scoring.attainment.top", 1, "scorecards[0].components[0].scoring.attainment.top"),
        ("targets.0.unit", 1, "targets[0].unit"),
        ("calendar.days", [], "calendar.days"),
        ("contests.0.only_one", "x", "contests[0].only_one"),
        # names of nothing
        (f"{COMPONENT}.kpi", "recovered", "scorecards[0].components[0].kpi"),
        (f"{COMPONENT}.over", "placed", "scorecards[0].components[0].over"),
        (f"{CARD}.components.1.indicator", "bad", "scorecards[0].components[1].indicator"),
        (f"{CARD}.factors.0.indicator", "bad", "scorecards[0].factors[0].indicator"),
        (f"{CARD}.gates.0.effect.void", ["mony"], "scorecards[0].gates[0].effect.void"),
        (f"{PAY}.gates.0.effect", {"void": ["money"]}, "payouts[0].gates[0].effect.void"),
        (f"{BY_SCORE}.basis.scorecard", "cart", "payouts[1].basis.scorecard"),
        ("contests.0.ties.by", "dialls", "contests[0].ties.by"),
        ("contests.0.minimum", {"dialls": 1}, "contests[0].minimum.dialls"),
        ("rewards.0.with", "worst", "rewards[0].with"),
        ("rewards.0.indicator", "incomes", "rewards[0].indicator"),
        ("targets.0.kpi", "recovered", "targets[0].kpi"),
        ("targets.0.period", "week", "targets[0].period"),
        (f"{CARD}.period", "late", "scorecards[0].period"),
        ("calendar.workdays", ["monday"], "calendar.workdays[0]"),
        # numbers that are none
        (f"{COMPONENT}.weight", "much", "scorecards[0].components[0].weight"),
        (f"{COMPONENT}.weight", -1, "scorecards[0].components[0].weight"),
        (f"{COMPONENT}.target", {"of": "team"}, "scorecards[0].components[0].target"),
        (f"{CARD}.components.1.scoring.deduct.limit", "1 %", "scorecards[0].components[1].scoring.deduct.limit"),
        (f"{CARD}.grades.0", ["A", "x"], "scorecards[0].grades[0][1]"),
        (f"{CARD}.version", 0, "scorecards[0].version"),
        (f"{CARD}.from", "2026-02-30", "scorecards[0].from"),
        (f"{PAY}.commission.steps", [[1]], "payouts[0].commission.steps[0][1]"),
        (f"{PAY}.base.default", "1.5", "payouts[0].base.default"),
        (f"{PAY}.settle", 45, "payouts[0].settle"),
        ("contests.0.top.amounts", ["x"], "contests[0].top.amounts[0]"),
        ("targets.0.value", "much", "targets[0].value"),
        # empty lists
        (f"{CARD}.components", [], "scorecards[0].components"),
        (f"{CARD}.grades", [], "scorecards[0].grades"),
        (f"{CARD}.streaks", [], "scorecards[0].streaks"),
        (f"{CARD}.gates", [], "scorecards[0].gates"),
        (f"{CARD}.entities", [], "scorecards[0].entities"),
        (f"{COMPONENT}.scoring", {"steps": []}, "scorecards[0].components[0].scoring.steps"),
        (f"{COMPONENT}.scoring", {"rank": {"points": []}}, "scorecards[0].components[0].scoring.rank.points"),
        (f"{PAY}.commission.steps", [], "payouts[0].commission.steps"),
        (f"{CARD}.gates.0.effect.void", [], "scorecards[0].gates[0].effect.void"),
        ("contests.0.top.amounts", [], "contests[0].top.amounts"),
        ("calendar.workdays", [], "calendar.workdays"),
        ("calendar.holidays", [], "calendar.holidays"),
        *((section, [], section) for section in ("targets", "scorecards", "payouts", "contests", "rewards", "indicators")),
        (f"{PAY}.base.entities", {}, "payouts[0].base.entities"),
        (f"{PAY}.streaks", [], "payouts[0].streaks"),
        (f"{PAY}.base_share", [], "payouts[0].base_share"),
        ("contests.0.top.must", {}, "contests[0].top.must"),
        ("contests.0.bottom", {"amounts": [1], "must": {}}, "contests[0].bottom.must"),
        (f"{CARD}.leader_of", {"leaders": {}}, "scorecards[0].leader_of.leaders"),
        (f"{CARD}.leader_of", {"leaders": {"l-1": []}}, "scorecards[0].leader_of.leaders.l-1"),
        # twice
        ("indicators.2", "income", "indicators[2]"),
        (f"{CARD}.entities", ["a-1", "a-1"], "scorecards[0].entities[1]"),
        ("calendar.holidays", ["2026-10-01", "2026-10-01"], "calendar.holidays[1]"),
        ("calendar.workdays", ["mon", "mon"], "calendar.workdays[1]"),
        (f"{CARD}.gates.0.effect.void", ["money", "money"], "scorecards[0].gates[0].effect.void[1]"),
        (f"{CARD}.gates.1", {"gate": "qa", "kpi": "dials", "below": 1, "effect": {"cap": 1}}, "scorecards[0].gates[1].gate"),
        (f"{CARD}.factors.1", {"factor": "staff", "kpi": "dials", "start": 1, "change": 1}, "scorecards[0].factors[1].factor"),
        (f"{CARD}.grades", [["A", 90], ["A", 60]], "scorecards[0].grades[1]"),
        # not above 0
        (f"{CARD}.components.1.scoring.deduct.per", 0, "scorecards[0].components[1].scoring.deduct.per"),
        (f"{CARD}.factors.0.per", -1, "scorecards[0].factors[0].per"),
        (f"{PAY}.commission.then_every.step", 0, "payouts[0].commission.then_every.step"),
        (f"{CARD}.streaks.0.periods", 0, "scorecards[0].streaks[0].periods"),
        (f"{PAY}.streaks.0.periods", 0, "payouts[0].streaks[0].periods"),
        (f"{COMPONENT}.target", {"before": 0}, "scorecards[0].components[0].target"),
        (f"{CARD}.gates.0.below", {"before": -1}, "scorecards[0].gates[0].below"),
        # out of order
        (f"{COMPONENT}.scoring", {"steps": [[1, 1], [1, 2]]}, "scorecards[0].components[0].scoring.steps[1]"),
        (f"{CARD}.components.1", {"component": "c", "kpi": "complaint_rate", "weight": 60, "scoring": {"steps": [[1, 1], [2, 2]]}},
         "scorecards[0].components[1].scoring.steps[1]"),
        (f"{PAY}.base_share", [["0.7", 1], ["0.5", 1]], "payouts[0].base_share[1]"),
        (f"{PAY}.commission.steps", [[2, 1], [1, 1]], "payouts[0].commission.steps[1]"),
        (f"{CARD}.grades", [["A", 60], ["B", 90]], "scorecards[0].grades[1]"),
        # sums and names
        (f"{CARD}.full_marks", 90, "scorecards[0].full_marks"),
        (f"{CARD}.components.1.component", "money", "scorecards[0].components[1].component"),
        # levels
        (f"{CARD}.gates.0", {"gate": "g", "kpi": "dials_per_hour", "below": 1, "effect": {"cap": 1}}, None),
        ("targets.0.level", "queue", "targets[0].kpi"),
        ("contests.0", {"contest": "best", "version": 1, "from": "2026-01-01", "level": "segment", "period": "day", "kpi": "dials_per_hour", "currency": "CNY", "top": {"amounts": [5]}},
         "contests[0].kpi"),
        # periods
        ("windows.month", False, "targets[0].period"),
        (f"{CARD}.components.0.if_no_data", "void", "scorecards[0].components[0].if_no_data"),
        ("contests.0.workdays_only", "perhaps", "contests[0].workdays_only"),
        ("indicators.2", "dials", "indicators[2]"),
        ("indicators.2", "Bad", "indicators[2]"),
        # currencies
        (f"{COMPONENT}.currency", ..., "scorecards[0].components[0].currency"),
        (f"{CARD}.gates.0.currency", "CNY", "scorecards[0].gates[0].currency"),
        (f"{PAY}.currency", "EUR", "payouts[0].currency"),
        ("contests.0.currency", ..., "contests[0].currency"),
        # dates
        ("calendar", {"holidays": ["2026-10-01"], "extra_workdays": ["2026-10-01"]}, "calendar.extra_workdays[0]"),
        ("sites.main.calendar", {"holidays": ["2026-10-01"], "extra_workdays": ["2026-10-01"]}, "sites.main.calendar.extra_workdays[0]"),
        (f"{CARD}.until", "2026-01-01", "scorecards[0].until"),
        # what must be there, and what must not
        (f"{COMPONENT}.scoring", {}, "scorecards[0].components[0].scoring"),
        (f"{COMPONENT}.scoring.steps", [[1, 1]], "scorecards[0].components[0].scoring"),
        (f"{CARD}.gates.0.below", ..., "scorecards[0].gates[0].below"),
        (f"{CARD}.gates.0.effect", {}, "scorecards[0].gates[0].effect"),
        (f"{CARD}.gates.0.effect", {"cap": 1, "factor": 1}, "scorecards[0].gates[0].effect"),
        (f"{CARD}.gates.0.effect", {"cap_amount": 1}, "scorecards[0].gates[0].effect.cap_amount"),
        (f"{PAY}.gates.0.effect", {"cap": 1}, "payouts[0].gates[0].effect.cap"),
        (f"{CARD}.streaks.0.below", 1, "scorecards[0].streaks[0]"),
        (f"{PAY}.streaks.0.then", {}, "payouts[0].streaks[0].then"),
        (f"{BY_SCORE}.commission", {"steps": [[1, 1]]}, "payouts[1].commission"),
        (f"{BY_SCORE}.factors", [{"factor": "f", "indicator": "income", "start": 1, "change": 1}], "payouts[1].factors"),
        (f"{BY_SCORE}.level", "team", "payouts[1].level"),
        (f"{PAY}.commission", {"reading": "slab", "steps": [[1, 1]], "of": {"indicator": "income"}}, "payouts[0].commission.of"),
        ("contests.0.top", ..., "contests[0].top"),
        ("rewards.0.with", ..., "rewards[0].stack"),
        ("rewards.0.period", "month", "rewards[0].with"),
        (f"{CARD}.leader_of", {"leaders": {"l-1": ["t-1"]}}, "scorecards[0].leader_of"),
    ],
)  # fmt: skip
def test_a_breach_names_its_key(tmp_path: Path, path: str, value: object, key: str | None) -> None:
    if key is None:
        settings_of(tmp_path, changed(path, value))
        return
    line = first_line(tmp_path, changed(path, value))
    assert line.split(": ")[0] == key
    assert len(line.split(": ", 1)[1]) > 5


VERSION = {"scorecard": "card", "version": 2, "from": "2026-05-01", "level": "agent", "period": "month",
           "components": [{"component": "c", "kpi": "dials", "weight": 1, "scoring": {"attainment": {}}},
                          {"component": "d", "kpi": "visits", "weight": 1, "scoring": {"attainment": {}}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({}, None),
        ({"version": 1}, "scorecards[1].version"),
        ({"from": "2026-01-01"}, "scorecards[1].from"),
        ({"level": "team"}, "scorecards[1].level"),
        ({"period": "day"}, "scorecards[1].period"),
        ({"scorecard": "other", "version": 1, "from": "2026-01-01"}, None),
    ],
)
def test_versions_of_a_name_share_what_they_judge_and_differ_in_number_and_beginning(
    tmp_path: Path, change: dict[str, object], key: str | None
) -> None:
    text = changed("scorecards.1", VERSION | change)
    if key is None:
        settings_of(tmp_path, text)
    else:
        assert first_line(tmp_path, text).split(": ")[0] == key


def test_a_leaders_attainment_needs_its_target_in_place(tmp_path: Path) -> None:
    leader = {
        "leader_of": {"leaders": {"l-1": ["t-1"]}},
        "scorecard": "l",
        "version": 1,
        "from": "2026-01-01",
        "level": "team",
        "period": "month",
    }
    card = leader | {"components": VERSION["components"]}
    assert first_line(tmp_path, changed("scorecards.1", card)).startswith(
        "scorecards[1].components[0].target: is required"
    )
    twice = card | {"leader_of": {"leaders": {"l-1": ["t-1", "t-1"]}}}
    assert "scorecards[1].leader_of.leaders.l-1[1]: 't-1' stands in the list twice" in first_line(
        tmp_path, changed("scorecards.1", twice)
    )
    pay = {
        "payout": "l",
        **{key: value for key, value in leader.items() if key != "scorecard"},
        "currency": "CNY",
        "basis": {"kpi": "contacts"},
        "only_one": "x",
    }
    settings_of(tmp_path, changed("payouts.2", pay | {"commission": {"by": "amount", "steps": [[0, 1]]}}))
    line = first_line(tmp_path, changed("payouts.2", pay | {"commission": {"steps": [[0, 1]]}}))
    assert line.startswith("payouts[2].basis.target: is required")


@pytest.mark.parametrize("shift", ["day", "month", "quarter"])
def test_a_shift_with_the_name_of_a_period_is_refused_where_that_period_is_used(tmp_path: Path, shift: str) -> None:
    site = f"sites: {{main: {{shifts: {{{shift}: ['09:00', '18:00']}}}}}}\n"
    target = "targets: [{kpi: visits, level: agent, entity: '*', period: PERIOD, value: 1, from: 2026-01-01}]"
    line = first_line(tmp_path, site + target.replace("PERIOD", shift))
    assert line.startswith("targets[0].period: ")
    assert "name of a shift" in line
    settings_of(tmp_path, site + target.replace("PERIOD", "month" if shift == "day" else "day"))


def test_there_is_no_indicator_by_shift(tmp_path: Path) -> None:
    line = first_line(
        tmp_path, changed("rewards.0.period", "early").replace("with: best", "").replace("stack: larger", "")
    )
    assert line.startswith("rewards[0].indicator: there are no measurements by shift")


def test_a_conduct_kpi_without_conduct_is_a_doubt(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, changed("scorecards.0.gates.0.kpi", "conduct_breach_rate"))
    (line,) = settings.warnings()
    assert "warning: scorecards[0].gates[0].kpi: conduct_breach_rate has no value" in line


def test_the_examples_of_the_page_are_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scores.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 4
    *before, last = blocks
    settings = settings_of(tmp_path, "\n".join([*before, last.removeprefix("indicators: [applications]\n")]))
    assert {each.name for each in settings.schemes().definitions} == {
        "card_team",
        "collector_ladder",
        "counter_day",
        "volume",
    }


def test_everything_that_is_wrong_is_listed_and_nothing_that_only_follows(tmp_path: Path) -> None:
    document = yaml.safe_load(changed("scorecards.0.components.0.weight", "much"))
    document["rewards"][0]["at_least"] = "x"
    file = tmp_path / "c.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    keys = [line.removeprefix(f"{file}: ").split(": ")[0] for line in error.value.lines]
    assert keys == ["scorecards[0].components[0].weight", "rewards[0].at_least"]
