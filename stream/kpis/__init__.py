"""What the numbers are: the KPI catalogue, values and records."""

__all__ = ["catalogue", "chinese", "flat_table", "kpi", "options", "records", "targets", "value"]
