"""What a WasmComponent becomes on a cluster."""

import copy
from typing import Any

import pytest

from operator_tests import samples
from wasicloud_host import config
from wasicloud_operator.build import component, naming
from wasicloud_operator.build.settings import HostSettings, Observed
from wasicloud_operator.domain import bindings

SETTINGS = HostSettings(image="registry.example/host:0.1")
REF = {"name": "auth", "key": "password"}
REDIS = samples.a_provider("cache", redis={"url": "redis://redis.example.org:6380", "passwordSecretRef": REF})


def bound(links: Any = (), providers: Any = (), others: Any = (), **spec: Any) -> bindings.Bindings:
    root = samples.a_component(**spec)
    return bindings.bind(root, links, providers, (root, *others))


def children(what: bindings.Bindings, settings: HostSettings = SETTINGS, **known: Any) -> dict[str, dict[str, Any]]:
    return {manifest["kind"]: manifest for manifest in component.desired(what, settings, Observed(**known))}


def pod(what: bindings.Bindings, settings: HostSettings = SETTINGS) -> dict[str, Any]:
    return dict(children(what, settings)["Deployment"]["spec"]["template"]["spec"])


def linked() -> bindings.Bindings:
    return bound([samples.a_link("kv", provider="cache")], [REDIS], imagePullSecrets=[{"name": "registry"}])


def test_a_plain_component_has_five_children_that_it_owns() -> None:
    made = children(bound())
    assert list(made) == ["ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "Deployment"]
    for manifest in made.values():
        (owner,) = manifest["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["controller"], owner["blockOwnerDeletion"]) == (
            "WasmComponent", "gopher", True, True,
        )  # fmt: skip
        assert manifest["metadata"]["namespace"] == "default"
        assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "wasicloud"
        assert manifest["metadata"]["labels"]["wasicloud.dev/component"] == "gopher"
        assert (manifest["apiVersion"], manifest["kind"]) in component.KINDS


def test_names_are_labels_however_long_the_component_s() -> None:
    longest = "a" * 52
    assert all(len(name) <= 63 for name in (naming.main(longest), naming.private(longest)))
    assert children(bound())["ConfigMap"]["metadata"]["name"] == "gopher-wasicloud"


def test_equal_objects_give_equal_manifests_and_inputs_stay_as_they_were() -> None:
    what = linked()
    before = repr(what)
    first = component.desired(what, SETTINGS)
    kept = copy.deepcopy(first)
    assert component.desired(linked(), SETTINGS) == kept == first
    assert repr(what) == before


@pytest.mark.parametrize("kind", ["initContainers", "containers"])
def test_pods_keep_to_pod_security_restricted(kind: str) -> None:
    spec = pod(linked())
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    (container,) = spec[kind]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"env", "envFrom"} & container.keys()  # no secret can stand in an environment that is not there


def test_a_roll_never_takes_a_pod_away_before_another_is_ready() -> None:
    deployment = children(bound())["Deployment"]["spec"]
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    spec = deployment["template"]["spec"]
    (host,) = spec["containers"]
    assert host["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "management"}
    assert host["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "management"}
    assert host["lifecycle"]["preStop"]["exec"]["command"][-1] == "import time; time.sleep(3)"
    assert spec["terminationGracePeriodSeconds"] > SETTINGS.pre_stop_seconds + SETTINGS.drain_seconds


def test_the_host_finds_at_its_mounts_what_its_configuration_names() -> None:
    what = bound(
        [samples.a_link("kv", provider="cache"), samples.a_link("blob", provider="files", interface="wasi:blobstore")],
        [REDIS, samples.a_provider("files", filesystem={"persistentVolumeClaim": {"claimName": "data"}})],
        configFrom=[{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
    )
    host = config.parse(children(what)["ConfigMap"]["data"]["config.json"])
    (container,) = pod(what)["containers"]
    paths = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod(what)["volumes"]}
    named = [host.components[0].artifact, *host.components[0].config_directories, host.providers[0].options["passwordFile"],
             host.providers[1].options["path"]]  # fmt: skip
    for path in named:
        assert any(path.startswith(mount) for mount in paths), path
    assert set(paths.values()) <= volumes.keys()
    (source,) = volumes["secrets"]["projected"]["sources"]
    assert source["secret"] == {"name": "auth", "items": [{"key": "password", "path": "cache/auth/password"}]}
    assert volumes["secrets"]["projected"]["defaultMode"] == 0o440
    assert volumes[paths[host.components[0].config_directories[0]]]["configMap"] == {"name": "a"}
    assert volumes[paths[host.components[0].config_directories[1]]]["secret"]["secretName"] == "b"
    assert volumes[paths["/var/lib/wasicloud/data/files"]]["persistentVolumeClaim"] == {"claimName": "data"}


def test_only_the_init_container_sees_pull_secrets_and_only_the_host_the_providers() -> None:
    spec = pod(linked())
    (init,), (host,) = spec["initContainers"], spec["containers"]
    seen = [{mount["name"] for mount in container["volumeMounts"]} for container in (init, host)]
    assert "pull-secrets" in seen[0] - seen[1]
    assert "secrets" in seen[1] - seen[0]
    assert init["args"][-2:] == ["--credentials", "/etc/wasicloud/pull-secrets/registry"]


def test_the_installation_s_registries_reach_the_init_container() -> None:
    settings = HostSettings(
        "i", plain_http=("r:5000",), ca_config_map="ca", cache_claim="shared", image_pull_secrets=("p",)
    )
    spec = pod(bound(), settings)
    (init,) = spec["initContainers"]
    arguments = " ".join(init["args"])
    assert "--plain-http r:5000" in arguments
    assert "--ca-file /etc/wasicloud/registry/ca.crt" in arguments
    assert "--cache /var/cache/wasicloud --cache /var/cache/wasicloud-shared" in arguments
    assert {mount["name"] for mount in init["volumeMounts"]} <= {volume["name"] for volume in spec["volumes"]}
    assert spec["imagePullSecrets"] == [{"name": "p"}]


def annotation(what: bindings.Bindings, **known: Any) -> str:
    template = children(what, **known)["Deployment"]["spec"]["template"]
    return str(template["metadata"]["annotations"]["wasicloud.dev/config-digest"])


def test_pods_roll_when_the_configuration_or_a_mounted_config_map_changes_and_only_then() -> None:
    what = bound(configFrom=[{"configMapRef": {"name": "a"}}])
    before = annotation(what)
    assert annotation(what, config_maps={"a": "1"}) != before
    assert annotation(what, config_maps={"other": "1"}) == before
    assert annotation(what, digests={"gopher": "sha256:00"}) == before
    assert annotation(bound(config={"a": "b"})) != annotation(bound())
    assert annotation(bound(replicas=3)) == annotation(bound())


def test_a_pinned_digest_is_what_new_pods_pull() -> None:
    made = children(bound(), digests={"gopher": "sha256:00"})
    assert config.parse(made["ConfigMap"]["data"]["config.json"]).components[0].digest == "sha256:00"


def test_users_say_where_and_how_pods_run() -> None:
    what = bound(
        resources={"limits": {"cpu": 1}}, nodeSelector={"disk": "ssd"}, tolerations=[{"operator": "Exists"}],
        affinity={"nodeAffinity": {}}, topologySpreadConstraints=[{"maxSkew": 2}], serviceAccountName="mine",
        podAnnotations={"a": "b"}, podLabels={"team": "x", "wasicloud.dev/component": "stolen"},
        service={"type": "LoadBalancer", "port": 8000, "annotations": {"cloud": "yes"}},
    )  # fmt: skip
    made, spec = children(what), pod(what)
    assert "ServiceAccount" not in made
    assert spec["serviceAccountName"] == "mine"
    assert spec["containers"][0]["resources"] == {"limits": {"cpu": 1}}
    assert (spec["nodeSelector"], spec["tolerations"]) == ({"disk": "ssd"}, [{"operator": "Exists"}])
    assert (spec["affinity"], spec["topologySpreadConstraints"]) == ({"nodeAffinity": {}}, [{"maxSkew": 2}])
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert (labels["team"], labels["wasicloud.dev/component"]) == ("x", "gopher")
    assert made["Service"]["spec"]["type"] == "LoadBalancer"
    assert made["Service"]["spec"]["ports"][0]["port"] == 8000
    assert made["Service"]["metadata"]["annotations"] == {"cloud": "yes"}


def test_an_autoscaler_owns_the_number_of_pods() -> None:
    made = children(bound(autoscaling={"minReplicas": 2, "maxReplicas": 5, "targetCPUUtilizationPercentage": 70}))
    assert "replicas" not in made["Deployment"]["spec"]
    assert made["HorizontalPodAutoscaler"]["spec"]["maxReplicas"] == 5
    assert "PodDisruptionBudget" in made
    assert children(bound(replicas=3))["Deployment"]["spec"]["replicas"] == 3


def test_only_several_pods_have_a_budget_for_disruptions() -> None:
    assert "PodDisruptionBudget" not in children(bound(replicas=1))
    assert children(bound(replicas=2))["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_workload_identity_reaches_account_and_pods() -> None:
    azure = samples.a_provider(
        "blobs", azureBlob={"accountUrl": "https://a.example.org", "workloadIdentity": {"clientId": "x"}}
    )
    made = children(bound([samples.a_link("b", provider="blobs", interface="wasi:blobstore")], [azure]))
    assert made["ServiceAccount"]["metadata"]["annotations"] == {"azure.workload.identity/client-id": "x"}
    assert made["Deployment"]["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] == "true"


def test_a_chain_is_one_pod_with_every_component() -> None:
    back = samples.a_component(
        "blobby", imagePullSecrets=[{"name": "other"}], configFrom=[{"configMapRef": {"name": "c"}}]
    )
    what = bound(
        [samples.a_link("next", target="blobby", interface="a:b/c")],
        others=[back],
        imagePullSecrets=[{"name": "registry"}],
    )
    host = config.parse(children(what)["ConfigMap"]["data"]["config.json"])
    assert [item.artifact for item in host.components] == [
        f"/var/lib/wasicloud/artifacts/{name}.wasm" for name in ("gopher", "blobby")
    ]
    arguments = pod(what)["initContainers"][0]["args"]
    assert [a for a in arguments if "pull-secrets" in a] == [
        "/etc/wasicloud/pull-secrets/registry",
        "/etc/wasicloud/pull-secrets/other",
    ]
    assert "config-1-0" in {volume["name"] for volume in pod(what)["volumes"]}
