"""Requests: what the API server refuses is said in its words, what passes is waited for, and no address or token is in an error."""

from __future__ import annotations

import asyncio

import pytest

from operator_tests.kube.inside import serving
from wasicloud_operator.kube.client import Request
from wasicloud_operator.reconcile.errors import ApiProblem

LIST = Request("GET", "/apis/example.dev/v1/gophers", "gophers", {})


def test_a_refusal_is_the_api_servers_own_words() -> None:
    async def test() -> None:
        async with serving() as (_, client, _access):
            with pytest.raises(ApiProblem, match="not found") as problem:
                await client.send(Request("GET", "/apis/x/v1/namespaces/d/leases/l", "leases", {}))
            assert (problem.value.status, problem.value.reason) == (404, "NotFound")
            assert not problem.value.passing

    asyncio.run(test())


def test_throttling_is_waited_out_but_not_for_ever() -> None:
    async def test() -> None:
        async with serving() as (server, client, _access):
            server.busy = 2
            assert (await client.send(LIST))["items"] == []
            server.busy = 1000
            with pytest.raises(ApiProblem) as problem:
                await client.send(LIST)
            assert problem.value.status == 429
            assert problem.value.passing

    asyncio.run(test())


def test_a_token_that_was_rotated_is_read_again_within_the_request() -> None:
    async def test() -> None:
        async with serving() as (server, client, access):
            server.token = access.token = "second"
            assert (await client.send(LIST))["items"] == []

    asyncio.run(test())


def test_an_api_server_that_is_away_is_a_passing_problem_that_tells_no_secret() -> None:
    async def test() -> None:
        async with serving() as (server, client, _access):
            await server.stop()
            with pytest.raises(ApiProblem) as problem:
                await client.send(LIST)
            assert problem.value.status == 0
            assert problem.value.passing
            assert "first" not in str(problem.value)
            assert "127.0.0.1" not in str(problem.value)

    asyncio.run(test())
