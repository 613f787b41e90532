"""The records of a replay as Parquet: the columns are the fields of the JSON, `kpis` a list of structs."""

from pathlib import Path

from stream.replay.parquet import DUCKDB_CONFIG
from stream.replay.workfolder import OutputError
from stream.replay.writing import ALERTS, KPIS

_KPI = (
    "STRUCT(kpi VARCHAR, currency VARCHAR, numerator BIGINT, denominator BIGINT, value DOUBLE, status VARCHAR, "
    "target DOUBLE, attainment DOUBLE, pace DOUBLE)[]"
)
_COLUMNS = {
    KPIS: {
        **dict.fromkeys(("site", "level", "entity", "window", "start", "end", "as_of"), "VARCHAR"),
        "final": "BOOLEAN",
        "revision": "BIGINT",
        "run": "VARCHAR",
        "catalogue": "BIGINT",
        "kpis": _KPI,
    },
    ALERTS: {
        **dict.fromkeys(
            ("alert_id", "rule", "severity", "state", "kpi", "currency", "level", "entity", "site", "team", "window"),
            "VARCHAR",
        ),
        **dict.fromkeys(("value", "threshold"), "DOUBLE"),
        **dict.fromkeys(("numerator", "denominator", "denominator_min"), "BIGINT"),
        **dict.fromkeys(("active_since", "fired_at", "resolved_at", "at", "reason"), "VARCHAR"),
        "muted": "BOOLEAN",
        "labels": "VARCHAR",
        "run": "VARCHAR",
    },
}
ALERT_COLUMNS = tuple(_COLUMNS[ALERTS])
"""The fields of alert records, in their order."""
WRITER_CONFIG = DUCKDB_CONFIG | {"memory_limit": "512MB"}


def to_parquet(folder: Path) -> None:
    """Replaces `kpi.jsonl` and `alerts.jsonl` in a folder by Parquet files with the same rows in the same order.

    OutputError: a number has more than 64 bits.
    """
    import duckdb

    for name, columns in _COLUMNS.items():
        source = folder / name
        target = source.with_suffix(".parquet")
        fields = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
        read = f"read_json('{quoted(source)}', format = 'newline_delimited', columns = {{{fields}}})"
        try:
            with duckdb.connect(config=WRITER_CONFIG) as connection:
                connection.execute(f"COPY (SELECT * FROM {read}) TO '{quoted(target)}' (FORMAT parquet)")  # noqa: S608
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise OutputError(f"{target.name}: {reason} (--format jsonl takes any number)") from error
        source.unlink()


def quoted(path: Path) -> str:
    """A path as it stands between the quotes of an SQL text."""
    return str(path).replace("'", "''")
