"""Workers of this machine: the death of one is one call's, and stopping ends them all."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import wait
from pathlib import Path

import psutil
import pytest

from analytics.reporting.workers import LocalPool


def process_of(_=None):
    return os.getpid()


def wait_until(path):
    while not Path(path).exists():
        time.sleep(0.01)
    return os.getpid()


def die(path):
    wait_until(path)
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    sys.exit(3)


def refuse():
    raise LookupError("no such thing")


def unsayable():
    return lambda: None


@pytest.fixture(scope="module")
def pool():
    pool = LocalPool(2)
    yield pool
    pool.stop()


def test_no_worker_is_started_before_the_first_call_and_none_is_left_after_the_last():
    before = len(psutil.Process().children())
    pool = LocalPool(2)
    assert len(psutil.Process().children()) == before
    worker = pool.submit(process_of).result(60)
    assert psutil.pid_exists(worker)
    pool.close()
    assert not psutil.pid_exists(worker)


def test_the_death_of_a_worker_is_the_loss_of_its_own_call_only(pool, tmp_path):
    dying = pool.submit(die, tmp_path / "now")
    other = pool.submit(wait_until, tmp_path / "later")
    (tmp_path / "now").touch()
    assert pool.is_lost(dying.exception(60))
    assert not other.done()
    (tmp_path / "later").touch()
    assert psutil.pid_exists(other.result(60))
    assert pool.submit(process_of).result(60) != os.getpid(), "the next call has a worker"


def test_an_error_of_the_call_is_its_own_and_the_worker_serves_on(pool):
    worker = pool.submit(process_of).result(60)
    error = pool.submit(refuse).exception(60)
    assert isinstance(error, LookupError)
    assert not pool.is_lost(error)
    assert "cannot travel" in str(pool.submit(unsayable).exception(60))
    assert pool.submit(process_of).result(60) == worker


def test_a_call_that_ends_its_worker_is_lost(pool):
    assert pool.is_lost(pool.submit(leave).exception(60))


def test_a_stopped_pool_leaves_no_process(tmp_path):
    pool = LocalPool(2)
    running = [pool.submit(wait_until, tmp_path / "never") for _ in range(2)]
    while len(family := [w.process.pid for w in pool._all]) < 2:
        time.sleep(0.01)
    pool.stop()
    assert not wait(running, timeout=60).not_done
    assert not [pid for pid in family if psutil.pid_exists(pid)]


def test_all_workers_of_a_stopped_pool_are_free(tmp_path):
    pool = LocalPool(2)
    pool.prepare([], tmp_path)
    pool.stop()
    assert pool.free == 2
