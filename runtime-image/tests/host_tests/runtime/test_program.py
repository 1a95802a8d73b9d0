"""A composition becomes something that runs: compiled once, refused in one sentence, entered through the real bridge."""

from __future__ import annotations

import dataclasses
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from host_tests.runtime import guests
from wasicloud_host import bridge, composer, config, errors, runtime
from wasicloud_host.composer import types
from wasicloud_host.links import bindings, functions
from wasicloud_host.links import session as sessions
from wasicloud_host.runtime import artifacts, native, program

HELLO = (
    next(parent for parent in Path(__file__).parents if (parent / "examples").is_dir())
    / "examples/hello/rust/hello.wasm"
)
TABLE = runtime.Functions(guests.TABLE.functions, ())
REQUEST = b"GET\n/\nhttp\nlocalhost\nhost: localhost\n"

Load = Callable[..., runtime.Program]


@dataclasses.dataclass(slots=True)
class Direct(guests.Session):
    """A session whose exchange is itself, as the functions of `guests.TABLE` want it."""

    def __post_init__(self) -> None:
        self.exchange = _Both(self)


class _Both(guests.Exchange):
    """The exchange and the session in one, for functions that look for either."""

    def __init__(self, session: guests.Session) -> None:
        super().__init__()
        self._session = session

    @property
    def exchange(self) -> guests.Exchange:
        return self

    @property
    def exit_code(self) -> int | None:
        return self._session.exit_code

    @exit_code.setter
    def exit_code(self, code: int) -> None:
        self._session.exit_code = code


def settings(directory: Path | None = None, memory: int = 8 << 20, **http: Any) -> config.HostConfig:
    component = config.Component("probe", "unused.wasm", instances=config.Instances(memory_bytes=memory))
    cache = str(directory) if directory else None
    return config.HostConfig("probe", (component,), http=config.Http(**http), cache_directory=cache)


def composition(text: str) -> composer.Composition:
    exchange = composer.HostImport(guests.EXCHANGE, types.Interface(()))
    return composer.Composition(bytes(wasmtime.wat2wasm(text)), exchange, ())


@pytest.fixture
def load() -> Iterator[Load]:
    loaded: list[runtime.Program] = []

    def load(text: str, wanted: config.HostConfig | None = None) -> runtime.Program:
        loaded.append(runtime.load(wanted or settings(), composition(text), TABLE, Direct))
        return loaded[-1]

    yield load
    for each in loaded:
        each.close()


def answer(made: runtime.Program, head: bytes = b"e", body: bytes = b"u") -> bytes:
    instance = made.instance(guests.soon())
    try:
        return instance.call(head, body, guests.soon())
    finally:
        instance.close()


def test_a_program_runs(load: Load) -> None:
    assert answer(load(guests.PROBE), b"a", b"key") == b"okey"


def test_the_second_start_compiles_nothing(load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        load(guests.PROBE, settings(tmp_path))
        assert "Compiled component probe" in caplog.text
        caplog.clear()
        assert answer(load(guests.PROBE, settings(tmp_path))) == b"u"
        assert "Compiled" not in caplog.text


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_cache_that_components_could_write_is_refused(load: Load, tmp_path: Path, inside: str) -> None:
    provider = config.Provider("files", "filesystem", {"path": str(tmp_path)})
    wanted = dataclasses.replace(settings(tmp_path / inside), providers=(provider,))
    with pytest.raises(errors.ConfigInvalid, match="files"):
        load(guests.PROBE, wanted)


def test_another_component_is_not_mistaken_for_it(load: Load, tmp_path: Path) -> None:
    load(guests.PROBE, settings(tmp_path))
    started = load(guests.starting(""), settings(tmp_path))
    assert answer(started) == b""
    assert len(list((tmp_path).glob("artifacts-*/*.cwasm"))) == 2


def test_a_damaged_artifact_is_compiled_again(load: Load, tmp_path: Path) -> None:
    load(guests.PROBE, settings(tmp_path))
    (artifact,) = tmp_path.glob("artifacts-*/*.cwasm")
    data = bytearray(artifact.read_bytes())
    data[len(data) // 2] ^= 0xFF
    artifact.write_bytes(data)
    assert answer(load(guests.PROBE, settings(tmp_path))) == b"u"


def test_an_artifact_that_wasmtime_refuses_is_compiled_again(load: Load, tmp_path: Path) -> None:
    load(guests.PROBE, settings(tmp_path))
    (artifact,) = tmp_path.glob("artifacts-*/*.cwasm")
    artifacts.Cache(tmp_path).store(artifact.stem, b"no machine code at all")
    assert answer(load(guests.PROBE, settings(tmp_path))) == b"u"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (guests.starting("unreachable"), "does not start"),
        (
            guests.PROBE.replace("(memory (export", "(memory (export").replace('"memory") 1)', '"memory") 400)'),
            "memory",
        ),
        ("(component)", "handle"),
    ],
    ids=["traps at the start", "needs more memory than it may have", "exports nothing"],
)
def test_what_cannot_run_is_refused_in_one_sentence(load: Load, text: str, says: str) -> None:
    with pytest.raises(errors.ComponentRefused, match=says) as refused:
        load(text)
    assert "\n" not in str(refused.value)
    assert refused.value.remedy


def test_one_that_does_not_finish_its_start_is_refused(load: Load) -> None:
    with pytest.raises(errors.ComponentRefused, match="in time"):
        load(guests.starting("(loop $l (br $l))"), settings(request_timeout_seconds=0.1))


@pytest.mark.parametrize("function", [types.Function((), "u64"), types.Function((("key", "u32"),), "string")])
def test_a_bridge_that_asks_for_what_the_host_has_not_is_refused(function: types.Function) -> None:
    exchange = composer.HostImport(guests.EXCHANGE, types.Interface((("ask", function),)))
    joined = composer.Composition(bytes(wasmtime.wat2wasm(guests.PROBE)), exchange, ())
    with pytest.raises(errors.ComponentRefused, match=f"{guests.EXCHANGE} ask"):
        runtime.load(settings(), joined, TABLE, Direct)


GARBAGE_COLLECTED = """
(component
  (core module $m
    (type $s (struct (field i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "handle") (param i32 i32 i32 i32) (result i32)
      (i32.store8 (i32.const 64) (struct.get $s 0 (struct.new $s (i32.const 103))))
      (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 1)) (i32.const 16)))
  (core instance $i (instantiate $m))
  (func (export "handle") (param "head" string) (param "body" string) (result string)
    (canon lift (core func $i "handle")
      (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
"""


def test_a_component_with_garbage_collection_runs_without_the_pool(load: Load) -> None:
    assert answer(load(GARBAGE_COLLECTED)) == b"g"


def test_with_another_wasmtime_everything_works_by_the_slow_way(
    load: Load, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(native, "VERSION", "0.0.0")
    made = load(guests.PROBE)
    assert "calls will be slow" in caplog.text
    assert answer(made, b"a", b"key") == b"okey"
    instance = made.instance(guests.soon())
    with pytest.raises(errors.RequestTimeout):
        instance.call(b"s", b"", time.monotonic() + 0.1)
    instance.close()


def bridged(load_config: config.HostConfig) -> Iterator[runtime.Program]:
    info = composer.inspect(HELLO.read_bytes(), "hello")
    joined = composer.compose(bridge.core(), bridge.capabilities(), (composer.Node("hello", info),))
    component = load_config.components[0]
    identities = [sessions.identify(component, bindings.resolve(component, node.imports, {})) for node in joined.nodes]
    made = runtime.load(
        load_config,
        joined,
        runtime.Functions(functions.EXCHANGE, functions.CAPABILITIES),
        lambda: sessions.Session(identities),
    )
    yield made
    made.close()


class Silent:
    """A request without a body, whose answer is not streamed."""

    request_id = "request-1"

    def read(self, limit: int, block: bool) -> bytes:
        return b""

    def trailers(self) -> None:
        return None

    def informational(self, status: int, headers: bytes) -> None: ...

    def start(self, head: bytes) -> None: ...

    def write(self, data: bytes) -> None: ...

    def fileno(self) -> int:
        return 0

    def about_to_block(self) -> None: ...


@pytest.mark.parametrize("way", ["fast", "stock"])
def test_a_component_answers_through_the_bridge(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "stock":
        monkeypatch.setattr(native, "VERSION", "0.0.0")
    for made in bridged(settings(tmp_path, memory=64 << 20)):
        instance = made.instance(guests.soon())
        for _ in range(3):
            instance.session.begin_request(Silent(), guests.soon())
            given = instance.call(REQUEST, b"", guests.soon())
            instance.session.end_request()
            assert given.startswith(b"R200\n")
            assert given.endswith(b"uHello from Rust!\n")
        instance.session.close()
        instance.close()


def test_the_tables_of_a_composition_are_one_for_the_exchange_and_one_for_each_identity() -> None:
    none = types.Interface(())

    def node(number: int, own: bool) -> composer.PlacedNode:
        name = composer.HostImport(f"capabilities-{number}", none) if own else None
        return composer.PlacedNode(number, f"node-{number}", (), (), {}, name)

    joined = composer.Composition(
        b"", composer.HostImport("exchange", none), (node(0, True), node(1, False), node(2, True))
    )
    tables = program._tables(joined, runtime.Functions((), ()))
    session = guests.Session(capabilities=("zero", "one", "two"))
    assert [table.name for table in tables] == ["exchange", "capabilities-0", "capabilities-2"]
    assert [table.target(session) for table in tables] == [session.exchange, "zero", "two"]


def test_a_request_outlives_its_program(load: Load) -> None:
    """A program is replaced while its last requests run: nothing they need may go before them."""
    made = runtime.load(settings(), composition(guests.PROBE), TABLE, Direct)
    instance = made.instance(guests.soon())
    ended: list[bytes] = []
    inside, leave = threading.Event(), threading.Event()

    def wait(key: bytes) -> bytes:
        inside.set()
        assert leave.wait(60)
        return key

    instance.session.exchange.answer = wait

    def serve(instance: runtime.Instance) -> None:
        ended.append(instance.call(b"a", b"kept", guests.soon()))
        instance.close()

    thread = threading.Thread(target=serve, args=(instance,))
    del instance
    thread.start()
    assert inside.wait(60)
    made.close()
    del made
    gc.collect()
    time.sleep(0.05)
    leave.set()
    thread.join()
    assert ended == [b"kept"]
    deadline = guests.soon()
    while any(each.name == "epochs" for each in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
