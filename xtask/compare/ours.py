"""What our own program says, and what the scripts share."""

import json
import random
import subprocess
import sys
from pathlib import Path

PROGRAM, FOLDER, CASES = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])


def ask(what, geometries):
    """The answers to `what`, a grid or "normalise", in order; a text is an error."""
    lines = "".join(json.dumps(geometry) + "\n" for geometry in geometries)
    done = subprocess.run([PROGRAM, what], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def rng(seed):
    print(f"seed {seed}, {CASES} cases of a kind")
    return random.Random(seed)


class Checks:
    """A line a check, and an exit code that says whether all held."""

    def __init__(self):
        self.failed = 0

    def __call__(self, what, ok, detail=""):
        self.failed += not ok
        print(f"{'ok  ' if ok else 'FAIL'} {what}{f': {detail}' if detail != '' else ''}", flush=True)

    def end(self):
        sys.exit(1 if self.failed else 0)
