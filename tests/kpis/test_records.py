"""KPI records are those of contract 2, their values exact."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.records import Records, RecordSpan, key_of
from stream.kpis.value import rate
from stream.windows.measures import LEVELS, MEASURES, MONEY, column
from stream.windows.packed import pack


def kpis(minimum: dict[str, int] | None = None, level: str = "agent", **sums: int) -> list[dict[str, Any]]:
    columns = {name.replace("__", ":"): amount for name, amount in sums.items()}
    found: list[dict[str, Any]] = json.loads(Records("live", minimum or {}).kpis(level, pack(columns)))
    return found


def named(entries: list[dict[str, Any]], kpi: str) -> dict[str, Any]:
    (entry,) = [entry for entry in entries if entry["kpi"] == kpi]
    return entry


def test_the_catalogue_is_the_table_of_the_semantics() -> None:
    ids = """abandon_wait_mean abandonment_rate answer_wait_mean bot_handover_accuracy bot_mandate_rate break_time
        callbacks contacts_per_hour delivered_rate dials_per_hour drop_rate drops hold_time_mean payment_delay_mean
        productive_time promises_per_hour qa_score_mean right_party_contacts_per_hour signed_in_time transfer_rate
        transfers_in wrap_time_mean case_cycle_time_mean cases_closed cases_placed
        complaint_rate complaint_timeliness complaints conduct_breach_rate conduct_breaches connect_rate contacts dials
        effective_talk_ratio
        first_contact_rate handle_time_mean legal_completion_rate letters m1_coverage_rate occupancy_ratio offered
        payments placed_amount plans promise_kept_amount_rate promise_kept_rate promise_rate promised_amount promises
        qa_pass_rate recovered_amount recovered_per_hour reversed_amount right_party_contacts right_party_rate
        satisfaction_rate service_level surveys talk_time_mean visit_met_rate visit_recovery_rate visits workload"""
    assert list(CATALOGUE) == sorted(ids.split())


@pytest.mark.parametrize("level", LEVELS)
def test_the_kpis_of_conduct_exist_at_every_level_where_rules_are_configured_and_nowhere_else(level: str) -> None:
    sums = pack({"dials": 4, "conduct_breaches": 1})
    there = json.loads(Records("live", {}, conduct=True).kpis(level, sums))
    without = json.loads(Records("live", {}).kpis(level, sums))
    assert named(there, "conduct_breaches")["value"] == 1
    assert named(there, "conduct_breach_rate")["value"] == 250.0
    assert [each for each in there if not each["kpi"].startswith("conduct")] == without


def test_a_record_is_that_of_the_contract() -> None:
    records = Records("live", {"connect_rate": 20})
    span = RecordSpan("main", "agent", "a-017", "interval_30m", 1_793_581_200_000, 1_793_583_000_000)
    body = records.kpis("agent", pack({"dials": 40, "connects": 12, "recovered_minor:CNY": 128_050}))
    value = records.record(span, 1_793_582_240_500, final=False, revision=6, kpis=body)
    assert value.decode() == (
        '{"site":"main","level":"agent","entity":"a-017","window":"interval_30m","start":"2026-11-02T01:00:00Z",'
        '"end":"2026-11-02T01:30:00Z","as_of":"2026-11-02T01:17:20.500Z","final":false,"revision":6,"run":"live",'
        '"catalogue":2,"kpis":['
        '{"kpi":"connect_rate","numerator":12,"denominator":40,"value":0.3,"status":"ok"},'
        '{"kpi":"dials","numerator":40,"denominator":null,"value":40,"status":"ok"},'
        '{"kpi":"dials_per_hour","numerator":40,"denominator":0,"value":null,"status":"no_data"},'
        '{"kpi":"drop_rate","numerator":0,"denominator":12,"value":0.0,"status":"ok"},'
        '{"kpi":"recovered_amount","currency":"CNY","numerator":128050,"denominator":null,"value":128050,"status":"ok"},'
        '{"kpi":"recovered_per_hour","currency":"CNY","numerator":128050,"denominator":0,"value":null,"status":"no_data"},'
        '{"kpi":"right_party_rate","numerator":0,"denominator":40,"value":0.0,"status":"ok"},'
        '{"kpi":"workload","numerator":40,"denominator":null,"value":40,"status":"ok"}]}'
    )
    assert key_of("main|agent|a-017", "interval_30m", "2026-11-02T01:00:00Z") == (
        b"main|agent|a-017|interval_30m|2026-11-02T01:00:00Z"
    )


def test_permille_and_per_hour_carry_their_factor() -> None:
    found = kpis(complaints=3, contacts=2000, recovered_minor__EUR=500, productive_ms=1_800_000)
    assert named(found, "complaint_rate")["value"] == 1.5
    assert named(found, "recovered_per_hour")["value"] == 1000.0


def test_sums_of_measures_make_numerators_and_denominators() -> None:
    found = kpis(abandons=1, answered=3, talk_ms=10, hold_ms=5, wrap_ms=1, handled=4, dials=2, visits=1, messages=6)
    assert (named(found, "abandonment_rate")["numerator"], named(found, "abandonment_rate")["denominator"]) == (1, 4)
    assert named(found, "handle_time_mean")["value"] == 4.0
    assert named(found, "workload")["numerator"] == 2 + 3 + 1 + 6


def test_currencies_stand_apart_and_share_the_hours() -> None:
    found = kpis(recovered_minor__EUR=10, recovered_minor__CNY=7, promises_due_minor__USD=5, productive_ms=3_600_000)
    listed = [(entry["kpi"], entry.get("currency"), entry["value"]) for entry in found]
    assert [row for row in listed if row[1]] == [
        ("promise_kept_amount_rate", "USD", 0.0),
        ("recovered_amount", "CNY", 7), ("recovered_amount", "EUR", 10),
        ("recovered_per_hour", "CNY", 7.0), ("recovered_per_hour", "EUR", 10.0),
    ]  # fmt: skip


def test_a_currency_that_came_to_nothing_is_left_out() -> None:
    assert kpis(recovered_minor__EUR=0, reversed_minor__EUR=0) == []
    assert not any("currency" in entry for entry in kpis(recovered_minor__EUR=0, productive_ms=5))


def test_status_says_what_is_wrong_with_the_denominator() -> None:
    assert rate(3, 0) == (None, "no_data")
    assert rate(3, 19, minimum=20) == (None, "few")
    assert rate(5, 20, minimum=20) == (0.25, "ok")
    assert named(kpis({"connect_rate": 20}, connects=1, dials=19), "connect_rate")["status"] == "few"
    assert named(kpis({"connect_rate": 20}, connects=1, dials=19), "right_party_rate")["status"] == "ok"


@given(st.integers(-(2**80), 2**80), st.integers(1, 2**80), st.sampled_from([1, 1000, 3_600_000]))
def test_the_value_is_the_nearest_double(numerator: int, denominator: int, factor: int) -> None:
    value, _ = rate(numerator, denominator, factor)
    assert value == float(Fraction(numerator * factor, denominator))


AMOUNTS = st.dictionaries(
    st.sampled_from(sorted(MEASURES)).flatmap(
        lambda measure: st.just(column(measure, "CNY")) if measure in MONEY else st.just(measure)
    ),
    st.integers(-3, 2**70),
)


@given(AMOUNTS)
def test_the_list_is_sorted_and_holds_what_is_not_zero(sums: dict[str, int]) -> None:
    found = json.loads(Records("live", {}, conduct=True).kpis("agent", pack(sums)))
    keys = [(entry["kpi"], entry.get("currency", "")) for entry in found]
    assert keys == sorted(keys)
    for kpi in CATALOGUE.values():
        read = [column(name, "CNY") if name in MONEY else name for name in kpi.numerator]
        numerator = sum(sums.get(name, 0) for name in read)
        below = [column(name, "CNY") if name in MONEY else name for name in kpi.denominator or ()]
        denominator = sum(sums.get(name, 0) for name in below)
        wanted = bool(numerator) or (bool(denominator) and kpi.id != "recovered_per_hour")
        entries = [entry for entry in found if entry["kpi"] == kpi.id]
        assert [(entry["numerator"], entry["denominator"]) for entry in entries] == (
            [(numerator, None if kpi.denominator is None else denominator)] if wanted else []
        )


def test_a_queue_and_a_segment_have_the_kpis_of_what_contributes_there_and_no_others() -> None:
    """A queue hears of calls alone, and no state of an agent belongs to a segment: half a formula would be a lie."""
    calls = {
        "dials": 3,
        "connects": 1,
        "contacts": 2,
        "answered": 1,
        "right_party_contacts": 1,
        "talk_ms": 9,
        "handled": 1,
    }
    of_queue = {entry["kpi"] for entry in kpis(None, "queue", **calls)}
    assert {"dials", "connect_rate", "talk_time_mean", "contacts"} <= of_queue
    assert of_queue.isdisjoint({"workload", "promise_rate", "complaint_rate", "dials_per_hour", "contacts_per_hour"})
    of_segment = {entry["kpi"] for entry in kpis(None, "segment", **calls, recovered_minor__EUR=5)}
    assert {"workload", "promise_rate", "complaint_rate", "recovered_amount"} <= of_segment
    assert of_segment.isdisjoint({"dials_per_hour", "contacts_per_hour", "recovered_per_hour"})
    assert kpis(None, "site", **calls) == kpis(None, "agent", **calls)


def test_points_and_counts_per_hour_carry_their_factor() -> None:
    found = kpis(review_points=170, reviews_scored=2, dials=30, productive_ms=1_800_000)
    assert (named(found, "qa_score_mean")["value"], named(found, "dials_per_hour")["value"]) == (85.0, 60.0)


def test_a_zero_entry_changes_nothing() -> None:
    assert kpis(dials=3, connects=0, surveys=0) == kpis(dials=3)


def test_columns_of_money_need_a_currency() -> None:
    for measure, currency in (("dials", "CNY"), ("recovered_minor", None), ("unheard_of", None)):
        with pytest.raises(ValueError, match="do not make a column"):
            column(measure, currency)
