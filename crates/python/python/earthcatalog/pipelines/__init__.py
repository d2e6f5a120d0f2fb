"""The command lines of earthcatalog 0.6, kept for scripts that call them: `backfill` and `incremental`."""
