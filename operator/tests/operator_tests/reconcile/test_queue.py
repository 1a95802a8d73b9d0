"""A key is at most once in the queue and at most once in work, and nothing that happens meanwhile is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from wasicloud_operator.reconcile.queue import Queue


def run(test: Callable[[Queue[str]], Awaitable[None]]) -> None:
    async def body() -> None:
        await test(Queue(spread=lambda: 0.001))  # delays in milliseconds

    asyncio.run(body())


def test_a_key_added_twice_comes_once() -> None:
    async def test(queue: Queue[str]) -> None:
        for key in ("a", "b", "a"):
            queue.add(key)
        assert [await queue.get(), await queue.get()] == ["a", "b"]
        assert len(queue) == 0

    run(test)


def test_a_key_added_while_in_work_comes_again_after_it() -> None:
    async def test(queue: Queue[str]) -> None:
        queue.add("a")
        assert await queue.get() == "a"
        queue.add("a")
        queue.add("b")
        assert await queue.get() == "b", "a is in work: no second worker gets it"
        assert not queue.idle
        queue.done("a")
        assert await queue.get() == "a"

    run(test)


def test_changes_go_before_what_is_looked_at_again() -> None:
    async def test(queue: Queue[str]) -> None:
        for key in ("a", "b", "c"):
            queue.add(key, soon=False)
        queue.add("z")
        queue.add("c")  # it changed while it waited
        queue.add("z", soon=False)
        assert len(queue) == 4
        assert [await queue.get() for _ in range(4)] == ["z", "c", "a", "b"]
        assert len(queue) == 0
        queue.add("c", soon=False)
        queue.done("c")
        assert await asyncio.wait_for(queue.get(), 10) == "c"

    run(test)


def test_a_key_that_stood_in_both_lines_has_one_turn() -> None:
    async def test(queue: Queue[str]) -> None:
        queue.add("a", soon=False)
        queue.add("a")
        assert await queue.get() == "a"
        queue.add("a")
        queue.add("b")
        assert await queue.get() == "b", "a is in work"
        queue.done("a")
        assert await queue.get() == "a"
        queue.done("a")
        queue.done("b")
        assert queue.idle

    run(test)


def test_a_waiting_worker_is_woken() -> None:
    async def test(queue: Queue[str]) -> None:
        getting = [asyncio.create_task(queue.get()) for _ in range(2)]
        await asyncio.sleep(0)
        queue.add("a")
        queue.add("b")
        assert sorted([await task or "" for task in getting]) == ["a", "b"]

    run(test)


def test_a_worker_that_was_cancelled_takes_no_key_with_it() -> None:
    async def test(queue: Queue[str]) -> None:
        gone, there = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        gone.cancel()
        queue.add("a")
        assert await asyncio.wait_for(there, 10) == "a"

    run(test)


def test_a_retry_comes_by_itself_and_a_change_does_not_wait_for_it() -> None:
    async def test(queue: Queue[str]) -> None:
        queue.retry("a")
        assert len(queue) == 0
        assert await asyncio.wait_for(queue.get(), 10) == "a"
        queue.done("a")
        queue.add_after("a", 1e9)
        queue.add("a")
        assert await asyncio.wait_for(queue.get(), 10) == "a"

    run(test)


def test_retries_wait_longer_each_time_until_one_succeeds() -> None:
    async def test(_: Queue[str]) -> None:
        delays: list[float] = []

        class Listening(Queue[str]):
            def add_after(self, key: str, seconds: float) -> None:
                delays.append(seconds)

        queue = Listening()
        for _ in range(12):
            queue.retry("a")
        assert delays == sorted(delays)
        assert delays[0] < 1
        assert delays[-1] == 60
        queue.forget("a")
        queue.retry("a")
        assert delays[-1] == delays[0]

    run(test)


def test_a_closed_queue_ends_its_workers_and_takes_nothing_more() -> None:
    async def test(queue: Queue[str]) -> None:
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.close()
        queue.add("a")
        queue.add_after("b", 0.01)
        assert await waiting is None
        assert await queue.get() is None

    run(test)
