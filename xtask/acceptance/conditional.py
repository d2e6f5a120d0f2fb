"""A server's own conditional PUT, asked without our code: `conditional.py holds|ignored`.

Creates race with If-None-Match: *, swaps race with If-Match; of each race exactly one may win, and what it wrote must be
there. Others are refused, or get a 500 (Ceph's RGW, where two swaps meet: ECANCELED), which is no answer and no write.
`holds` demands this of the server; `ignored` demands that it fails, so that a server which has learned it is noticed.
"""

import sys
import threading
import uuid
from collections import Counter

from botocore.exceptions import ClientError
from checks import Checks, client

BUCKET = "conditional"
RACERS = 16
ROUNDS = 10
REFUSED = {409, 412}
NO_ANSWER = {500}


def put(s3, key, body, **condition):
    """The status of the answer, and the entity tag where it was taken."""
    try:
        answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body, **condition)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], None
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["ETag"]


def race(clients, key, **condition):
    """Everybody writes the key at once: the statuses, the bodies that were taken, and the body that is there."""
    gate, answers = threading.Barrier(len(clients)), [None] * len(clients)

    def racer(i):
        body = f"{i} {uuid.uuid4()}".encode()
        gate.wait()
        answers[i] = (*put(clients[i], key, body, **condition), body)

    threads = [threading.Thread(target=racer, args=(i,)) for i in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = clients[0].get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return Counter(a[0] for a in answers), [a[2] for a in answers if a[0] == 200], there


class Rounds:
    """What came of many races."""

    def __init__(self):
        self.winners, self.statuses, self.stranger = Counter(), Counter(), 0

    def add(self, statuses, taken, there):
        self.winners[len(taken)] += 1
        self.statuses += statuses
        self.stranger += there not in taken

    def one_each(self):
        return set(self.winners) == {1} and self.stranger == 0 and set(self.statuses) <= REFUSED | NO_ANSWER | {200}

    def __str__(self):
        winners = ", ".join(f"{n} of {RACERS} win in {rounds}" for n, rounds in sorted(self.winners.items()))
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"{ROUNDS} rounds: {winners}; answers: {answers}"


def creates(clients):
    rounds = Rounds()
    for _ in range(ROUNDS):
        rounds.add(*race(clients, f"create-{uuid.uuid4()}", IfNoneMatch="*"))
    return rounds


def swaps(clients, form):
    rounds = Rounds()
    for _ in range(ROUNDS):
        key = f"swap-{uuid.uuid4()}"
        _, tag = put(clients[0], key, b"before")
        rounds.add(*race(clients, key, IfMatch=form(tag)))
    return rounds


def swap_alone(s3, form):
    """The statuses of a swap with the current tag and of one with a tag that was current before."""
    key = f"alone-{uuid.uuid4()}"
    _, tag = put(s3, key, b"first")
    current, _ = put(s3, key, b"second", IfMatch=form(tag))
    put(s3, key, b"third")
    stale, _ = put(s3, key, b"fourth", IfMatch=form(tag))
    absent, _ = put(s3, f"absent-{uuid.uuid4()}", b"x", IfMatch=form(tag))
    return current, stale, absent, s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def quoted(tag):
    return f'"{tag.strip(chr(34))}"'


def bare(tag):
    return tag.strip('"')


FORMS = {"quoted": quoted, "bare": bare}


def holds(check, clients):
    s3 = clients[0]
    rounds = creates(clients)
    check("of creates with If-None-Match exactly one wins", rounds.one_each(), rounds)
    working = []
    for name, form in FORMS.items():
        current, stale, absent, there = swap_alone(s3, form)
        detail = f"current {current}, stale {stale}, absent {absent}"
        check(f"a stale swap with a {name} ETag is refused", stale in REFUSED and there == b"third", detail)
        check(f"a swap of what is absent with a {name} ETag is refused", absent in REFUSED | {404}, detail)
        working += [name] * (current == 200)
    check("a swap with the current ETag is taken", bool(working), f"{' and '.join(working) or 'no'} ETags work")
    for name in working:
        rounds = swaps(clients, FORMS[name])
        check(f"of swaps with one {name} ETag exactly one wins", rounds.one_each(), rounds)


def ignored(check, clients):
    rounds = creates(clients)
    check("creates with If-None-Match do not hold", not rounds.one_each() and max(rounds.winners) > 1, rounds)
    for name, form in FORMS.items():
        current, stale, _, there = swap_alone(clients[0], form)
        detail = f"current {current}, stale {stale}"
        check(f"a stale swap with a {name} ETag is taken", stale == 200 and there == b"fourth", detail)


def main(check):
    clients = [client() for _ in range(RACERS)]
    clients[0].create_bucket(Bucket=BUCKET)
    {"holds": holds, "ignored": ignored}[sys.argv[1]](check, clients)


if __name__ == "__main__":
    Checks().run(main)
