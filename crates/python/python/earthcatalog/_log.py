"""What the native half has to say, in Python's `logging`: the logger `earthcatalog` and those below it."""

from __future__ import annotations

import logging

logger = logging.getLogger("earthcatalog")


def native(target: str, severe: bool, message: str) -> None:
    """A warning or an error of a crate; `target` is its module, such as `earthcatalog_store::lease`."""
    name = target.replace("::", ".").removeprefix("earthcatalog_").removeprefix("earthcatalog.")
    logging.getLogger(f"earthcatalog.{name}").log(logging.ERROR if severe else logging.WARNING, "%s", message)
