"""The lock file of earthcatalog 0.6.1, at the root of its store: each program waits for the other."""

import contextlib
import io
import json
import signal
import subprocess
from pathlib import Path

from checks import Checks
from earthcatalog.lock import CatalogLocked, S3Lock
from obstore.store import LocalStore

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = "fixtures/inventory-dated.parquet"
MAP = f"earthcatalog-fixtures={ROOT}/fixtures/items"
WRITERS = (("compact",), ("regrid",), ("expire",), ("gc",))


class Both:
    """Our command line on a catalog in a folder of a store, and 0.6.1's lock of that store."""

    def __init__(self, check):
        self.check, self.root, self.base = check, check.base, check.base / "catalogs/one"
        self.theirs, self.ours = self.root / ".lock", self.base / ".lock"

    def command(self, *args):
        names = ["--catalog", str(self.base), "--lock-path", str(self.theirs), "--quiet"]
        return [*self.check.facts["command"], *args, *names]

    def run(self, *args):
        return subprocess.run(self.command(*args), cwd=ROOT, capture_output=True, text=True, check=False)

    def ingest(self):
        return ("ingest", INVENTORY, "--mode", "full", "--map-bucket", MAP)

    def lock(self, ttl_hours=12):
        return S3Lock(owner="the older", ttl_hours=ttl_hours, store=LocalStore(str(self.root)), key=".lock")

    def is_free(self):
        """Whether 0.6.1 can take its lock; it gives it back."""
        try:
            with contextlib.redirect_stdout(io.StringIO()), self.lock():
                return True
        except CatalogLocked as locked:
            return str(locked)

    def paused_while_it_writes(self):
        """An ingest of ours, stopped as soon as it has 0.6.1's lock."""
        ours = subprocess.Popen(self.command(*self.ingest()), cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not self.theirs.exists():
            if ours.poll() is not None:
                raise RuntimeError(f"our ingest ended with {ours.returncode} and took no lock")
        ours.send_signal(signal.SIGSTOP)
        return ours


def while_theirs_is_held(check, both):
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = both.lock()
        theirs.acquire()
    held = both.theirs.read_bytes()
    for writer in (both.ingest(), *WRITERS):
        done = both.run(*writer)
        check.equal(f"{writer[0]} while it is theirs: exit code", done.returncode, 4)
        check(f"{writer[0]} says whose it is", "the older" in done.stderr and str(both.theirs) in done.stderr)
        check("their lock is as it was, and ours is given back", both.theirs.read_bytes() == held and not both.ours.exists())
    shown = json.loads(both.run("lock", "status", "--json").stdout)["other"]
    check.equal("lock status", (shown["owner"], shown["locked"], shown["ttl_hours"]), ("the older", True, 12))
    with contextlib.redirect_stdout(io.StringIO()):
        theirs.release()


def while_ours_is_held(check, both):
    ours = both.paused_while_it_writes()
    said = both.is_free()
    check("0.6.1 refuses while we write", said is not True and "is locked by 'ingest " in said, said)
    ours.send_signal(signal.SIGCONT)
    check.equal("our ingest ends", ours.wait(), 0)
    check.equal("0.6.1 may write again", both.is_free(), True)


def after_a_death(check, both):
    for what, command in (("we see that the process is gone", ("compact",)), ("lock break", ("lock", "break"))):
        ours = both.paused_while_it_writes()
        ours.kill()
        ours.wait()
        check("0.6.1 refuses after we died", both.is_free() is not True)
        check.equal(what, both.run(*command).returncode, 0)
        check.equal("0.6.1 may write again", both.is_free(), True)


def a_stale_one(check, both):
    with contextlib.redirect_stdout(io.StringIO()):
        both.lock(ttl_hours=0).acquire()
    done = both.run(*both.ingest())
    check.equal("we take over what has outlived its time", done.returncode, 0)
    check("and give it back", not both.theirs.exists() and not both.ours.exists())


def main(check):
    both = Both(check)
    check.equal("an ingest with both locks", both.run(*both.ingest()).returncode, 0)
    while_theirs_is_held(check, both)
    while_ours_is_held(check, both)
    after_a_death(check, both)
    a_stale_one(check, both)


if __name__ == "__main__":
    Checks().run(main)
