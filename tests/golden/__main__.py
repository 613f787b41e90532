"""Writes the golden files of the formats that this code writes, and what all versions mean.

    .venv/bin/python -m tests.golden

A change of a format raises its version first (`FORMAT` of ledger/record.py, `WINDOWS` of engine/windows_state.py,
`RECORD` of windows/exact.py, `OFFSETS` of kafka/positions.py) and adds an upgrade; the file of the former version stays
as it is.
"""

from tests.golden.files import MEANING, VERSIONS, WRITERS, meaning, path_of, write, write_meaning

for kind, records in WRITERS.items():
    write(path_of(kind, VERSIONS[kind]), records())
if not MEANING.exists():
    write_meaning(meaning())
