"""Which guest knows which rules. A test holds these lists to what the guests say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

_KEYVALUE = (
    "KV01 KV02 KV03 KV04 KV05 KV06 KV07 KV08 KV09 KV10 KV11 KV13 KV14 KV16 KV17 KV18 KV26"  # what all generations share
)
_BLOBSTORE = "BS01 BS02 BS03 BS05 BS06 BS07 BS08 BS09 BS10 BS11 BS12 BS13 BS14 BS15 BS16 BS17 BS18"

KEYVALUE: Mapping[str, tuple[str, ...]] = {
    "kv-store": (*_KEYVALUE.split(), "KV12"),
    "kv-eventual": (*_KEYVALUE.split(), "KV22", "KV23", "KV24", "KV24b", "KV25"),
    "kv-draft2": (*_KEYVALUE.split(), "KV12", "KV16b", "KV19", "KV19b", "KV20", "KV21"),
    "kv-draft2-pairs": ("KV28",),
}
BLOBSTORE: Mapping[str, tuple[str, ...]] = {
    "blobstore": (*_BLOBSTORE.split(), "BS20", "BS19b"),
    "blobstore-finish": (*_BLOBSTORE.split(), "BS19", "BS19c"),
}
WITHOUT_BACKEND: Mapping[str, tuple[str, ...]] = {
    "http": ("HT01", "HT02", "HT02b", "HT03", "HT04", "HT09", "HT11", "HT12", "HT14", "HT14b", "HT15"),
    "io": (
        "IO01",
        "IO02",
        "IO03",
        "IO04",
        "IO05",
        "IO06",
        "CL01",
        "CL02",
        "CL03",
        "RA01",
        "CI01",
        "CI02",
        "CI03",
        "CI04",
    ),
    "config-logging": ("CF01", "CF02", "CF03", "LG01"),
}

ENDS_THE_INSTANCE = frozenset({"IO03", "BS19c", "HT15"})
"""Rules whose promise is that the instance ends (for HT15: may end): the host answers 500 and goes on."""

NEEDS_A_SETTING = frozenset({"KV09", "KV10"})
"""Rules that need a link or a backend of their own; they have tests of their own."""

PARAMETERS: Mapping[str, str] = {
    "CF01": "key=greeting&value=hello",
    "HT01": "method=GET&path=/HT01&authority=HOST",
    "BS03": "big=1",
}
