"""The functions of capabilities.wit, as the bridge calls them."""

from __future__ import annotations

import time

import pytest

from host_tests.links.served import Request
from wasicloud_host import config
from wasicloud_host.errors import BackendError
from wasicloud_host.links import encoding, handles
from wasicloud_host.links.bindings import Bucket

KEYVALUE = config.Link("store", "wasi:keyvalue", provider="memory")
BLOBSTORE = config.Link("files", "wasi:blobstore", provider="memory", identifiers=("here", "shared"))
ELSEWHERE = config.Link("archive", "wasi:blobstore", provider="other", identifiers=("there",))


@pytest.fixture
def served(world):
    """A session with keyvalue, and blobs on two providers."""
    return world(links=(KEYVALUE, BLOBSTORE, ELSEWHERE), config={"greeting": "hello"})


def listed(answer: bytes) -> list[bytes]:
    """The elements of an answer that is a list."""
    assert answer[:1] == b"o", answer
    return encoding.split(answer[1:])


def test_environment_arguments_and_config(served, tmp_path):
    assert listed(served.call("environment")) == [b"greeting", b"hello"]
    assert listed(served.call("arguments")) == [b"tested"]
    assert served.call("config-get", b"greeting") == b"ouhello"
    for missing in (b"invalid-name", b"invalid!name", b"4invalidname", b""):
        assert served.call("config-get", missing) == b"n"
    assert listed(served.call("config-all")) == [b"greeting", b"uhello"]


def test_config_follows_mounted_directories(world, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (first / "colour").write_text("red")
    (second / "colour").write_text("blue")
    (second / "greeting").write_text("hidden by the manifest")
    (second / "binary").write_bytes(b"\xff")
    (second / "..data").mkdir()
    served = world(config={"greeting": "hello"}, config_directories=(str(first), str(second)))
    assert served.call("config-get", b"colour") == b"oured"
    assert served.call("config-get", b"greeting") == b"ouhello"
    assert served.call("config-get", b"binary") == b"ob/w=="
    assert b"binary" not in listed(served.call("environment"))
    assert b"..data" not in listed(served.call("config-all"))
    (first / "colour").write_text("green and longer")
    deadline = time.monotonic() + 60
    while served.call("config-get", b"colour") != b"ougreen and longer":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (first / "colour").unlink()
    first.rmdir()
    while not served.call("config-get", b"colour").startswith(b"eio:"):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_HT18_output_is_logged_by_lines_with_the_request(served):
    out, err = served.call("stdio-open", 1), served.call("stdio-open", 2)
    served.call("stream-write", out, b"uone\ntwo\nunfin", 1)
    served.call("stream-write", err, b"b" + b"/w==", 1)
    served.call("stream-write", out, b"uished\r\n", 1)
    served.call("log", 4, b"context", b"message")
    served.session.end_request()
    lines = [(line.get("stream"), line["level"], line["message"], line["request"]) for line in served.lines]
    assert lines == [
        ("stdout", "info", "one", "request-1"),
        ("stdout", "info", "two", "request-1"),
        ("stdout", "info", "unfinished", "request-1"),
        (None, "error", "message", "request-1"),
        ("stderr", "info", "\ufffd", "request-1"),
    ]
    assert {line["component"] for line in served.lines} == {"tested"}
    second = Request()
    second.request_id = "request-2"
    served.session.begin_request(second, time.monotonic() + 60)
    served.call("stream-write", out, b"uagain\n", 1)
    assert served.lines[-1]["request"] == "request-2"
    second.close()


def test_a_line_without_end_is_logged_in_parts(served):
    out = served.call("stdio-open", 1)
    for _ in range(40):
        served.call("stream-write", out, b"u" + b"x" * 10_000, 1)
    assert all(len(line["message"]) < 100_000 for line in served.lines)
    assert sum(len(line["message"]) for line in served.lines) > 300_000


def test_exit_is_noted(served):
    assert served.call("exit", 3) == b"o"
    assert served.session.exit_code == 3


def test_KV09_an_identifier_that_no_link_serves(world):
    only = config.Link("store", "wasi:keyvalue", provider="memory", identifiers=("users",))
    served = world(links=(only,))
    assert served.call("kv-open", b"forbidden") == b"eno-such-store"
    assert served.call("kv-open", b"users")[:1] == b"o"


def test_keyvalue(served):
    bucket = served.handle("kv-open", b"")
    assert served.call("kv-get", bucket, b"key") == b"n"
    assert served.call("kv-set", bucket, b"key", b"b/w==") == b"o"
    assert served.call("kv-get", bucket, b"key") == b"ob/w=="
    assert served.call("kv-exists", bucket, b"key") == b"o"
    assert served.call("kv-set", bucket, b"key", b"") == b"o"
    assert served.call("kv-get", bucket, b"key") == b"o"
    assert served.call("kv-delete", bucket, b"key") == b"o"
    assert served.call("kv-exists", bucket, b"key") == b"n"
    assert served.call("kv-increment", bucket, b"n", b"5", 0) == b"o5"
    assert served.call("kv-increment", bucket, b"n", b"-6", 1) == b"o-1"
    assert served.call("kv-increment", bucket, b"n", b"0", 0).startswith(b"eother:")
    assert served.call("kv-compare-and-swap", bucket, b"absent", 1, 2) == b"n"
    assert served.calls[0] == ("wasi:keyvalue", "memory", "ok")
    assert served.calls[-2] == ("wasi:keyvalue", "memory", "invalid")


def test_batches(served):
    bucket = served.handle("kv-open", b"default")
    entries = encoding.join([b"a", b"u1", b"b", b"", b"new\nline", b"b/w=="])
    assert served.call("kv-set-many", bucket, entries) == b"o"
    keys = encoding.join([b"new\nline", b"missing", b"b", b"b"])
    assert listed(served.call("kv-get-many", bucket, keys)) == [b"ob/w==", b"n", b"o", b"o"]
    assert served.call("kv-get-many", bucket, b"") == b"o"
    assert served.call("kv-delete-many", bucket, keys) == b"o"
    cursor, *rest = listed(served.call("kv-list", bucket, b"", 0))
    assert (cursor, rest) == (b"", [b"a"])


@pytest.mark.parametrize("numeric", [0, 1])
def test_KV11_pages(served, numeric):
    bucket = served.handle("kv-open", b"default")
    names = {b"key %d" % number for number in range(1000)}
    served.call("kv-set-many", bucket, encoding.join(part for name in names for part in (name, b"")))
    found = []
    cursor = b""
    while True:
        cursor, *page = listed(served.call("kv-list", bucket, cursor, numeric))
        found += page
        if not cursor:
            break
        assert cursor[:1] == b"s"
        assert not numeric or cursor[1:].isdigit()
    assert sorted(found) == sorted(names)


def test_KV12_a_cursor_of_the_wrong_kind(served):
    bucket = served.handle("kv-open", b"default")
    assert served.call("kv-list", bucket, b"sx", 1).startswith(b"eother:")


def test_KV19_compare_and_swap_by_handle(served):
    bucket = served.handle("kv-open", b"default")
    cas = served.handle("kv-cas-new", bucket, b"key")
    assert served.call("kv-cas-current", cas) == b"n"
    served.call("kv-set", bucket, b"key", b"uforeign")
    changed = served.call("kv-cas-swap", cas, b"umine")
    assert changed[:1] == b"c"
    assert served.call("kv-cas-swap", cas, b"umine").startswith(b"eother:"), "the handle is used up"
    again = int(changed[1:])
    assert served.call("kv-cas-current", again) == b"ouforeign"
    assert served.call("kv-cas-swap", again, b"umine") == b"o"
    assert served.call("kv-get", bucket, b"key") == b"oumine"


def test_KV26_dropped_handles_leave_nothing(served):
    for _ in range(3):
        bucket = served.handle("kv-open", b"default")
        for handle in (bucket, served.handle("kv-cas-new", bucket, b"key"), served.handle("blob-sink")):
            assert served.call("handle-drop", handle) == b"o"
    assert served.session.handles.table == {}


def test_a_component_that_leaks_is_told_and_the_host_stays_small(served):
    answers = {served.call("kv-open", b"default")[:1] for _ in range(handles.LIMIT + 10)}
    assert answers == {b"o", b"e"}
    assert len(served.session.handles.table) == handles.LIMIT
    served.session.close()
    assert served.session.handles.table == {}


def test_a_handle_of_another_kind_is_an_error(served):
    bucket = served.handle("kv-open", b"default")
    sink = served.handle("blob-sink")
    assert served.call("kv-get", sink, b"key").startswith(b"e")
    assert served.call("blob-has", bucket, b"name").startswith(b"e")
    assert served.call("blob-commit", bucket).startswith(b"e")
    assert served.call("stream-read", sink, 1, 1).startswith(b"e")


class Failing:
    """A store whose backend is away, or whose code is wrong."""

    def __init__(self, error):
        self.error = error

    def get(self, key):
        raise self.error


def test_KV10_failures_are_answers_and_never_exceptions(served, caplog):
    for error, answer, outcome in (
        (BackendError("redis at x did not\nanswer", "timeout"), b"eother:redis at x did not answer", "timeout"),
        (ZeroDivisionError("secret"), b"einternal-error:the host failed", "error"),
    ):
        handle = served.session.handles.add(Bucket(Failing(error), "failing"))
        assert served.call("kv-get", handle, b"key") == answer
        assert served.calls[-1] == ("wasi:keyvalue", "failing", outcome)
    assert "kv-get" in caplog.text


def write(served, container: int, name: bytes, data: bytes) -> bytes:
    """Store an object by sink, target and commit."""
    sink = served.handle("blob-sink")
    served.call("stream-write", sink, encoding.data(data), 1)
    served.call("blob-target", sink, container, name)
    answer = served.call("blob-commit", sink)
    served.call("handle-drop", sink)
    return answer


def read(served, container: int, name: bytes, start: int = 0, end: int = (1 << 64) - 1) -> bytes:
    """An object's bytes."""
    handle, size = listed(served.call("blob-get-data", container, name, start, end))
    found = served.body(int(handle))
    assert len(found) == int(size)
    served.call("stream-drop", int(handle))
    return found


def test_blobs(served):
    assert served.call("blob-container-exists", b"here") == b"n"
    assert served.call("blob-get-container", b"here").startswith(b"eother:")
    container = served.handle("blob-create-container", b"here")
    assert served.call("blob-create-container", b"here").startswith(b"eother:")
    assert served.call("blob-container-exists", b"here") == b"o"
    assert listed(served.call("blob-container-info", container))[0] == b"here"
    assert write(served, container, b"name", b"0123456789") == b"o"
    assert read(served, container, b"name", 2, 5) == b"2345"
    assert served.call("blob-has", container, b"name") == b"o"
    assert served.call("blob-has", container, b"other") == b"n"
    name, holder, _, size = listed(served.call("blob-info", container, b"name"))
    assert (name, holder, size) == (b"name", b"here", b"10")
    assert served.call("blob-info", container, b"other").startswith(b"eother:")
    assert served.call("blob-copy", b"here", b"name", b"here", b"copy") == b"o"
    assert served.call("blob-move", b"here", b"copy", b"here", b"moved") == b"o"
    assert served.call("blob-delete", container, encoding.join([b"moved", b"missing"])) == b"o"
    assert served.call("blob-clear", container) == b"o"
    assert served.call("blob-has", container, b"name") == b"n"
    assert served.call("blob-delete-container", b"here") == b"o"
    assert served.call("blob-has", container, b"name").startswith(b"eother:"), "a stale handle is an error"
    assert served.call("blob-create-container", b"unlinked").startswith(b"eother:no Link")


def test_blobs_of_any_length_spool_and_are_committed_again_when_they_grow(served):
    container = served.handle("blob-create-container", b"here")
    sink = served.handle("blob-sink")
    assert served.call("blob-commit", sink) == b"o", "without a target there is nothing to store"
    served.call("blob-target", sink, container, b"a")
    served.call("blob-target", sink, container, b"b")
    assert served.call("blob-has", container, b"a") == b"n", "nothing is visible before the commit"
    piece = b"x" * (1 << 20)
    for _ in range(20):
        served.call("stream-write", sink, encoding.data(piece), 0)
    served.call("blob-commit", sink)
    assert read(served, container, b"a") == piece * 20
    served.call("stream-write", sink, b"umore", 1)
    served.call("blob-commit", sink)
    assert read(served, container, b"b") == piece * 20 + b"more"


def test_a_sink_that_is_dropped_stores_nothing(served):
    container = served.handle("blob-create-container", b"here")
    sink = served.handle("blob-sink")
    served.call("stream-write", sink, b"udata", 1)
    served.call("blob-target", sink, container, b"name")
    served.call("handle-drop", sink)
    assert served.call("blob-has", container, b"name") == b"n"


def test_BS16_listings(served):
    container = served.handle("blob-create-container", b"here")
    names = {b"object %d" % number for number in range(700)}
    for name in names:
        write(served, container, name, b"")
    listing = served.handle("blob-list-open", container)
    ended, *found = listed(served.call("blob-list-read", listing, 0))
    assert (ended, found) == (b"0", [])
    while ended == b"0":
        ended, *page = listed(served.call("blob-list-read", listing, 99))
        assert len(page) <= 99
        found += page
    assert set(found) == names
    listing = served.handle("blob-list-open", container)
    assert listed(served.call("blob-list-skip", listing, 600)) == [b"600", b"0"]
    assert listed(served.call("blob-list-skip", listing, 600)) == [b"100", b"1"]
    empty = served.handle("blob-list-open", served.handle("blob-create-container", b"there"))
    assert listed(served.call("blob-list-read", empty, 10)) == [b"1"]


def test_BS14_copy_and_move_from_one_provider_to_another(served):
    here = served.handle("blob-create-container", b"here")
    there = served.handle("blob-create-container", b"there")
    write(served, here, b"name", b"data" * 1000)
    assert served.call("blob-copy", b"here", b"name", b"there", b"copy") == b"o"
    assert read(served, there, b"copy") == b"data" * 1000
    assert served.call("blob-move", b"here", b"name", b"there", b"moved") == b"o"
    assert served.call("blob-has", here, b"name") == b"n"
    assert read(served, there, b"moved") == b"data" * 1000
    served.call("blob-delete-container", b"there")
    write(served, here, b"name", b"kept")
    assert served.call("blob-move", b"here", b"name", b"there", b"moved").startswith(b"eother:")
    assert read(served, here, b"name") == b"kept"


def test_an_empty_object_ends_at_once(served):
    container = served.handle("blob-create-container", b"here")
    write(served, container, b"empty", b"")
    assert read(served, container, b"empty") == b""
