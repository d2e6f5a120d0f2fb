"""PyIceberg opens the SQLite catalog, plans with filters and reads all rows."""

from collections import Counter

import pyarrow.parquet as pq
from checks import Checks
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, IsNull, LessThan
from table import open_table


def main(check):
    catalog, table = open_table(check.base)
    check.equal("namespaces", catalog.list_namespaces(), [("earthcatalog",)])
    check.equal("tables", catalog.list_tables("earthcatalog"), [("earthcatalog", "stac_items")])
    check.equal("format version", table.format_version, 2)
    spec = [(f.name, str(f.transform), table.schema().find_column_name(f.source_id)) for f in table.spec().fields]
    check.equal("partition spec", spec, [("grid_partition", "identity", "grid_partition"), ("year", "year", "datetime")])
    ids(check, table)
    rows(check, table)
    planning(check, table)


def ids(check, table):
    """Every field has an id of its own, and the files carry the table's ids, nested ones too."""
    schema = table.schema()
    numbers = list(schema._lazy_id_to_name)
    check("field ids are unique", len(numbers) == len(set(numbers)) and len(numbers) > 20, len(numbers))
    check("last column id covers them", table.metadata.last_column_id >= max(numbers), table.metadata.last_column_id)
    files = [task.file.file_path for task in table.scan().plan_files()]
    wrong = Counter()
    for path in files:
        leaves = pq.read_schema(path)
        walk(schema, leaves, "", wrong)
    check("field ids in files are the table's", not wrong, dict(wrong.most_common(5)) if wrong else f"{len(files)} files")


def walk(schema, fields, prefix, wrong):
    for field in fields:
        name = f"{prefix}{field.name}"
        number = (field.metadata or {}).get(b"PARQUET:field_id")
        expected = schema._name_to_id.get(name)
        if number is None or expected is None or int(number) != expected:
            wrong[f"{name}: {number}, expected {expected}"] += 1
        inner(schema, field.type, name, wrong)


def inner(schema, kind, name, wrong):
    import pyarrow as pa

    if pa.types.is_struct(kind):
        walk(schema, [kind.field(i) for i in range(kind.num_fields)], f"{name}.", wrong)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        field = kind.value_field
        number = (field.metadata or {}).get(b"PARQUET:field_id")
        expected = schema._name_to_id.get(f"{name}.element")
        if number is None or int(number) != expected:
            wrong[f"{name}.element: {number}, expected {expected}"] += 1
        inner(schema, field.type, f"{name}.element", wrong)


def rows(check, table):
    everything = table.scan().to_arrow()
    check.equal("rows", everything.num_rows, check.facts["count"]["rows"])
    check.equal("unique ids", len(set(everything["id"].to_pylist())), check.facts["count"]["unique_items"])
    check("no row without an id", everything["id"].null_count == 0)
    sizes = Counter(everything["grid_partition"].to_pylist())
    ours = Counter()
    for row in check.facts["stats"]:
        ours[row["grid_partition"]] += row["row_count"]
    check.equal("rows by cell are those of `stats`", sizes == ours, True)


def planning(check, table):
    files = list(table.scan().plan_files())
    check.equal("planned files", len(files), len(check.facts["files"]))
    cell = check.facts["stats"][0]["grid_partition"]
    few = table.scan(row_filter=EqualTo("grid_partition", cell))
    wanted = sum(r["row_count"] for r in check.facts["stats"] if r["grid_partition"] == cell)
    planned = [t.file.record_count for t in few.plan_files()]
    check("a filter by cell prunes", len(planned) < len(files) and sum(planned) == wanted, f"{len(planned)} of {len(files)} files")
    check.equal("and finds its rows", few.to_arrow().num_rows, wanted)
    year = And(GreaterThanOrEqual("datetime", "2020-01-01T00:00:00+00:00"), LessThan("datetime", "2021-01-01T00:00:00+00:00"))
    scan = table.scan(row_filter=year)
    wanted = sum(r["row_count"] for r in check.facts["stats"] if r["year"] == 2020)
    planned = len(list(scan.plan_files()))
    check("a filter by year prunes", planned < len(files), f"{planned} of {len(files)} files")
    check.equal("and finds its rows", scan.to_arrow().num_rows, wanted)
    wanted = sum(r["row_count"] for r in check.facts["stats"] if r["year"] is None)
    check.equal("rows without a year", table.scan(row_filter=IsNull("datetime")).to_arrow().num_rows, wanted)
    absent = len(list(table.scan(row_filter=EqualTo("id", "~ no such id")).plan_files()))
    check("bounds of id prune an id that is nowhere", absent < len(files), f"{absent} of {len(files)} files")
    some = table.scan(limit=1).to_arrow()["id"][0].as_py()
    check("and keep the one that is there", table.scan(row_filter=EqualTo("id", some)).to_arrow().num_rows >= 1, some)


if __name__ == "__main__":
    Checks().run(main)
