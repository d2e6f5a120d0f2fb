"""Bulk ingest: plan, stage, write, register, its tasks given to whatever engine there is.

State lives in the store, not here: a task is a run's name, a phase and a number, and any process may run it at any time, twice
or twice at once. So a driver that dies is started again, and goes on where the tasks are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import _arguments, _inputs
from ._engines import Engine, engine
from ._errors import ConflictError, FailedError, LockedError, UsageError
from ._inputs import Time
from ._progress import Progress
from ._records import Report

if TYPE_CHECKING:
    from ._catalog import Catalog

_ATTEMPTS = 8
"""How often tasks that are still undone are given out, and how often a delta that was overtaken is decided anew."""


def bulk_ingest(
    first: Catalog | str | os.PathLike[str],
    second: str | os.PathLike[str] | None = None,
    /,
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
    """Ingests an archive in four phases of many small tasks, which any number of processes share.

    `bulk_ingest(catalog, inventory, …)`, or `bulk_ingest(inventory, store=…, base=…, …)`, where `store`, `base`, `anonymous` and
    `grid` are those of `open`.

    mode, limit, since, update_hash_index: as for `Catalog.ingest`; further options are its selection (`suffixes`, `prefix`,
        `until`, …), `memory` and `concurrency`, both of one task, `assets`, `retry_rejected`, `max_delete` and `lock`.
    chunk_size: objects of one task of the stage phase. compact_rows: rows of one file of the table, at most.
    create_client: makes the Dask client that runs the tasks, e.g. `lambda: coiled.Client(n_workers=100)`. It is called when there is
        something to run, and what it made is closed at the end. None: the Dask client that this process has; without one the
        tasks run here, one after another.
    staging_prefix: where the staged items go, below the base; `runs/<run>` if not given.
    retry_pending: fetch again what an earlier call of the same run could not fetch.
    accept_rejected: end the run without what could not be fetched.
    skip_inventory: take up the one open run without reading the inventory again.
    skip_ingest: do not stage what is not staged yet, which must then be nothing.

    A run that was interrupted is taken up by the same call, if its options are the same (a `since` that is so long ago is another
    every time: give a fixed one, or `skip_inventory`): what is staged is not fetched again. Returns the report; raises
    what `Catalog.ingest` raises, and `PendingError` while objects could not be fetched.
    """
    from ._catalog import target

    catalog, inventory, options = target("bulk_ingest", first, second, options)
    chosen = _chosen(
        catalog,
        inventory,
        options,
        mode=mode,
        limit=limit,
        since=since,
        update_hash_index=update_hash_index,
        chunk_size=_inputs.whole("chunk_size", chunk_size, least=1),
        compact_rows=_inputs.whole("compact_rows", compact_rows, least=1),
        staging_prefix=staging_prefix,
    )
    with Progress(progress) as shown:
        plan = _open_run(catalog) if skip_inventory else _plan(catalog, chosen, shown)
        with engine(catalog._connection, create_client) as tasks:
            driver = _Driver(catalog, plan, chosen, tasks, shown)
            return driver.run(retry_pending=retry_pending, skip_ingest=skip_ingest, accept_rejected=accept_rejected)


class _Driver:
    """One call of `bulk_ingest`, from the plan to the report."""

    def __init__(
        self, catalog: Catalog, plan: dict[str, Any], chosen: dict[str, Any], tasks: Engine, shown: Progress
    ) -> None:
        self._native = catalog._native
        self._run = str(plan["run"])
        self._is_delta = plan["mode"] == "delta"
        self._options = json.dumps(chosen["task"])
        self._tasks = tasks
        self._shown = shown

    def run(self, *, retry_pending: bool, skip_ingest: bool, accept_rejected: bool) -> Report:
        if self._native.bulk_ended(self._run) is not None:
            # It was committed before, and only not tidied away.
            return self._register()
        if not skip_ingest:
            self._phase("stage")
        if retry_pending and self._native.bulk_retry(self._run) > 0:
            self._phase("stage")
        for attempt in range(1, _ATTEMPTS + 1):
            self._native.bulk_resolve(self._run, accept_rejected, self._options, self._shown)
            self._phase("write")
            try:
                return self._register()
            except LockedError:
                raise
            except ConflictError:
                # A delta that was overtaken is decided anew on what the other writer made; what replaces all would lose that.
                if not self._is_delta or attempt == _ATTEMPTS:
                    raise
        raise AssertionError("the loop returns or raises")

    def _register(self) -> Report:
        return Report(json.loads(self._native.bulk_register(self._run, self._options, self._shown)))

    def _phase(self, phase: str) -> None:
        """Gives out tasks until none is undone."""
        for _ in range(_ATTEMPTS):
            numbers = self._native.bulk_undone(self._run, phase)
            if not numbers:
                return
            self._give_out(phase, numbers)
        left = len(self._native.bulk_undone(self._run, phase))
        if left:
            raise FailedError(f"{left} tasks of {phase} of run {self._run} are not done, though they were given out")

    def _give_out(self, phase: str, numbers: Sequence[int]) -> None:
        finished = 0

        def done(_: dict[str, Any]) -> None:
            nonlocal finished
            finished += 1
            self._shown.count(phase, finished, len(numbers))

        self._shown.count(phase, 0, len(numbers))
        tasks = [{"version": 1, "run": self._run, "phase": phase, "number": number} for number in numbers]
        self._tasks.run(tasks, self._options, done)


def _plan(catalog: Catalog, chosen: dict[str, Any], shown: Progress) -> dict[str, Any]:
    text = catalog._native.bulk_plan(json.dumps(chosen["ingest"]), json.dumps(chosen["bulk"]), shown)
    plan: dict[str, Any] = json.loads(text)
    return plan


def _open_run(catalog: Catalog) -> dict[str, Any]:
    """The plan of the one run that is open."""
    plans: list[dict[str, Any]] = json.loads(catalog._native.bulk_runs())
    if len(plans) != 1:
        which = f"there are {len(plans)}: {', '.join(str(plan['run']) for plan in plans)}" if plans else "there is none"
        raise UsageError(f"skip_inventory takes up the one open run, and {which}", "leave it out: a run finds its own work")
    return plans[0]


def _chosen(
    catalog: Catalog,
    inventory: str | os.PathLike[str],
    options: dict[str, Any],
    *,
    chunk_size: int | None,
    compact_rows: int | None,
    staging_prefix: str | None,
    **named: Any,
) -> dict[str, Any]:
    """Of the options: what is planned with, how it is cut, and what a task is run with."""
    if options.get("dry_run"):
        raise UsageError("a bulk run has no dry_run", "see with catalog.ingest(…, dry_run=True) what would be done")
    try:
        ingest = _arguments.ingest(inventory, catalog._connection.grid, **named, **options)
    except TypeError as error:
        raise UsageError(f"bulk_ingest: {error}") from None
    task = {name: ingest[name] for name in ("memory", "concurrency", "lock", "owner")}
    bulk = {"chunk_size": chunk_size, "compact_rows": compact_rows, "staging": staging_prefix}
    return {"ingest": ingest, "bulk": bulk, "task": task}
