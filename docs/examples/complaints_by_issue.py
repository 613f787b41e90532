"""Complaints by issue beside breaches by rule: what debtors complain of, and what the conduct rules found.

    kpi-stream import cfpb complaints.csv --out complaints.jsonl
    kpi-stream replay --config my.yaml --input complaints.jsonl calls.jsonl --out found
    python complaints_by_issue.py complaints.jsonl found/conduct.jsonl

The importer puts the issue into `category` and the product into `team_id`; each complaint comes in several versions.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

PRODUCT = "Debt collection"


def complaints_by_issue(lines: list[str]) -> Counter[str]:
    """How many debt-collection complaints there are of each issue; a complaint's versions are one."""
    issues = {}
    for event in map(json.loads, lines):
        if event["type"] == "complaint" and event.get("team_id") == PRODUCT:
            issues[event["complaint_id"]] = event.get("category") or "(no issue)"
    return Counter(issues.values())


def breaches_by_rule(lines: list[str]) -> Counter[str]:
    """How many breaches of each rule stand."""
    return Counter(json.loads(line)["rule"] for line in lines)


def side_by_side(complaints: Counter[str], breaches: Counter[str]) -> str:
    """Two columns, the most frequent first, those of one count by name."""

    def ranked(counts: Counter[str]) -> list[str]:
        return [f"{n:5}  {name}" for name, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]

    rows = zip_longest(["complaints", *ranked(complaints)], ["breaches", *ranked(breaches)], fillvalue="")
    return "\n".join(f"{left:50}  {right}".rstrip() for left, right in rows)


def main(complaints: str, breaches: str) -> None:
    events, found = (Path(name).read_text("utf-8").split("\n")[:-1] for name in (complaints, breaches))
    sys.stdout.write(side_by_side(complaints_by_issue(events), breaches_by_rule(found)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
