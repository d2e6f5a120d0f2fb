"""Where tasks run: here, one after another, or on the workers of a Dask cluster.

A worker is given the connection (what `open` was given: it opens the catalog itself) and a task of less than a kilobyte. The
keys of tasks name the run, the phase and the number, and nothing else.
"""

from __future__ import annotations

import importlib
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ._errors import EarthcatalogError, FailedError, UnavailableError, UsageError
from ._progress import Progress

if TYPE_CHECKING:
    from ._native import Catalog as Native
    from ._open import Connection

Task = dict[str, Any]
Done = Callable[[Task], None]

_TRIES = 10
"""How often one task is given out again because its worker died or the store did not answer."""


class Engine(Protocol):
    """Runs tasks, and says of each when it is done. An error of a task ends them all."""

    def run(self, tasks: list[Task], options: str, done: Done) -> None: ...


@contextmanager
def engine(connection: Connection, create_client: Callable[[], Any] | None) -> Iterator[Engine]:
    """The engine of a run. A client is made when the first tasks come, and closed if it was made here."""
    lazy = _Lazy(connection, create_client)
    try:
        yield lazy
    finally:
        lazy.close()


class _Lazy:
    """Decides when it has to."""

    def __init__(self, connection: Connection, create_client: Callable[[], Any] | None) -> None:
        self._connection = connection
        self._create_client = create_client
        self._made: Any = None
        self._engine: Engine | None = None

    def run(self, tasks: list[Task], options: str, done: Done) -> None:
        if self._engine is None:
            self._engine = self._decide()
        self._engine.run(tasks, options, done)

    def _decide(self) -> Engine:
        if self._create_client is not None:
            made = self._create_client()
            if not hasattr(made, "submit"):
                raise UsageError(
                    f"create_client made a {type(made).__name__}, which is no client of Dask",
                    "e.g. create_client=lambda: distributed.Client(n_workers=4)",
                )
            self._made = made
            return _Dask(self._connection, made)
        existing = _existing_client()
        return _Here(self._connection) if existing is None else _Dask(self._connection, existing)

    def close(self) -> None:
        if self._made is None:
            return
        cluster = getattr(self._made, "cluster", None)
        self._made.close()
        if cluster is not None:
            cluster.close()


def _existing_client() -> Any:
    """The Dask client of this process, if it has one: where distributed was never imported there is none."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None


class _Here:
    """This process."""

    def __init__(self, connection: Connection) -> None:
        self._native = connection.connect()

    def run(self, tasks: list[Task], options: str, done: Done) -> None:
        for task in tasks:
            _run(self._native, task, options)
            done(task)


class _Dask:
    """The workers of a cluster."""

    def __init__(self, connection: Connection, client: Any) -> None:
        self._connection = connection
        self._client = client

    def run(self, tasks: list[Task], options: str, done: Done) -> None:
        distributed: Any = importlib.import_module("distributed")
        waiting = {self._submit(task, options): (task, 1) for task in tasks}
        # The loop of this client: it need not be the process's default one.
        completed = distributed.as_completed(list(waiting), loop=getattr(self._client, "loop", None))
        try:
            for future in completed:
                task, tries = waiting.pop(future)
                if future.status == "finished":
                    # What it did is in the store. Its report stays on the worker, which may be gone by now.
                    done(task)
                    continue
                self._judge(future, task, tries)
                again = self._submit(task, options)
                waiting[again] = (task, tries + 1)
                completed.add(again)
        finally:
            if waiting:
                self._client.cancel(list(waiting))

    def _submit(self, task: Task, options: str) -> Any:
        key = f"earthcatalog-{task['phase']}-{task['run']}-{task['number']}-{uuid.uuid4().hex}"
        return self._client.submit(run_task, self._connection, task, options, key=key, pure=False)

    @staticmethod
    def _judge(future: Any, task: Task, tries: int) -> None:
        """Raises what ends the run; returns for what may do better elsewhere: a dead worker, a store that did not answer."""
        error: BaseException | None = future.exception() if future.status == "error" else None
        if error is not None and not isinstance(error, UnavailableError) and not _is_of_the_cluster(error):
            raise error
        if tries >= _TRIES:
            what = f"task {task['number']} of {task['phase']} failed on {tries} workers"
            raise FailedError(what, "see the workers' logs: mostly they run out of memory") from error


def _is_of_the_cluster(error: BaseException) -> bool:
    """A worker that was killed, a connection that was lost: not what the task itself raised."""
    return not isinstance(error, EarthcatalogError) and type(error).__module__.split(".")[0] == "distributed"


_opened: dict[int, tuple[Connection, Native]] = {}
"""The catalog that this worker has open: tasks of one run come one after another."""


def run_task(connection: Connection, task: Task, options: str) -> Task:
    """One task, on a worker. A function of its arguments alone; it may run twice, and twice at once."""
    last = _opened.get(0)
    if last is None or last[0] != connection:
        last = (connection, connection.connect())
        _opened[0] = last
    return _run(last[1], task, options)


def _run(native: Native, task: Task, options: str) -> Task:
    """A task here; its warnings go to `logging`."""
    with Progress(False) as said:
        report: Task = json.loads(native.bulk_task(json.dumps(task), options, said))
    return report
