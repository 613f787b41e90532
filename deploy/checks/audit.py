"""Known vulnerabilities of the locked packages, by `pip-audit`; and how many of them nobody could be asked about.

python -m deploy.checks.audit               exit 1 if one is vulnerable and not recorded in pyproject.toml. That an
                                            index is silent or knows no advisories is said, and no failure
python -m deploy.checks.audit --required    exit 1 also where one package was not looked up: for whoever makes a release

`pip-audit` calls a run clean in which nobody was asked; so what counts here is how many packages it did look up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOCK = "requirements-dev.txt"
"""It holds every package of requirements.txt in the same version (locks.py)."""
SECONDS = 180


@dataclass
class Report:
    """What a run found. `unanswered`: why nobody could be asked at all; None: somebody was."""

    audited: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    vulnerable: dict[tuple[str, str], str] = field(default_factory=dict)
    """(package, id of the advisory) -> version, and where it is mended."""
    unanswered: str | None = None

    def take(self, found: Mapping[str, Any]) -> None:
        """Adds the report of one run."""
        for package in found["dependencies"]:
            name = package["name"]
            if "skip_reason" in package:
                self.skipped.add(name)
                continue
            self.audited.add(name)
            for each in package["vulns"]:
                mended = ", ".join(each.get("fix_versions") or []) or "no version yet"
                self.vulnerable[name, each["id"]] = f"{package['version']}, mended in {mended}"


def run(lock: str) -> Mapping[str, Any] | str:
    """The report of `pip-audit` on a file of locked packages; or why there is none, in one line."""
    command = [
        sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", lock,
        "--format", "json", "--progress-spinner", "off", "--vulnerability-service", "pypi",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    try:
        found: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return lines[-1][:200] if lines else f"pip-audit ended with {done.returncode}"
    return found


def problems(report: Report, exceptions: Mapping[str, str], *, required: bool) -> Iterator[str]:
    """A line for each vulnerability that is not recorded, for each record that is none any more where that can be
    known, and, if `required`, for what was not looked up."""
    known = {identity for _, identity in report.vulnerable}
    for (package, identity), what in sorted(report.vulnerable.items()):
        if identity not in exceptions:
            yield f"{package}: {identity}: {what}: upgrade it, or record why it does not matter in pyproject.toml"
    if report.audited and not report.skipped:
        for identity in exceptions:
            if identity not in known:
                yield f"{identity}: needs no exception in pyproject.toml"
    if required and (report.skipped or not report.audited):
        yield said(report)


def said(report: Report) -> str:
    """How many packages were looked up, and why not all."""
    if report.unanswered is not None and not report.audited:
        return f"audit: NOT DONE, nobody could be asked: {report.unanswered}"
    if not report.audited:
        return f"audit: NOT DONE: the index that is used knows advisories of none of {len(report.skipped)} packages"
    left = f", {len(report.skipped)} NOT LOOKED UP: {', '.join(sorted(report.skipped))}" if report.skipped else ""
    return f"audit: {len(report.audited)} packages looked up, {len(report.vulnerable)} known vulnerabilities{left}"


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    exceptions = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["kpi-stream"]["advisories"]
    report = Report()
    found = run(LOCK)
    if isinstance(found, str):
        report.unanswered = found
    else:
        report.take(found)
    wrong = list(problems(report, exceptions, required="--required" in given))
    print("\n".join(wrong) or said(report))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
