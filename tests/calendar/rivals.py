"""Runs calls at once, each in a process of its own with its own connection to the database."""

import json
import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connections

Call = Callable[[], Any]
SECONDS = 60.0
FORK = multiprocessing.get_context("fork")
"""The children have Django loaded already; a connection that they inherited would be one for all, so none is."""


def race(calls: Sequence[Call]) -> list[Any]:
    """What each call returned (JSON), in their order. None begins before all are ready.

    Raises AssertionError with the traceback of the first that raised.
    """
    connections.close_all()
    barrier = FORK.Barrier(len(calls))
    ends = [FORK.Pipe(duplex=False) for _ in calls]
    processes = [
        FORK.Process(target=_run, args=(call, barrier, sender)) for call, (_, sender) in zip(calls, ends, strict=True)
    ]
    for process in processes:
        process.start()
    found = [_received(receiver) for receiver, _ in ends]
    for process in processes:
        process.join(SECONDS)
    for problem in (one["raised"] for one in found if "raised" in one):
        raise AssertionError(problem)
    return [one["returned"] for one in found]


def _received(receiver: Connection) -> dict[str, Any]:
    if not receiver.poll(SECONDS):
        raise AssertionError(f"A rival has not ended after {SECONDS:.0f} seconds.")
    answer: dict[str, Any] = json.loads(receiver.recv_bytes())
    return answer


def _run(call: Call, barrier: Barrier, sender: Connection) -> None:
    try:
        barrier.wait(SECONDS)
        answer = {"returned": call()}
    except BaseException:  # noqa: BLE001 — whatever it is, the parent raises it
        answer = {"raised": traceback.format_exc()}
    finally:
        connections.close_all()
    sender.send_bytes(json.dumps(answer).encode())
