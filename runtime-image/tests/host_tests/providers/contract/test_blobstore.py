"""Blobstore, rule by rule (numbers of the conformance table)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from host_tests.providers.contract.objects import LAST, Bytes, content, drain, names, pattern
from wasicloud_host.capabilities import blobstore
from wasicloud_host.errors import BackendError

SIZES = [0, 1, 4096, 65_537, (1 << 20) + 1, 16 << 20]

ODD_NAMES = [
    "a/b/c",
    "../escape",
    "..",
    ".",
    "/absolute",
    "%2F",
    "a%2Fb",
    "with space",
    "trailing.",
    "trailing/",
    "a//b",
    "new\nline",
    "é",
    "e\u0301",
    "😀",
    "n" * 255,
    "ä" * 255,
    "UPPER",
    "upper",
    "a\\b",
    "?#&",
    "*",
]


def test_BS01_a_container_is_made_once(provider, backend, name):
    blobs, place = provider.blobstore(), backend.place(name)
    assert blobs.container_exists(place) is False
    blobs.create_container(place)
    assert blobs.container_exists(place) is True
    with pytest.raises(BackendError, match="already exists"):
        blobs.create_container(place)


def test_BS01_of_many_who_make_it_at_once_one_is_told_that_it_did(provider, backend, name):
    blobs, place = provider.blobstore(), backend.place(name)

    def create(_):
        try:
            blobs.create_container(place)
        except BackendError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(create, range(8))) == 1


@pytest.mark.parametrize(
    "odd", ["UPPER", "with space", "a/b", "..", "ä", "x" * 100, "a--b", "-", "under_score", "a:b", "😀", ""]
)
def test_BS02_container_names_of_any_characters(provider, backend, name, odd):
    blobs = provider.blobstore()
    place, plain = backend.place(name + odd), backend.place(name + "plain")
    blobs.create_container(place)
    blobs.create_container(plain)
    blobs.write(place, "object", Bytes(b"odd"))
    assert names(blobs, plain) == set()
    assert content(blobs, place, "object") == b"odd"


def test_BS02_a_container_knows_since_when_it_is_there(provider, backend, name):
    blobs, place = provider.blobstore(), backend.place(name)
    before = int(time.time())
    blobs.create_container(place)
    created_at = blobs.container_created_at(place)
    assert before - 2 <= created_at <= time.time() + 2
    blobs.write(place, "object", Bytes(b"x"))
    assert blobs.container_created_at(place) == created_at


def test_BS02_a_container_that_is_missing_is_an_error(provider, backend, name):
    blobs, missing = provider.blobstore(), backend.place(name)
    for operation in (
        lambda: blobs.container_created_at(missing),
        lambda: blobs.read(missing, "object", 0, LAST),
        lambda: blobs.write(missing, "object", Bytes(b"x")),
        lambda: blobs.info(missing, "object"),
        lambda: blobs.delete(missing, ["object"]),
        lambda: blobs.page(missing, None),
        lambda: blobs.clear(missing),
    ):
        with pytest.raises(BackendError, match="does not exist"):
            operation()


@pytest.mark.parametrize("size", SIZES)
def test_BS03_an_object_comes_back_byte_for_byte(blobs, place, size):
    data = pattern(size)
    blobs.write(place, "object", Bytes(data))
    assert content(blobs, place, "object") == data
    assert blobs.info(place, "object").size == size


def test_BS03_a_shorter_object_replaces_a_longer_one(blobs, place):
    blobs.write(place, "object", Bytes(pattern(3 << 20)))
    blobs.write(place, "object", Bytes(b"short"))
    assert content(blobs, place, "object") == b"short"


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (0, 0, b"0"),
        (2, 5, b"2345"),
        (0, 9, b"0123456789"),
        (0, 10, b"0123456789"),
        (0, LAST, b"0123456789"),
        (9, 9, b"9"),
        (10, 20, b""),
        (5, 2, b""),
        (LAST, LAST, b""),
    ],
)
def test_BS05_ranges_include_both_ends_and_are_clamped(blobs, place, start, end, found):
    blobs.write(place, "object", Bytes(b"0123456789"))
    reader = blobs.read(place, "object", start, end)
    assert reader.size == len(found)
    assert drain(reader) == found


@pytest.mark.parametrize(
    ("start", "end"), [(0, 5_000_000), (1_048_575, 1_048_577), (3_000_000, LAST), (4_999_999, LAST)]
)
def test_BS05_ranges_across_chunks(blobs, place, start, end):
    data = pattern(5_000_000)
    blobs.write(place, "object", Bytes(data))
    reader = blobs.read(place, "object", start, end)
    assert reader.size == len(data[start : end + 1])
    assert drain(reader, 70_000) == data[start : end + 1]


def test_BS06_BS07_the_size_is_known_and_pieces_are_never_empty(blobs, place):
    blobs.write(place, "object", Bytes(pattern(2_500_000)))
    reader = blobs.read(place, "object", 0, LAST)
    assert reader.size == 2_500_000
    sizes = []
    while piece := reader.read(300_000):
        sizes.append(len(piece))
    assert sum(sizes) == 2_500_000
    assert max(sizes) <= 300_000
    assert reader.read(1) == b""
    reader.close()
    reader.close()


def test_BS09_a_missing_object_is_an_error_at_once(blobs, place):
    with pytest.raises(BackendError, match="does not exist"):
        blobs.read(place, "missing", 0, LAST)


def test_BS10_delete_is_fine_with_what_is_missing(blobs, place):
    blobs.delete(place, ["missing"])
    blobs.delete(place, [])
    for name in "abc":
        blobs.write(place, name, Bytes(b"x"))
    blobs.delete(place, ["a", "missing", "b"])
    assert names(blobs, place) == {"c"}
    with pytest.raises(BackendError):
        blobs.read(place, "a", 0, LAST)


def test_BS11_info_tells_size_and_age(provider, backend, blobs, place):
    assert blobs.info(place, "object") is None
    before = int(time.time())
    blobs.write(place, "object", Bytes(b"12345"))
    found = blobs.info(place, "object")
    assert found.size == 5
    assert before - 2 <= found.created_at <= time.time() + 2
    blobs.copy((place, "object"), (place, "copy"))
    assert blobs.info(place, "copy").size == 5


def test_BS12_clear_empties_this_container_only(provider, backend, blobs, place):
    other = backend.place(place.name + "-other")
    blobs.create_container(other)
    for number in range(5):
        blobs.write(place, f"object {number}", Bytes(b"x"))
    blobs.write(other, "object 0", Bytes(b"x"))
    bucket = provider.keyvalue(place)
    bucket.set(b"key", b"value")
    blobs.clear(place)
    assert names(blobs, place) == set()
    assert blobs.container_exists(place)
    assert names(blobs, other) == {"object 0"}
    assert bucket.get(b"key") == b"value", "a bucket of the same name is none of the blobstore's business"


def test_BS13_delete_container_takes_its_objects_along(blobs, place):
    blobs.write(place, "object", Bytes(b"x"))
    blobs.delete_container(place)
    assert blobs.container_exists(place) is False
    blobs.delete_container(place)
    with pytest.raises(BackendError, match="does not exist"):
        blobs.info(place, "object")
    wait_for_create(blobs, place)
    assert names(blobs, place) == set()


def wait_for_create(blobs, place):
    """Azure keeps a deleted container's name for a while."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return blobs.create_container(place)
        except BackendError:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_BS14_copy_across_containers(backend, blobs, place):
    other, missing = backend.place(place.name + "-other"), backend.place(place.name + "-missing")
    blobs.create_container(other)
    data = pattern(3 << 20)
    blobs.write(place, "object", Bytes(data))
    blobs.write(other, "copy", Bytes(b"old"))
    blobs.copy((place, "object"), (other, "copy"))
    assert content(blobs, other, "copy") == data
    assert content(blobs, place, "object") == data
    for target in ((missing, "copy"),):
        with pytest.raises(BackendError, match="does not exist"):
            blobs.copy((place, "object"), target)
    with pytest.raises(BackendError, match="does not exist"):
        blobs.copy((place, "missing"), (other, "copy"))
    blobs.copy((place, "object"), (place, "object"))
    assert content(blobs, place, "object") == data
    assert content(blobs, other, "copy") == data


def test_BS15_move_takes_the_source_away_only_when_it_arrived(backend, blobs, place):
    other, missing = backend.place(place.name + "-other"), backend.place(place.name + "-missing")
    blobs.create_container(other)
    blobs.write(place, "object", Bytes(b"data"))
    with pytest.raises(BackendError, match="does not exist"):
        blobs.move((place, "object"), (missing, "moved"))
    assert content(blobs, place, "object") == b"data"
    blobs.move((place, "object"), (place, "object"))
    assert content(blobs, place, "object") == b"data"
    blobs.move((place, "object"), (other, "moved"))
    assert content(blobs, other, "moved") == b"data"
    assert blobs.info(place, "object") is None
    with pytest.raises(BackendError, match="does not exist"):
        blobs.move((place, "missing"), (other, "moved"))
    assert content(blobs, other, "moved") == b"data"


@pytest.mark.parametrize("count", [0, 1, 2 * blobstore.PAGE + 1])
def test_BS16_a_listing_is_complete(blobs, place, count):
    wanted = {f"object {number}" for number in range(count)}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: blobs.write(place, name, Bytes(b"")), wanted))
    assert names(blobs, place) == wanted


def test_BS17_objects_that_stay_are_listed_while_others_come_and_go(blobs, place):
    staying = {f"stay {number}" for number in range(blobstore.PAGE)}
    going = [f"go {number}" for number in range(50)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: blobs.write(place, name, Bytes(b"")), [*staying, *going]))
    page = blobs.page(place, None)
    found = set(page.names)
    blobs.delete(place, going)
    blobs.write(place, "new", Bytes(b""))
    while page.cursor is not None:
        page = blobs.page(place, page.cursor)
        found |= set(page.names)
    assert staying <= found


def test_BS18_names_of_any_characters(blobs, place):
    for index, name in enumerate(ODD_NAMES):
        blobs.write(place, name, Bytes(b"%d" % index))
    assert [content(blobs, place, name) for name in ODD_NAMES] == [b"%d" % index for index in range(len(ODD_NAMES))]
    assert names(blobs, place) == set(ODD_NAMES)
    blobs.delete(place, ODD_NAMES)
    assert names(blobs, place) == set()


@pytest.mark.parametrize("name", ["", "n" * 2000])
def test_BS18_a_name_that_the_backend_cannot_hold_is_an_error_or_works(blobs, place, name):
    try:
        blobs.write(place, name, Bytes(b"x"))
    except BackendError as error:
        refused = error.outcome
    else:
        refused = ""
        assert content(blobs, place, name) == b"x"
        assert names(blobs, place) == {name}
    assert refused in ("", "invalid")


def test_BS22_another_process_sees_the_same_objects(backend, blobs, place):
    if not backend.shared:
        return
    other = backend.open()
    try:
        blobs.write(place, "object", Bytes(b"data"))
        assert content(other.blobstore(), place, "object") == b"data"
    finally:
        other.close()


def test_a_prefix_keeps_links_to_one_container_apart(provider, backend, name):
    blobs = provider.blobstore()
    one, other = backend.place(name, "team-a/"), backend.place(name, "team-b/")
    blobs.create_container(one)
    blobs.write(one, "object", Bytes(b"one"))
    blobs.write(other, "object", Bytes(b"other"))
    assert names(blobs, one) == {"object"}
    assert content(blobs, one, "object") == b"one"
    blobs.clear(one)
    assert names(blobs, one) == set()
    blobs.delete_container(one)
    assert content(blobs, other, "object") == b"other"
