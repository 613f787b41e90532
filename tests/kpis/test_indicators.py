"""The table of indicators and the catalogue say the same."""

from stream.kpis.catalogue import CATALOGUE
from stream.kpis.indicators import INDICATORS

BY_SOURCE = {each.source: each for each in INDICATORS}


def test_every_indicator_stands_once() -> None:
    assert len(BY_SOURCE) == len(INDICATORS)


def test_every_indicator_has_a_kpi_of_the_catalogue_or_a_reason() -> None:
    for each in INDICATORS:
        assert each.kpis or each.note, each.source
        assert set(each.kpis) <= set(CATALOGUE), each.source


def test_every_kpi_with_a_source_is_named_there_unless_the_source_needs_a_person() -> None:
    human = {"S1-15", "S3-6"}
    for kpi in CATALOGUE.values():
        for source in set(kpi.sources) - human:
            assert kpi.id in BY_SOURCE[source].kpis, (kpi.id, source)


def test_every_level_that_a_source_states_stands_in_the_catalogue() -> None:
    stated = {kpi.id for kpi in CATALOGUE.values() if kpi.threshold}
    assert {
        "effective_talk_ratio",
        "first_contact_rate",
        "qa_pass_rate",
        "complaint_rate",
        "m1_coverage_rate",
    } <= stated
