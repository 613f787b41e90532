"""Complaints and their deadlines (definitions 3, row `complaint`)."""

from __future__ import annotations

from stream.facts.fact import Complaint, Fact
from stream.ledger.cases import owner_at
from stream.ledger.contribution import Credit, Emit, agent_credit, nobody
from stream.ledger.debtor_index import DebtorIndex


def emit_complaint(index: DebtorIndex, complaint: Complaint, emit: Emit) -> None:
    """Emits a complaint at its receipt and at its deadline, at its own site."""
    decider = _decider(complaint, index)
    credit = _credit(complaint, decider)
    because = (complaint,) if decider is None or decider is complaint else (complaint, decider)
    emit(credit, "complaints", complaint.received_at, 1, *because)
    if complaint.upheld:
        emit(credit, "complaints_upheld", complaint.received_at, 1, *because)
    due_ms = complaint.received_at + index.definitions.complaint_deadline_ms
    emit(credit, "complaints_due", due_ms, 1, *because)
    if complaint.closed_at is not None and complaint.closed_at < due_ms:
        emit(credit, "complaints_in_time", due_ms, 1, *because)


def complaint_credit(index: DebtorIndex, complaint: Complaint) -> Credit:
    """Who a complaint is credited to, at its own site."""
    return _credit(complaint, _decider(complaint, index))


def _credit(complaint: Complaint, decider: Fact | None) -> Credit:
    return nobody(complaint) if decider is None else agent_credit(complaint, decider)


def _decider(complaint: Complaint, index: DebtorIndex) -> Fact | None:
    """The fact whose agent is credited: the complaint itself, the call it names, or the owner of its case."""
    if complaint.agent_id is not None:
        return complaint
    if complaint.debtor_id is not None and complaint.call_id is not None:
        call = index.known("c" + complaint.call_id)
        if call is not None and call.debtor_id == complaint.debtor_id and call.agent_id is not None:
            return call
    if complaint.case_id is not None:
        return owner_at(index, index.case(complaint.case_id), complaint.received_at)
    return None
