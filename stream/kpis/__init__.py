"""What the numbers are: the KPI catalogue, values and records."""
