"""The exponent of a currency: one major unit is 10 to this power minor units (ISO 4217)."""

EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""The currencies whose exponent is not 2."""
_EXPONENT = {code: exponent for exponent, codes in EXPONENTS.items() for code in codes.split()}


def exponent(currency: str) -> int:
    """0 for JPY, 3 for KWD, 2 for CNY and for every code not named here."""
    return _EXPONENT.get(currency, 2)
