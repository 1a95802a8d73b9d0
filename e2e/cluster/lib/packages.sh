# Debian's packages: what runs containers, and what the scenarios talk to (Redis, an OCI registry). Installed only where missing.

packages=(buildah ca-certificates conntrack containerd containernetworking-plugins debootstrap docker-registry iproute2 iptables
  nftables openssl procps redis-server runc skopeo util-linux)

install_packages() { "$here/../../.ci/packages" "${packages[@]}"; }
