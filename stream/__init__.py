"""kpi-stream: a streaming KPI processor for debt-collection contact centres."""
