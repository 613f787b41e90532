"""From the section `conduct` to the rules that are evaluated at each site, or to what is wrong with it (conduct 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from pydantic import ValidationError

from stream.conduct.rule import ConductRule
from stream.conduct.rulebook import Rulebook
from stream.settings.conduct import ConductSection, HoursRule, PackSection, RuleSection, WithConsent, changes_of
from stream.settings.failure import KeyPath
from stream.settings.packs import shipped
from stream.settings.reasons import errors_of, key_of, reason_of

Wrong = tuple[KeyPath, str]


@dataclass(frozen=True)
class KnownRule:
    """A rule of a pack's version, or an own one (`pack` None), with what `parameters` change in it.

    `place`: where it stands in the document; None: it ships with the product.
    """

    name: str
    pack: PackSection | None
    section: RuleSection
    place: KeyPath | None = None

    @property
    def status(self) -> str:
        """The rule's own, else the pack's: in_force or draft."""
        return self.section.status or (self.pack and self.pack.status) or "in_force"

    @property
    def effective_from(self) -> date | None:
        """The first day on which it judges."""
        return self.section.effective_from or (self.pack.effective_from if self.pack else None)

    @property
    def effective_until(self) -> date | None:
        """The first day on which it judges no longer."""
        return self.section.effective_until or (self.pack.effective_until if self.pack else None)

    def shown(self) -> str:
        """The rule as a person reads it: name, kind, parameters as they are written, status, dates and source."""
        section, pack = self.section, self.pack
        parameters = ", ".join(section.written())
        dates = (("from", self.effective_from), ("until", self.effective_until))
        parts = [self.name, f"{section.rule_kind}", f"{{{parameters}}}", self.status]
        parts += [f"{word} {day.isoformat()}" for word, day in dates if day is not None]
        if pack is None:
            return " ".join([*parts, "(own rule)"])
        told = [text for text in (pack.jurisdiction, pack.instrument) if text]
        told += [text for text in (pack.source.title, pack.source.url) if text] if pack.source else []
        return " ".join([*parts, f"({'; '.join(told) or 'no source stated'})"])

    def rule(self) -> ConductRule:
        """The rule as it is evaluated."""
        pack = self.pack.pack if self.pack else None
        return ConductRule(self.name, pack, self.section.parameters(), self.effective_from, self.effective_until)


class RuleChoice:
    """All rules that a configuration knows, and which hold at each site. `wrong`: what is wrong with the section."""

    def __init__(self, section: ConductSection) -> None:
        self._section = section
        self.wrong: list[Wrong] = []
        self._versions = self._packs()
        self._known = self._rules()
        self._choose()
        self._change()
        self._check()

    def _packs(self) -> dict[str, list[tuple[PackSection, KeyPath | None]]]:
        """The versions of every pack; a user's own replace the shipped ones of the name."""
        own: dict[str, list[tuple[PackSection, KeyPath | None]]] = {}
        for index, file in enumerate(self._section.pack_files):
            for number, pack in enumerate(file.packs):
                place: KeyPath = ("conduct", "pack_files", index, "packs", number)
                for other, _ in own.get(pack.pack, []):
                    if _overlap(pack, other):
                        self.wrong.append(((*place, "pack"), f"versions of {pack.pack!r} have dates that overlap"))
                        break
                own.setdefault(pack.pack, []).append((pack, place))
        for name, packs in shipped().items():
            own.setdefault(name, [(pack, None) for pack in packs])
        return own

    def _rules(self) -> dict[str, list[KnownRule]]:
        """Every rule of every pack, chosen or not, and the own ones, by name."""
        known: dict[str, list[KnownRule]] = {}
        for versions in self._versions.values():
            for pack, place in versions:
                for rule in self._each(pack.rules, None if place is None else (*place, "rules"), in_pack=True):
                    name = f"{pack.pack}.{rule[0].rule}"
                    known.setdefault(name, []).append(KnownRule(name, pack, *rule))
        for section, place in self._each(self._section.rules, ("conduct", "rules"), in_pack=False):
            known.setdefault(section.rule, []).append(KnownRule(section.rule, None, section, place))
        return known

    def _each(
        self, rules: Sequence[RuleSection], place: KeyPath | None, *, in_pack: bool
    ) -> Iterator[tuple[RuleSection, KeyPath | None]]:
        seen: set[str] = set()
        for index, rule in enumerate(rules):
            at = None if place is None else (*place, index)
            if at is not None and rule.rule in seen:
                self.wrong.append(((*at, "rule"), f"{rule.rule!r} is the name of another rule already"))
                continue
            if at is not None and in_pack and rule.sites is not None:
                self.wrong.append(((*at, "sites"), "unknown key: only the rules of conduct.rules have sites"))
            seen.add(rule.rule)
            yield rule, at

    def _choose(self) -> None:
        """Says which packs are chosen that are not known."""
        chosen: list[tuple[KeyPath, tuple[str, ...]]] = [(("packs",), self._section.packs)]
        chosen += [(("sites", site), names) for site, names in self._section.sites.items()]
        for key, names in chosen:
            for index, name in enumerate(names):
                if name not in self._versions:
                    there = ", ".join(sorted(self._versions))
                    reason = f"no such pack: {name!r} (there are {there}; others come from pack_files)"
                    self.wrong.append((("conduct", *key, index), reason))

    def _change(self) -> None:
        """Gives rules the values that `parameters` has for them."""
        for name, values in self._section.parameters.items():
            place: KeyPath = ("conduct", "parameters", name)
            if name not in self._known:
                reason = "no such rule: it is named PACK.RULE, or is one of conduct.rules (packs: see also pack_files)"
                self.wrong.append((place, reason))
                continue
            changed = []
            for known in self._known[name]:
                section, wrong = _changed(known.section, values)
                self.wrong += [
                    each for each in ((place + key, reason) for key, reason in wrong) if each not in self.wrong
                ]
                changed.append(KnownRule(name, known.pack, section, place if values else known.place))
            self._known[name] = changed

    def _check(self) -> None:
        """Says what is wrong with rules as they are in the end: those of the configuration, not of the product."""
        for name, versions in self._known.items():
            for known in versions:
                place = known.place
                if place is None:
                    continue
                section, begins, ends = known.section, known.effective_from, known.effective_until
                if isinstance(section, HoursRule) and section.from_minute >= section.until_minute:
                    self.wrong.append(((*place, "until"), "must be after from"))
                if begins is not None and ends is not None and begins >= ends:
                    self.wrong.append(((*place, "effective_until"), f"must be after effective_from ({begins})"))
            for one, other in combinations(versions, 2):
                place = other.place
                if place is None or not _overlap(one, other):
                    continue
                if place[1] == "parameters":
                    self.wrong.append((place, f"the versions of {name} would have dates that overlap"))
                elif not (one.pack and other.pack and _overlap(one.pack, other.pack)):  # else that is said of the packs
                    self.wrong.append(((*place, "rule"), f"versions of {name!r} have dates that overlap"))
                break

    def known(self) -> Iterable[Sequence[KnownRule]]:
        """Every rule that the configuration knows, chosen or not: its versions."""
        return self._known.values()

    def sites(self) -> tuple[str, ...]:
        """The sites that have a choice of their own."""
        own = (site for rule in self._section.rules for site in rule.sites or ())
        return tuple(sorted({*self._section.sites, *own}))

    def at(self, site: str | None) -> list[KnownRule]:
        """The rules chosen at a site, drafts included, by name; None: at a site that the section does not name."""
        names = self._section.packs if site is None else self._section.sites.get(site, self._section.packs)
        found = [
            known
            for versions in self._known.values()
            for known in versions
            if (known.pack.pack in names if known.pack else _is_at(known.section, site))
        ]
        return sorted(found, key=lambda known: (known.name, str(known.effective_from or "")))

    def rulebook(self, zones: Mapping[str, str]) -> Rulebook:
        """The rules that are evaluated: those that are not drafts."""
        sites = {site: self._evaluated(site) for site in self.sites()}
        return Rulebook(self._evaluated(None), sites, dict(zones))

    def _evaluated(self, site: str | None) -> tuple[ConductRule, ...]:
        return tuple(known.rule() for known in self.at(site) if known.status == "in_force")


def consents_without_effect(section: ConductSection) -> Iterator[Wrong]:
    """Keys that say how long a consent excuses, in rules of the configuration that no consent excuses from."""
    for versions in RuleChoice(section).known():
        for known in versions:
            rule = known.section
            if known.place is not None and isinstance(rule, WithConsent) and not rule.consent:
                for key in ("consent_days", "consent_ends"):
                    if getattr(rule, key) is not None:
                        yield (*known.place, key), f"has no effect without `consent: true` (rule {known.name})"


def _is_at(own: RuleSection, site: str | None) -> bool:
    return own.sites is None or site in own.sites


def _overlap(one: PackSection | KnownRule, other: PackSection | KnownRule) -> bool:
    """Whether there is a day on which both are in force, drafts or not."""
    begins = max(one.effective_from or date.min, other.effective_from or date.min)
    return begins < min(one.effective_until or date.max, other.effective_until or date.max)


def _changed(section: RuleSection, values: Mapping[str, Any]) -> tuple[RuleSection, list[Wrong]]:
    """A rule with other values, each of which replaces its own whole; what is wrong with them."""
    model = changes_of(type(section))
    try:
        changes = model.model_validate(values)
    except ValidationError as error:
        return section, [(key_of(each), reason_of(each, model)) for each in errors_of(error)]
    return section.model_copy(update={name: getattr(changes, name) for name in changes.model_fields_set}), []
