"""What the numbers are: the KPI catalogue, values and records."""

__all__ = ["catalogue", "kpi", "options", "records", "targets", "value"]
