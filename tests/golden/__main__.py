"""Writes the golden files of the formats that this code writes, and what all versions mean.

    .venv/bin/python -m tests.golden

A change of a format raises its version first (`FORMAT` of ledger/record.py, `WINDOWS` of engine/windows_state.py,
`RECORD` of windows/exact.py, `OFFSETS` of kafka/positions.py) and adds an upgrade; the file of the former version stays
as it is.
"""

from tests.golden.files import MEANING, VERSIONS, WRITERS, meaning, path_of, read, write, write_meaning
from tests.golden.world import is_alert

for kind, records in WRITERS.items():
    path, made = path_of(kind, VERSIONS[kind]), records()
    if kind == "windows" and path.exists():
        # The states of alerts have a format and files of their own; what lies here is of the first one.
        made = [pair for pair in made if not is_alert(pair[0])] + [pair for pair in read(path) if is_alert(pair[0])]
    write(path, sorted(made, key=lambda pair: pair[0]))
if not MEANING.exists():
    write_meaning(meaning())
