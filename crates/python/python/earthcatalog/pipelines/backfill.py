"""`python -m earthcatalog.pipelines.backfill`: an older command line, for the functions of today."""

from earthcatalog import _legacy

if __name__ == "__main__":
    raise SystemExit(_legacy.backfill())
