"""`kpi-stream kpis`."""

import json

from stream.kpis.catalogue import CATALOGUE
from tests.cli.conftest import Command


def test_every_kpi_is_a_line_of_id_definition_unit_direction_and_source(command: Command) -> None:
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in command("kpis").out.splitlines())}
    assert list(rows) == list(CATALOGUE)
    assert rows["abandonment_rate"] == ["abandons / (abandons + answered)", "ratio", "lower", "-"]
    assert rows["complaint_rate"] == ["complaints / contacts x 1,000", "permille", "lower", "S1-6 S2-12"]
    assert rows["recovered_amount"][1] == "minor, per currency"


def test_json_is_for_programs(command: Command) -> None:
    found = json.loads(command("kpis", "--json").out)
    assert {row["kpi"] for row in found["kpis"]} == set(CATALOGUE)
    assert found["kpis"][0]["minimum_sample"] == 1
