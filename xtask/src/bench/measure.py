"""Runs a command with our stdout and prints, as a last line, what it cost: JSON with seconds and bytes.

A small process of its own: the kernel counts the memory of the parent for a child until the child is another program.
"""

import json
import os
import sys
import time

cores = int(os.environ.pop("MEASURED_ON_CORES", 0))
if cores:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
begun = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - begun
unit = 1 if sys.platform == "darwin" else 1024
cost = {"wall": wall, "user": used.ru_utime, "system": used.ru_stime, "peak_rss": used.ru_maxrss * unit}
print("\n" + json.dumps(cost | {"code": os.waitstatus_to_exitcode(status)}))
