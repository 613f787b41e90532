"""How many examples a law is tried on: all of them in `make test` and CI, a sixth in `make quick`."""

import os

QUICK = os.environ.get("KPI_STREAM_TESTS") == "quick"
"""Set by `make quick`, which is for every commit."""


def examples(count: int) -> int:
    """So many, or a sixth of them (five at least) for a quick run."""
    return max(5, count // 6) if QUICK else count
