"""A swap that cannot work leaves the old pods serving, and the Link says why; mending it is enough."""

from __future__ import annotations

import pytest

import demo
import kube
import servers
from conftest import Artifacts
from visitor import Visitor


@pytest.fixture
def counter(namespace: kube.Namespace, artifacts: Artifacts, redis: servers.Redis) -> demo.Demo:
    namespace.apply(*demo.redis_provider(redis))
    made = demo.Demo(namespace, artifacts.counter)
    made.apply("redis")
    return made


def broken(kind: str, redis: servers.Redis) -> list[kube.Body]:
    """A provider that cannot work."""
    reference = {"name": "broken-auth", "key": "password"}
    if kind == "wrong password":
        return [
            kube.secret("broken-auth", password="not-the-password"),
            kube.provider("broken", redis={"url": redis.url, "passwordSecretRef": reference}),
        ]
    if kind == "missing secret":
        return [kube.provider("broken", redis={"url": redis.url, "passwordSecretRef": reference})]
    return [kube.provider("broken", redis={"url": f"redis://{servers.host_address()}:{servers.free_port()}/0"})]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("wrong password", "refused the credentials"),
        ("provider down", "cannot be reached"),
        ("missing secret", "broken-auth"),
        ("missing provider", "broken"),
    ],
)
def test_the_old_pods_serve_on_and_the_link_says_why(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis, kind: str, word: str, figures: dict[str, str]
) -> None:
    namespace = counter.namespace
    if kind != "missing provider":
        namespace.apply(*broken(kind, redis))
    old = {pod["metadata"]["uid"] for pod in namespace.pods("counter")}
    with visitor.visiting(counter.url, rate=20) as visits:
        counter.swap("broken")
        message, seconds = namespace.says("link", counter.link, word, 60)
        assert visitor.get(counter.url).status == 200
        assert old <= {pod["metadata"]["uid"] for pod in namespace.pods("counter")}, "the old pods are still there"
        counter.swap("redis")
        namespace.ready(counter.link, kind="link")
        counter.settled()
    assert visits.failures == [], f"{visits}: {visits.failures[:5]}"
    assert "not-the-password" not in message
    assert "\n" not in message
    figures[f"broken swap: {kind}"] = f"after {seconds:.1f} s the Link says: {message}"
