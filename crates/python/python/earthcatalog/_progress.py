"""A run's events: warnings to `logging`, numbers to tqdm where it is there and someone looks."""

from __future__ import annotations

import json
import logging
import sys
from types import TracebackType
from typing import Any

from ._errors import UsageError
from ._log import logger


class Progress:
    """Takes the events of one run. `show` is None for "if a person looks and tqdm is installed"."""

    def __init__(self, show: bool | None) -> None:
        self._make = _bars(show)
        self._bar: Any = None
        self._stage = ""
        self._files_before = self._files = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def __call__(self, text: str) -> None:
        """An event, as a JSON text."""
        event = json.loads(text)
        match event["event"]:
            case "warning":
                logger.warning("%s", event["message"])
            case "rejected" if logger.isEnabledFor(logging.INFO):
                logger.info("rejected %s/%s: %s: %s", event["bucket"], event["key"], event["reason"], event["message"])
            case "progress":
                self._progress(event)
            case "writing":
                self._files_before = self._files
                self._stage_of("writing", "file", event["files"])
            case "committing" | "finished":
                self._close()

    def count(self, stage: str, done: int, total: int) -> None:
        """So many of the tasks of a stage are done."""
        self._stage_of(stage, "task", total)
        self._set(done)

    def _progress(self, now: dict[str, Any]) -> None:
        self._files = now["files"]
        if self._stage == "writing":
            return self._set(now["files"] - self._files_before)
        self._stage_of("fetching", "item", now["selected"] if now["listing_done"] else None)
        self._set(now["fetched"])

    def _stage_of(self, stage: str, unit: str, total: int | None) -> None:
        if self._make is None:
            return
        if self._stage != stage:
            self._close()
            self._stage = stage
            self._bar = self._make(desc=stage, unit=unit, total=total, leave=False, disable=False)
        elif total is not None and self._bar.total != total:
            self._bar.total = total
            self._bar.refresh()

    def _set(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(max(0, done - self._bar.n))

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""


def _bars(show: bool | None) -> Any:
    """tqdm, or None where nothing is to be shown."""
    if show is False or (show is None and not _someone_looks()):
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if show:
            raise UsageError("progress=True needs tqdm, which is not installed", "pip install tqdm") from None
        return None
    return tqdm


def _someone_looks() -> bool:
    stderr = sys.stderr
    if stderr is not None and stderr.isatty():
        return True
    # A notebook has no terminal, but a person.
    shell = sys.modules.get("IPython")
    current = shell.get_ipython() if shell is not None else None
    return current is not None and "IPKernelApp" in getattr(current, "config", {})
