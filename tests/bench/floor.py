"""The machine's floor: from just before an empty job is enqueued to its first line, in the stack's own engine worker.

`python -m tests.bench.floor CALLS` prints the times, in milliseconds, as JSON.
"""

import json
import sys
import time

import django
import django_rq

from deployer.queueing import ENGINE, enqueue

STARTED = "bench:started"
PAUSE_SECONDS = 0.02
ANSWER_SECONDS = 10


def empty(number: int) -> None:
    """The job: says when it started."""
    started = time.monotonic()
    django_rq.get_connection(ENGINE).rpush(STARTED, json.dumps([number, started]))


def measure(number: int) -> float:
    """Milliseconds from before the enqueuing to the start. The worker is idle meanwhile."""
    asked = time.monotonic()
    enqueue(ENGINE, f"{__spec__.name}.{empty.__name__}", number)
    answer = django_rq.get_connection(ENGINE).blpop([STARTED], timeout=ANSWER_SECONDS)
    if answer is None:
        raise SystemExit("The engine worker does not work.")
    answered, started = json.loads(answer[1])
    assert answered == number
    time.sleep(PAUSE_SECONDS)
    return float(started - asked) * 1000


if __name__ == "__main__":
    django.setup()
    print(json.dumps([measure(number) for number in range(int(sys.argv[1]))]))
