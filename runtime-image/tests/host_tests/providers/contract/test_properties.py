"""Any sequence of operations gives on every backend what it gives on a model: a dictionary."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from host_tests.providers.contract.objects import LAST, Bytes, content, drain, names
from wasicloud_host.capabilities import counters, keyvalue
from wasicloud_host.errors import BackendError

KEYS = st.sampled_from([b"", b"a", b"b", b"A", b"a:b", b"*", b"\n", "ü".encode(), b"../a", b"k" * 250])
VALUES = st.one_of(st.binary(max_size=20), st.sampled_from([b"0", b"41", b"-3", b"18446744073709551615", b"007"]))
NAMES = st.sampled_from(["a", "b", "a/b", "..", "A", "ü", "%2F", "end."])
DATA = st.sampled_from([b"", b"x", b"0123456789", b"y" * 70_000])
DELTAS = st.one_of(st.integers(-10, 10), st.sampled_from([1 << 63, (1 << 64) - 1]))

_numbers = itertools.count()


def outcome(operation):
    """What an operation returns, or that it fails."""
    try:
        return operation()
    except BackendError:
        return "error"


class Keyvalue(RuleBasedStateMachine):
    """A bucket beside a dictionary."""

    provider = None
    place = None

    def __init__(self):
        super().__init__()
        self.bucket = self.provider.keyvalue(self.place(f"property-{next(_numbers)}"))
        self.model: dict[bytes, bytes] = {}
        self.seen = None

    @rule(key=KEYS, value=VALUES)
    def set(self, key, value):
        self.bucket.set(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def get(self, key):
        assert self.bucket.get(key) == self.model.get(key)
        assert self.bucket.exists(key) == (key in self.model)

    @rule(key=KEYS)
    def delete(self, key):
        self.bucket.delete(key)
        self.model.pop(key, None)

    @rule()
    def list(self):
        assert set(keyvalue.walk(self.bucket)) == set(self.model)

    @rule(key=KEYS, delta=DELTAS, signed=st.booleans())
    def increment(self, key, delta, signed):
        def expected():
            result = counters.add(self.model.get(key), delta, signed=signed)
            self.model[key] = b"%d" % result
            return result

        assert outcome(lambda: self.bucket.increment(key, delta, signed=signed)) == outcome(expected)

    @rule(keys=st.lists(KEYS, max_size=5))
    def get_many(self, keys):
        assert self.bucket.get_many(keys) == [self.model.get(key) for key in keys]

    @rule(entries=st.lists(st.tuples(KEYS, VALUES), max_size=5))
    def set_many(self, entries):
        self.bucket.set_many(entries)
        self.model.update(entries)

    @rule(keys=st.lists(KEYS, max_size=3))
    def delete_many(self, keys):
        self.bucket.delete_many(keys)
        for key in keys:
            self.model.pop(key, None)

    @rule(key=KEYS)
    def look(self, key):
        self.seen = (key, self.bucket.snapshot(key))
        assert self.seen[1].value == self.model.get(key)

    @precondition(lambda self: self.seen is not None)
    @rule(value=VALUES)
    def swap(self, value):
        key, seen = self.seen
        changed = self.bucket.swap(key, seen, value)
        if self.model.get(key) != seen.value:
            assert changed is not None
        if changed is None:
            self.model[key] = value
            self.seen = None
        else:  # the same value written again may count as a change or not
            assert changed.value == self.model.get(key)
            self.seen = (key, changed)

    @rule(key=KEYS, old=st.sampled_from([0, 41, 1]), new=st.sampled_from([0, 5]))
    def compare_and_swap(self, key, old, new):
        def expected():
            value = self.model.get(key)
            if value is None or counters.parse(value) != old:
                return False
            self.model[key] = b"%d" % new
            return True

        assert outcome(lambda: keyvalue.compare_and_swap(self.bucket, key, old, new)) == outcome(expected)


class Blobs(RuleBasedStateMachine):
    """Two containers beside two dictionaries."""

    provider = None
    place = None

    def __init__(self):
        super().__init__()
        number = next(_numbers)
        self.blobs = self.provider.blobstore()
        self.places = [self.place(f"property-{number}-{index}") for index in range(2)]
        self.models: list[dict[str, bytes]] = [{}, {}]
        for place in self.places:
            self.blobs.create_container(place)

    def teardown(self):
        for place in self.places:
            with suppress(BackendError):
                self.blobs.delete_container(place)

    @rule(index=st.integers(0, 1), name=NAMES, data=DATA)
    def write(self, index, name, data):
        self.blobs.write(self.places[index], name, Bytes(data))
        self.models[index][name] = data

    @rule(index=st.integers(0, 1), name=NAMES)
    def read(self, index, name):
        assert outcome(lambda: content(self.blobs, self.places[index], name)) == self.models[index].get(name, "error")

    @rule(index=st.integers(0, 1), name=NAMES, start=st.integers(0, 12), end=st.sampled_from([0, 1, 5, 9, 10, LAST]))
    def read_range(self, index, name, start, end):
        data = self.models[index].get(name)
        found = outcome(lambda: drain(self.blobs.read(self.places[index], name, start, end)))
        assert found == ("error" if data is None else data[start : end + 1])

    @rule(index=st.integers(0, 1), names=st.lists(NAMES, max_size=3))
    def delete(self, index, names):
        self.blobs.delete(self.places[index], names)
        for name in names:
            self.models[index].pop(name, None)

    @rule(index=st.integers(0, 1))
    def list(self, index):
        assert names(self.blobs, self.places[index]) == set(self.models[index])

    @rule(index=st.integers(0, 1), name=NAMES)
    def info(self, index, name):
        found = self.blobs.info(self.places[index], name)
        assert (None if found is None else found.size) == (
            len(self.models[index][name]) if name in self.models[index] else None
        )

    @rule(index=st.integers(0, 1))
    def clear(self, index):
        self.blobs.clear(self.places[index])
        self.models[index].clear()

    @rule(index=st.integers(0, 1), name=NAMES, to=st.integers(0, 1), to_name=NAMES, move=st.booleans())
    def carry(self, index, name, to, to_name, move):
        operation = self.blobs.move if move else self.blobs.copy
        done = outcome(lambda: operation((self.places[index], name), (self.places[to], to_name)))
        if name not in self.models[index]:
            assert done == "error"
            return
        assert done is None
        self.models[to][to_name] = self.models[index][name]
        if move and (index, name) != (to, to_name):
            del self.models[index][name]


EXAMPLES = {"azureBlob": 4, "filesystem": 10}


@pytest.mark.parametrize("machine", [Keyvalue, Blobs])
def test_every_sequence_of_operations_agrees_with_the_model(machine, backend, provider):
    bound = type(machine.__name__, (machine,), {"provider": provider, "place": staticmethod(backend.place)})
    run_state_machine_as_test(
        bound,
        settings=settings(
            max_examples=EXAMPLES.get(backend.type, 40),
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
