"""Calls run when what they need has ended, no more at once than there are workers, again only when told."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.reporting import schedule
from analytics.reporting.schedule import in_order


@pytest.fixture
def pauses(monkeypatch):
    """A clock that only sleeping moves, and how long was slept."""
    now, slept = [0.0], []
    monkeypatch.setattr(schedule, "monotonic", lambda: now[0])

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(schedule, "sleep", sleep)
    return slept


def ended(result):
    future = Future()
    future.set_result(result)
    return future


needs = st.integers(0, 12).flatmap(
    lambda n: st.tuples(*(st.sets(st.integers(0, max(0, i - 1)), max_size=3 if i else 0) for i in range(n)))
)


@given(needs=needs, workers=st.integers(1, 4), shuffle=st.randoms(use_true_random=False))
def test_every_call_runs_once_after_its_needs_and_never_more_than_there_are_workers(needs, workers, shuffle):
    numbers = list(range(len(needs)))
    shuffle.shuffle(numbers)
    after = [()] * len(needs)
    for new, old in zip(numbers, range(len(needs)), strict=True):
        after[new] = [numbers[need] for need in needs[old]]
    running, done = set(), []

    def start(number):
        assert set(after[number]) <= set(done)
        running.add(number)
        assert len(running) <= workers
        return ended(number)

    for number, future, tries in in_order(after, start, workers=lambda: workers):
        assert (future.result(), tries) == (number, 1)
        running.discard(number)
        done.append(number)
    assert sorted(done) == sorted(numbers)


def test_among_those_that_may_start_the_first_planned_goes_first():
    order = [number for number, _, _ in in_order([(3,), (), (), ()], ended, workers=lambda: 1)]
    assert order == [1, 2, 3, 0]


def test_a_call_is_tried_again_after_the_wait_that_is_asked_for_and_others_go_on_meanwhile(pauses):
    started = []

    def start(number):
        started.append(number)
        return ended(number)

    waits = {1: 1.0, 2: 4.0}
    found = list(
        in_order(
            [(), (), (0,)],
            start,
            workers=lambda: 1,
            again=lambda number, _, tried: waits.get(tried) if number == 0 else None,
        )
    )
    assert started == [0, 1, 0, 0, 2], "what needs it waits for its last try"
    assert pauses == [1.0, 4.0]
    assert [(number, tries) for number, _, tries in found] == [(1, 1), (0, 3), (2, 1)]


def test_a_wait_does_not_hold_up_what_ends_meanwhile():
    """The first call is to be tried again in an hour; the second ends in a moment."""
    import threading

    slow = Future()
    threading.Timer(0.05, slow.set_result, [None]).start()
    results = in_order(
        [(), ()],
        lambda number: slow if number else ended(number),
        workers=lambda: 2,
        again=lambda number, *_: None if number else 3600.0,
    )
    assert next(results)[0] == 1


def test_calls_that_wait_for_each_other_are_an_error_and_not_a_hang():
    with pytest.raises(ValueError, match="circle"):
        list(in_order([(1,), (0,), ()], ended, workers=lambda: 1))


def test_ten_thousand_calls_are_put_in_order_in_time_that_grows_no_faster_than_they_do():
    """Each is looked at as often as it has needs, not once for each that ends."""
    looked = [0]

    class Needs(tuple):
        def __iter__(self):
            looked[0] += 1
            return super().__iter__()

    after = [Needs((n - 1,) if n % 10 else ()) for n in range(10_000)]
    assert sum(1 for _ in in_order(after, ended, workers=lambda: 2)) == 10_000
    assert looked[0] <= 4 * len(after)
