"""What goes in comes out: by the fast way and by wasmtime-py's own, with the same answers and the same errors."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from host_tests.runtime import guests
from wasicloud_host import errors
from wasicloud_host.runtime import crossing, imports

Cross = Callable[..., Any]

TEXTS = [
    b"",
    b"u",
    b"plain",
    "žluťoučký kůň".encode(),
    "日本語 \U0001f600".encode(),
    b"nul\0in the middle\0",
    "\ufffe\uffff\ud7ff".encode(),
    "\U0010ffff".encode(),
    b"x" * 70_000,
    "é".encode() * 40_000,
]

BROKEN = [
    b"\xff",
    b"u\xc3",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"ok\x80",
    b"a" * 5000 + b"\xfe",
    b"\xe2\x82",
]

KINDS = ("string", "u32", "u64")
SHAPES = [
    *itertools.chain.from_iterable(itertools.product(KINDS, repeat=count) for count in range(3)),
    ("u32", "string", "u32"),
    ("u32", "string", "string"),
    ("u32", "u32", "u32"),
    ("u32", "string", "u64", "u64"),
    ("u32", "string", "string", "u32"),
    ("string", "string", "string", "string"),
    ("string", "u64", "u64", "u64", "string", "u32"),
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_body_passes_unchanged(cross: Cross, text: bytes) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    assert entered.call(b"echo", text, guests.soon()) == text
    entered.close()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_host_functions_argument_and_answer_pass_unchanged(cross: Cross, text: bytes) -> None:
    session = guests.Session()
    entered = cross(guests.PROBE).enter(session, guests.soon())
    assert entered.call(b"ask", text, guests.soon()) == b"o" + text
    assert session.exchange.asked == [(text,)]
    entered.close()


def test_random_texts_pass_unchanged(cross: Cross) -> None:
    chance = random.Random(7)
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    for _ in range(200):
        characters = [chance.choice([chance.randrange(0x80), chance.randrange(0xD800), 0x1F600]) for _ in range(50)]
        text = "".join(map(chr, characters[: chance.randrange(50)])).encode()
        assert entered.call(b"ask" + text, text, guests.soon()) == b"o" + text
    entered.close()


@pytest.mark.parametrize("broken", BROKEN)
def test_a_head_or_body_that_is_not_utf8_is_refused_and_the_instance_lives(cross: Cross, broken: bytes) -> None:
    entered = cross(guests.PROBE).enter(guests.Session(), guests.soon())
    for head, body in ((b"e" + broken, b"fine"), (b"e", broken)):
        with pytest.raises(UnicodeDecodeError):
            entered.call(head, body, guests.soon())
    assert entered.call(b"e", b"fine", guests.soon()) == b"fine"
    entered.close()


@pytest.mark.parametrize("broken", BROKEN)
def test_an_answer_that_is_not_utf8_stops_the_instance_and_nothing_else(cross: Cross, broken: bytes) -> None:
    session = guests.Session()
    session.exchange.answer = lambda _: broken
    entered = cross(guests.PROBE).enter(session, guests.soon())
    with pytest.raises(errors.ComponentTrapped) as failed:
        entered.call(b"ask", b"key", guests.soon())
    assert failed.value.kind == "host"
    entered.close()


@pytest.mark.parametrize("result", KINDS)
@pytest.mark.parametrize("params", SHAPES, ids=" ".join)
def test_every_shape_of_host_function(cross: Cross, params: tuple[str, ...], result: str) -> None:
    seen: list[Any] = []
    answer: Any = {"string": "ö".encode(), "u32": 0xFFFFFFFE, "u64": 0xFFFFFFFFFFFFFFFE}[result]

    def function(_target: Any, *given: Any) -> Any:
        seen.append(given)
        return answer

    def note(_target: Any, number: int) -> int:
        seen.append(number)
        return 0

    table = imports.Table(
        guests.EXCHANGE,
        (guests.Function("f", params, result, function), guests.Function("note", ("u64",), "u32", note)),
        lambda session: session,
    )
    entered = cross(guests.passing(params, result), table).enter(guests.Session(), guests.soon())
    texts = itertools.cycle((b"head", "bödy".encode()))
    expected = tuple(
        next(texts) if kind == "string" else (0xFFFFFF00 if kind == "u32" else 0xFFFFFFFFFFFFFF00) + position
        for position, kind in enumerate(params)
    )
    given_back = entered.call(b"head", "bödy".encode(), guests.soon())
    assert seen == ([expected] if result == "string" else [expected, answer])
    assert given_back == (answer if result == "string" else b"")
    entered.close()


@pytest.mark.parametrize(
    ("result", "wrong"), [("u32", 1 << 32), ("u32", -1), ("u64", 1 << 64), ("u64", -1), ("string", None)]
)
def test_an_answer_of_the_wrong_type_never_reaches_wasm(cross: Cross, result: str, wrong: Any) -> None:
    table = imports.Table(
        guests.EXCHANGE,
        (
            guests.Function("f", (), result, lambda _: wrong),
            guests.Function("note", ("u64",), "u32", lambda _, number: 0),
        ),
        lambda session: session,
    )
    entered = cross(guests.passing((), result), table).enter(guests.Session(), guests.soon())
    with pytest.raises(errors.ComponentTrapped) as failed:
        entered.call(b"", b"", guests.soon())
    assert failed.value.kind == "host"
    entered.close()


class Interrupt(BaseException):
    """Like KeyboardInterrupt."""


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ValueError("secret"), errors.ComponentTrapped),
        (errors.ClientGone("gone"), errors.ClientGone),
        (errors.RequestTimeout("late"), errors.RequestTimeout),
        (Interrupt(), Interrupt),
    ],
)
def test_an_exception_in_a_host_function_comes_out_of_the_call_that_met_it(
    cross: Cross, raised: BaseException, expected: type[BaseException]
) -> None:
    def answer(_: bytes) -> bytes:
        raise raised

    session = guests.Session()
    session.exchange.answer = answer
    entered = cross(guests.PROBE).enter(session, guests.soon())
    with pytest.raises(expected) as failed:
        entered.call(b"ask", b"key", guests.soon())
    assert "secret" not in str(failed.value)
    entered.close()


def test_exceptions_of_many_threads_are_never_mixed_up(cross: Cross) -> None:
    """wasmtime-py keeps an exception in a module global: another thread's call would raise it."""
    crossing_ = cross(guests.PROBE)
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(40):
            mark = f"{number}-{turn}"

            def answer(_: bytes, mark: str = mark) -> bytes:
                raise errors.ClientGone(mark)

            session = guests.Session()
            session.exchange.answer = answer
            entered = crossing_.enter(session, guests.soon())
            try:
                entered.call(b"ask", b"key", guests.soon())
                wrong.append(f"{mark}: nothing")
            except errors.ClientGone as error:
                if str(error) != mark:
                    wrong.append(f"{mark}: {error}")
            finally:
                entered.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_each_instance_has_its_own_state_and_its_own_session(cross: Cross) -> None:
    crossing_ = cross(guests.PROBE)
    sessions = [guests.Session(), guests.Session()]
    sessions[1].exchange.answer = lambda _: b"second"
    first, second = (crossing_.enter(session, guests.soon()) for session in sessions)
    assert [first.call(b"count", b"", guests.soon()) for _ in range(3)] == [b"1", b"2", b"3"]
    assert second.call(b"count", b"", guests.soon()) == b"1"
    assert first.call(b"ask", b"k", guests.soon()) == b"ok"
    assert second.call(b"ask", b"k", guests.soon()) == b"second"
    first.close()
    second.close()


def test_identities_of_linked_components_are_told_apart_by_the_import_they_use(cross: Cross) -> None:
    """A table per import instance, each with its own target in the session."""
    tables = (
        guests.TABLE,
        imports.Table(
            "capabilities-1",
            (guests.Function("ask", ("string",), "string", lambda who, key: who + key),),
            lambda session: session.capabilities[1],
        ),
    )
    session = guests.Session(capabilities=(b"zero:", b"one:"))
    entered = cross(guests.IDENTIFIED, *tables).enter(session, guests.soon())
    assert entered.call(b"x", b"key", guests.soon()) == b"one:key"
    entered.close()


def test_nothing_is_known_of_an_instance_after_it_was_closed(fast: Callable[..., crossing.Crossing]) -> None:
    crossing_ = fast(guests.PROBE)
    entered = crossing_.enter(guests.Session(), guests.soon())
    with pytest.raises(errors.ComponentTrapped):
        entered.call(b"unreachable", b"", guests.soon())
    entered.close()
    entered.close()
    assert _known(crossing_) == 0


def test_nothing_is_known_of_an_instance_that_never_came_to_be(fast: Callable[..., crossing.Crossing]) -> None:
    crossing_ = fast(guests.starting("unreachable"))
    for _ in range(3):
        with pytest.raises(errors.ComponentTrapped):
            crossing_.enter(guests.Session(), guests.soon())
    assert _known(crossing_) == 0


def test_a_session_without_the_target_leaves_nothing_behind(fast: Callable[..., crossing.Crossing]) -> None:
    table = imports.Table(guests.EXCHANGE, guests.TABLE.functions, lambda session: session.missing)
    crossing_ = fast(guests.PROBE, table)
    with pytest.raises(AttributeError):
        crossing_.enter(guests.Session(), guests.soon())
    assert _known(crossing_) == 0


def test_arguments_and_answers_are_not_kept(fast: Callable[..., crossing.Crossing]) -> None:
    entered = fast(guests.PROBE).enter(guests.Session(), guests.soon())
    body = b"b" * (1 << 20)
    entered.call(b"echo", body, guests.soon())
    gc.collect()
    assert sys.getrefcount(body) == 2
    entered.close()


def _known(crossing_: crossing.Crossing) -> int:
    tables = sum(len(targets) for _, targets in crossing_.targets)
    return tables + len(crossing_.failures) + len(crossing_.ticker.deadlines)
