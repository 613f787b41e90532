"""The shipped packs: the table of the page, their schema, and that each says where it comes from (conduct 6)."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from stream.conduct.rule import (
    AT_ONCE,
    CHANNELS,
    ComplaintDeadline,
    Consent,
    Frequency,
    Hours,
    Parameters,
    Quiet,
    Recorded,
    Restricted,
    Spacing,
    ThirdParty,
)
from stream.settings import yaml
from stream.settings.conduct import ConductSection
from stream.settings.packs import shipped
from stream.settings.rulebooks import RuleChoice

EXCUSED = Consent(7, until_conversation=True)
STOPS = frozenset({"cease_contact", "attorney", "deceased", "dispute", "wrong_number"})
TABLE: dict[str, Parameters] = {
    "us_reg_f.calls_in_7_days": Frequency("connected_attempts", "case", 7, 7, consent=EXCUSED),
    "us_reg_f.after_conversation": Spacing("case", 7, local=True, consent=EXCUSED),
    "us_reg_f.hours": Hours(480, 1260, consent=Consent()),
    "us_ma.contacts_in_7_days": Frequency("contacts", "case", 2, 7, channels=frozenset({"call", "sms"})),
    "us_ma.hours": Hours(480, 1260),
    "cn_gbt_45251.night": Hours(480, 1320, consent=Consent()),
    "cn_gbt_45251.conversations_per_day": Frequency("conversations", "debtor", 3, 1, local=True),
    "cn_gbt_45251.third_party": ThirdParty(3, 3),
    "cn_cba_2026.unanswered_per_number": Frequency("unanswered_attempts", "number", 6, 1, local=True),
    "cn_cba_2026.night": Hours(480, 1320, consent=Consent()),
    "uk_conc.breathing_space": Restricted(frozenset({"breathing_space"})),
    "uk_conc.preference": Quiet(),
    "uk_conc.complaint_response": ComplaintDeadline(56),
    "in_rbi.hours": Hours(480, 1140),
    "in_rbi.recorded": Recorded(),
    "any.restricted": Restricted(STOPS),
    "any.quiet": Quiet(),
}
BEGINS = {
    "us_reg_f": date(2021, 11, 30),
    "cn_gbt_45251": date(2025, 2, 28),
    "cn_cba_2026": date(2026, 1, 30),
    "in_rbi": date(2022, 8, 12),
}
CHOICE = RuleChoice(ConductSection(packs=tuple(shipped())))
FILES = sorted(file.name for file in files("stream.conduct").joinpath("packs").iterdir() if file.name.endswith(".yaml"))


def test_the_rules_and_their_parameters_are_those_of_the_table() -> None:
    assert {known.name: known.rule().parameters for known in CHOICE.at(None)} == TABLE
    assert CHANNELS - {"letter"} == AT_ONCE


def test_the_dates_are_those_of_the_table_and_only_one_rule_is_a_draft() -> None:
    for known in CHOICE.at(None):
        assert known.pack is not None
        assert (known.effective_from, known.effective_until) == (BEGINS.get(known.pack.pack), None)
    assert [known.name for known in CHOICE.at(None) if known.status == "draft"] == ["in_rbi.recorded"]
    assert CHOICE.wrong == []


@pytest.mark.parametrize("name", FILES)
def test_a_pack_fits_its_schema_says_its_source_and_what_it_leaves_out(name: str) -> None:
    text = files("stream.conduct").joinpath("packs", name).read_text("utf-8")
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "pack.json").read_text("utf-8"))
    content = yaml.parse(text)
    assert list(Draft202012Validator(schema).iter_errors(content)) == []
    assert list(Draft202012Validator(schema).iter_errors([content, content])) == []
    assert f"{content['pack']}.yaml" == name
    assert content["source"]["title"]
    assert content["source"]["url"].startswith("https://")
    assert content["instrument"]
    assert text.startswith("# ")


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"limit": -1}, "limit"),
        ({"window": {"days": 0}}, "days"),
        ({"sites": ["main"]}, "sites"),
        ({"kind": "hour"}, "hour"),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(wrong: dict[str, object], place: str) -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "pack.json").read_text("utf-8"))
    rule = {"rule": "a", "kind": "frequency", "counts": "attempts", "per": "case", "limit": 1, "window": {"days": 1}}
    assert Draft202012Validator(schema).is_valid({"pack": "a", "rules": [rule]})
    assert not Draft202012Validator(schema).is_valid({"pack": "a", "rules": [rule | wrong]}), place


def test_the_packs_are_part_of_the_installed_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    assert all(any(fnmatch(f"packs/{name}", pattern) for pattern in patterns if "/" in pattern) for name in FILES)
