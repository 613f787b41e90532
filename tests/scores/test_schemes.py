# ruff: noqa: E501  (a scheme is read best on one line)
"""The schemes of docs/examples/schemes: each is valid, has its page, and gives the figures worked by hand."""

from pathlib import Path
from typing import Any

import pytest

from stream.settings import load
from tests.scores.floor import computed, kpi_record, measurement, written

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "schemes"
SCHEMES = sorted(FOLDER.glob("*.yaml"))
Q: dict[str, Any] = {"period": "quarter"}


def scores(name: str, records: list[bytes], measured: list[Any] | None = None) -> dict[Any, Any]:
    return written(computed(load(FOLDER / f"{name}.yaml", {}), records, measured or []))


def points(record: dict[str, Any]) -> list[str]:
    return [part["points"].rstrip("0").rstrip(".") for part in record["parts"]]


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_scheme_is_valid_and_has_a_page_that_the_list_names(path: Path) -> None:
    settings = load(path, {})
    assert settings.schemes().definitions
    assert settings.warnings() == []
    page = path.with_suffix(".md").read_text("utf-8")
    assert f"({path.name})" in page
    assert "**Literal**" in page
    assert "**Open, and how it is set**" in page
    assert f"({path.stem}.md)" in (FOLDER / "README.md").read_text("utf-8")


def test_s0_credit_card() -> None:
    """Recovered 15 % of the 20 %: 40 x 0.75 = 30. Payments 12 % of 10 %: 20 x 1.2 = 24 (the cap). 400.00 an hour of
    500.00: 20 x 0.8 = 16. Teamwork 85: 17. 87 in all; with 4 complaints per 1,000 contacts half of it."""
    kpis: dict[str, Any] = {
        "recovered_amount CNY": 1_500_000, "placed_amount CNY": 10_000_000, "payments": 24, "contacts": 200,
        "recovered_per_hour CNY": (1_500_000, 135_000_000), "dials_per_hour": (9, 135_000_000),
        "complaint_rate": (0, 200),
    }  # fmt: skip
    marks = [measurement("teamwork", who, 85) for who in ("a-1", "a-2")]
    found = scores(
        "s0-credit-card", [kpi_record("a-1", kpis), kpi_record("a-2", kpis | {"complaint_rate": (1, 250)})], marks
    )
    assert points(found["credit_card", 1, "a-1", "2026-04-01"]) == ["30", "24", "16", "17"]
    assert found["credit_card", 1, "a-1", "2026-04-01"]["score"] == "87.0000"
    assert found["credit_card", 1, "a-2", "2026-04-01"]["score"] == "43.5000"


def test_s1_core() -> None:
    """Attainment 110 %: 44. Effective talk 45 % of 60 %: 11.25. First contacts all: 15. Complaints 2 per mille: 10.
    8 days a case: 8. 88.25 in all, B; with 97 % of reviews passed nothing for recovery: 44.25, D."""
    kpis: dict[str, Any] = {
        "recovered_amount CNY": 11_000_000, "effective_talk_ratio": (45, 100), "first_contact_rate": (7, 7),
        "complaint_rate": (1, 500), "case_cycle_time_mean": (2 * 691_200_000, 2), "qa_pass_rate": (98, 100),
    }  # fmt: skip
    found = scores("s1-core", [kpi_record("a-1", kpis), kpi_record("a-2", kpis | {"qa_pass_rate": (97, 100)})])
    good, bad = (found["collector", 1, who, "2026-04-01"] for who in ("a-1", "a-2"))
    assert points(good) == ["44", "11.25", "15", "10", "8"]
    assert (good["score"], good["grade"], good["place"]) == ("88.2500", "B", 1)
    assert (bad["score"], bad["grade"], bad["place"]) == ("44.2500", "D", 2)
    # without a case due, first contact (15) and cycle (15) give their weights to the other 70: x 100 / 70
    rest = {name: kpis[name] for name in ("recovered_amount CNY", "effective_talk_ratio", "complaint_rate")}
    without = scores("s1-core", [kpi_record("a-1", rest)])["collector", 1, "a-1", "2026-04-01"]
    assert without["score"] == "93.2143"  # (44 + 11.25 + 10) x 10 / 7


def test_s1_stages() -> None:
    """M1: coverage 90 of 95 %: 56.8421; promises 30 % against 40 % before: 30. M2-M3: 6 plans of 20 promises: 50, kept
    70 %: 35. M4+: 94 % of steps: 0; no visit: its weight goes to the steps."""
    segment: dict[str, Any] = {"level": "segment"}
    records = [
        kpi_record("M1", {"m1_coverage_rate": (90, 100), "promise_rate": (3, 10)}, **segment),
        kpi_record("M1", {"promise_rate": (4, 10)}, start="2026-03-01", **segment),
        kpi_record("M2-M3", {"plans": 6, "promises": 20, "promise_kept_rate": (7, 10)}, **segment),
        kpi_record("M4+", {"legal_completion_rate": (95, 100)}, **segment),
        kpi_record(
            "M4+", {"legal_completion_rate": (94, 100), "visit_met_rate": (2, 5)}, start="2026-03-01", **segment
        ),
    ]
    found = {key: record["score"] for key, record in scores("s1-stages", records).items()}
    assert found == {
        ("m1", 1, "M1", "2026-04-01"): "86.8421", ("m1", 1, "M1", "2026-03-01"): "0.0000",
        ("m2_m3", 1, "M2-M3", "2026-04-01"): "85.0000",
        ("m4", 1, "M4+", "2026-04-01"): "100.0000", ("m4", 1, "M4+", "2026-03-01"): "50.0000",
    }  # fmt: skip


def test_s1_bot_field_and_leader() -> None:
    """Bots: 72 of 80 %: 54; 18 of 15 %: 48. Field: 27 of 18 %, capped: 60; 30 of 40 %: 37.5. Leader: 45 of 60 million
    fen: 37.5; retention 17 of 20 joiners: 30; 4 of 6 suggestions: 13.3333."""
    records = [
        kpi_record("bots", {"bot_handover_accuracy": (72, 100), "bot_mandate_rate": (18, 100)}, level="team"),
        kpi_record(
            "a-1", {"visit_recovery_rate CNY": (27, 100), "visit_met_rate": (3, 10), "complaint_rate": (1, 100)}
        ),
        kpi_record("t-1", {"recovered_amount CNY": 15_000_000}, level="team", start="2026-05-01"),
        kpi_record("t-2", {"recovered_amount CNY": 30_000_000}, level="team", start="2026-06-01"),
    ]
    measured = [
        measurement("retention", "t-1", 9, 10, level="team", **Q), measurement("retention", "t-2", 8, 10, level="team", **Q),
        measurement("suggestions", "l-1", 4, **Q),
    ]  # fmt: skip
    found = scores("s1-bot-field-leader", records, measured)
    assert points(found["bot", 1, "bots", "2026-04-01"]) == ["54", "48"]
    field = found["field", 1, "a-1", "2026-04-01"]
    assert (points(field), field["score"]) == (["60", "37.5"], "60.0000")  # 10 complaints per mille: capped
    leader = found["leader", 1, "l-1", "2026-04-01"]
    assert (points(leader), leader["score"]) == (["37.5", "30", "13.3333"], "80.8333")


def test_s2_phone() -> None:
    """18 of 30 %: 18. Ten days: 5. Communication 90: 11.25. 660 of 880: 11.25. 25 %: 10. 3 of 5 against the site's
    80 %: 11.25. 66.75; with a complaint out of time 60.075."""
    kpis: dict[str, Any] = {
        "recovered_amount CNY": 18, "placed_amount CNY": 100, "payment_delay_mean": (864_000_000, 1), "contacts": 660,
        "connect_rate": (1, 4), "satisfaction_rate": (3, 5), "complaint_timeliness": (4, 4),
    }  # fmt: skip
    records = [
        kpi_record("a-1", kpis), kpi_record("a-2", kpis | {"complaint_timeliness": (3, 4)}),
        kpi_record("main", {"satisfaction_rate": (8, 10)}, level="site"),
    ]  # fmt: skip
    found = scores("s2-phone", records, [measurement("communication", who, 90) for who in ("a-1", "a-2")])
    assert points(found["phone", 1, "a-1", "2026-04-01"]) == ["18", "5", "11.25", "11.25", "10", "11.25"]
    assert [found["phone", 1, who, "2026-04-01"]["score"] for who in ("a-1", "a-2")] == ["66.7500", "60.0750"]


def test_s3_before_and_after_and_a_trial_beside() -> None:
    """Team: 20 of 25 %: 48 (on trial 32); 20 days: 20; 60 of 80 %: 15 (on trial 30). Site: 0.24 now against 0.20
    before: 70 x 1.2; satisfaction 4: 22.5."""
    kpis: dict[str, Any] = {
        "recovered_amount CNY": 20,
        "placed_amount CNY": 100,
        "case_cycle_time_mean": (1_728_000_000, 1),
        "satisfaction_rate": (6, 10),
    }
    records = [
        *(kpi_record("t-1", kpis, level="team", start=start) for start in ("2026-03-01", "2026-04-01")),
        kpi_record("main", {"recovered_amount CNY": 20, "placed_amount CNY": 100}, level="site", start="2026-01-01"),
        kpi_record("main", {"recovered_amount CNY": 24, "placed_amount CNY": 100}, level="site", start="2026-06-01"),
    ]
    found = scores("s3-layers", records, [measurement("employee_satisfaction", "main", 4, level="site", **Q)])
    assert {key: (each["score"], each["trial"]) for key, each in found.items() if key[0] == "team"} == {
        ("team", 1, "t-1", "2026-03-01"): ("83.0000", False), ("team", 1, "t-1", "2026-04-01"): ("83.0000", False),
        ("team", 2, "t-1", "2026-04-01"): ("82.0000", True),
    }  # fmt: skip
    assert points(found["management", 1, "main", "2026-04-01"]) == ["84", "22.5"]


def test_s4_card_team() -> None:
    """27 of 30 million: 36; cars 30 of 20 million: 45 of 30; bad loans 1.237 %: 17; second by income: 5. 103, an A, paid
    whole. A team third three quarters in a row is proposed to HR."""
    measured, records = [], []
    for start in ("2026-01-01", "2026-04-01", "2026-07-01"):
        for place, team in enumerate(("t-1", "t-2", "t-3", "t-4")):
            records.append(
                kpi_record(team, {"recovered_amount CNY": 27_000_000 - place * 3_000_000}, level="team", start=start)
            )
            where: dict[str, Any] = {"level": "team", "start": start, **Q}
            measured += [
                measurement("car_instalments", team, 30_000_000 // (1 + place), currency="CNY", **where),
                measurement("bad_rate", team, 1_237, 100_000, **where),
                measurement("income", team, (80, 90, 70, 10)[place], currency="CNY", **where),
            ]
    found = scores("s4-card-team", records, measured)
    first = found["card_team", 1, "t-1", "2026-07-01"]
    assert (points(first), first["score"], first["grade"], first["place"]) == (
        ["36", "45", "17", "5"],
        "103.0000",
        "A",
        1,
    )
    second = found["card_team", 1, "t-2", "2026-07-01"]  # 32 + 22.5 + 17 + 10
    assert (second["score"], second["grade"], second["flags"]) == ("81.5000", "B", [])
    third = found["card_team", 1, "t-3", "2026-07-01"]  # 28 + 15 + 17 + 0
    assert (third["score"], third["grade"], third["place"], third["flags"]) == ("60.0000", "C", 3, ["propose_hr"])
    assert found["card_team", 1, "t-3", "2026-04-01"]["flags"] == []
    fourth = found["card_team", 1, "t-4", "2026-07-01"]  # 24 + 11.25 + 17 - 5
    assert (fourth["score"], fourth["grade"]) == ("47.2500", "D")
    pay = [found["by_score", 1, team, "2026-07-01"]["amount_minor"] for team in ("t-1", "t-2", "t-3", "t-4")]
    assert pay == [1_000_000, 800_000, 500_000, 0]


def test_s4_graded() -> None:
    """Most contacts: 40; three violations: 14; 81 of 90 %: 18; teamwork 90: 18. 90, an A; the second has 85, a B."""
    kpis: dict[str, Any] = {"satisfaction_rate": (81, 100)}
    measured = [
        measurement(name, who, value) for who in ("a-1", "a-2") for name, value in (("violations", 3), ("teamwork", 90))
    ]
    found = scores(
        "s4-graded",
        [kpi_record("a-1", kpis | {"contacts": 900}), kpi_record("a-2", kpis | {"contacts": 800})],
        measured,
    )
    told = [
        (
            found["strategic_customers", 1, who, "2026-04-01"]["score"],
            found["strategic_customers", 1, who, "2026-04-01"]["grade"],
        )
        for who in ("a-1", "a-2")
    ]
    assert told == [("90.0000", "A"), ("85.0000", "B")]


@pytest.mark.parametrize(("volume", "amount"), [(1_999, 18_934), (2_000, 22_732), (4_000, 56_829)])
def test_s4_leader_bonus(volume: int, amount: int) -> None:
    """3 occurrences and a rating of 95: x 0.997 x 0.95. 1,999 x 10 give 18,933.53 fen, 2,000 x 12 give
    22,731.60, 4,000 x 15 give 56,829."""
    found = scores(
        "s4-leader-bonus", [kpi_record("t-1", {"contacts": volume}, level="team")],
        [measurement("occurrences", "l-1", 3), measurement("superior_rating", "l-1", 95)],
    )  # fmt: skip
    assert found["leader_bonus", 1, "l-1", "2026-04-01"]["amount_minor"] == amount


@pytest.mark.parametrize(
    ("recovered", "whole", "slab"),
    [
        (12_500_000, 1_250_000, 680_000),
        (11_999_999, 960_000, 630_000),
        (12_000_000, 1_200_000, 630_000),
        (14_000_000, 1_960_000, 850_000),
        (9_999_999, 0, 0),
    ],
)
def test_s4_collector_ladder(recovered: int, whole: int, slab: int) -> None:
    """Basic wage 3,000.00 and allowance 200.00 beside the commission; by slabs 119,999.99 earn 5 % of 110,000 and 8 %
    of 9,999.99, which is 6,299.9992."""
    found = scores(
        "s4-collector-ladder", [kpi_record("a-2", {"recovered_amount CNY": recovered, "qa_pass_rate": (98, 100)})]
    )
    got = [found["collector_ladder", version, "a-2", "2026-04-01"]["amount_minor"] for version in (1, 2)]
    assert got == [320_000 + whole, 320_000 + slab]


def test_s4_collector_ladder_without_quality_has_no_commission() -> None:
    for kpis in ({"qa_pass_rate": (97, 100)}, {}):
        found = scores("s4-collector-ladder", [kpi_record("a-1", {"recovered_amount CNY": 12_500_000, **kpis})])
        record = found["collector_ladder", 1, "a-1", "2026-04-01"]
        assert record["amount_minor"] == 370_000
        assert record["parts"][1] == {"part": "commission", "amount_minor": 1_250_000}
        assert record["gates"][0]["missed"] is True


def test_s4_counter_day() -> None:
    """Tuesday, 3 April 2018: conversions of 30, 25, 20 % and four with nothing; the three with most pop-ups are fined.
    The first has four applications, 60 CNY, more than his 50; one of the fined has three: 50 CNY beside his fine."""
    rates = {"a": (6, 20), "b": (5, 20), "c": (4, 20), "d": (0, 9), "e": (0, 8), "f": (0, 7), "g": (0, 6), "h": (0, 0)}
    where: dict[str, Any] = {"period": "day", "start": "2018-04-03"}
    measured = [measurement("popups", who, seen, **where) for who, (_, seen) in rates.items()]
    measured += [measurement("conversion", who, done, seen, **where) for who, (done, seen) in rates.items() if seen]
    measured += [measurement("applications", "a", 4, **where), measurement("applications", "d", 3, **where)]
    found = scores("s4-counter-day", [], measured)
    got = {key[2]: each["amount_minor"] for key, each in found.items() if key[0] == "counter_day"}
    assert got == {"a": 0, "b": 3000, "c": 2000, "d": -7000, "e": -5000, "f": -4000, "g": 0}
    assert {key[2]: each["amount_minor"] for key, each in found.items() if key[0] == "volume"} == {"a": 6000, "d": 5000}
