"""Instances ahead of demand, used again where allowed, thrown away off the request's path, bounded in number."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from host_tests.runtime import guests
from wasicloud_host import errors
from wasicloud_host.runtime import instances


@dataclass(slots=True, eq=False)
class Fake:
    """An instance that knows whether it was closed, and by whom."""

    session: guests.Session = field(default_factory=guests.Session)
    served: int = 0
    closed_by: int = 0

    def call(self, head: bytes, body: bytes, deadline: float) -> bytes:
        return body

    def close(self) -> None:
        assert not self.closed_by
        self.closed_by = threading.get_ident()


class Factory:
    """Makes fakes and remembers them."""

    def __init__(self) -> None:
        self.made: list[Fake] = []
        self.makers: list[int] = []
        self.error: Exception | None = None
        self.most = 0
        self.seconds = 0.0

    def __call__(self, deadline: float) -> Fake:
        if self.error is not None:
            raise self.error
        if self.seconds:
            time.sleep(self.seconds)
        fake = Fake()
        self.made.append(fake)
        self.makers.append(threading.get_ident())
        self.most = max(self.most, self.alive)
        return fake

    @property
    def alive(self) -> int:
        return sum(not fake.closed_by for fake in list(self.made))


class Counting(instances.Unobserved):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def instance_made(self) -> None:
        self.counts["made"] += 1

    def instance_reused(self) -> None:
        self.counts["reused"] += 1

    def instance_dropped(self, reason: str) -> None:
        self.counts[reason] += 1


@pytest.fixture
def factory() -> Factory:
    return Factory()


@pytest.fixture
def observer() -> Counting:
    return Counting()


@pytest.fixture
def pool(factory: Factory, observer: Counting) -> Iterator[Callable[..., instances.Pool]]:
    pools: list[instances.Pool] = []

    def make(max_requests: int = 1, patience: float = 5.0) -> instances.Pool:
        pools.append(instances.Pool(factory, instances.Limits(max_requests, patience=patience), observer))
        return pools[-1]

    yield make
    for each in pools:
        each.close()
    assert factory.alive == 0


def until(holds: Callable[[], object]) -> None:
    deadline = guests.soon()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_fresh_instance_is_ready_before_the_first_request(
    pool: Callable[..., instances.Pool], factory: Factory
) -> None:
    made = pool()
    until(lambda: made.waiting[0] == 1)
    made.give(made.take())
    assert factory.makers[0] != threading.get_ident()


def test_every_request_has_a_fresh_instance_by_default(pool: Callable[..., instances.Pool], observer: Counting) -> None:
    made = pool()
    seen = []
    for _ in range(50):
        instance = made.take()
        seen.append(instance)
        made.give(instance)
    assert len(set(map(id, seen))) == 50
    assert all(instance.served == 1 for instance in seen)
    assert observer.counts["reused"] == 0


def test_an_instance_serves_as_many_requests_as_allowed(
    pool: Callable[..., instances.Pool], observer: Counting
) -> None:
    made = pool(max_requests=3)
    served: Counter[int] = Counter()
    for _ in range(9):
        instance = made.take()
        served[id(instance)] += 1
        made.give(instance)
    assert sorted(served.values()) == [3, 3, 3]
    assert observer.counts["reused"] == 6


def test_no_instance_lives_for_ever(pool: Callable[..., instances.Pool]) -> None:
    made = pool(max_requests=1_000_000)
    instance = made.take()
    instance.served = instances.MOST_REQUESTS - 1
    made.give(instance)
    assert made.waiting[1] == 0


def test_an_instance_that_keeps_handles_is_retired(pool: Callable[..., instances.Pool], observer: Counting) -> None:
    made = pool(max_requests=1000)
    instance = made.take()
    instance.session.handles.table.update(dict.fromkeys(range(instances.MOST_HANDLES + 1)))
    made.give(instance)
    assert made.waiting[1] == 0
    assert observer.counts["leak"] == 1


def test_a_failed_instance_is_never_used_again(pool: Callable[..., instances.Pool], factory: Factory) -> None:
    made = pool(max_requests=1000)
    for _ in range(20):
        instance = made.take()
        assert instance.served == 0
        made.drop(instance, "failed")


def test_used_instances_are_closed_by_the_maker(pool: Callable[..., instances.Pool], factory: Factory) -> None:
    made = pool()
    for _ in range(instances.PILE // 2 + 1):
        made.give(made.take())
        time.sleep(0.01)
    until(lambda: any(fake.closed_by for fake in factory.made))
    assert threading.get_ident() not in {fake.closed_by for fake in factory.made}


def test_the_sum_of_instances_is_bounded_under_load(pool: Callable[..., instances.Pool], factory: Factory) -> None:
    made = pool()
    concurrency = 8

    def work() -> None:
        for _ in range(300):
            made.give(made.take())

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert factory.most <= concurrency + instances.SPARE


def test_the_stock_grows_when_requests_find_it_empty(pool: Callable[..., instances.Pool]) -> None:
    made = pool()
    for _ in range(6):
        until(lambda: made.waiting[0] > 0)
        taken = [made.take() for _ in range(20)]
        for instance in taken:
            made.give(instance)
    until(lambda: made.waiting[0] > 4)
    assert made.waiting[0] <= instances.STOCK


def test_what_is_not_needed_is_let_go(
    pool: Callable[..., instances.Pool], factory: Factory, observer: Counting
) -> None:
    made = pool(max_requests=1000, patience=0.05)
    taken = [made.take() for _ in range(30)]
    for instance in taken:
        made.give(instance)
    until(lambda: made.waiting[:2] == (1, 0))
    assert observer.counts["idle"] >= 30
    made.give(made.take())


def test_one_that_cannot_be_made_ahead_is_the_next_requests_error(
    pool: Callable[..., instances.Pool], factory: Factory
) -> None:
    factory.error = errors.ComponentTrapped("no", "instantiation")
    made = pool(patience=0.05)
    with pytest.raises(errors.ComponentTrapped):
        made.take()
    factory.error = None
    until(lambda: made.waiting[0] == 1)


def test_closing_closes_all_but_those_in_use(factory: Factory, observer: Counting) -> None:
    made = instances.Pool(factory, instances.Limits(max_requests=5), observer)
    busy, back = made.take(), made.take()
    made.give(back)
    made.close()
    assert factory.alive == 1
    made.give(busy)
    assert factory.alive == 0
    assert not any(thread.name == "instances" for thread in threading.enumerate())


def test_sessions_are_closed_with_their_instances(factory: Factory) -> None:
    made = instances.Pool(factory, instances.Limits())
    for _ in range(40):
        made.give(made.take())
    made.close()
    assert {fake.session.closed for fake in factory.made} == {1}


def test_a_thread_with_nothing_to_do_makes_and_closes_instances(
    pool: Callable[..., instances.Pool], factory: Factory
) -> None:
    made = pool()
    me = threading.get_ident()
    until(lambda: made.waiting[0] == 1)
    while made.idle():
        pass
    for _ in range(60):
        made.give(made.take())
        while made.idle():
            pass
    assert made.waiting[2] == 0, "nothing waits to be closed"
    assert factory.makers.count(me) >= 50
    assert sum(fake.closed_by == me for fake in factory.made) >= 50
    assert factory.most <= 3, "no more than one in use and those kept ready"


def test_instances_that_take_long_to_make_are_left_to_the_maker(
    pool: Callable[..., instances.Pool], factory: Factory
) -> None:
    factory.seconds = 4 * instances.HEAVY
    made = pool()
    until(lambda: made.waiting[0] == 1)
    assert not made.idle()
    first = made.take()
    assert not made.idle()
    until(lambda: made.waiting[0] == 1)
    made.give(first)
    assert threading.get_ident() not in factory.makers


def test_a_failure_while_idle_does_not_reach_the_idle_thread(
    pool: Callable[..., instances.Pool], factory: Factory
) -> None:
    made = pool()
    until(lambda: made.waiting[0] == 1)
    made.idle()
    instance = made.take()
    factory.error = RuntimeError("broken")
    while made.idle():
        pass
    made.give(instance)


def test_a_closed_pool_has_nothing_to_do(factory: Factory) -> None:
    made = instances.Pool(factory, instances.Limits())
    made.close()
    assert not made.idle()
