"""Contributions in time: measures, zones, calendars, panes and watermarks."""
