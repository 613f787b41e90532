"""The whole-set fold: all facts in, all contributions out (definitions 1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.oracle.conduct import conduct_contributions
from tests.oracle.config import Config
from tests.oracle.contribution import Contribution
from tests.oracle.deadlines import (
    of_closing,
    of_complaint,
    of_coverage,
    of_legal_step,
    of_placing,
    of_states,
    of_visit_value,
)
from tests.oracle.debtor import Debtor
from tests.oracle.identity import is_void
from tests.oracle.own import own_contributions
from tests.oracle.promises import due_contributions, payment_contributions, reversal_contributions
from tests.oracle.reading import Event
from tests.oracle.timing import timed


def of_debtor(debtor: Debtor, config: Config) -> list[Contribution]:
    """What depends on several facts of one debtor."""
    found: list[Contribution] = []
    for case_id in debtor.cases():
        found += due_contributions(debtor, case_id, config)
        found += of_placing(debtor, case_id, config)
        found += of_coverage(debtor, case_id, config)
        found += of_closing(debtor, case_id)
    found += payment_contributions(debtor, config)
    found += reversal_contributions(debtor, config)
    for visit in debtor.all("visit"):
        found += of_visit_value(visit, debtor)
    for step in debtor.all("legal_step"):
        found += of_legal_step(step, debtor, config)
    for complaint in debtor.all("complaint"):
        found += of_complaint(complaint, debtor, config)
    return found


def contributions_of(facts: Iterable[Event], config: Config) -> list[Contribution]:
    """Every contribution that is not zero, of all facts together; void ones are as if they were not there."""
    debtors: dict[str, list[Event]] = defaultdict(list)
    agents: dict[str, list[Event]] = defaultdict(list)
    found: list[Contribution] = []
    told = timed((fact for fact in facts if not is_void(fact)), config)
    found += conduct_contributions(told, config)
    for fact in told:
        found += own_contributions(fact, config)
        if fact["type"] == "agent_state":
            agents[fact["agent_id"]].append(fact)
        elif "debtor_id" in fact and fact["type"] != "measurement":
            debtors[fact["debtor_id"]].append(fact)
        elif fact["type"] == "complaint":
            found += of_complaint(fact, None, config)
    for of_one in debtors.values():
        found += of_debtor(Debtor(of_one), config)
    for states in agents.values():
        found += of_states(states, config)
    return [contribution for contribution in found if contribution.amount != 0]
