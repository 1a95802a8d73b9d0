"""One request among many: its limits, its failures, and that nothing of it stays."""

from __future__ import annotations

import gc
import logging
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import wasmtime
from wasmtime import component as wasm

from host_tests.runtime import guests
from wasicloud_host import dispatch, errors, runtime
from wasicloud_host.runtime import crossing, engine, epochs, footprint, instances, native

MEMORY = 8 << 20


@dataclass(slots=True)
class IO:
    """The edge's side of a request, as far as dispatch looks at it."""

    request_id: str = "request-1"


@dataclass(slots=True)
class Counting:
    """Counts what the runtime reports."""

    counts: Counter[str] = field(default_factory=Counter)

    def instance_made(self) -> None:
        self.counts["made"] += 1

    def instance_reused(self) -> None:
        self.counts["reused"] += 1

    def instance_dropped(self, reason: str) -> None:
        self.counts[f"dropped {reason}"] += 1

    def component_stopped(self, kind: str) -> None:
        self.counts[f"stopped {kind}"] += 1


@dataclass(slots=True)
class Host:
    """A dispatcher with real instances below it."""

    entry: crossing.Crossing
    observer: Counting
    sessions: list[guests.Session]
    answer: Callable[[bytes], bytes] = lambda key: b"o" + key
    closing: list[Callable[[], None]] = field(default_factory=list)

    def dispatcher(self, concurrency: int = 8, timeout: float = 60.0, max_requests: int = 1) -> dispatch.Dispatcher:
        pool = instances.Pool(self.instance, instances.Limits(max_requests=max_requests), self.observer)
        made = dispatch.Dispatcher(pool, concurrency, timeout, self.observer)
        self.closing.append(made.close)
        return made

    def respond(self, key: bytes) -> bytes:
        """By the answer of now: instances are made ahead."""
        return self.answer(key)

    def instance(self, deadline: float) -> crossing.Entered:
        session = guests.Session()
        session.exchange.answer = self.respond
        self.sessions.append(session)
        return self.entry.enter(session, deadline)


@pytest.fixture(scope="module")
def compiled() -> tuple[wasmtime.Engine, wasm.Component]:
    data = bytes(wasmtime.wat2wasm(guests.PROBE))
    made, _ = engine.make(engine.Settings(64 + instances.SPARE, MEMORY, footprint.measure(data)))
    return made, wasm.Component(made, data)


@pytest.fixture
def host(compiled: tuple[wasmtime.Engine, wasm.Component]) -> Iterator[Host]:
    pointer = native.pointer(compiled[0])
    ticker = epochs.Ticker(lambda: native.increment_epoch(pointer))
    made = Host(crossing.Crossing(*compiled, (guests.TABLE,), (MEMORY, 1000), ticker), Counting(), [])
    yield made
    for close in made.closing:
        close()
    assert known(made) == 0
    ticker.close()


def known(host: Host) -> int:
    tables = sum(len(targets) for _, targets in host.entry.targets)
    return tables + len(host.entry.failures) + len(host.entry.ticker.deadlines)


def test_a_request_gets_its_components_answer(host: Host) -> None:
    dispatcher = host.dispatcher()
    assert dispatcher.handle(b"echo", b"uhello", IO()) == b"uhello"
    assert dispatcher.handle(b"ask", b"key", IO()) == b"okey"


def test_a_component_keeps_nothing_between_requests_by_default(host: Host) -> None:
    dispatcher = host.dispatcher()
    assert [dispatcher.handle(b"count", b"", IO()) for _ in range(5)] == [b"1"] * 5


def test_a_component_that_may_serve_more_keeps_its_memory(host: Host) -> None:
    dispatcher = host.dispatcher(max_requests=3)
    assert [dispatcher.handle(b"count", b"", IO()) for _ in range(7)] == [b"1", b"2", b"3", b"1", b"2", b"3", b"1"]
    assert host.observer.counts["reused"] == 4


def test_the_session_learns_of_the_request_and_of_its_end(host: Host) -> None:
    dispatcher = host.dispatcher(timeout=50.0, max_requests=10)
    seen: list[tuple[object, float]] = []
    host.answer = lambda key: seen.append((serving(host).io, serving(host).begun[-1])) or key  # type: ignore[func-returns-value]
    io = IO()
    before = time.monotonic()
    dispatcher.handle(b"ask", b"key", io)
    (given, deadline) = seen[0]
    assert given is io
    assert before + 50 <= deadline <= time.monotonic() + 50
    served = next(session for session in host.sessions if session.begun)
    assert (served.io, served.ended) == (None, 1)


def serving(host: Host) -> guests.Session:
    return next(session for session in host.sessions if session.io is not None)


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"u", "trap"), (b"r", "stack"), (b"o", "trap"), (b"g", "memory"), (b"x", "exit")],
)
def test_a_stop_costs_one_request_and_is_counted_and_logged(
    host: Host, head: bytes, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    dispatcher = host.dispatcher(max_requests=100)
    dispatcher.handle(b"e", b"", IO())
    with caplog.at_level(logging.WARNING), pytest.raises(errors.ComponentTrapped) as failed:
        dispatcher.handle(head, b"", IO("request-7"))
    assert failed.value.kind == kind
    assert host.observer.counts[f"stopped {kind}"] == 1
    assert host.observer.counts["dropped failed"] == 1
    assert "request-7" in caplog.text
    assert dispatcher.handle(b"count", b"", IO()) == b"1", "a fresh instance took over"
    assert dispatcher.in_flight == 0


def test_a_request_that_takes_too_long_is_a_timeout_and_its_instance_is_gone(host: Host) -> None:
    dispatcher = host.dispatcher(timeout=0.2, max_requests=100)
    with pytest.raises(errors.RequestTimeout):
        dispatcher.handle(b"s", b"", IO())
    assert host.observer.counts["stopped timeout"] == 1
    assert dispatcher.handle(b"count", b"", IO()) == b"1"


def test_a_client_that_is_gone_is_no_fault_of_the_component(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    def gone(_: bytes) -> bytes:
        raise errors.ClientGone("closed")

    host.answer = gone
    dispatcher = host.dispatcher()
    with pytest.raises(errors.ClientGone):
        dispatcher.handle(b"ask", b"", IO())
    assert not any(name.startswith("stopped") for name in host.observer.counts)
    assert caplog.text == ""


def test_a_head_that_is_not_utf8_is_refused_before_the_component_sees_it(host: Host) -> None:
    dispatcher = host.dispatcher()
    with pytest.raises(ValueError, match="utf-8"):
        dispatcher.handle(b"e\xff", b"", IO())
    assert dispatcher.handle(b"e", b"u", IO()) == b"u"


def test_one_more_than_the_limit_is_told_to_come_again(host: Host) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def wait(key: bytes) -> bytes:
        inside.release()
        assert leave.wait(60)
        return key

    host.answer = wait
    dispatcher = host.dispatcher(concurrency=3)
    threads = [threading.Thread(target=dispatcher.handle, args=(b"ask", b"k", IO())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert inside.acquire(timeout=60)
    assert dispatcher.in_flight == 3
    with pytest.raises(errors.Overloaded) as refused:
        dispatcher.handle(b"e", b"", IO())
    assert refused.value.retry_after >= 1
    leave.set()
    for thread in threads:
        thread.join()
    assert dispatcher.in_flight == 0
    assert dispatcher.handle(b"e", b"u", IO()) == b"u"


def test_a_closed_dispatcher_lets_requests_finish(host: Host) -> None:
    inside, leave = threading.Event(), threading.Event()
    answers: list[bytes] = []

    def wait(key: bytes) -> bytes:
        inside.set()
        assert leave.wait(60)
        return key

    host.answer = wait
    dispatcher = host.dispatcher(max_requests=100)
    thread = threading.Thread(target=lambda: answers.append(dispatcher.handle(b"ask", b"kept", IO())))
    thread.start()
    assert inside.wait(60)
    dispatcher.close()
    leave.set()
    thread.join()
    assert answers == [b"kept"]
    assert known(host) == 0


def test_threads_get_their_own_answers(host: Host) -> None:
    dispatcher = host.dispatcher(concurrency=16, max_requests=50)
    wrong: list[bytes] = []

    def work(number: int) -> None:
        for turn in range(150):
            body = b"u%d-%d" % (number, turn)
            if (answer := dispatcher.handle(b"ask", body, IO())) != b"o" + body:
                wrong.append(answer)

    run(work, 12)
    assert wrong == []


def run(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


MIX = [b"e"] * 80 + [b"a"] * 30 + [b"c"] * 10 + [b"u", b"r", b"g", b"x", b"o", b"s", b"m", b"m"]


@pytest.mark.parametrize("max_requests", [1, 128])
def test_ten_thousand_requests_with_traps_and_timeouts_leave_nothing(
    host: Host, max_requests: int, caplog: pytest.LogCaptureFixture
) -> None:
    """WASICLOUD_SOAK sets how many thousand requests each half takes (5); memory, threads, descriptors stay flat."""
    caplog.set_level(logging.CRITICAL)
    dispatcher = host.dispatcher(concurrency=64, timeout=0.5, max_requests=max_requests)
    outcomes: Counter[str] = Counter()

    def work(number: int, requests: int) -> None:
        chance = random.Random(number)
        for turn in range(requests):
            head, body = chance.choice(MIX), b"u%d-%d" % (number, turn)
            try:
                answer = dispatcher.handle(head, body, IO())
            except errors.RequestTimeout:
                outcomes["timeout"] += 1
            except errors.ComponentTrapped as error:
                outcomes[error.kind] += 1
            else:
                good = answer == {b"e": body, b"a": b"o" + body, b"m": b"n"}.get(head, answer)
                outcomes["good" if good else "wrong"] += 1

    per_thread = int(os.environ.get("WASICLOUD_SOAK", "5")) * 1000 // 64 // 2
    run(lambda number: work(number, per_thread), 64)
    gc.collect()
    before = state()
    host.sessions.clear()
    run(lambda number: work(number + 100, per_thread), 64)
    host.sessions.clear()
    gc.collect()
    after = state()
    assert outcomes["wrong"] == 0
    assert outcomes["good"] > 64 * per_thread
    assert dispatcher.in_flight == 0
    assert known(host) <= instances.SPARE + 64
    assert after["threads"] <= before["threads"]
    assert after["descriptors"] <= before["descriptors"]
    assert after["memory"] - before["memory"] < 24 << 20
    dispatcher.close()
    assert known(host) == 0


def state() -> dict[str, int]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE"),
        "threads": threading.active_count(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
    }


def test_an_observer_is_not_needed(host: Host) -> None:
    pool = runtime.Pool(host.instance, runtime.Limits())
    dispatcher = dispatch.Dispatcher(pool, 1, 60.0)
    host.closing.append(dispatcher.close)
    with pytest.raises(errors.ComponentTrapped):
        dispatcher.handle(b"u", b"", IO())
