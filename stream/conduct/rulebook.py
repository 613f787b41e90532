"""The rulebook of a run: which conduct rules judge the contacts of a site, and in which zone it lies (conduct 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stream.conduct.rule import DAY_MS, ComplaintDeadline, ConductRule, Frequency, Hours, Spacing, ThirdParty

CLOCK_CHANGE_MS = DAY_MS
"""A local day is never longer than two days of 24 h, whatever is done to the clock."""


@dataclass(frozen=True)
class Rulebook:
    """The rules at each site. `everywhere`: at a site that is not in `sites`; `zones`: those of configured sites.

    The rules of a site are in the order of their names; versions of one follow each other.
    """

    everywhere: tuple[ConductRule, ...] = ()
    sites: Mapping[str, tuple[ConductRule, ...]] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def at(self, site: str) -> tuple[ConductRule, ...]:
        """The rules by which the contacts of a site are judged."""
        return self.sites.get(site, self.everywhere)

    def zone_of(self, site: str) -> str:
        """The zone of a site; UTC where it is not configured."""
        return self.zones.get(site, "UTC")

    @cached_property
    def rules(self) -> tuple[ConductRule, ...]:
        """Every rule that is evaluated at any site, each once, in the order of their names."""
        found = dict.fromkeys(rule for rules in (self.everywhere, *self.sites.values()) for rule in rules)
        return tuple(sorted(found, key=lambda rule: (rule.name, str(rule.effective_from or ""))))

    @cached_property
    def empty(self) -> bool:
        """Whether there is no rule at any site, so that nothing is ever judged."""
        return not self.rules

    @cached_property
    def deadlines(self) -> bool:
        """Whether any rule judges complaints."""
        return any(isinstance(rule.parameters, ComplaintDeadline) for rule in self.rules)

    @cached_property
    def talks_end_consents(self) -> bool:
        """Whether under any rule a conversation ends consents that last, without it, as long as they say."""
        consents = (getattr(rule.parameters, "consent", None) for rule in self.rules)
        return any(of is not None and of.until_conversation and of.days is None for of in consents)

    @cached_property
    def reach_ms(self) -> int:
        """How long before a contact a fact may lie that a rule still asks for when it judges the contact.

        Restrictions in force, the debtor's zone and, where `talks_end_consents`, what ended a consent are asked for
        however long ago they began.
        """
        return max((_reach_ms(rule) for rule in self.rules), default=0)

    def fingerprint(self) -> dict[str, Any]:
        """What breaches depend on, flat and ready for JSON: `conduct.RULE` its versions with parameters and dates,
        `conduct.at.SITE` the names of the rules there, `conduct.at` those everywhere else. Empty where nothing is
        evaluated: that is as if there were no rulebook."""
        flat: dict[str, Any] = {}
        for rule in self.rules:
            flat.setdefault(f"conduct.{rule.name}", []).append(rule.as_data())
        if self.empty:
            return {}
        flat["conduct.at"] = _names(self.everywhere)
        for site, rules in self.sites.items():
            if rules != self.everywhere:
                flat[f"conduct.at.{site}"] = _names(rules)
        return flat


def _names(rules: tuple[ConductRule, ...]) -> list[str]:
    return sorted({rule.name for rule in rules})


def _reach_ms(rule: ConductRule) -> int:
    of = rule.parameters
    consent = getattr(of, "consent", None)
    consent_ms = 0 if consent is None or consent.days is None else consent.days * DAY_MS
    if isinstance(of, Frequency | Spacing):
        return of.days * DAY_MS + (CLOCK_CHANGE_MS if of.local else 0) + consent_ms
    if isinstance(of, ThirdParty | ComplaintDeadline):
        return of.days * DAY_MS
    return consent_ms if isinstance(of, Hours) else 0
