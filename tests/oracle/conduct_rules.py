"""Which conduct rules are evaluated at a site: packs, own rules, parameters, status and dates (conduct, section 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.oracle.calendar import midnight
from tests.oracle.conduct_packs import SHIPPED
from tests.oracle.config import Config

Raw = Mapping[str, Any]
TALKED = ("call", "sms", "email", "chat", "visit")
"""What `hours` and `quiet` judge unless they say otherwise; a letter has no hour."""
ALL = (*TALKED, "letter")
DEFAULTS: dict[str, dict[str, Any]] = {
    "frequency": {"channels": ALL, "effective_ms": 0},
    "spacing": {"local": False},
    "hours": {"channels": TALKED},
    "quiet": {"channels": TALKED},
    "restricted": {"channels": ALL},
    "third_party": {"days": 3, "attempts": 3},
    "recorded": {},
    "deadline": {},
}
CONSENT = {"consent": False, "consent_days": None, "consent_ends": None}
OF_A_PACK = ("status", "effective_from", "effective_until")


@dataclass(frozen=True)
class Rule:
    """One rule in one version. `rule` is `pack.rule`, or the name of an own rule (`pack` None); `says` its values."""

    rule: str
    pack: str | None
    says: Raw

    @property
    def kind(self) -> str:
        return str(self.says["kind"])

    @property
    def per(self) -> str | None:
        """debtor, case or number; None for a kind that has no scope."""
        return self.says.get("per")

    @property
    def is_draft(self) -> bool:
        return bool(self.says.get("status", "in_force") == "draft")

    def judges(self, zone: str, at_ms: int) -> bool:
        """Whether what happened at this instant, to a debtor who lives in this zone, is within the rule's dates."""
        first, beyond = day_of(self.says.get("effective_from")), day_of(self.says.get("effective_until"))
        if first is not None and at_ms < midnight(zone, first):
            return False
        return beyond is None or at_ms < midnight(zone, beyond)


def day_of(said: Any) -> date | None:
    """A date as YAML or JSON has it."""
    return said if said is None or isinstance(said, date) else date.fromisoformat(str(said))


def with_defaults(raw: Raw) -> dict[str, Any]:
    return CONSENT | DEFAULTS[raw["kind"]] | {name: value for name, value in raw.items() if value is not None}


def rule_of(name: str, raw: Raw, pack: Raw, parameters: Raw) -> Rule:
    """A rule of a pack ({}: an own one). What `parameters` says goes before the rule's, and that before the pack's."""
    whole = f"{pack['pack']}.{name}" if pack else name
    inherited = {key: pack[key] for key in OF_A_PACK if pack.get(key) is not None}
    return Rule(whole, pack["pack"] if pack else None, inherited | with_defaults(raw) | parameters.get(whole, {}))


@dataclass(frozen=True)
class Conduct:
    """The section `conduct` of a configuration, with the packs of its pack files; without a section no rules."""

    section: Raw
    own_packs: tuple[Raw, ...]

    def versions(self, pack: str) -> list[Raw]:
        """The versions of a pack. One of the user's own replaces all of the shipped one of its name."""
        own = [one for one in self.own_packs if one["pack"] == pack]
        return own or [one for one in SHIPPED if one["pack"] == pack]

    def at(self, site: str) -> list[Rule]:
        """The rules by which contacts of a site are judged; drafts left out."""
        chosen: Iterable[str] = self.section.get("sites", {}).get(site, self.section.get("packs", ()))
        parameters = self.section.get("parameters", {})
        found = []
        for pack in dict.fromkeys(chosen):
            for version in self.versions(pack):
                found += [rule_of(raw["rule"], raw, version, parameters) for raw in version["rules"]]
        for raw in self.section.get("rules", ()):
            if raw.get("sites") is None or site in raw["sites"]:
                found.append(rule_of(raw["rule"], raw, {}, parameters))
        return [rule for rule in found if not rule.is_draft]


def conduct_of(config: Config) -> Conduct:
    return Conduct(config.conduct or {}, config.own_packs)
