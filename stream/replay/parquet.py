"""Rows of a Parquet file as events: a column is a field, a null is an absent field.

`instalments` and `hours` are lists, or JSON text. An instant may be text or a timestamp with a zone; a timestamp
without one has no offset and is refused as such. A float that is whole counts as an integer: tables
that were written from data frames hold nullable integers so.
"""

from collections.abc import Iterator

from stream.replay.chunks import InputError

_ROWS_AT_ONCE = 20_000
_JSON_FIELDS = ("instalments", "hours")
_INTEGER_END = 2**53
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def rows(path: str) -> Iterator[bytes]:
    """The rows, in the order of the file, as JSON objects. InputError if it is not a whole Parquet file."""
    import duckdb

    try:
        with duckdb.connect(config=_CONFIG) as connection:
            table = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            fields = ", ".join(f"{_expression(name, kind)} AS {_quoted(name)}" for name, kind, *_ in table)
            # A merge into nothing drops the nulls, which would make up most of a wide table's bytes.
            events = f"SELECT {fields} FROM read_parquet(?)"  # noqa: S608 (names are quoted)
            query = f"SELECT json_merge_patch('{{}}', to_json(event)) FROM ({events}) event"  # noqa: S608
            result = connection.execute(query, [path])
            while batch := result.fetchmany(_ROWS_AT_ONCE):
                for (text,) in batch:
                    yield text.encode()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not a whole Parquet file: {reason}") from error


def _expression(name: str, kind: str) -> str:
    column = _quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%dT%H:%M:%S.%gZ')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%g')"
    if kind in ("FLOAT", "DOUBLE"):
        whole = f"{column} = trunc({column}) AND abs({column}) < {_INTEGER_END}"
        integer = f"WHEN {whole} THEN to_json({column}::BIGINT)"
        return f"CASE WHEN isnan({column}) THEN NULL {integer} ELSE to_json({column}) END"
    if kind == "VARCHAR" and name in _JSON_FIELDS:
        return f"coalesce(TRY_CAST({column} AS JSON), to_json({column}))"
    return column


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
