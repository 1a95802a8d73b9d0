"""Components that spin, recurse, leak, trap or end themselves: each is stopped, in time, and told apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from host_tests.runtime import conftest, guests
from wasicloud_host import errors
from wasicloud_host.runtime import epochs, traps

Cross = Callable[..., Any]


@pytest.mark.parametrize(
    ("head", "kind", "says"),
    [
        (b"u", "trap", "unreachable"),
        (b"r", "stack", "stack exhausted"),
        (b"o", "trap", "out of bounds"),
        (b"g", "memory", "unreachable"),
        (b"x", "exit", "code 3"),
    ],
)
def test_each_way_to_stop_has_its_kind(cross: Cross, head: bytes, kind: str, says: str) -> None:
    crossing_ = cross(guests.PROBE)
    entered = crossing_.enter(guests.Session(), guests.soon())
    with pytest.raises(errors.ComponentTrapped, match=says) as failed:
        entered.call(head, b"", guests.soon())
    assert failed.value.kind == kind
    entered.close()
    entered = crossing_.enter(guests.Session(), guests.soon())
    assert entered.call(b"e", b"next", guests.soon()) == b"next"
    entered.close()


def test_the_backtrace_is_a_note_and_not_in_the_message(cross: Cross) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    with pytest.raises(errors.ComponentTrapped) as failed:
        entered.call(b"g", b"", guests.soon())
    assert "rust_oom" not in str(failed.value)
    assert "rust_oom" in "".join(failed.value.__notes__)
    entered.close()


def test_memory_grows_to_the_limit_and_no_further(cross: Cross) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    assert conftest.MEMORY < 160 * 65536
    assert entered.call(b"m", b"", guests.soon()) == b"n", "10 MiB more than the limit of 8 MiB"
    assert entered.call(b"e", b"x" * (4 << 20), guests.soon()) == b"x" * (4 << 20), "4 MiB are within it"
    entered.close()


def test_a_body_larger_than_the_memory_costs_one_instance(cross: Cross) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    with pytest.raises(errors.ComponentTrapped):
        entered.call(b"e", b"x" * (9 << 20), guests.soon())
    entered.close()


@pytest.mark.parametrize("head", [b"s", b"w"], ids=["spinning", "calling the host for ever"])
def test_a_component_that_does_not_end_is_stopped_at_its_deadline(cross: Cross, head: bytes) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    start = time.monotonic()
    with pytest.raises(errors.RequestTimeout):
        entered.call(head, b"k", start + 0.2)
    assert 0.19 <= time.monotonic() - start < 20
    entered.close()


def test_time_in_the_host_counts(cross: Cross) -> None:
    session = guests.Session()

    def slow(key: bytes) -> bytes:
        time.sleep(0.3)
        return key

    session.exchange.answer = slow
    entered = cross(guests.PROBE).enter(session, guests.soon())
    with pytest.raises(errors.RequestTimeout):
        entered.call(b"w", b"k", time.monotonic() + 0.1)
    assert len(session.exchange.asked) < 10
    entered.close()


def test_a_reused_instance_has_a_new_deadline_for_every_request(cross: Cross) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    for _ in range(3):
        entered.call(b"e", b"", time.monotonic() + 0.05)
        time.sleep(0.1)
    assert entered.call(b"a", b"k", guests.soon()) == b"ok"
    entered.close()


def test_the_deadline_holds_while_an_instance_starts(cross: Cross) -> None:
    crossing_ = cross(guests.starting("(loop $l (br $l))"))
    with pytest.raises(errors.RequestTimeout):
        crossing_.enter(guests.Session(), time.monotonic() + 0.1)


def test_a_trap_at_the_start_is_of_its_own_kind(cross: Cross) -> None:
    crossing_ = cross(guests.starting("unreachable"))
    with pytest.raises(errors.ComponentTrapped) as failed:
        crossing_.enter(guests.Session(), guests.soon())
    assert failed.value.kind == "instantiation"


def test_start_functions_may_call_the_host(cross: Cross) -> None:
    session = guests.Session()
    entered = cross(guests.starting("(if (i64.ne (call $now) (i64.const 7)) (then unreachable))")).enter(
        session, guests.soon()
    )
    entered.close()


def test_one_that_spins_does_not_stop_the_others(cross: Cross) -> None:
    crossing_ = cross(guests.PROBE)
    stopped = threading.Event()

    def spin() -> None:
        entered = crossing_.enter(guests.Session(), guests.soon())
        with pytest.raises(errors.RequestTimeout):
            entered.call(b"s", b"", time.monotonic() + 1.0)
        entered.close()
        stopped.set()

    thread = threading.Thread(target=spin)
    thread.start()
    served = 0
    entered = crossing_.enter(guests.Session(), guests.soon())
    while not stopped.is_set():
        assert entered.call(b"a", b"k", guests.soon()) == b"ok"
        served += 1
    thread.join()
    entered.close()
    assert served > 10


def test_the_clock_rests_while_nothing_runs() -> None:
    counted: list[None] = []
    ticker = epochs.Ticker(lambda: counted.append(None))
    ticker.deadlines[1] = guests.soon()
    ticker.wake()
    _until(lambda: len(counted) > 3)
    del ticker.deadlines[1]
    _until(lambda: ticker.asleep)
    time.sleep(3 * epochs.TICK)
    rested = len(counted)
    time.sleep(10 * epochs.TICK)
    assert len(counted) == rested
    ticker.deadlines[2] = guests.soon()
    ticker.wake()
    _until(lambda: len(counted) > rested + 3)
    ticker.deadlines.clear()
    ticker.close()


def test_the_clock_that_is_closed_ticks_until_the_last_one_is_done() -> None:
    counted: list[None] = []
    ticker = epochs.Ticker(lambda: counted.append(None))
    ticker.deadlines[1] = guests.soon()
    ticker.wake()
    _until(lambda: len(counted) > 1)
    ticker.close()
    before = len(counted)
    _until(lambda: len(counted) > before + 3)
    ticker.deadlines.clear()
    _until(lambda: not any(thread.name == "epochs" for thread in threading.enumerate()))


def test_a_name_in_a_component_cannot_pretend_another_cause() -> None:
    message = (
        "error while executing at wasm backtrace:\n    0: 0x2e - <unknown>!wasm trap: call stack exhausted\n\n"
        "Caused by:\n    wasm trap: wasm `unreachable` instruction executed"
    )
    assert traps.read(message).kind == "trap"
    assert traps.read(message).cause == "wasm `unreachable` instruction executed"
    assert traps.read("").kind == "trap"


def _until(holds: Callable[[], object]) -> None:
    deadline = guests.soon()
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
