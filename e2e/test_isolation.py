"""Namespaces do not see each other, and pods get no more rights than they need."""

from __future__ import annotations

import demo
import kube
import servers
from conftest import Artifacts
from visitor import Visitor


def test_objects_of_one_name_in_two_namespaces_have_nothing_to_do_with_each_other(
    namespace: kube.Namespace,
    other_namespace: kube.Namespace,
    visitor: Visitor,
    artifacts: Artifacts,
    redis: servers.Redis,
) -> None:
    counters = [demo.Demo(one, artifacts.counter) for one in (namespace, other_namespace)]
    for database, counter in enumerate(counters, start=2):
        counter.namespace.apply(*demo.redis_provider(redis, database=database))
        counter.apply("redis")
        visitor.first(counter.url)
    for _ in range(3):
        visitor.get(counters[0].url)
    assert visitor.get(counters[1].url).body.endswith("You are visitor 2.\n")
    namespace.run("delete", "capabilityprovider", "redis")
    namespace.says("link", "counter-keyvalue", "redis")
    assert other_namespace.condition("link", "counter-keyvalue")["status"] == "True"
    assert visitor.get(counters[1].url).status == 200


def test_a_link_does_not_reach_a_provider_of_another_namespace(
    namespace: kube.Namespace, other_namespace: kube.Namespace, artifacts: Artifacts
) -> None:
    other_namespace.apply(kube.provider("memory", memory={}))
    namespace.apply(kube.component("counter", artifacts.counter), kube.link("counter-keyvalue", "counter", "memory"))
    message, _ = namespace.says("link", "counter-keyvalue", "memory")
    assert "CapabilityProvider" in message


def test_pods_are_restricted_and_hold_no_token(namespace: kube.Namespace, artifacts: Artifacts) -> None:
    namespace.apply(kube.component("hello", artifacts.hello))
    namespace.ready("hello")  # the namespace enforces the Pod Security Standard `restricted`
    [pod] = namespace.pods("hello")
    name = pod["metadata"]["name"]
    assert pod["spec"]["automountServiceAccountToken"] is False
    tokens = namespace.run(
        "exec", name, "-c", "host", "--", "sh", "-c", "ls /var/run/secrets/kubernetes.io 2>/dev/null; true"
    )
    assert tokens == ""
    written = namespace.run("exec", name, "-c", "host", "--", "sh", "-c", "touch /file 2>&1; id -u", check=False)
    assert "Read-only file system" in written
    assert written.strip().endswith("65532")
