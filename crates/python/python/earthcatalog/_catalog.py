"""A catalog: filling it, asking it, keeping it tidy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, overload

from . import _arguments, _html, _inputs, _native, _records
from ._bulk import bulk_ingest
from ._errors import NotFoundError, UsageError
from ._inputs import Span, Time
from ._lock import CatalogLock
from ._progress import Progress
from ._records import Files, Info, Record, Report, Rows

if TYPE_CHECKING:
    from ._open import Connection


class Catalog:
    """A catalog at its base, made by `earthcatalog.open`. Every call reads its current state anew."""

    def __init__(self, connection: Connection, native: _native.Catalog | None = None) -> None:
        self._connection = connection
        self._native = connection.connect() if native is None else native

    @property
    def base(self) -> str:
        """Its URL or path, without secrets."""
        return self._native.base

    @property
    def grid_type(self) -> str:
        """`s2`, `h3` or `geojson`. Raises `NotFoundError` where there is no catalog yet."""
        return self.info().grid.type

    @property
    def grid_resolution(self) -> int | None:
        """S2 level or H3 resolution; None for regions. Raises `NotFoundError` where there is no catalog yet."""
        return self.info().grid.resolution

    @property
    def lock(self) -> CatalogLock:
        """The lock that writers take: `lock.status()`, `lock.break_()`, and `with lock("me"): …` to hold it."""
        return CatalogLock(self._native)

    def exists(self) -> bool:
        """True if there is a catalog at the base: after the first ingest."""
        return self._native.exists()

    def at(self, state: int | Time) -> Catalog:
        """The same catalog as it was: at a snapshot, by its id, or at a time. Calls that write see the current state."""
        if isinstance(state, (datetime, date)):
            state = _inputs.instant("state", state)
        return Catalog(self._connection, self._native.at(str(state)))

    # Filling it

    def ingest(
        self,
        inventory: str | os.PathLike[str],
        *,
        mode: str = "auto",
        chunk_size: int | None = None,
        limit: int | None = None,
        since: Time | timedelta | None = None,
        until: Time | timedelta | None = None,
        update_hash_index: bool = True,
        suffixes: str | Sequence[str] = (".stac.json",),
        prefix: str | None = None,
        glob: str | None = None,
        min_size: int | str | None = None,
        max_size: int | str | None = None,
        bucket: str | None = None,
        columns: Sequence[str] | None = None,
        checksum: bool = True,
        memory: int | str | None = None,
        concurrency: int | None = None,
        assets: str = "auto",
        retry_rejected: bool = False,
        max_delete: str = "1%",
        dry_run: bool = False,
        lock: bool = True,
        progress: bool | None = None,
    ) -> Report:
        """Reads an inventory, fetches its items, writes them and commits one snapshot.

        inventory: a URL or a path: an inventory of S3, Google Cloud Storage or Azure, or a file of Parquet, ORC, CSV or NDJSON.
        mode: `full` replaces the catalog's content; `delta` adds what is new and replaces what has changed; `sync` also takes out
            what the inventory no longer lists; `auto` is full while the catalog is empty, then delta.
        chunk_size: taken for the sake of older programs; what a run holds is bounded by `memory`, in bytes, and nothing else.
        limit: stop after so many lines that pass the filters.
        since, until: take objects last modified from then on, and before then: a datetime with a time zone, a date, a text
            (`2026-04-28`, `2026-04-28T06:00:00Z`), or how long ago: a timedelta, `2d`, `36h`.
        update_hash_index: keep the index up to date; without it the next delta has to make it from the table.
        suffixes, prefix, glob, min_size, max_size: the keys and sizes (bytes, or `1MiB`) that are taken. No suffixes: every key.
        bucket, columns: what an inventory does not say itself: the bucket of its keys, the columns of its CSV.
        checksum: end the run where a file is not what its manifest says.
        memory: what the run may hold, in bytes or as `2GiB`; 1 GiB if not given. concurrency: requests in flight, 256.
        assets: `struct` or `json`; `auto` decides when the table is made.
        retry_rejected: fetch again what was rejected before. max_delete: the share of items that a sync may delete.
        dry_run: fetch and count, but write nothing. lock: take the catalog's lock.
        progress: True and False; None shows it where tqdm is installed and stderr is a terminal or a notebook.

        Returns the report. Raises `UsageError` for options that do not fit, `NotFoundError` without inventory, `LockedError` and
        `ConflictError` where another writes, `FailedError` for the rest. A bad item ends no run: it is counted, and listed in the
        report's `rejected_path`. Ctrl-C ends the run with nothing committed.
        """
        _inputs.whole("chunk_size", chunk_size, least=1)
        arguments = _arguments.ingest(
            inventory,
            self._connection.grid,
            mode=mode,
            limit=limit,
            since=since,
            until=until,
            update_hash_index=update_hash_index,
            suffixes=suffixes,
            prefix=prefix,
            glob=glob,
            min_size=min_size,
            max_size=max_size,
            bucket=bucket,
            columns=columns,
            checksum=checksum,
            memory=memory,
            concurrency=concurrency,
            assets=assets,
            retry_rejected=retry_rejected,
            max_delete=max_delete,
            dry_run=dry_run,
            lock=lock,
        )
        return Report(_run(self._native.ingest, arguments, progress))

    def bulk_ingest(
        self,
        inventory: str | os.PathLike[str],
        *,
        mode: str = "auto",
        chunk_size: int = 10_000,
        compact_rows: int = 100_000,
        limit: int | None = None,
        since: Time | timedelta | None = None,
        update_hash_index: bool = True,
        create_client: Callable[[], Any] | None = None,
        staging_prefix: str | None = None,
        retry_pending: bool = False,
        skip_inventory: bool = False,
        skip_ingest: bool = False,
        accept_rejected: bool = False,
        progress: bool | None = None,
        **options: Any,
    ) -> Report:
        """The same in four phases of many small tasks, which any number of processes share: `earthcatalog.bulk_ingest`."""
        return bulk_ingest(
            self,
            inventory,
            mode=mode,
            chunk_size=chunk_size,
            compact_rows=compact_rows,
            limit=limit,
            since=since,
            update_hash_index=update_hash_index,
            create_client=create_client,
            staging_prefix=staging_prefix,
            retry_pending=retry_pending,
            skip_inventory=skip_inventory,
            skip_ingest=skip_ingest,
            accept_rejected=accept_rejected,
            progress=progress,
            **options,
        )

    def bulk_runs(self) -> Rows:
        """The bulk runs that are open: their plans, the oldest first."""
        return _records.rows(self._native.bulk_runs(), "open runs")

    def bulk_status(self, run: str) -> Record:
        """How far a bulk run is, from the store alone: tasks done and begun, objects pending, rates, seconds left."""
        return Record(json.loads(self._native.bulk_status(run)))

    def bulk_clean(self, run: str) -> Record:
        """Gives a bulk run up, and takes its staging away; files of rows are left to `gc`. The catalog stays as it is."""
        return Record(json.loads(self._native.bulk_clean(run)))

    # Asking it

    def stats(self) -> Rows:
        """Rows, files and bytes by cell and year, from the manifests alone: a list of dicts with `grid_partition`, `year`,
        `row_count`, `file_count` and `total_bytes`, which `pandas.DataFrame` takes as it is.

        Raises `NotFoundError` where there is no catalog.
        """
        return _records.rows(self._native.stats(), "partitions")

    def unique_item_count(self) -> int:
        """Items, each counted once, from the footer of the hash index. Raises `NotFoundError` without catalog or index."""
        return self._native.unique_item_count()

    def counts(self) -> Record:
        """`unique_items` (None without index) and `rows`: an item has a row in each cell that it touches."""
        return Record(json.loads(self._native.counts()))

    def info(self) -> Info:
        """The grid, the table, the snapshot, the index; and the cells of a geometry. Raises `NotFoundError` without catalog."""
        return Info(json.loads(self._native.info()), self._native)

    def history(self) -> Rows:
        """The snapshots, the oldest first, and what each added and took away."""
        return _records.rows(self._native.history(), "snapshots")

    def search_files(
        self,
        geometry: object = None,
        start_datetime: Time | None = None,
        end_datetime: Time | None = None,
    ) -> Files:
        """The files that may hold items that touch a geometry within a time; none that does is left out.

        geometry: a shapely geometry or anything else with `__geo_interface__`, GeoJSON (a mapping or text), WKT, or a box
            (west, south, east, north) in degrees, in which west > east crosses 180°. None: anywhere.
        start_datetime, end_datetime: both ends included: a datetime with a time zone, a date, or a text such as `2020`, `2020-05`,
            `2020-05-01` or `2020-05-01T12:00:00Z`. An item counts with its whole interval, not its datetime alone.

        Returns locations, a list that as text is a list in SQL: `f"SELECT … FROM read_parquet({paths})"`. An item that touches
        several cells has a row in each. Raises `UsageError` for what is no geometry or time, `NotFoundError` without catalog.
        """
        area = _inputs.area(geometry)
        return Files(self._native.search_files(area, _inputs.interval(start_datetime, end_datetime)))

    def get(self, id: str) -> dict[str, Any] | None:
        """The item of that id; None where there is none."""
        text = self._native.get(id)
        return None if text is None else json.loads(text)

    def get_json(self, id: str) -> str | None:
        """The same as a JSON text, its numbers to the last digit."""
        return self._native.get(id)

    def cells_for_geometry(self, geometry: object) -> list[str]:
        """The cells of its grid that share a point with a geometry, sorted."""
        return _records.cells_for_geometry(self._native, geometry)

    def cell_list_sql(self, geometry: object) -> str:
        """The same as a condition in SQL, such as `grid_partition IN ('6e1', '6e3')`."""
        return _records.cell_list_sql(self._native, geometry)

    # Keeping it tidy

    def compact(
        self,
        *,
        min_files: int = 4,
        target_size: int | str = "64MiB",
        memory: int | str | None = None,
        dry_run: bool = False,
        lock: bool = True,
        progress: bool | None = None,
    ) -> Record:
        """Merges the small files of partitions that have at least `min_files` of them; items stay as they are.

        target_size: how large files should be (bytes, or `64MiB`); those below half of it are small. memory: what merging may hold.

        Returns what was merged. Raises `ConflictError` where other writers were faster again and again. Ctrl-C ends it; what
        was committed stays.
        """
        arguments = {
            "min_files": _inputs.whole("min_files", min_files, least=2),
            "target_size": _inputs.size("target_size", target_size),
            **_arguments.upkeep(memory=memory, dry_run=dry_run, lock=lock),
        }
        return Record(_run(self._native.compact, arguments, progress))

    def regrid(
        self,
        grid: str | None = None,
        *,
        memory: int | str | None = None,
        dry_run: bool = False,
        lock: bool = True,
        progress: bool | None = None,
    ) -> Record:
        """Covers the geometry of every item anew, by the catalog's grid or another, in one snapshot that replaces all rows."""
        arguments = {"grid": grid, **_arguments.upkeep(memory=memory, dry_run=dry_run, lock=lock)}
        return Record(_run(self._native.regrid, arguments, progress))

    def expire(
        self, *, keep_last: int = 10, older_than: Time | timedelta | None = None, dry_run: bool = False, lock: bool = True
    ) -> Record:
        """Lets snapshots go that are neither among the last `keep_last` nor younger than `older_than`: a time, or an age such as
        `30d`. Deletes no file: `gc` does."""
        _inputs.whole("keep_last", keep_last)
        return Record(
            json.loads(self._native.expire(keep_last, _inputs.moment("older_than", older_than), bool(dry_run), bool(lock)))
        )

    def gc(
        self,
        *,
        grace: Span = "7d",
        runs_older_than: Span | None = None,
        dry_run: bool = False,
        lock: bool = True,
        progress: bool | None = None,
    ) -> Record:
        """Deletes the files of the catalog that nothing refers to and that are older than `grace`, which must be longer than any
        run. Reports of runs stay, unless `runs_older_than` is given."""
        arguments = {
            "grace": _inputs.seconds("grace", grace),
            "runs_older_than": None if runs_older_than is None else _inputs.seconds("runs_older_than", runs_older_than),
            **_arguments.upkeep(dry_run=dry_run, lock=lock),
        }
        del arguments["memory"]
        return Record(_run(self._native.gc, arguments, progress))

    def verify(self, *, full: bool = False, fix_index: bool = False, memory: int | str | None = None) -> Record:
        """Holds files, rows, cells, bounds and the hash index against what is there: `is_right`, and `problems` by number,
        `problems_by_kind`, `first_problems`. Without `full` the rows of 64 partitions are read; `fix_index` makes a wrong index anew."""
        right, text = self._native.verify(bool(full), bool(fix_index), _inputs.size("memory", memory))
        return Record({"is_right": right, **json.loads(text)})

    def __repr__(self) -> str:
        return f"Catalog({self.base!r})"

    def _repr_html_(self) -> str:
        try:
            info = self.info()
        except NotFoundError:
            return _html.pairs("catalog", {"base": self.base, "state": "no catalog yet: the first ingest makes it"})
        items = info.hash_index.unique_items if info.hash_index is not None else None
        committed = info.snapshot.committed if info.snapshot is not None else None
        shown = {
            "base": self.base, "grid": info.grid.spec, "items": items, "rows": info.table.rows, "files": info.table.files,
            "bytes": info.table.bytes, "committed": committed,
        }  # fmt: skip
        return _html.pairs("catalog", shown)


def _run(call: Callable[[str, Progress], str], arguments: dict[str, Any], progress: bool | None) -> dict[str, Any]:
    """A call that tells how far it is; its answer."""
    try:
        text = json.dumps(arguments)
    except TypeError as error:
        raise UsageError(f"an argument is of the wrong type: {error}") from None
    with Progress(progress) as shown:
        answer: dict[str, Any] = json.loads(call(text, shown))
    return answer


@overload
def ingest(catalog: Catalog, inventory: str | os.PathLike[str], /, **options: Any) -> Report: ...
@overload
def ingest(
    inventory: str | os.PathLike[str],
    /,
    *,
    store: object | None = ...,
    base: str | os.PathLike[str] | None = ...,
    anonymous: bool = ...,
    grid: str | None = ...,
    **options: Any,
) -> Report: ...
def ingest(first: Any, second: Any = None, /, **options: Any) -> Report:
    """`Catalog.ingest` in one call: `ingest(catalog, inventory, …)`, or `ingest(inventory, store=…, base=…, …)`, where `store`,
    `base`, `anonymous` and `grid` are those of `open`. Returns and raises what these do."""
    catalog, inventory, options = target("ingest", first, second, options)
    return catalog.ingest(inventory, **options)


def target(name: str, first: Any, second: Any, options: dict[str, Any]) -> tuple[Catalog, Any, dict[str, Any]]:
    """The catalog and the inventory of a call that takes a catalog, or what opens one."""
    from ._open import open

    if isinstance(first, Catalog):
        if second is None:
            raise UsageError(f"{name} lacks the inventory", f'e.g. {name}(catalog, "s3://bucket/inventory.parquet")')
        return first, second, options
    if second is not None:
        raise UsageError(f"the first argument of {name} is a {type(first).__name__}, which is no catalog")
    opening = {key: options.pop(key) for key in ("store", "base", "anonymous", "grid") if key in options}
    return open(**opening), first, options
