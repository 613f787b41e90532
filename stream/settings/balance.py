"""The balance rule (scores 2): whoever is judged by recovered money alone, or by one number alone, is judged wrongly.

The sources say so, and regulators do. Who wants it all the same writes down why, and every record carries that text.
"""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from stream.settings.document import Document
from stream.settings.scheme_kpis import RECOVERY
from stream.settings.scheme_parts import DefinitionSection, SourceSection
from stream.settings.schemes import PayoutSection, ScorecardSection

Version = TypeVar("Version", bound=DefinitionSection)


def imbalance(definition: ScorecardSection | PayoutSection, document: Document) -> str:
    """Why a scorecard or payout is refused; empty where it is not. A payout by score is balanced under each version of
    the card that applies while the payout does."""
    name = definition.scorecard if isinstance(definition, ScorecardSection) else definition.payout
    if definition.only_recovery is not None:
        return ""
    if isinstance(definition, ScorecardSection):
        return _reason(name, _weighed(definition), definition.only_one)
    rest = [*(definition.factors or ()), *(definition.gates or ())]
    if definition.basis.scorecard is None:
        return _reason(name, [definition.basis, *rest], definition.only_one)
    for card in _applying(definition, document):
        reason = _reason(name, [*_weighed(card), *rest], definition.only_one)
        if reason:
            return f"{reason} (by version {card.version} of {card.scorecard})"
    return ""


def _reason(name: str, sources: list[SourceSection], only_one: str | None) -> str:
    if not sources:
        return ""
    if all(source.kpi in RECOVERY for source in sources):
        return f'{name} pays for recovery alone; if that is meant, say `only_recovery: "reason"`'
    one = (sources[0].kpi, sources[0].indicator)
    if only_one is None and all((source.kpi, source.indicator) == one for source in sources):
        return f'{name} pays for one number alone, {one[0] or one[1]}; if that is meant, say `only_one: "reason"`'
    return ""


def _weighed(card: ScorecardSection) -> list[SourceSection]:
    return [component for component in card.components if component.weight]


def _applying(payout: PayoutSection, document: Document) -> list[ScorecardSection]:
    """The versions of its card that apply to some day on which the payout does; all of them if none does."""
    cards = [card for card in document.scorecards if card.scorecard == payout.basis.scorecard]
    versions = [each for each in document.payouts if each.payout == payout.payout]
    found: list[ScorecardSection] = []
    for day in _turns([*cards, *versions]):
        if not _in_force(payout, day) or (not payout.trial and _applies(versions, day) is not payout):
            continue
        card = _applies(cards, day)
        if card is not None and all(card is not each for each in found):
            found.append(card)
    return found or cards


def _turns(sections: Iterable[DefinitionSection]) -> list[date]:
    """The days on which another version may come to apply."""
    days = {day for each in sections for day in (each.from_day, each.until_day) if day is not None}
    return sorted(days)


def _in_force(section: DefinitionSection, day: date) -> bool:
    return section.from_day <= day and (section.until_day is None or day < section.until_day)


def _applies(versions: Iterable[Version], day: date) -> Version | None:
    fitting = [each for each in versions if not each.trial and _in_force(each, day)]
    return max(fitting, key=lambda each: each.from_day, default=None)
