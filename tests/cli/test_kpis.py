"""`kpi-stream kpis`."""

import json
from pathlib import Path

from stream.kpis.catalogue import kpis_of
from stream.windows.measures import LEVELS
from tests.cli.conftest import Command


def test_every_kpi_is_a_line_of_id_definition_unit_direction_and_source(command: Command) -> None:
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in command("kpis").out.splitlines())}
    assert list(rows) == list(kpis_of(conduct=False))
    assert rows["abandonment_rate"][:4] == ["abandons / (abandons + answered)", "ratio", "lower", "-"]
    assert rows["complaint_rate"][:4] == ["complaints / contacts x 1,000", "permille", "lower", "S1-6 S2-12"]
    assert rows["recovered_amount"][1] == "minor, per currency"


def test_json_is_for_programs(command: Command) -> None:
    found = json.loads(command("kpis", "--json").out)
    assert {row["kpi"] for row in found["kpis"]} == set(kpis_of(conduct=False))
    assert found["kpis"][0]["minimum_sample"] == 1


def test_the_kpis_of_conduct_are_listed_where_rules_are_configured_and_by_their_ids(
    command: Command, tmp_path: Path
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("conduct: {packs: [any]}", encoding="utf-8")
    found = json.loads(command("kpis", "--json", "--config", config).out)
    assert {row["kpi"] for row in found["kpis"]} == set(kpis_of(conduct=True))
    (row,) = json.loads(command("kpis", "conduct_breach_rate", "--json").out)["kpis"]
    assert (row["definition"], row["unit"], row["direction"], row["levels"]) == (
        "conduct_breaches / dials x 1,000",
        "permille",
        "lower",
        ["agent", "team", "queue", "segment", "site"],
    )


def test_everything_that_the_catalogue_knows_is_printed(command: Command) -> None:
    """Version, names in two languages, both parts in words and measures, stated level, what is not counted, options."""
    (row,) = json.loads(command("kpis", "complaint_rate", "--json").out)["kpis"]
    assert (row["version"], row["name_en"], row["name_zh"]) == (2, "Complaint rate", "客户投诉率")
    assert (row["numerator"], row["numerator_words"]) == (["complaints"], "complaints received")
    assert (row["denominator"], row["denominator_words"]) == (
        ["contacts"],
        "calls that reached a human, each by its first leg",
    )
    assert row["threshold"] == "<= 3 permille, excellent <= 1 permille (S1-6)"
    piped = next(line for line in command("kpis").out.splitlines() if line.startswith("complaint_rate\t"))
    block = command("kpis", "complaint_rate").out
    for text in (
        row["name_zh"],
        row["numerator_words"],
        row["denominator_words"],
        row["threshold"],
        row["not_counted"],
        row["rolling"],
    ):
        assert text in piped
        assert text in block
    for found in json.loads(command("kpis", "--json").out)["kpis"]:
        assert found["name_en"]
        assert found["name_zh"]
        assert found["numerator_words"]
        assert found["levels"] == [level for level in LEVELS if level in found["levels"]] != []
        assert (found["denominator"] is None) == (found["denominator_words"] is None)


def test_the_levels_at_which_a_kpi_exists_and_what_an_unknown_input_does_are_told(command: Command) -> None:
    found = {row["kpi"]: row for row in json.loads(command("kpis", "--json").out)["kpis"]}
    assert found["service_level"]["levels"] == ["agent", "team", "queue", "segment", "site"]
    assert found["workload"]["levels"] == ["agent", "team", "segment", "site"]
    assert found["dials_per_hour"]["levels"] == ["agent", "team", "site"]
    assert found["answer_wait_mean"]["unknown"] == "a call whose `queue_ms` is unknown is in neither part"
    assert found["answer_wait_mean"]["unknown"] in command("kpis", "answer_wait_mean").out


def test_an_option_is_shown_as_it_is_configured(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("definitions: {service_level_ms: 10000}")
    assert "definitions.service_level_ms = 10000" in command("kpis", "service_level", "--config", str(config)).out


def test_a_kpi_that_is_not_there_is_named(command: Command) -> None:
    outcome = command("kpis", "dials", "nope")
    assert outcome.code == 2
    assert outcome.error == "kpi-stream: no such KPI: nope (`kpi-stream kpis` lists them)\n"
