"""Two sets of KPI records are the same, or what differs is named."""

from pathlib import Path

import orjson
import pytest

from stream.facts.instant import instant_ms
from stream.replay.chunks import InputError
from stream.replay.reconcile import Records, chosen, differences, digests, frontier_ms, is_frozen, latest, records_of

END = "2026-11-02T16:00:00Z"
END_MS = instant_ms(END)
AS_OF_MS = instant_ms("2026-11-30T00:00:00Z")


def record(
    entity: str = "a-1",
    window: str = "day",
    revision: int = 1,
    final: bool = True,
    start: str = "2026-11-01T16:00:00Z",
    run: str = "replay",
    **kpis: tuple[int, int | None],
) -> bytes:
    rows = [
        {"kpi": kpi, "numerator": n, "denominator": d, "value": None, "status": "ok"} for kpi, (n, d) in kpis.items()
    ]
    head = {"site": "main", "level": "agent", "entity": entity, "window": window, "start": start, "end": END}
    return orjson.dumps(
        head | {"as_of": "2026-11-30T00:00:00Z", "final": final, "revision": revision, "run": run, "kpis": rows}
    )


def records(*values: bytes) -> Records:
    return latest((value, f"line {number}") for number, value in enumerate(values, 1))


def said(a: Records, b: Records) -> list[str]:
    return [each.text for each in differences(a, b)]


def test_equal_sets_do_not_differ_and_have_equal_digests() -> None:
    a = records(record(dials=(1, None)), record("a-2", dials=(2, None)))
    b = records(record("a-2", dials=(2, None), revision=9), record(dials=(1, None), revision=3))
    assert said(a, b) == []
    assert digests(a) == digests(b)
    assert digests(a)["day", "dials"].records == 2


def test_the_highest_revision_counts_and_of_equal_ones_the_later() -> None:
    found = records(
        record(dials=(1, None), revision=5), record(dials=(2, None), revision=4), record(dials=(3, None), revision=5)
    )
    assert [each.kpis["dials"][0] for each in found.values()] == [3]


def test_a_record_without_kpis_is_as_no_record_even_after_one_with_some() -> None:
    assert records(record(dials=(1, None)), record(revision=2)) == {}


def test_each_difference_is_told() -> None:
    a = records(record(dials=(1, None), connect_rate=(1, 4)), record("a-2", dials=(1, None)))
    b = records(record(dials=(1, None), connect_rate=(1, 5), final=False), record("a-3", dials=(1, None)))
    assert said(a, b) == ["final: true in A, false in B", "connect_rate: 1/4 in A, 1/5 in B", "only in A", "only in B"]
    assert digests(a) != digests(b)


def test_a_kpi_per_currency_is_compared_per_currency() -> None:
    def amounts(**by_currency: int) -> bytes:
        rows = [
            {"kpi": "recovered_amount", "currency": currency, "numerator": n, "denominator": None, "status": "ok"}
            for currency, n in by_currency.items()
        ]
        return record().replace(b'"kpis":[]', b'"kpis":' + orjson.dumps(rows))

    assert said(records(amounts(CNY=1, EUR=2)), records(amounts(CNY=1, EUR=3))) == [
        "recovered_amount EUR: 2 in A, 3 in B"
    ]


def test_rolling_windows_are_left_out_unless_they_are_named() -> None:
    found = records(record(dials=(1, None)), record(window="rolling_5m", dials=(1, None)))
    assert {each.window for each in chosen(found, None).values()} == {"day"}
    assert {each.window for each in chosen(found, frozenset({"rolling_5m"})).values()} == {"rolling_5m"}
    # the key of a rolling window has no start: a later one replaces it
    assert (
        len(
            records(
                record(window="rolling_5m", start="1", dials=(1, None)),
                record(window="rolling_5m", start="2", dials=(1, None)),
            )
        )
        == 1
    )


def test_a_file_or_the_folder_of_a_replay_is_read(tmp_path: Path) -> None:
    (tmp_path / "kpi.jsonl").write_bytes(record(dials=(1, None)) + b"\n")
    assert records_of(str(tmp_path)) == records_of(str(tmp_path / "kpi.jsonl")) == records(record(dials=(1, None)))


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b'{"window":"day"}', b'"x"'])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "f").write_bytes(record(dials=(1, None)) + b"\n" + line + b"\n")
    with pytest.raises(InputError, match="f: line 2: not a KPI record"):
        records_of(str(tmp_path / "f"))


def test_a_window_that_ended_before_the_horizon_of_a_live_run_is_named_as_frozen() -> None:
    live, replay = records(record(dials=(1, None), run="live")), records(record(dials=(2, None)))
    (difference,) = differences(live, replay)
    for horizon_ms, expected in ((AS_OF_MS - END_MS - 1, True), (AS_OF_MS - END_MS, False)):
        assert is_frozen(difference, frontier_ms(horizon_ms, live, replay), live, replay) is expected
    assert frontier_ms(0, replay, replay) is None
    assert not is_frozen(difference, None, live, replay)
