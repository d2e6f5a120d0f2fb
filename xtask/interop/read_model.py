"""The catalogs that random sequences of runs have left, many of which died on the way: PyIceberg finds what the model says."""

import json
from datetime import datetime

from checks import Checks
from table import open_table

FEWEST = 10
COLUMNS = ("id", "grid_partition", "datetime", "updated", "rev")


def rows_of(table, snapshot_id):
    found = table.scan(snapshot_id=snapshot_id, selected_fields=COLUMNS).to_arrow().to_pylist()
    return sorted((r["id"], r["grid_partition"], r["datetime"].year, str(r["updated"]), int(r["rev"])) for r in found)


def expected_of(state):
    time = lambda text: str(text and datetime.fromisoformat(text))  # noqa: E731
    return sorted((id, cell, year, time(updated), rev) for id, cell, year, updated, rev in state["rows"])


def states_of(base, states):
    """Snapshots that are still there, and those of them that hold something else than the model."""
    _, table = open_table(base)
    there = {snapshot.snapshot_id for snapshot in table.snapshots()}
    states = {s["snapshot_id"]: s for s in states if s["snapshot_id"] in there}
    wrong = {}
    for snapshot_id, state in states.items():
        found, expected = rows_of(table, snapshot_id), expected_of(state)
        if found != expected:
            wrong[snapshot_id] = f"{found}, expected {expected}"
    return states, wrong, table.metadata.current_snapshot_id in states


def main(check):
    sequences, read, rows = 0, 0, 0
    for folder in sorted(path for path in check.base.iterdir() if path.is_dir()):
        noted = json.loads((folder / "expected.json").read_text())
        if not noted:
            continue
        states, wrong, has_current = states_of(folder / "catalog", noted)
        check(f"sequence {folder.name}", has_current and not wrong, wrong or f"{len(states)} states of {len(noted)} steps")
        sequences, read = sequences + 1, read + len(states)
        rows += sum(len(state["rows"]) for state in states.values())
    check("sequences, states, rows", sequences >= FEWEST and rows > read > sequences, (sequences, read, rows))


if __name__ == "__main__":
    Checks().run(main)
