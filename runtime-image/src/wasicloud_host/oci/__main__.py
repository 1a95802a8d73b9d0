"""``python -m wasicloud_host.oci``: fetch without compiling; ``wasicloud-host fetch`` also checks and compiles."""

from __future__ import annotations

import sys

from wasicloud_host.oci import fetch

if __name__ == "__main__":
    sys.exit(fetch.main(sys.argv[1:]))
