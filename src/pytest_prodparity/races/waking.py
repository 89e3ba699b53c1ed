"""Several wait for what one is about to let go: the server wakes them at once, and any may be the first to have it.

On a server of this machine the others are stopped (SIGSTOP) until those before them have had their turn. A session that
waits for a lock holds nothing that others need to go on, so that it can be stopped there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from .turnstile import Flight

_TURN_S = 0.2
"""So long one has its turn alone."""


@contextlib.contextmanager
def in_turn(
    pids: Sequence[int], had: Callable[[int], bool], wait: Callable[[float], None]
) -> Iterator[Callable[[], None]]:
    """Stops all but the first of these sessions. What it gives lets them go on, one after another.

    `had` tells of the n-th whether it has had its turn, `wait` waits for something to change.
    """
    stopped = list(pids[1:])
    try:
        for pid in stopped:
            _send(pid, signal.SIGSTOP)

        def go_on() -> None:
            for index in range(len(pids) - 1):
                deadline = time.monotonic() + _TURN_S
                while not had(index) and time.monotonic() < deadline:
                    wait(deadline - time.monotonic())
                _send(stopped.pop(0), signal.SIGCONT)

        yield go_on
    finally:
        for pid in stopped:
            _send(pid, signal.SIGCONT)


def can_stop(pid: int) -> bool:
    """Is it a process that we may stop?"""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def queue(flights: Sequence[Flight], backends: set[int], of: Callable[[Flight], int]) -> list[Flight]:
    """Those that wait for these sessions, or for one that does, in the order in which they began to wait."""
    found: list[Flight] = []
    held = set(backends)
    while True:
        more = [one for one in flights if one not in found and held & set(one.blocked)]
        if not more:
            return sorted(found, key=lambda one: one.since)
        found += more
        held |= {of(one) for one in more}
