"""kpi-stream: a streaming KPI processor for debt-collection contact centres."""

from stream.core import COMPILED as COMPILED
