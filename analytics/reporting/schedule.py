"""When calls run: each as soon as those before it have ended, and again after a while where that may help.

Knows numbers, futures and seconds; nothing of reports.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from heapq import heapify, heappop, heappush
from time import monotonic, sleep
from typing import TypeVar

Result = TypeVar("Result")


def in_order(
    after: Sequence[Collection[int]],
    start: Callable[[int], Future[Result]],
    *,
    workers: Callable[[], int],
    again: Callable[[int, Future[Result], int], float | None] = lambda *_: None,
) -> Iterator[tuple[int, Future[Result], int]]:
    """Start numbered calls in order of need, and yield them as they end.

    Parameters
    ----------
    after : sequence of collections of int
        For each call, the numbers of those that must have ended before, well or not.
    start : callable
        Starts a call whose turn has come. A finished future is as good as a running one.
    workers : callable
        How many calls may run at once.
    again : callable, optional
        Given a call's number, its finished future and how often it was tried, answers after how many seconds
        it is tried again; None where it has ended. By default every call is tried once.

    Yields
    ------
    tuple of int, Future, int
        Number, finished future, how often it was tried. Among those that could start, the lowest goes first.

    Raises
    ------
    ValueError
        If calls wait for each other in a circle.

    Examples
    --------
    >>> def call(number):
    ...     future = Future()
    ...     future.set_result(number * number)
    ...     return future
    >>> [(n, future.result()) for n, future, _ in in_order([(2,), (), ()], call, workers=lambda: 1)]
    [(1, 1), (2, 4), (0, 0)]
    """
    missing = [len(set(needs)) for needs in after]
    followers: dict[int, list[int]] = defaultdict(list)
    for number, needs in enumerate(after):
        for need in set(needs):
            followers[need].append(number)
    ready = [number for number, count in enumerate(missing) if not count]
    heapify(ready)
    later: list[tuple[float, int]] = []
    running: dict[Future[Result], int] = {}
    tries: Counter[int] = Counter()
    ended = 0
    while ready or later or running:
        while later and later[0][0] <= monotonic():
            heappush(ready, heappop(later)[1])
        while ready and len(running) < workers():
            number = heappop(ready)
            tries[number] += 1
            running[start(number)] = number
        pause = max(0.0, later[0][0] - monotonic()) if later else None
        if not running:
            sleep(pause or 0.0)
            continue
        finished, _ = wait(running, timeout=pause, return_when=FIRST_COMPLETED)
        for future in sorted(finished, key=running.__getitem__):
            number = running.pop(future)
            repeat = again(number, future, tries[number])
            if repeat is not None:
                heappush(later, (monotonic() + repeat, number))
                continue
            ended += 1
            for follower in followers.pop(number, ()):
                missing[follower] -= 1
                if not missing[follower]:
                    heappush(ready, follower)
            yield number, future, tries[number]
    if ended < len(after):
        raise ValueError("calls wait for each other in a circle")
