"""The value of a KPI from its exact parts (contract 2, definitions 6)."""

OK = "ok"
NO_DATA = "no_data"
FEW = "few"


def rate(numerator: int, denominator: int, factor: int = 1, minimum: int = 1) -> tuple[float | None, str]:
    """(value, status) of numerator * factor / denominator: the nearest double, None unless the status is ok.

    no_data: the denominator is 0. few: it is under `minimum`. Integers divide exactly: only the last step rounds.
    """
    if not denominator:
        return None, NO_DATA
    if denominator < minimum:
        return None, FEW
    return numerator * factor / denominator, OK
