"""What the scripts share: the server, a line a check, and an exit code that says whether all held."""

import os
import sys
import traceback

import boto3
from botocore.config import Config


def client():
    """The server of the environment (AWS_ENDPOINT_URL, keys): one attempt, no checksums that old servers do not know."""
    config = Config(
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
        max_pool_connections=64,
    )
    return boto3.Session().client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=config)


class Checks:
    """Counts what failed."""

    def __init__(self):
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
