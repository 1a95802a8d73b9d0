# Debian's packages: what runs containers, and what the scenarios talk to (Redis, an OCI registry). Installed only where missing.

packages=(buildah ca-certificates conntrack containerd containernetworking-plugins debootstrap docker-registry iproute2 iptables
  nftables openssl procps redis-server runc skopeo util-linux)

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "cluster: installing ${missing[*]}" >&2
  # Services that the packages would start on this machine are not wanted: the scenarios start their own on free ports.
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
  rm -f /usr/sbin/policy-rc.d
}
