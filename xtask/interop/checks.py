"""What the scripts share: arguments, a line a check, and an exit code that says whether all held."""

import json
import sys
import traceback
from pathlib import Path


class Checks:
    """Counts what failed; `script.py CATALOG FACTS.json` are the arguments."""

    def __init__(self):
        self.base = Path(sys.argv[1]).resolve()
        self.facts = json.loads(Path(sys.argv[2]).read_text())
        self.failed = 0

    def __call__(self, what, ok, detail=""):
        self.failed += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {what}{f': {detail}' if detail != '' else ''}", flush=True)
        return ok

    def equal(self, what, found, expected):
        same = found == expected
        return self(what, same, found if same else f"{found!r}, expected {expected!r}")

    def run(self, main):
        try:
            main(self)
        except Exception:
            traceback.print_exc()
            self.failed += 1
        sys.exit(1 if self.failed else 0)
