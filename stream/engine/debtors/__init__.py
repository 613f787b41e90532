"""The debtor stage: facts in, differences of contributions out; partitioned by debtor."""

__all__ = ["accepted", "agents", "changes", "erasure", "findings", "removal", "stage"]
