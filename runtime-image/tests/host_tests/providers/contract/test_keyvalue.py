"""Keyvalue, rule by rule (numbers of the conformance table)."""

from __future__ import annotations

import contextlib

import pytest

from wasicloud_host import config
from wasicloud_host.capabilities import keyvalue
from wasicloud_host.errors import BackendError, ConfigInvalid
from wasicloud_host.providers import registry

VALUES = {
    "empty": b"",
    "NUL": b"\x00",
    "not UTF-8": b"\xff\xfe\x80",
    "one byte": b"x",
    "4097 bytes": bytes(range(256)) * 16 + b"!",
    "1 MiB and one": b"\xa5" * (1 << 20) + b"!",
}

ODD_KEYS = [
    "",
    "a:b",
    "*",
    "?",
    "[a-z]",
    "\\",
    "a b",
    "a\nb",
    "\x00",
    "𝕜𝕖𝕪",
    "..",
    ".",
    "/",
    "../../etc/passwd",
    "a/b",
    "a%2Fb",
    "%",
    "CON",
    "Key",
    "key",
    "é",
    "e\u0301",
    "trailing.",
    "trailing ",
    "k" * 300,
    "😀" * 200,
]


def test_KV01_a_missing_key_is_none_and_not_an_error(bucket):
    assert bucket.get(b"missing") is None
    assert bucket.exists(b"missing") is False


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_KV02_a_value_comes_back_byte_for_byte(bucket, value):
    bucket.set(b"key", value)
    assert bucket.get(b"key") == value


def test_KV03_a_shorter_value_replaces_a_longer_one(bucket):
    bucket.set(b"key", b"a long value")
    bucket.set(b"key", b"short")
    assert bucket.get(b"key") == b"short"


def test_KV04_an_empty_value_is_there(bucket):
    bucket.set(b"key", b"")
    assert bucket.exists(b"key") is True
    assert bucket.get(b"key") == b""


def test_KV05_delete_removes_and_may_be_repeated(bucket):
    bucket.set(b"key", b"value")
    bucket.delete(b"key")
    assert bucket.get(b"key") is None
    bucket.delete(b"key")


def test_KV06_a_write_is_read_through_every_handle(provider, place):
    one, other = provider.keyvalue(place), provider.keyvalue(place)
    one.set(b"key", b"first")
    assert other.get(b"key") == b"first"
    other.set(b"key", b"second")
    assert one.get(b"key") == b"second"


def test_KV07_buckets_are_isolated(provider, backend, name):
    one, other = provider.keyvalue(backend.place(f"{name}-1")), provider.keyvalue(backend.place(f"{name}-2"))
    one.set(b"key", b"one")
    other.set(b"key", b"other")
    assert (one.get(b"key"), other.get(b"key")) == (b"one", b"other")
    one.delete(b"key")
    assert other.get(b"key") == b"other"
    assert set(keyvalue.walk(one)) == set()


def test_KV07_a_prefix_isolates_links_to_one_bucket(provider, backend, name):
    plain, team = provider.keyvalue(backend.place(name, "team-b/")), provider.keyvalue(backend.place(name, "team-a/"))
    team.set(b"key", b"team")
    plain.set(b"key", b"plain")
    assert set(keyvalue.walk(team)) == {b"key"}
    assert team.get(b"key") == b"team"
    plain.delete(b"key")
    assert team.exists(b"key")


@pytest.mark.parametrize("odd", [":", "*", "?", "[a]", "\\", " ", "\n", "𝕜", "..", "/", "%", "A", "x" * 70, "ä"])
def test_KV08_bucket_names_of_any_characters_keep_their_keys_apart(provider, backend, name, odd):
    odd_one, plain = provider.keyvalue(backend.place(name + odd)), provider.keyvalue(backend.place(name))
    plain.set(b"key", b"plain")
    plain.set(odd.encode() + b":key", b"plain too")
    odd_one.set(b"key", b"odd")
    assert plain.get(b"key") == b"plain"
    assert odd_one.get(b"key") == b"odd"
    assert set(keyvalue.walk(odd_one)) == {b"key"}
    assert set(keyvalue.walk(plain)) == {b"key", odd.encode() + b":key"}


def test_KV08_keys_of_any_characters_are_different_keys(bucket):
    entries = [(key.encode(), b"value of %d" % index) for index, key in enumerate(ODD_KEYS)]
    for key, value in entries:
        bucket.set(key, value)
    assert [bucket.get(key) for key, _ in entries] == [value for _, value in entries]
    assert set(keyvalue.walk(bucket)) == {key for key, _ in entries}
    for key, _ in entries:
        bucket.delete(key)
    assert set(keyvalue.walk(bucket)) == set()


def test_KV11_an_empty_bucket_lists_nothing(bucket):
    page = bucket.keys(None)
    assert (list(page.names), page.cursor) == ([], None)


@pytest.fixture(scope="module")
def crowded(provider, backend):
    """A bucket of more than three pages."""
    place = backend.place("crowded")
    bucket = provider.keyvalue(place)
    names = [b"key-%d" % number for number in range(3 * keyvalue.PAGE + 1)]
    bucket.set_many([(key, b"x") for key in names])
    return bucket, set(names)


def test_KV11_a_walk_over_pages_gives_exactly_the_keys(crowded):
    bucket, names = crowded
    pages = 0
    cursor = None
    found = []
    while True:
        page = bucket.keys(cursor)
        pages += 1
        found += page.names
        cursor = page.cursor
        if cursor is None:
            break
        assert page.names, "a page before the end is never empty"
    assert set(found) == names
    assert pages > 1


def test_KV11_a_walk_by_decimal_cursors_gives_exactly_the_keys(crowded):
    bucket, names = crowded
    found = []
    cursor = None
    while True:
        page = bucket.keys(cursor) if bucket.decimal_cursors else keyvalue.numbered_page(bucket, cursor)
        found += page.names
        cursor = page.cursor
        if cursor is None:
            break
        assert int(cursor) < 1 << 64
    assert set(found) == names


def test_KV12_a_foreign_cursor_is_an_error_or_an_end(bucket):
    bucket.set(b"key", b"value")
    for cursor in (b"no such cursor", b"\xf3\xb0\x80\x80", b"999999999999"):
        with contextlib.suppress(BackendError):
            page = bucket.keys(cursor)
            for _ in range(100):
                if page.cursor is None:
                    break
                page = bucket.keys(page.cursor)
            assert page.cursor is None


def test_KV13_keys_that_stay_are_listed_while_others_come_and_go(bucket):
    staying = {b"stay-%d" % number for number in range(keyvalue.PAGE + 50)}
    going = [b"go-%d" % number for number in range(100)]
    bucket.set_many([(key, b"x") for key in [*staying, *going]])
    page = bucket.keys(None)
    found = set(page.names)
    bucket.delete_many(going)
    bucket.set_many([(b"new-%d" % number, b"x") for number in range(50)])
    while page.cursor is not None:
        page = bucket.keys(page.cursor)
        found |= set(page.names)
    assert staying <= found


def test_KV14_increment_makes_and_adds_decimal_text(bucket):
    assert bucket.increment(b"counter", 5, signed=False) == 5
    assert bucket.increment(b"counter", 1, signed=False) == 6
    assert bucket.get(b"counter") == b"6"
    bucket.set(b"counter", b"41")
    assert bucket.increment(b"counter", 1, signed=True) == 42


def test_KV14_increment_by_zero_makes_the_key(bucket):
    assert bucket.increment(b"counter", 0, signed=False) == 0
    assert bucket.get(b"counter") == b"0"


@pytest.mark.parametrize("value", [b"text", b"", b"1.5", b" 1", b"01", b"+1", b"1e3", b"-0", b"9" * 30, b"\xff"])
def test_KV16_increment_of_what_is_no_number_is_an_error_and_changes_nothing(bucket, value):
    bucket.set(b"key", value)
    with pytest.raises(BackendError):
        bucket.increment(b"key", 1, signed=False)
    assert bucket.get(b"key") == value


@pytest.mark.parametrize(
    ("start", "delta", "signed", "result"),
    [
        (b"-3", 5, False, 2),
        (b"5", -7, True, -2),
        (b"18446744073709551614", 1, False, (1 << 64) - 1),
        (b"9223372036854775807", 1, False, 1 << 63),
        (b"1", (1 << 64) - 2, False, (1 << 64) - 1),
        (b"-9223372036854775807", -1, True, -(1 << 63)),
        (b"9223372036854775808", -1, True, (1 << 63) - 1),
    ],
)
def test_KV16_counters_span_the_whole_range(bucket, start, delta, signed, result):
    bucket.set(b"key", start)
    assert bucket.increment(b"key", delta, signed=signed) == result
    assert bucket.get(b"key") == b"%d" % result


@pytest.mark.parametrize(
    ("start", "delta", "signed"),
    [
        (b"18446744073709551615", 1, False),
        (b"9223372036854775807", 1, True),
        (b"-9223372036854775808", -1, True),
        (b"1", (1 << 64) - 1, False),
        (b"-3", 2, False),
        (b"18446744073709551615", 1, True),
    ],
)
def test_KV16_a_result_that_does_not_fit_is_an_error_and_changes_nothing(bucket, start, delta, signed):
    bucket.set(b"key", start)
    with pytest.raises(BackendError):
        bucket.increment(b"key", delta, signed=signed)
    assert bucket.get(b"key") == start


def test_KV17_get_many_answers_every_position(bucket):
    bucket.set(b"a", b"1")
    bucket.set(b"c", b"")
    assert bucket.get_many([b"c", b"b", b"a", b"c"]) == [b"", None, b"1", b""]
    assert bucket.get_many([]) == []


def test_KV18_set_many_and_delete_many(bucket):
    bucket.set_many([])
    bucket.set_many([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert bucket.get_many([b"a", b"b"]) == [b"3", b"2"]
    bucket.delete_many([])
    bucket.delete_many([b"a", b"absent", b"b", b"a"])
    assert bucket.get_many([b"a", b"b"]) == [None, None]


def test_KV18_large_batches(backend, bucket):
    count = 60 if backend.type == "azureBlob" else 300  # the emulator is slow
    entries = [(b"%d" % number, b"x" * 50_000) for number in range(count)]
    bucket.set_many(entries)
    assert bucket.get_many([key for key, _ in entries]) == [value for _, value in entries]
    bucket.delete_many([key for key, _ in entries])
    assert set(keyvalue.walk(bucket)) == set()


def test_KV19_swap_makes_a_missing_key_and_tells_of_a_foreign_change(bucket):
    seen = bucket.snapshot(b"key")
    assert seen.value is None
    assert bucket.swap(b"key", seen, b"mine") is None
    assert bucket.get(b"key") == b"mine"

    stale = bucket.snapshot(b"key")
    bucket.set(b"key", b"foreign")
    found = bucket.swap(b"key", stale, b"lost")
    assert found is not None
    assert found.value == b"foreign"
    assert bucket.get(b"key") == b"foreign"
    assert bucket.swap(b"key", found, b"retried") is None
    assert bucket.get(b"key") == b"retried"


def test_KV19_swap_of_a_missing_key_that_somebody_made_fails(bucket):
    seen = bucket.snapshot(b"key")
    bucket.set(b"key", b"")
    found = bucket.swap(b"key", seen, b"lost")
    assert found is not None
    assert found.value == b""


def test_KV19_swap_of_a_key_that_somebody_deleted_fails(bucket):
    bucket.set(b"key", b"here")
    seen = bucket.snapshot(b"key")
    bucket.delete(b"key")
    found = bucket.swap(b"key", seen, b"lost")
    assert found is not None
    assert found.value is None
    assert bucket.get(b"key") is None


def test_KV22_compare_and_swap_of_counters(bucket):
    assert keyvalue.compare_and_swap(bucket, b"key", 1, 2) is False
    assert bucket.exists(b"key") is False
    bucket.set(b"key", b"1")
    assert keyvalue.compare_and_swap(bucket, b"key", 1, (1 << 64) - 1) is True
    assert keyvalue.compare_and_swap(bucket, b"key", 1, 3) is False
    assert bucket.get(b"key") == b"18446744073709551615"
    bucket.set(b"key", b"text")
    with pytest.raises(BackendError):
        keyvalue.compare_and_swap(bucket, b"key", 1, 2)


def test_KV27_another_process_sees_the_same_data(backend, place):
    if not backend.shared:
        with pytest.raises(ConfigInvalid, match="not shared"):
            registry.open_one(config.Provider("tested", backend.type), workers=2)
        return
    one, other = backend.open(), backend.open()
    try:
        one.keyvalue(place).set(b"key", b"value")
        assert other.keyvalue(place).get(b"key") == b"value"
        assert other.keyvalue(place).increment(b"counter", 1, signed=False) == 1
        assert one.keyvalue(place).increment(b"counter", 1, signed=True) == 2
    finally:
        one.close()
        other.close()


def test_readiness_check_passes_while_the_backend_is_up(provider):
    provider.check()
