"""The older command lines: their arguments in terms of `Catalog.ingest` and `bulk_ingest`, or a clear error."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ._catalog import Catalog
from ._errors import ConflictError, EarthcatalogError, UsageError
from ._open import open
from ._records import Report

_DATABASE = "earthcatalog.db"
_WAREHOUSE = "warehouse"


def backfill(argv: Sequence[str] | None = None) -> int:
    """`python -m earthcatalog.pipelines.backfill`; the exit code."""
    parser = _parser("backfill", "catalog.bulk_ingest(…)")
    parser.add_argument("--compact-rows", type=int, default=100_000, help="rows of one file, at most")
    parser.add_argument("--fetch-concurrency", type=int, help="requests in flight")
    parser.add_argument("--staging-prefix", help="where staged items go, below the base")
    parser.add_argument("--skip-inventory", action="store_true", help="take up the open run")
    parser.add_argument("--skip-ingest", action="store_true", help="do not stage anything more")
    parser.add_argument("--retry-pending", action="store_true", help="fetch again what could not be fetched")
    parser.add_argument("--delta", action="store_true", help="add to the catalog instead of replacing its content")
    parser.add_argument(
        "--update-hash-index", action="store_true", help="has no effect: the index is always kept up to date"
    )
    return _main("backfill", "catalog.bulk_ingest(…)", parser, argv, _backfill)


def incremental(argv: Sequence[str] | None = None) -> int:
    """`python -m earthcatalog.pipelines.incremental`; the exit code."""
    parser = _parser("incremental", "catalog.ingest(…)")
    parser.add_argument("--workers", type=int, help="requests in flight")
    parser.add_argument("--batch-add-files", action="store_true", help="has no effect: a run is always one snapshot")
    return _main("incremental", "catalog.ingest(…)", parser, argv, _incremental)


def _parser(name: str, successor: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m earthcatalog.pipelines.{name}",
        description=f"An older command line, kept for scripts. New ones call {successor} or `earthcatalog ingest`.",
        allow_abbrev=False,
    )
    parser.add_argument("--inventory", required=True, help="a URL or a path")
    parser.add_argument("--catalog", required=True, help=f"the base of the catalog, or the {_DATABASE} there")
    parser.add_argument("--warehouse", help=f"the folder of the data: {_WAREHOUSE} at the base, where it must be")
    parser.add_argument("--chunk-size", type=int, help="objects of one task")
    parser.add_argument("--limit", type=int, help="stop after so many objects")
    parser.add_argument("--since", metavar="YYYY-MM-DD", help="only objects modified at that time or later, in UTC")
    parser.add_argument("--h3-resolution", type=int, help="the grid is h3:<resolution>; 1 for a new catalog")
    return parser


def _main(
    name: str,
    successor: str,
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    run: Callable[[Catalog, argparse.Namespace], Report],
) -> int:
    args = parser.parse_args(argv)
    note = f"earthcatalog.pipelines.{name} is deprecated: use {successor} or the command line `earthcatalog`"
    warnings.warn(note, DeprecationWarning, stacklevel=3)
    try:
        report = run(_open(args), args)
    except EarthcatalogError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 4 if isinstance(error, ConflictError) else 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    print(json.dumps(report.to_dict(), indent=2))
    return 3 if report.rejected else 0


def _open(args: argparse.Namespace) -> Catalog:
    base = _base(args.catalog, args.warehouse)
    if args.h3_resolution is not None:
        return open(base=base, grid=f"h3:{args.h3_resolution}")
    catalog = open(base=base)
    return catalog if catalog.exists() else open(base=base, grid="h3:1")


def _base(catalog: str, warehouse: str | None) -> str:
    """The base of a catalog whose database and data lie where they have to."""
    folder, _, name = catalog.rstrip("/").rpartition("/")
    if name == _DATABASE:
        base = folder or ("/" if catalog.startswith("/") else ".")
    elif name.endswith(".db"):
        raise UsageError(
            f"--catalog {catalog}: a catalog's database is called {_DATABASE}", f"give …/{_DATABASE}, or its folder"
        )
    else:
        base = catalog.rstrip("/") or "/"
    wanted = _WAREHOUSE if base == "." else f"{base.rstrip('/')}/{_WAREHOUSE}"
    if warehouse is not None and warehouse.rstrip("/").removeprefix("./") != wanted:
        raise UsageError(
            f"--warehouse {warehouse}: the data of the catalog at {base} lie in {wanted}", "give that, or leave it out"
        )
    return base


def _incremental(catalog: Catalog, args: argparse.Namespace) -> Report:
    return catalog.ingest(args.inventory, limit=args.limit, since=args.since, concurrency=args.workers)


def _backfill(catalog: Catalog, args: argparse.Namespace) -> Report:
    chunks: dict[str, Any] = {} if args.chunk_size is None else {"chunk_size": args.chunk_size}
    return catalog.bulk_ingest(
        args.inventory,
        mode="delta" if args.delta else "full",
        compact_rows=args.compact_rows,
        limit=args.limit,
        since=args.since,
        staging_prefix=args.staging_prefix,
        skip_inventory=args.skip_inventory,
        skip_ingest=args.skip_ingest,
        retry_pending=args.retry_pending,
        concurrency=args.fetch_concurrency,
        **chunks,
    )
