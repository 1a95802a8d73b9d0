"""A rotated Secret is used without a restart, and a password shows nowhere but in its Secret."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

import demo
import kube
import servers
from conftest import Artifacts
from visitor import Visitor

MOUNT = "/etc/wasicloud/secrets"


@pytest.fixture
def counter(namespace: kube.Namespace, artifacts: Artifacts, redis: servers.Redis) -> demo.Demo:
    namespace.apply(*demo.redis_provider(redis))
    made = demo.Demo(namespace, artifacts.counter)
    made.apply("redis")
    return made


def test_a_rotated_password_is_used_without_a_restart(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis
) -> None:
    namespace, admin = counter.namespace, cast("Any", redis.client())
    pod = namespace.pods("counter")[0]
    name = pod["metadata"]["name"]
    try:
        with visitor.visiting(counter.url, rate=10) as visits:
            admin.execute_command("ACL", "SETUSER", "default", ">second-password")
            namespace.apply(kube.secret("redis-auth", password="second-password"))
            look = ("exec", name, "-c", "host", "--", "sh", "-c", f"cat {MOUNT}/redis/redis-auth/password")
            kube.until(
                "kubelet has brought the new password",
                lambda: namespace.run(*look, check=False) == "second-password",
                180,
                1,
            )
            admin.execute_command("ACL", "SETUSER", "default", f"<{redis.password}")
        # Connections that stand stay logged in; new ones need the new password.
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        visitor.first(counter.url)
        answers = [visitor.get(counter.url) for _ in range(5)]
        assert [answer.status for answer in answers] == [200] * 5, answers
        assert visits.failures == [], f"{visits}: {visits.failures[:5]}"
        [after] = namespace.pods("counter")
        assert after["metadata"]["uid"] == pod["metadata"]["uid"]
        assert [one["restartCount"] for one in after["status"]["containerStatuses"]] == [0]
    finally:
        admin.execute_command("ACL", "SETUSER", "default", "resetpass", f">{redis.password}")


def test_a_password_is_in_no_object_but_its_secret_and_in_no_log(
    counter: demo.Demo, visitor: Visitor, redis: servers.Redis
) -> None:
    namespace = counter.namespace
    visitor.get(counter.url)
    everything = json.dumps(namespace.all(f"{kube.KINDS},{kube.CHILDREN},events"))
    assert redis.password not in everything
    for pod in namespace.pods("counter"):
        assert redis.password not in namespace.run("logs", pod["metadata"]["name"], "--all-containers")
        assert redis.password not in namespace.run("exec", pod["metadata"]["name"], "-c", "host", "--", "env")
