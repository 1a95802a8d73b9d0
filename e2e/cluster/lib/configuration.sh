# What the node's programs read: the pod network, containerd, kubelet and CoreDNS; and the node's own network namespace.

network() { # the node is a network namespace of its own, joined to this machine by one veth pair
  ip netns add "$namespace"
  ip link add vk8s type veth peer name eth0 netns "$namespace"
  ip addr add "$host_ip/24" dev vk8s
  ip link set vk8s up
  ip -n "$namespace" link set lo up
  ip -n "$namespace" addr add "$node_ip/24" dev eth0
  ip -n "$namespace" link set eth0 up
  ip -n "$namespace" route add default via "$host_ip"
  inside sysctl -qw net.ipv4.ip_forward=1
  ip route replace "$pod_range" via "$node_ip" # answers of this machine's programs find the pods
}

configuration() {
  mkdir -p "$run"/{cni,containerd,kubelet} "$logs"
  pod_network > "$run/cni/10-pods.conflist"
  containerd_configuration > "$run/containerd.toml"
  kubelet_configuration > "$run/kubelet.yaml"
  corefile > "$run/Corefile"
}

pod_network() {
  cat <<C
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pod_range"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
C
}

containerd_configuration() {
  # restrict_oom_score_adj: where CAP_SYS_RESOURCE is missing, runc fails with "can't get final child's PID from pipe" without it.
  # The mirror: a registry on this machine speaks plain HTTP.
  cat <<C
version = 2
root = "$run/containerd/root"
state = "$run/containerd/state"
[grpc]
  address = "$containerd_socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:3.10"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."$host_ip:5000"]
    endpoint = ["http://$host_ip:5000"]
C
}

kubelet_configuration() {
  # The eviction thresholds and image collection are set so that a full disk of the machine does not fail a scenario.
  cat <<C
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
failSwapOn: false
containerRuntimeEndpoint: unix://$containerd_socket
clusterDNS: [$node_ip]
clusterDomain: cluster.local
authentication: {x509: {clientCAFile: $pki/ca.crt}, webhook: {enabled: true}, anonymous: {enabled: false}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
podLogsDir: $run/podlogs
imageGCHighThresholdPercent: 100
evictionHard: {"nodefs.available": "1%", "imagefs.available": "1%"}
syncFrequency: 10s
C
}

corefile() {
  cat <<C
cluster.local:53 in-addr.arpa:53 {
    errors
    kubernetes cluster.local in-addr.arpa {
        kubeconfig $pki/admin.conf
    }
    cache 5
}
C
}
