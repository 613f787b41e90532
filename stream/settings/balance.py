"""The balance rule (scores 2): whoever is judged by recovered money alone, or by one number alone, is judged wrongly.

The sources say so, and regulators do. Who wants it all the same writes down why, and every record carries that text.
"""

from collections.abc import Iterator

from stream.settings.document import Document
from stream.settings.scheme_kpis import RECOVERY
from stream.settings.schemes import PayoutSection, ScorecardSection, SourceSection


def imbalance(definition: ScorecardSection | PayoutSection, document: Document) -> str:
    """Why a scorecard or payout is refused; empty where it is not."""
    sources = list(_counted(definition, document))
    name = definition.scorecard if isinstance(definition, ScorecardSection) else definition.payout
    if not sources or definition.only_recovery is not None:
        return ""
    if all(source.kpi in RECOVERY for source in sources):
        return f'{name} pays for recovery alone; if that is meant, say `only_recovery: "reason"`'
    one = (sources[0].kpi, sources[0].indicator)
    if definition.only_one is None and all((source.kpi, source.indicator) == one for source in sources):
        return f'{name} pays for one number alone, {one[0] or one[1]}; if that is meant, say `only_one: "reason"`'
    return ""


def _counted(definition: ScorecardSection | PayoutSection, document: Document) -> Iterator[SourceSection]:
    """What counts as a component: of a payout its basis, factors and gates, too."""
    if isinstance(definition, ScorecardSection):
        yield from (component for component in definition.components if component.weight)
        return
    if definition.basis.scorecard is None:
        yield definition.basis
    else:
        cards = [card for card in document.scorecards if card.scorecard == definition.basis.scorecard]
        if not cards:
            return
        # Nobody is paid by a card on trial.
        for card in [card for card in cards if not card.trial] or cards:
            yield from (component for component in card.components if component.weight)
    yield from definition.factors or ()
    yield from definition.gates or ()
