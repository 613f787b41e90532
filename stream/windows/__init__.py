"""Contributions in time: measures, zones, calendars, panes and watermarks."""

__all__ = [
    "calendar",
    "exact",
    "former",
    "measures",
    "packed",
    "plan",
    "shifts",
    "sums",
    "totals",
    "trail",
    "watermark",
    "workdays",
    "zone",
]
