"""The catalogue speaks Chinese: whatever a row says in English, it says in Chinese, too."""

import re

import pytest

from stream.kpis.catalogue import CATALOGUE, Kpi
from stream.kpis.chinese import CHINESE, SEPARATOR, chinese
from stream.windows.measures import TABLE

HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("kpi", CATALOGUE.values(), ids=lambda kpi: kpi.id)
def test_whatever_a_kpi_says_in_english_it_says_in_chinese(kpi: Kpi) -> None:
    for english, said in zip(kpi.said, chinese(kpi), strict=True):
        assert bool(english) == bool(HAN.search(said))
        # Keys of the configuration and fields of events are the same in every language.
        assert re.findall(r"`[^`]+`", english) == re.findall(r"`[^`]+`", said)
    assert HAN.search(kpi.name_zh)


def test_no_text_in_chinese_is_of_nothing() -> None:
    texts = {kpi.description for kpi in CATALOGUE.values()}
    texts |= {part for kpi in CATALOGUE.values() for text in kpi.said[1:] for part in text.split(SEPARATOR) if part}
    assert set(CHINESE) == texts


def test_every_measure_has_words_in_chinese() -> None:
    assert [row.name for row in TABLE.values() if not HAN.search(row.words_zh)] == []
