"""PyIceberg appends to a catalog of ours: it is a table like any other, and stays readable."""

import pyarrow as pa
from checks import Checks
from pyiceberg.expressions import EqualTo
from table import open_table


def main(check):
    _, table = open_table(check.base)
    before = table.scan().to_arrow().num_rows
    batch = table.scan(row_filter="datetime >= '2020-01-01T00:00:00+00:00'").to_arrow().slice(0, 3)
    names = [f"appended-{i}" for i in range(batch.num_rows)]
    batch = batch.set_column(batch.schema.get_field_index("id"), batch.schema.field("id"), pa.array(names, batch.schema.field("id").type))
    table.append(batch)
    check.equal("rows after the append", open_table(check.base)[1].scan().to_arrow().num_rows, before + batch.num_rows)
    found = open_table(check.base)[1].scan(row_filter=EqualTo("id", "appended-0")).to_arrow()
    check.equal("an appended row is found by its id", found.num_rows, 1)
    check.equal("snapshots", [s.summary.operation.value for s in table.snapshots()][-1], "append")


if __name__ == "__main__":
    Checks().run(main)
