"""The guestbook in a real browser: what it shows is on the screen, pictures too."""

import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from urllib.parse import urlencode

import pytest

from operator_tests.examples import visit

PINK = (255, 0, 170)
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("there is no Chromium on this machine")
    assert found, "there is no Chromium on this machine: .ci/packages chromium"
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _pixels(png: bytes) -> list[bytes]:
    """The rows of an 8-bit RGB or RGBA picture (PNG specification, chapter 9), as RGB or RGBA bytes."""
    at, data, width, depth = 8, b"", 0, 3
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, depth = struct.unpack_from(">I", content)[0], {2: 3, 6: 4}[content[9]]
        elif kind == b"IDAT":
            data += content
        at += 12 + length
    raw, stride = zlib.decompress(data), width * depth
    rows, above = [], bytes(stride)
    for start in range(0, len(raw), stride + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], above, depth)
        rows.append(above)
    return rows


def _unfiltered(kind: int, row: bytes, above: bytes, depth: int) -> bytes:
    out = bytearray(row)
    for i, value in enumerate(row):
        left = out[i - depth] if i >= depth else 0
        corner = above[i - depth] if i >= depth else 0
        up = above[i]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda each: abs(guess - each))
        out[i] = (value + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return bytes(out)


def _screenshot(chromium: str, url: str, folder: Path) -> bytes:
    file = folder / "page.png"
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}",
    ]
    command += [
        "--no-proxy-server",
        "--window-size=800,1000",
        "--virtual-time-budget=5000",
        f"--screenshot={file}",
        url,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return file.read_bytes()


def test_a_picture_from_the_blobstore_is_on_the_screen(examples, chromium, tmp_path):
    form = {"content-type": "application/x-www-form-urlencoded"}
    with visit.running(examples / "guestbook" / "manifest.yaml") as dev:
        url = visit.ready(dev, "guestbook")
        before = _count(_screenshot(chromium, url, tmp_path), PINK)
        picture = visit.ask(url + "/pictures", "POST", _png(200, 100, PINK), {"content-type": "image/png"}).text
        entry = {"name": "Grace", "message": "Seen in a browser.", "picture": picture}
        assert visit.ask(url + "/entries", "POST", urlencode(entry).encode(), form).status == 303
        after = _count(_screenshot(chromium, url, tmp_path), PINK)
        dev.stop()
    assert before == 0
    # All of it, but for the rounded corners.
    assert after > 0.98 * 200 * 100


def _count(png: bytes, colour: tuple[int, int, int]) -> int:
    rows = _pixels(png)
    depth = len(rows[0]) // 800
    wanted = bytes(colour)
    return sum(row[i : i + 3] == wanted for row in rows for i in range(0, len(row), depth))
