"""The package in processes: Ctrl-C, forks, and an import that starts nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ARCHIVE, FIXTURES

import earthcatalog as ec

PROGRAM = """
import sys, earthcatalog as ec
catalog = ec.open(base=sys.argv[1], storage_options={"AWS_ENDPOINT_URL": sys.argv[2], "max_retries": "0"}, timeout=600)
print("started", flush=True)
try:
    catalog.ingest(sys.argv[3], mode="full", progress=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    raise SystemExit(130)
print("done", flush=True)
"""


@pytest.fixture
def hanging():
    """A server that takes connections and never answers."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def heed_ctrl_c():
    """A shell that starts the tests in the background has them ignore it, and what they start too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(program, *args):
    words = [sys.executable, "-c", program, *map(str, args)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c)


def test_ctrl_c_ends_a_run_with_nothing_committed(tmp_path, hanging):
    """The items are where nobody answers, so that the run is in its midst when the signal comes."""
    run = start(PROGRAM, tmp_path / "catalog", hanging, FIXTURES / "inventory.csv")
    assert run.stdout.readline() == "started\n"
    lock = tmp_path / "catalog/.lock"
    while not lock.exists():
        assert run.poll() is None
        time.sleep(0.02)
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    time.sleep(1)
    if run.poll() is None:
        # Once more, and it does not wait for the requests.
        run.send_signal(signal.SIGINT)
    assert (run.stdout.read(), run.wait(timeout=60)) == ("interrupted\n", 130)
    assert not ec.open(base=tmp_path / "catalog").exists()


QUESTION = """
import sys, earthcatalog as ec
catalog = ec.open(base="s3://b/catalog", storage_options={"AWS_ENDPOINT_URL": sys.argv[1]}, anonymous=True, timeout=600)
print("started", flush=True)
try:
    catalog.stats()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    raise SystemExit(130)
"""


def test_ctrl_c_ends_a_question(hanging):
    question = start(QUESTION, hanging)
    assert question.stdout.readline() == "started\n"
    time.sleep(0.5)
    question.send_signal(signal.SIGINT)
    assert (question.stdout.read(), question.wait(timeout=30)) == ("interrupted\n", 130)


def test_other_threads_go_on_while_a_call_waits(hanging):
    program = QUESTION.replace(
        'print("started", flush=True)',
        "import threading, os\nthreading.Timer(1, lambda: (print('still here', flush=True), os._exit(3))).start()",
    )
    question = start(program, hanging)
    assert (question.stdout.read(), question.wait(timeout=30)) == ("still here\n", 3)


def test_a_signal_handlers_exception_ends_a_call(hanging):
    program = QUESTION.replace(
        "print(",
        "import signal\ndef raises(*_): raise TimeoutError\nsignal.signal(signal.SIGALRM, raises)\nsignal.alarm(1)\nprint(",
        1,
    ).replace("KeyboardInterrupt", "TimeoutError")
    question = start(program, hanging)
    assert (question.stdout.read(), question.wait(timeout=30)) == ("started\ninterrupted\n", 130)


def test_an_import_starts_no_thread():
    program = "import threading, os, earthcatalog\nprint(len(os.listdir('/proc/self/task')))"
    if not os.path.exists("/proc/self/task"):
        pytest.skip("only Linux tells")
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "1\n"


FORK = """
import os, sys, earthcatalog as ec
if sys.argv[2] == "used":
    ec.open(base=sys.argv[1]).exists()
pid = os.fork()
if pid == 0:
    try:
        ec.open(base=sys.argv[1]).exists()
    except ec.UsageError as error:
        os._exit(7 if "forked" in str(error) else 8)
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.parametrize(("state", "code"), [("unused", 0), ("used", 7)])
def test_a_fork_works_or_says_that_it_cannot(tmp_path, state, code):
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK, str(tmp_path / "catalog"), state], timeout=60)
    assert run.returncode == code


def test_a_callback_that_raises_ends_the_run(empty, monkeypatch):
    from earthcatalog import _progress

    class Broken(_progress.Progress):
        def __call__(self, text):
            raise RuntimeError("broken bar")

    monkeypatch.setattr("earthcatalog._catalog.Progress", Broken)
    with pytest.raises(RuntimeError, match="broken bar"):
        empty.ingest(FIXTURES / "inventory.csv", mode="full")
    assert empty.lock.status() is None


def test_nothing_is_printed(tmp_path):
    program = (
        "import sys, earthcatalog as ec\n"
        f"catalog = ec.open(base=sys.argv[1], map_buckets={{{ARCHIVE!r}: {str(FIXTURES / 'items')!r}}})\n"
        "catalog.ingest(sys.argv[2], mode='full')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "c"), str(FIXTURES / "inventory.csv")],
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
