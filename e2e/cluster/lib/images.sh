# Images: the pause image, the Python base image, and copying from buildah to the node's containerd.

pause_image() {
  local container
  container=$(buildah from scratch)
  buildah copy -q "$container" "$bin/pause" /pause > /dev/null
  buildah config --entrypoint '["/pause"]' "$container"
  buildah commit -q --rm "$container" localhost/pause:3.10 > /dev/null
  load localhost/pause:3.10
}

load() { # image...
  local image archive
  archive=$(mktemp -u --suffix=.tar)
  for image in "$@"; do
    buildah push -q "$image" "docker-archive:$archive:$image"
    ctr -a "$containerd_socket" -n k8s.io images import "$archive" > /dev/null
    rm -f "$archive"
  done
}

# Stands in for docker.io/library/python:3.13-slim where no image registry is reachable: Debian trixie with CPython 3.13.
base_image() {
  local name=docker.io/library/python:3.13-slim root container
  buildah inspect --type image "$name" > /dev/null 2>&1 && return
  install_packages
  root=$(mktemp -d)
  debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates trixie "$root" "$(debian_mirror)" > "$root.log"
  ln -sf python3 "$root/usr/bin/python"
  rm -rf "$root"/usr/lib/python3*/EXTERNALLY-MANAGED "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
    "$root"/usr/share/{doc,man,locale,info}/*
  container=$(buildah from scratch)
  tar -C "$root" --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' -cf "$root.tar" .
  buildah add -q "$container" "$root.tar" / > /dev/null
  buildah config --env LANG=C.UTF-8 --cmd python3 "$container"
  buildah commit -q --rm "$container" "$name" > /dev/null
  rm -rf "$root" "$root.tar" "$root.log"
}

debian_mirror() { apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" | head -1; }
