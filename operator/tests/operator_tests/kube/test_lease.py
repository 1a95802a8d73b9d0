"""Of several operators one leads; who cannot renew stops before another begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from operator_tests.kube.inside import serving, until
from wasicloud_operator.kube.client import Client
from wasicloud_operator.kube.lease import Lease, Name

SECONDS = 3.0


@contextlib.asynccontextmanager
async def candidate(client: Client, identity: str) -> AsyncIterator[tuple[asyncio.Event, Lease, asyncio.Task[None]]]:
    active = asyncio.Event()
    lease = Lease(client, Name("system", "operator", identity, SECONDS), active)
    task = asyncio.create_task(lease.run())
    try:
        yield active, lease, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_one_leads_and_the_other_takes_over_when_it_dies() -> None:
    async def test() -> None:
        async with serving() as (_, client, _access), candidate(client, "one") as (first, _, task):
            await until(first.is_set)
            async with candidate(client, "two") as (second, _, _):
                await asyncio.sleep(SECONDS * 2)
                assert not second.is_set(), "the first renews"
                task.cancel()  # killed: it gives nothing away
                await until(second.is_set)

    asyncio.run(test())


def test_one_that_ends_gives_the_lease_away_at_once() -> None:
    async def test() -> None:
        async with serving() as (server, client, _access), candidate(client, "one") as (first, lease, task):
            await until(first.is_set)
            task.cancel()
            await lease.release()
            assert not first.is_set()
            held = server.get("leases", "operator")
            assert held is not None
            assert held["spec"]["holderIdentity"] == ""
            async with candidate(client, "two") as (second, _, _):
                await until(second.is_set)

    asyncio.run(test())


def test_one_that_is_cut_off_stops_before_the_other_may_begin_and_leads_again_later() -> None:
    async def test() -> None:
        async with serving() as (server, client, _access), candidate(client, "one") as (first, _, _):
            await until(first.is_set)
            await server.stop()
            await until(lambda: not first.is_set())
            await server.start()
            await until(first.is_set)

    asyncio.run(test())


def test_of_two_that_try_at_once_one_wins() -> None:
    async def test() -> None:
        async with (
            serving() as (_, client, _access),
            candidate(client, "one") as (first, _, _),
            candidate(client, "two") as (second, _, _),
        ):
            await until(lambda: first.is_set() or second.is_set())
            await asyncio.sleep(1)
            assert first.is_set() != second.is_set()

    asyncio.run(test())
