# Starting and stopping the cluster's programs. Each runs in the node's network namespace, with its process id in $run/NAME.pid
# and its log in $logs/NAME.log.

# nsenter and not `ip netns exec`: that remounts /sys, and kubelet then finds no cgroups.
inside() { nsenter --net="/run/netns/$namespace" "$@"; }

start() { # name command...
  local name=$1
  shift
  nsenter --net="/run/netns/$namespace" setsid "$@" > "$logs/$name.log" 2>&1 < /dev/null &
  echo $! > "$run/$name.pid"
}

until_ok() { # seconds what command...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { echo "cluster: $what did not come up; its log is in $logs" >&2; exit 1; }
    sleep 0.3
  done
}

start_apiserver() { # a function of its own, as a scenario restarts it
  # OwnerReferencesPermissionEnforcement is on by default on AKS, so the operator is tested with it.
  start apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=10.96.0.0/16 \
    --advertise-address="$node_ip" --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --client-ca-file="$pki/ca.crt" --service-account-issuer=https://kubernetes.default.svc \
    --service-account-signing-key-file="$pki/sa.key" --service-account-key-file="$pki/sa.pub" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement \
    --allow-privileged=true --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key"
  until_ok 60 "API server" kubectl get --raw /readyz
}

start_control_plane() {
  start etcd "$bin/etcd" --data-dir "$run/etcd" --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
  start_apiserver
  start controllers "$bin/kube-controller-manager" --kubeconfig="$pki/controllers.conf" --root-ca-file="$pki/ca.crt" \
    --service-account-private-key-file="$pki/sa.key" --use-service-account-credentials \
    --cluster-cidr=10.244.0.0/16 --allocate-node-cidrs --leader-elect=false --bind-address=127.0.0.1
  start scheduler "$bin/kube-scheduler" --kubeconfig="$pki/scheduler.conf" --leader-elect=false --bind-address=127.0.0.1
}

start_node() {
  start containerd containerd -c "$run/containerd.toml"
  until_ok 20 containerd ctr -a "$containerd_socket" version
  pause_image
  start kubelet "$bin/kubelet" --config "$run/kubelet.yaml" --kubeconfig="$pki/kubelet.conf" \
    --hostname-override="$node" --node-ip="$node_ip" --root-dir="$run/kubelet"
  kubectl create clusterrolebinding kube-proxy --clusterrole=system:node-proxier --user=system:kube-proxy > /dev/null 2>&1 || true
  start proxy "$bin/kube-proxy" --kubeconfig="$pki/proxy.conf" --proxy-mode=nftables --cluster-cidr=10.244.0.0/16 \
    --hostname-override="$node" --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s
  start coredns "$bin/coredns" -conf "$run/Corefile"
}

stop() { # name signal: ends one program and waits for it
  local id
  id=$(cat "$run/$1.pid" 2>/dev/null) || return 0
  kill "-$2" "$id" 2>/dev/null && tail -s 0.1 --pid="$id" -f /dev/null
  return 0
}

down() {
  local name id # kubelet first: nothing may restart what has been stopped; KILL, as nothing here is kept
  for name in kubelet proxy coredns scheduler controllers apiserver etcd; do stop "$name" KILL; done
  for id in $(pgrep -f "containerd-shim-runc-v2 .*-address $containerd_socket" || true); do
    pkill -KILL -P "$id" || true
    kill -KILL "$id" || true
  done
  stop containerd TERM
  grep -oE " $run/[^ ]+ " /proc/self/mounts | sort -r | xargs -r -n1 umount -l 2>/dev/null || true
  rm -rf "$run"
  ip link del vk8s 2>/dev/null || true
  ip netns list | awk -v own="$namespace" '$1 == own || /^cni-/ {print $1}' | xargs -r -n1 ip netns del 2>/dev/null || true
}
