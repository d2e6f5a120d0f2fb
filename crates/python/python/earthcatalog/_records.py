"""Answers: mappings whose members are attributes too, lists of rows, and how notebooks show them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from . import _html, _inputs
from ._errors import UsageError

if TYPE_CHECKING:
    from ._native import Catalog as Native


class Record(Mapping[str, Any]):
    """A mapping whose members are attributes as well: `report["rows"]` is `report.rows`."""

    _title = "record"

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name!r}") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self._values.items())
        return f"{type(self).__name__}({members})"

    def _repr_html_(self) -> str:
        return _html.pairs(self._title, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """A plain dict, of plain values all the way down."""
        return {k: v.to_dict() if isinstance(v, Record) else v for k, v in self._values.items()}


class Report(Record):
    """What a run did. The ledger closes: listed = filtered + known + superseded + rejected + pending + ingested."""

    _title = "report"

    run_id: str
    mode: str
    dry_run: bool
    inventory: str
    catalog: str
    grid: str
    listed: int
    filtered: int
    known: int
    superseded: int
    rejected: int
    pending: int
    ingested: int
    updated: int
    deleted: int
    rows: int
    files: int
    rewritten_files: int
    bytes: int
    partitions: int
    snapshot_id: int | None
    rejected_by_reason: dict[str, int]
    rejected_path: str | None
    extra: dict[str, int]
    started: str
    seconds: float


class Lock(Record):
    """Who holds the lock of a catalog (the file at `path`), since when (RFC 3339), and whether its time is over."""

    _title = "lock"

    path: str
    owner: str
    pid: int
    hostname: str
    since: str
    ttl_hours: float
    stale: bool


class GridInfo(Record):
    """A catalog's grid: `type` is `s2`, `h3` or `geojson`; `spec` is the whole, such as `s2:4`."""

    _title = "grid"

    type: str
    resolution: int | None
    boundaries_path: str | None
    id_field: str | None
    spec: str


class TableInfo(Record):
    """The Iceberg table: rows, files and bytes are those of the current snapshot."""

    _title = "table"

    name: str
    uuid: str
    metadata_location: str
    columns: int
    leaf_columns: int
    rows: int
    files: int
    bytes: int


class SnapshotInfo(Record):
    """The current snapshot."""

    _title = "snapshot"

    snapshot_id: int
    committed: str | None


class HashIndexInfo(Record):
    """The hash index: its file of ids, and how many ids there are."""

    _title = "hash index"

    path: str
    unique_items: int | None


class Info(Record):
    """What a catalog says of itself, and the cells of its grid."""

    _title = "catalog"

    catalog: str
    grid: GridInfo
    table: TableInfo
    snapshot: SnapshotInfo | None
    warehouse: str
    hash_index: HashIndexInfo | None

    def __init__(self, values: Mapping[str, Any], native: Native) -> None:
        parts = {"grid": GridInfo, "table": TableInfo, "snapshot": SnapshotInfo, "hash_index": HashIndexInfo}
        made = {k: parts[k](v) if k in parts and v is not None else v for k, v in values.items()}
        super().__init__(made)
        self._native = native

    @property
    def grid_type(self) -> str:
        """`s2`, `h3` or `geojson`."""
        return self.grid.type

    @property
    def grid_resolution(self) -> int | None:
        """S2 level or H3 resolution; None for regions."""
        return self.grid.resolution

    def cells_for_geometry(self, geometry: object) -> list[str]:
        """The cells of the grid that share a point with a geometry, sorted, whether or not a row is in them.

        Raises `UsageError` for what is no geometry, and where a grid is too fine to list the cells of the whole world.
        """
        return cells_for_geometry(self._native, geometry)

    def cell_list_sql(self, geometry: object) -> str:
        """The same as a condition in SQL, such as `grid_partition IN ('6e1', '6e3')`; `FALSE` for no cells."""
        return cell_list_sql(self._native, geometry)


def cells_for_geometry(native: Native, geometry: object) -> list[str]:
    """The cells of a catalog's grid that a geometry touches."""
    cells = native.cells(_area(geometry))
    if cells is None:
        raise UsageError("the grid is too fine to list all of its cells", "ask for an area, or leave the cells out")
    return cells


def cell_list_sql(native: Native, geometry: object) -> str:
    """The same as a condition in SQL."""
    return native.cells_sql(_area(geometry))


def _area(geometry: object) -> tuple[str, bool]:
    area = _inputs.area(geometry)
    if area is None:
        raise UsageError("no geometry was given", "use a shapely geometry, GeoJSON, WKT, or (west, south, east, north)")
    return area


class Rows(list[dict[str, Any]]):
    """Rows as a list of dicts: `pandas.DataFrame(rows)` takes it as it is."""

    def __init__(self, rows: list[dict[str, Any]], title: str) -> None:
        super().__init__(rows)
        self._title = title

    def _repr_html_(self) -> str:
        return _html.rows(self._title, self)


class PartitionStats(TypedDict):
    """A row of `stats`: a cell, a year (None for items without a datetime), and what is in it. Sizes in bytes."""

    grid_partition: str
    year: int | None
    row_count: int
    file_count: int
    total_bytes: int


class Files(list[str]):
    """Locations of files: a list, which as text is a list in SQL, so that `f"read_parquet({files})"` is right whatever
    characters are in a name."""

    def __str__(self) -> str:
        return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in self) + "]"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def rows(text: str, title: str) -> Rows:
    """Rows from JSON."""
    return Rows(json.loads(text), title)
