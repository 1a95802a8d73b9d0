"""A watch shows what is there, whatever happens to the API server, and never what is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from operator_tests.kube.inside import until, watching


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


def test_it_lists_everything_in_pages_and_then_follows() -> None:
    async def test() -> None:
        names = [f"gopher-{number:04}" for number in range(1100)]
        async with watching(*names) as (server, sink, _):
            assert sorted(sink.objects) == names
            assert sum(one == "GET /apis/example.dev/v1/gophers" for one in server.requests) >= 3
            await server.put("gophers", "new", value=1)
            await server.put("gophers", names[0], value=2)
            await server.delete("gophers", names[1])
            await until(
                lambda: sink.objects.get("new") == 1 and sink.objects[names[0]] == 2 and names[1] not in sink.objects
            )

    run(test)


def test_what_was_deleted_while_the_api_server_was_away_is_gone() -> None:
    async def test() -> None:
        async with watching("a", "b") as (server, sink, _):
            await server.stop()
            await server.delete("gophers", "a")
            await server.put("gophers", "c", value=1)
            server.compact()
            await server.start()
            await until(lambda: sorted(sink.objects) == ["b", "c"])
            assert sink.dropped == ["a"]

    run(test)


def test_a_stream_that_is_cut_goes_on_where_it_ended() -> None:
    async def test() -> None:
        async with watching("a") as (server, sink, _):
            lists = server.requests.count("GET /apis/example.dev/v1/gophers")
            for number in range(5):
                await server.cut()
                await server.put("gophers", "a", value=number)
                await until(lambda number=number: sink.objects["a"] == number)
            assert server.requests.count("GET /apis/example.dev/v1/gophers") > lists
            assert sink.dropped == []

    run(test)


def test_a_version_that_is_too_old_leads_to_a_new_list() -> None:
    async def test() -> None:
        async with watching("a", "b") as (server, sink, _):
            await server.cut()
            await server.delete("gophers", "a")
            server.compact()
            await until(lambda: sorted(sink.objects) == ["b"])

    run(test)


def test_a_busy_api_server_is_waited_for() -> None:
    async def test() -> None:
        async with watching("a") as (server, sink, _):
            server.busy = 3
            await server.cut()
            await server.put("gophers", "b", value=1)
            await until(lambda: "b" in sink.objects)

    run(test)


def test_a_rotated_token_is_taken_up() -> None:
    async def test() -> None:
        async with watching("a") as (server, sink, access):
            server.token = access.token = "second"
            await server.cut()
            await server.put("gophers", "b", value=1)
            await until(lambda: "b" in sink.objects)

    run(test)


def test_a_token_that_comes_late_is_waited_for() -> None:
    async def test() -> None:
        async with watching("a") as (server, sink, access):
            server.token = "second"
            await server.cut()
            await server.put("gophers", "b", value=1)
            await until(lambda: server.requests[-2:] == ["GET /apis/example.dev/v1/gophers"] * 2)
            access.token = "second"
            await until(lambda: "b" in sink.objects)

    run(test)
