"""The entity stage: sums, windows, KPI records and alerts; partitioned by entity."""

__all__ = ["publication", "publisher", "stage", "windows_state"]
