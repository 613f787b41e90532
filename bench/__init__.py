"""Measurements: run `make bench`. Results are ratios within one run; see docs/performance.md."""
