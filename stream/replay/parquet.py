"""Rows of a Parquet file as events: a column is a field, a null is an absent field.

`instalments` and `hours` are lists, or JSON text. An instant is text or a timestamp with a zone; a timestamp without a
zone has no offset, and its event is refused for that. A float that is whole counts as an integer, since tables that
were written from data frames hold nullable integers that way.

A table of events of all types is wide and mostly null. It is read type by type, with only the columns of that type;
rows of no known type come last, with all columns.
"""

from collections.abc import Iterator
from functools import cache

from stream.facts.fact import KINDS, Fact
from stream.replay.chunks import InputError

_ROWS_AT_ONCE = 8_000
_JSON_FIELDS = ("instalments", "hours")
_INTEGER_END = 2**53
DUCKDB_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""One thread, little memory, and no extension from the network."""


def count_rows(path: str) -> int:
    """How many rows there are. InputError if it is not a whole Parquet file."""
    import duckdb

    try:
        with duckdb.connect(config=DUCKDB_CONFIG) as connection:
            found = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [path]).fetchone()
            return int(found[0]) if found else 0
    except duckdb.Error as error:
        raise _torn(path, error) from error


def rows(path: str, first: int, end: int) -> Iterator[tuple[list[int], list[bytes]]]:
    """The rows `[first, end)` as JSON objects, block by block: row numbers, counted from 1, and objects.

    InputError if it is not a whole Parquet file.
    """
    import duckdb

    try:
        with duckdb.connect(config=DUCKDB_CONFIG) as connection:
            table = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
            for query in _queries({name: kind for name, kind, *_ in table}):
                result = connection.execute(query, [path, first, end])
                while batch := result.fetchmany(_ROWS_AT_ONCE):
                    numbers, texts = zip(*batch, strict=True)
                    yield list(numbers), [text.encode() for text in texts]
    except duckdb.Error as error:
        raise _torn(path, error) from error


def _queries(columns: dict[str, str]) -> Iterator[str]:
    rest = "true"
    if columns.get("type") == "VARCHAR":
        for kind in KINDS:
            fields = [name for name in ("type", *_fields(kind)) if name in columns]
            yield _query(columns, fields, "to_json(event)", f"type = '{kind.TYPE}'")
        known = ", ".join(f"'{kind.TYPE}'" for kind in KINDS)
        rest = f"(type IS NULL OR type NOT IN ({known}))"
    # A merge into nothing drops the nulls, which would make up most of a wide table's bytes.
    yield _query(columns, list(columns), "json_merge_patch('{}', to_json(event))", rest)


def _query(columns: dict[str, str], fields: list[str], event: str, condition: str) -> str:
    pack = ", ".join(f"{_quoted(name)} := {_expression(name, columns[name])}" for name in fields)
    return (
        f"SELECT number, {event} FROM (SELECT file_row_number + 1 AS number, struct_pack({pack}) AS event "  # noqa: S608
        f"FROM read_parquet(?, file_row_number = true) "
        f"WHERE file_row_number >= ? AND file_row_number < ? AND {condition})"
    )


@cache
def _fields(kind: type[Fact]) -> tuple[str, ...]:
    """The names of the fields of a type, as events write them."""
    return kind.__struct_encode_fields__


def _torn(path: str, error: Exception) -> InputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(f"{path}: not a whole Parquet file: {reason}")


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
