"""The section `conduct`: every wrong thing is one line with key and reason, and what is right becomes rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from stream.conduct.rule import ConductRule, Consent, Frequency, Hours, Spacing
from stream.conduct.rulebook import Rulebook
from stream.engine.fingerprint import differing_keys, fingerprint
from stream.settings import Settings, SettingsError, load


def settings(folder: Path, text: str, **files: str) -> Settings:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, {})


def lines(folder: Path, text: str, **files: str) -> list[str]:
    """Everything that is wrong, less the name of the file."""
    with pytest.raises(SettingsError) as error:
        settings(folder, text, **files)
    return [line.removeprefix(f"{folder / 'c.yaml'}: ") for line in error.value.lines]


def rulebook(folder: Path, text: str, **files: str) -> Rulebook:
    found = settings(folder, text, **files).conduct()
    assert found is not None
    return found


def rules_at(book: Rulebook, site: str) -> dict[str, ConductRule]:
    return {rule.name: rule for rule in book.at(site)}


KINDS = "frequency, spacing, hours, quiet, restricted, third_party, recorded, deadline"
RULE = "conduct: {{rules: [{{rule: a, {}}}]}}"
REASONS = [
    ("per: case", ["conduct.rules[0].kind: is required"]),
    (
        "kind: hour",
        [f"conduct.rules[0].kind: should be one of {KINDS}, not 'hour'"],
    ),
    (
        "kind: frequency",
        [f"conduct.rules[0].{key}: is required" for key in ("counts", "per", "limit", "window")],
    ),
    ("kind: spacing", ["conduct.rules[0].per: is required", "conduct.rules[0].days: is required"]),
    ("kind: hours", ["conduct.rules[0].from: is required", "conduct.rules[0].until: is required"]),
    ("kind: restricted", ["conduct.rules[0].kinds: is required"]),
    ("kind: deadline", ["conduct.rules[0].days: is required"]),
    ("kind: quiet, kinds: [attorney]", ["conduct.rules[0].kinds: unknown key (did you mean kind?)"]),
    ("kind: recorded, consent: true", ["conduct.rules[0].consent: unknown key"]),
    ("kind: quiet, channel: [sms]", ["conduct.rules[0].channel: unknown key (did you mean channels?)"]),
    ("kind: quiet, channels: []", ["conduct.rules[0].channels: may not be empty"]),
    ("kind: restricted, kinds: []", ["conduct.rules[0].kinds: may not be empty"]),
    (
        "kind: quiet, channels: [letter]",
        ["conduct.rules[0].channels[0]: should be 'call', 'sms', 'email', 'chat' or 'visit', not 'letter'"],
    ),
    (
        'kind: hours, from: "08:00", until: "21:00", channels: [call, letter]',
        ["conduct.rules[0].channels[1]: should be 'call', 'sms', 'email', 'chat' or 'visit', not 'letter'"],
    ),
    (
        'kind: hours, from: "08:00", until: 21:00',
        ['conduct.rules[0].until: 21:00 without quotes is a number in YAML: write the time in quotes, such as "21:00"'],
    ),
    (
        'kind: hours, from: 480, until: "21:00"',
        ['conduct.rules[0].from: 480 without quotes is a number in YAML: write the time in quotes, such as "21:00"'],
    ),
    (
        'kind: hours, from: "8:00", until: "24:01"',
        [
            'conduct.rules[0].from: \'8:00\' is not a local time such as "08:00" ("00:00" to "24:00")',
            'conduct.rules[0].until: \'24:01\' is not a local time such as "08:00" ("00:00" to "24:00")',
        ],
    ),
    ('kind: hours, from: "21:00", until: "08:00"', ["conduct.rules[0].until: must be after from"]),
    ('kind: hours, from: "08:00", until: "08:00"', ["conduct.rules[0].until: must be after from"]),
    ("kind: third_party, days: 0", ["conduct.rules[0].days: should be greater than or equal to 1, not 0"]),
    ("kind: third_party, attempts: -1", ["conduct.rules[0].attempts: should be greater than or equal to 0, not -1"]),
    ("kind: third_party, days: 1.5", ["conduct.rules[0].days: should be a whole number, not '1.5'"]),
    ("kind: deadline, days: -1", ["conduct.rules[0].days: should be greater than or equal to 0, not -1"]),
    ("kind: deadline, days: true", ["conduct.rules[0].days: should be a whole number"]),
    (
        "kind: quiet, effective_from: soon",
        ["conduct.rules[0].effective_from: 'soon' is not a date such as 2026-01-30 (1980 to 2199)"],
    ),
    (
        "kind: quiet, effective_from: 2026-02-01, effective_until: 2026-02-01",
        ["conduct.rules[0].effective_until: must be after effective_from (2026-02-01)"],
    ),
    ("kind: quiet, status: on", ["conduct.rules[0].status: should be 'in_force' or 'draft', not 'on'"]),
    ("kind: quiet, sites: []", ["conduct.rules[0].sites: may not be empty"]),
]


@pytest.mark.parametrize(("rule", "expected"), REASONS)
def test_what_is_wrong_with_a_rule_is_a_line_with_its_key(tmp_path: Path, rule: str, expected: list[str]) -> None:
    assert lines(tmp_path, RULE.format(rule)) == expected


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("{packs: [us]}", "conduct.packs[0]: no such pack: 'us' (there are any, cn_cba_2026, "),
        ("{sites: {berlin: [any, uk]}}", "conduct.sites.berlin[1]: no such pack: 'uk' (there are any, "),
        ("{parameters: {any.quite: {}}}", "conduct.parameters.any.quite: no such rule: it is named PACK.RULE, "),
        ("{parameters: {any.quiet: {days: 1}}}", "conduct.parameters.any.quiet.days: unknown key"),
        ("{parameters: {any.quiet: {kind: hours}}}", "conduct.parameters.any.quiet.kind: unknown key"),
        ("{parameters: {us_ma.hours: {until: 20:30}}}", "conduct.parameters.us_ma.hours.until: 20:30 without quotes"),
        ("{parameters: {us_ma.hours: {from: '22:00'}}}", "conduct.parameters.us_ma.hours.until: must be after from"),
        ("{parameters: {us_reg_f.calls_in_7_days: {window: {local: true}}}}",
         "conduct.parameters.us_reg_f.calls_in_7_days.window.days: is required"),
        ("{rules: [quiet]}", "conduct.rules[0]: should be a mapping of keys, not 'quiet'"),
        ("{rules: [{rule: A, kind: quiet}]}", "conduct.rules[0].rule: 'A' is not a name: 1-64 of a-z, 0-9 and _"),
        ("{rules: [{rule: a, kind: quiet}, {rule: a, kind: recorded}]}",
         "conduct.rules[1].rule: 'a' is the name of another rule already"),
        ("{pack_files: [nowhere.yaml]}", "conduct.pack_files[0]: nowhere.yaml: No such file or directory"),
        ("{pack: [any]}", "conduct.pack: unknown key (did you mean packs?)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_section_is_one_line(tmp_path: Path, section: str, expected: str) -> None:
    (line,) = lines(tmp_path, f"conduct: {section}")
    assert line.startswith(expected)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "conduct: {packs: [x], parameters: {y: {}}, rules: [{rule: a, kind: quiet, effective_until: '2'}]}"
    assert [line.partition(": ")[0] for line in lines(tmp_path, text)] == [
        "conduct.rules[0].effective_until", "conduct.packs[0]",
    ]  # fmt: skip


OWN = """
- pack: uk_conc
  effective_until: 2026-01-01
  rules: [{rule: calls, kind: frequency, counts: attempts, per: case, limit: 5, window: {days: 7}}]
- pack: uk_conc
  effective_from: 2026-01-01
  source: {title: a printed law}
  rules: [{rule: calls, kind: frequency, counts: attempts, per: case, limit: 4, window: {days: 7}, status: draft}]
"""


def test_a_pack_file_replaces_the_shipped_pack_of_its_name_in_all_its_versions(tmp_path: Path) -> None:
    text = "conduct: {pack_files: [own.yaml], packs: [uk_conc]}"
    book = rulebook(tmp_path, text, own=OWN)
    assert [(rule.name, rule.pack, rule.effective_until) for rule in book.rules] == [
        ("uk_conc.calls", "uk_conc", date(2026, 1, 1))
    ]
    both = rulebook(tmp_path, text[:-1] + ", parameters: {uk_conc.calls: {status: in_force, limit: 3}}}", own=OWN)
    assert [rule.parameters for rule in both.rules] == [Frequency("attempts", "case", 3, 7)] * 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("effective_until: 2026-01-01", "effective_until: 2026-01-02"),
         "own.yaml: [1].pack: versions of 'uk_conc' have dates that overlap"),
        (("limit: 5,", "limit: 5, effective_until: 2026-02-01,"),
         "own.yaml: [1].rules[0].rule: versions of 'uk_conc.calls' have dates that overlap"),
        (("limit: 4", "limit: -4"), "own.yaml: [1].rules[0].limit: should be greater than or equal to 0, not -4"),
        (("pack: uk_conc", "pakc: uk_conc"), "own.yaml: [0].pack: is required"),
        (("rules: [{", "rules: [{sites: [main], "), "own.yaml: [0].rules[0].sites: unknown key: only the rules of "),
        (("rules: [{rule: calls,", "rules: [{rule: calls, kind: quiet}, {rule: calls,"),
         "own.yaml: [0].rules[1].rule: 'calls' is the name of another rule already"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_pack_file_is_named_by_the_file(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    found = lines(tmp_path, "conduct: {pack_files: [own.yaml], packs: [uk_conc]}", own=OWN.replace(*change, 1))
    assert found[0].startswith(expected)


def test_a_file_of_one_pack_has_no_number_and_a_torn_one_names_its_line(tmp_path: Path) -> None:
    text = "conduct: {pack_files: [own.yaml]}"
    assert lines(tmp_path, text, own="pack: x\nrules: []") == ["own.yaml: rules: may not be empty"]
    assert lines(tmp_path, text, own="pack: [")[0].startswith("conduct.pack_files[0]: own.yaml: line 1: ")


def test_parameters_that_make_versions_overlap_are_refused(tmp_path: Path) -> None:
    text = "conduct: {pack_files: [own.yaml], parameters: {uk_conc.calls: {effective_until: 2027-01-01}}}"
    (line,) = lines(tmp_path, text, own=OWN)
    assert line == "conduct.parameters.uk_conc.calls: the versions of uk_conc.calls would have dates that overlap"


SECTION = """
sites: {main: {zone: America/Chicago}}
conduct:
  packs: [us_reg_f, in_rbi]
  sites: {berlin: [uk_conc], delhi: []}
  parameters:
    us_reg_f.hours: {until: "20:30", consent: false}
    us_reg_f.calls_in_7_days: {window: {days: 1, local: true}, effective_from: 2027-01-01}
    in_rbi.recorded: {status: in_force, effective_from: 2026-07-01}
    in_rbi.hours: {status: draft}
    any.quiet: {channels: [sms]}
  rules:
    - {rule: everywhere, kind: spacing, per: number, days: 2}
    - {rule: there, kind: recorded, sites: [delhi, oslo]}
    - {rule: draft, kind: recorded, status: draft}
"""


def test_which_rules_hold_where_and_what_they_are(tmp_path: Path) -> None:
    book = rulebook(tmp_path, SECTION)
    main = rules_at(book, "main")
    assert [*main] == [
        "everywhere", "in_rbi.recorded", "us_reg_f.after_conversation", "us_reg_f.calls_in_7_days", "us_reg_f.hours",
    ]  # fmt: skip
    assert main["us_reg_f.hours"].parameters == Hours(8 * 60, 20 * 60 + 30)
    calls, excuse = main["us_reg_f.calls_in_7_days"], Consent(7, until_conversation=True)
    assert calls.parameters == Frequency("connected_attempts", "case", 7, 1, local=True, consent=excuse)
    assert (calls.effective_from, main["us_reg_f.hours"].effective_from) == (date(2027, 1, 1), date(2021, 11, 30))
    assert main["in_rbi.recorded"].effective_from == date(2026, 7, 1)
    assert main["everywhere"].parameters == Spacing("number", 2)
    assert [*rules_at(book, "berlin")] == [
        "everywhere", "uk_conc.breathing_space", "uk_conc.complaint_response", "uk_conc.preference",
    ]  # fmt: skip
    assert [*rules_at(book, "delhi")] == ["everywhere", "there"]
    assert [*rules_at(book, "oslo")] == sorted([*main, "there"])
    assert [*rules_at(book, "nowhere")] == [*main]
    assert (book.zone_of("main"), book.zone_of("nowhere")) == ("America/Chicago", "UTC")


def test_without_the_section_there_is_no_rulebook_and_with_an_empty_one_no_rule(tmp_path: Path) -> None:
    assert settings(tmp_path, "{}").conduct() is None
    assert settings(tmp_path, "conduct:").conduct() is None
    assert rulebook(tmp_path, "conduct: {}").empty


@pytest.mark.parametrize("kpi", ["conduct_breaches", "conduct_breach_rate"])
def test_the_kpis_of_conduct_exist_only_with_the_section(tmp_path: Path, kpi: str) -> None:
    rule = f"alerts: [{{rule: a, kpi: {kpi}, level: queue, window: day, above: 1}}]\nminimum_sample: {{{kpi}: 2}}\n"
    assert lines(tmp_path, rule) == [
        f"minimum_sample.{kpi}: no such KPI without a section `conduct`",
        f"alerts[0].kpi: no such KPI: '{kpi}' without a section `conduct`",
    ]
    assert settings(tmp_path, rule + "conduct: {packs: [any]}").rules()[0].kpi == kpi


def made(folder: Path, text: str) -> dict[str, Any]:
    found = settings(folder, text)
    return fingerprint(found.definitions(), found.plan(), found.conduct())


@pytest.mark.parametrize(
    ("one", "other", "keys"),
    [
        ("{}", "{}", []),
        ("{packs: [any]}", "{packs: [any], sites: {main: [any]}}", []),
        ("{packs: [in_rbi]}", "{packs: [in_rbi], parameters: {in_rbi.recorded: {status: draft}}}", []),
        ("{packs: [us_ma]}", "{packs: [us_ma], parameters: {us_ma.hours: {until: '20:00'}}}", ["us_ma.hours"]),
        ("{packs: [us_ma]}", "{packs: [us_ma], parameters: {us_ma.hours: {effective_from: 2026-01-01}}}",
         ["us_ma.hours"]),
        ("{packs: [us_ma]}", "{packs: [us_ma], parameters: {any.quiet: {channels: [sms]}}}", []),
        ("{packs: [us_ma]}", "{packs: [us_ma], sites: {two: []}}", ["at.two"]),
        ("{}", "{packs: [any]}", ["any.quiet", "any.restricted", "at"]),
    ],
)  # fmt: skip
def test_the_rules_that_are_evaluated_are_in_the_fingerprint(
    tmp_path: Path, one: str, other: str, keys: list[str]
) -> None:
    found = differing_keys(made(tmp_path, f"conduct: {one}"), made(tmp_path, f"conduct: {other}"))
    assert found == [f"conduct.{key}" for key in keys]


def test_a_section_without_rules_is_as_none_to_the_state(tmp_path: Path) -> None:
    assert made(tmp_path, "{}") == made(tmp_path, "conduct: {}")


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("parameters: {us_ma.hours: {consent_days: 3}}", ["parameters.us_ma.hours.consent_days"]),
        ("parameters: {us_ma.hours: {consent: true, consent_days: 3}}", []),
        ("parameters: {us_reg_f.hours: {consent_days: 3, consent_ends: conversation}}", []),
        ("rules: [{rule: r, kind: spacing, per: case, days: 3, consent_days: 2, consent_ends: conversation}]",
         ["rules[0].consent_days", "rules[0].consent_ends"]),
        ("packs: [us_reg_f, any]", []),
    ],
)  # fmt: skip
def test_how_long_a_consent_lasts_is_warned_of_where_no_consent_excuses(
    tmp_path: Path, text: str, warned: list[str]
) -> None:
    lines = settings(tmp_path, f"conduct: {{{text}}}").warnings()
    assert [line.split("warning: conduct.")[1].split(": ")[0] for line in lines] == warned
    assert all("has no effect without `consent: true`" in line for line in lines)


def test_a_horizon_that_is_shorter_than_a_rules_deadline_is_warned_of(tmp_path: Path) -> None:
    text = "conduct: {packs: [uk_conc], parameters: {uk_conc.complaint_response: {days: DAYS}}}"
    (line,) = settings(tmp_path, text.replace("DAYS", "60")).warnings()
    assert line.endswith(
        "warning: time.correction_horizon: shorter than the longest deadline plus 31 days: late facts will be refused "
        "that uk_conc.complaint_response still needs (91d would do)"
    )
    assert settings(tmp_path, text.replace("DAYS", "59")).warnings() == []
