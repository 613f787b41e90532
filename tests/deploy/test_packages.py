"""What `make check` says of the packages that we use: their licences, and what is known against them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from deploy.checks import audit, licences


@pytest.mark.parametrize(
    ("package", "found"),
    [
        ({"License-Expression": "MPL-2.0 AND (Apache-2.0 OR MIT)", "License": "x"}, ["Apache-2.0", "MIT", "MPL-2.0"]),
        ({"Classifier": ["License :: OSI Approved :: MIT License", "Topic :: x"], "License": "other"}, ["MIT"]),
        ({"Classifier": ["License :: DFSG approved"], "License": "Apache 2.0"}, ["Apache-2.0"]),
        ({"License": "Copyright (c) 2017-2020, somebody whose text begins with a very long line of words"}, []),
        ({"License": None}, []),
        ({"Classifier": ["License :: OSI Approved :: GNU Affero General Public License v3"]},
         ["GNU Affero General Public License v3"]),
    ],
)  # fmt: skip
def test_the_licence_of_a_package_is_read_from_its_metadata(package: dict[str, Any], found: list[str]) -> None:
    assert licences.licences_of(package) == found


def test_a_licence_that_is_neither_allowed_nor_recorded_is_named_and_so_is_a_record_that_is_not_needed() -> None:
    found: dict[str, list[str] | None] = {
        "good": ["MIT"], "mixed": ["MIT", "GPL-3.0-only"], "silent": [], "absent": None, "excused": ["GPL-2.0-only"],
    }  # fmt: skip
    rules = {"allowed": ["MIT"], "exceptions": {"excused": "a tool", "good": "no need", "gone": "no such package"}}
    assert list(licences.problems(found, rules)) == [
        "mixed: MIT, GPL-3.0-only: allow it in pyproject.toml, or say why not".replace(
            "GPL-3.0-only, MIT", "MIT, GPL-3.0-only"
        ),
        "silent: names no licence: allow it in pyproject.toml, or say why not",
        "absent: is locked and not installed: run `make setup`",
        "good: needs no exception in pyproject.toml",
        "gone: needs no exception in pyproject.toml",
    ]


def test_the_locked_packages_are_in_order_and_the_page_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main([]) == 0, capsys.readouterr().out


def report(*packages: dict[str, Any]) -> audit.Report:
    made = audit.Report()
    made.take({"dependencies": list(packages)})
    return made


CLEAN = {"name": "a", "version": "1.0", "vulns": []}
BAD = {"name": "b", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}, {"id": "GHSA-2"}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


def test_a_known_vulnerability_that_is_not_recorded_is_named_and_so_is_a_record_that_is_none_any_more() -> None:
    assert list(audit.problems(report(CLEAN, BAD), {"GHSA-2": "not called", "OLD-1": "mended"}, required=False)) == [
        "b: PYSEC-1: 2.0, mended in 2.1: upgrade it, or record why it does not matter in pyproject.toml",
        "OLD-1: needs no exception in pyproject.toml",
    ]


def test_a_run_in_which_nobody_was_asked_is_never_called_clean() -> None:
    asked_nobody = audit.Report(unanswered="Connection refused")
    for nothing, said in (
        (asked_nobody, "audit: NOT DONE, nobody could be asked: Connection refused"),
        (report(UNKNOWN), "audit: NOT DONE: the index that is used knows advisories of none of 1 packages"),
        (report(CLEAN, UNKNOWN), "audit: 1 packages looked up, 0 known vulnerabilities, 1 NOT LOOKED UP: c"),
    ):
        assert audit.said(nothing) == said
        assert list(audit.problems(nothing, {}, required=True)) == [said]
        assert list(audit.problems(nothing, {"ANY-1": "reason"}, required=False)) == []
    assert audit.said(report(CLEAN)) == "audit: 1 packages looked up, 0 known vulnerabilities"
    assert list(audit.problems(report(CLEAN), {}, required=True)) == []


@pytest.mark.parametrize(
    ("out", "error", "expected"),
    [
        (json.dumps({"dependencies": [CLEAN]}), "No known vulnerabilities found", {"dependencies": [CLEAN]}),
        (
            "",
            "WARNING: x\nERROR:pip_audit._cli:Could not connect to the index\n",
            "ERROR:pip_audit._cli:Could not connect to the index",
        ),
        ("", "", "pip-audit ended with 1"),
    ],
)
def test_what_pip_audit_says_is_read_or_told(
    monkeypatch: pytest.MonkeyPatch, out: str, error: str, expected: object
) -> None:
    done = subprocess.CompletedProcess([], 1, out, error)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert audit.run("requirements.txt") == expected


def test_pip_audit_is_there_with_the_options_that_are_used() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--help"], capture_output=True, text=True, timeout=60, check=True
    )
    for option in ("--disable-pip", "--require-hashes", "--requirement", "--format", "--vulnerability-service"):
        assert option in helped.stdout
