# The binaries: Kubernetes with etcd and kubectl as one (kubelite/), CoreDNS, the pause program, and the tools of the tests
# (tools/go.mod names them).
# Compiled once for each state of the sources; Go's build cache makes a change cheap.

kubernetes_version=v1.34.4
compile_binaries() {
  local stamp=$bin/.built sum name tool
  sum=$(cat "$here"/*/go.sum "$here"/*/*.go "$here/lib/binaries.sh" | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return
  mkdir -p "$bin"
  local p=k8s.io/component-base/version c=helm.sh/helm/v3/pkg/chartutil # what `helm template` takes for the cluster's version
  export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
  (cd "$here/kubelite" && go build -trimpath -tags selinux,providerless -o "$bin/kubelite" -ldflags \
    "-s -w -X $p.gitVersion=$kubernetes_version -X $p.gitMajor=1 -X $p.gitMinor=34 -X $p.gitTreeState=clean" .)
  for name in etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet; do
    ln -sf kubelite "$bin/$name"
  done
  for name in coredns pause; do
    (cd "$here/$name" && go build -trimpath -ldflags "-s -w" -o "$bin/$name" .)
  done
  for tool in $(cd "$here/tools" && go list tool); do
    (cd "$here/tools" && go build -trimpath -ldflags "-s -w -X $c.k8sVersionMajor=1 -X $c.k8sVersionMinor=34" -o "$bin/${tool##*/}" "$tool")
  done
  echo "$sum" > "$stamp"
}
