"""`kpi-stream simulate` and `kpi-stream import`, into files; Kafka's side is tested where the sending is."""

from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Command

HEADER = (
    "date_received,product,sub_product,issue,sub_issue,consumer_complaint_narrative,company_public_response,company,"
    "state,zipcode,tags,consumer_consent_provided,submitted_via,date_sent_to_company,company_response_to_consumer,"
    "timely_response,consumer_disputed?,complaint_id"
)


def test_the_same_seed_gives_the_same_file_and_another_one_another(command: Command, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file, seed in zip(files, (7, 7, 8), strict=True):
        ran = command("simulate", "--out", file, "--events", 300, "--seed", seed, "--mess", "duplicates=0.1,late=0.1")
        assert ran.code == 0, ran.error
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other
    assert one.count(b"\n") > 300


def test_events_lie_in_the_span_that_was_asked_for(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "f"
    options = ["--from", "2026-03-01T10:00:00Z", "--to", "2026-03-01T10:01:00Z", "--mess", "none", "--rate", "20"]
    assert command("simulate", "--out", file, *options).code == 0
    instants = [orjson.loads(line)["occurred_at"] for line in file.read_bytes().splitlines()]
    assert instants
    told_at_their_end = [at for at in instants if at >= "2026-03-01T10:01:00Z"]
    assert told_at_their_end == []


@pytest.mark.parametrize(
    "options",
    [
        ["--from", "yesterday"],
        ["--from", "2026-03-02T00:00:00Z", "--to", "2026-03-01T00:00:00Z"],
        ["--mess", "some"],
        ["--mess", "late=2"],
        ["--mess", "lateness=0.1"],
        ["--rate", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2_and_no_file(command: Command, tmp_path: Path, options: list[str]) -> None:
    ran = command("simulate", "--out", tmp_path / "f", *options)
    assert (ran.code, ran.error.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_exit_code_1(command: Command, tmp_path: Path) -> None:
    ran = command("simulate", "--out", tmp_path / "gone" / "f", "--events", 5)
    assert ran.code == 1
    assert ran.error.startswith(f"kpi-stream: {tmp_path / 'gone' / 'f'}: No such file")


def test_an_import_tells_of_torn_lines_and_reads_the_others(command: Command, tmp_path: Path) -> None:
    row = "08/30/2013,Debt collection,,,,,,ACME,CA,,,,Web,08/30/2013,Closed with explanation,Yes,No,511074"
    source = tmp_path / "c.csv"
    source.write_text(f"{HEADER}\n{row}\n08/30/2013,Debt\n")
    ran = command("import", "cfpb", source, "--out", tmp_path / "out", "--site", "us")
    assert ran.code == 0, ran.error
    assert f"kpi-stream: {source}:3: " in ran.error
    events = [orjson.loads(line) for line in (tmp_path / "out").read_bytes().splitlines()]
    assert {event["type"] for event in events} == {"complaint"}
    assert {event["site_id"] for event in events} == {"us"}


def test_an_import_that_cannot_begin_is_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a,b\n1,2\n")
    assert command("import", "nonsense", tmp_path / "f").code == 2
    assert command("import", "cfpb", tmp_path / "f", "--kafka", "--out", "x").code == 2
    assert command("import", "cfpb", tmp_path / "f", "--site", "a|b").code == 2
    ran = command("import", "cfpb", tmp_path / "f")
    assert (ran.code, ran.out) == (1, "")
    assert ran.error.startswith(f"kpi-stream: {tmp_path / 'f'}:1: ")
    assert command("import", "cfpb", tmp_path / "gone").code == 1


def test_a_share_that_there_is_not_is_named_with_those_that_there_are(command: Command, tmp_path: Path) -> None:
    ran = command("simulate", "--out", tmp_path / "f", "--mess", "lateness=0.1")
    assert ran.error.startswith("kpi-stream: --mess: no such share: 'lateness' (there are duplicates, late, ")
