"""At a steady load, no change loses a request: swaps, edits, updates, scaling, restarts, evictions. And none is counted twice."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import demo
import kube
import servers
from conftest import EXAMPLES, Artifacts
from release import Release
from visitor import Visitor, Visits


@pytest.fixture
def counter(namespace: kube.Namespace, artifacts: Artifacts, redis: servers.Redis) -> demo.Demo:
    """The demo on an empty Redis, two pods."""
    redis.client().flushall()
    namespace.apply(*demo.redis_provider(redis))
    made = demo.Demo(namespace, artifacts.counter)
    made.apply("redis", replicas=2)
    return made


def in_redis(redis: servers.Redis) -> int:
    return demo.total(redis.values("*visits"))


def some_visits(count: Callable[[], int], more: int = 30) -> None:
    """Wait until a backend has counted some more."""
    before = count()
    kube.until(f"{more} more visits were counted", lambda: count() >= before + more)


def nothing_lost(visits: Visits, counted: int) -> None:
    assert visits.failures == [], f"{visits}: {visits.failures[:5]}"
    assert visits.requests == counted, "every request is counted once"


def test_a_link_moves_from_redis_to_azure_and_back(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis, azurite: servers.Azurite, figures: dict[str, str]
) -> None:
    counter.namespace.apply(*demo.azure_provider(azurite, f"swap{time.time_ns()}-"))

    def in_azure() -> int:
        return demo.total(azurite.values("visits"))

    before = in_azure()
    # One blob that all visits write: Azure counts by compare-and-swap, so this is the rate that the emulator bears.
    with visitor.visiting(counter.url, rate=20) as visits:
        some_visits(lambda: in_redis(redis))
        begun = time.monotonic()
        counter.swap("azure")
        kube.until("the first visit is counted in Azure", lambda: in_azure() > before, 60, 0.05)
        there = time.monotonic() - begun
        counter.settled()
        kept = in_redis(redis)
        some_visits(in_azure)
        assert in_redis(redis) == kept, "nothing reaches Redis any more"
        begun = time.monotonic()
        counter.swap("redis")
        kube.until("the first visit is counted in Redis again", lambda: in_redis(redis) > kept, 60, 0.05)
        back = time.monotonic() - begun
        counter.settled()
        some_visits(lambda: in_redis(redis))
    nothing_lost(visits, in_redis(redis) + in_azure() - before)
    figures["swap Redis to Azure"] = f"first answer from it after {there:.1f} s; back {back:.1f} s; {visits}"
    assert max(there, back) <= kube.allowed(10)


def test_a_provider_is_edited(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis, figures: dict[str, str]
) -> None:
    second = redis.client()
    second.select(1)

    def in_second() -> int:
        return demo.total({key: str(second.get(key)) for key in second.scan_iter("*visits")})

    with visitor.visiting(counter.url) as visits:
        some_visits(lambda: in_redis(redis))
        counter.namespace.apply(*demo.redis_provider(redis, database=1))
        some_visits(in_second)
        counter.settled()
    nothing_lost(visits, in_redis(redis) + in_second())
    figures["provider edited"] = str(visits)


def test_an_image_is_updated(
    counter: demo.Demo,
    visitor: Visitor,
    artifacts: Artifacts,
    redis: servers.Redis,
    tmp_path: Path,
    figures: dict[str, str],
) -> None:
    newer = tmp_path / "counter.wasm"
    newer.write_bytes((EXAMPLES / "counter" / "counter.wasm").read_bytes() + b"\x00\x06\x05newer")  # a custom section
    image = artifacts.push(newer, "counter", "2")
    old = (counter.namespace.get("wasmcomponent", "counter") or {})["status"]["digest"]
    with visitor.visiting(counter.url) as visits:
        some_visits(lambda: in_redis(redis))
        counter.namespace.patch("wasmcomponent", "counter", {"spec": {"image": image}})
        counter.settled()
        some_visits(lambda: in_redis(redis))
    nothing_lost(visits, in_redis(redis))
    assert (counter.namespace.get("wasmcomponent", "counter") or {})["status"]["digest"] != old
    figures["image updated"] = str(visits)


def test_a_component_is_scaled_to_three_and_back(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis, figures: dict[str, str]
) -> None:
    with visitor.visiting(counter.url) as visits:
        for replicas in (3, 1):
            counter.namespace.run("scale", "wasmcomponent/counter", f"--replicas={replicas}")
            kube.until(f"{replicas} replicas are ready", functools.partial(has_replicas, counter, replicas))
            some_visits(lambda: in_redis(redis))
    nothing_lost(visits, in_redis(redis))
    figures["scaled to 3 and to 1"] = str(visits)


def has_replicas(counter: demo.Demo, replicas: int) -> bool:
    """Whether the status and the pods say so."""
    status = (counter.namespace.get("wasmcomponent", "counter") or {})["status"]
    return status.get("readyReplicas") == replicas and len(counter.namespace.pods("counter")) == replicas


def test_the_operator_is_restarted(
    counter: demo.Demo, visitor: Visitor, operator: Release, redis: servers.Redis, figures: dict[str, str]
) -> None:
    before = versions(counter.namespace)
    with visitor.visiting(counter.url) as visits:
        some_visits(lambda: in_redis(redis))
        operator.restart()
        some_visits(lambda: in_redis(redis))
    nothing_lost(visits, in_redis(redis))
    assert versions(counter.namespace) == before, "a restart writes nothing"
    figures["operator restarted"] = str(visits)


def test_a_pod_is_evicted(counter: demo.Demo, visitor: Visitor, redis: servers.Redis, figures: dict[str, str]) -> None:
    with visitor.visiting(counter.url) as visits:
        some_visits(lambda: in_redis(redis))
        gone = counter.namespace.pods("counter")[0]["metadata"]["name"]
        counter.namespace.run("delete", "pod", gone, "--wait=false")
        kube.until("the pod is gone", lambda: counter.namespace.get("pod", gone) is None)
        counter.settled()
        some_visits(lambda: in_redis(redis))
    nothing_lost(visits, in_redis(redis))
    figures["pod deleted"] = str(visits)


def versions(namespace: kube.Namespace) -> dict[str, str]:
    """The resourceVersion of everything that the operator writes."""
    kinds = f"{kube.KINDS},deployments,services,configmaps,serviceaccounts,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies"
    return {
        f"{body['kind']}/{body['metadata']['name']}": body["metadata"]["resourceVersion"]
        for body in namespace.all(kinds)
    }
