"""Damaged components: no crash, no hang, no wrong success.

Whatever the bytes are, the composer answers with a composition or with one sentence. A composition of damaged bytes
is one that the engine accepts or refuses; what the engine accepts as a component, the composer never calls damaged.

``COMPOSER_FUZZ`` is the number of inputs (default 20,000), ``COMPOSER_FUZZ_SEED`` where to begin (default 0: the same
inputs in every run). A failure names the seed of its input.
"""

from __future__ import annotations

import os
import random
import time

import pytest
import wasmtime
from wasmtime.component import Component

from host_tests.composer import made, mutations, standin
from wasicloud_host import composer, errors

INPUTS = int(os.environ.get("COMPOSER_FUZZ", "20000"))
FIRST = int(os.environ.get("COMPOSER_FUZZ_SEED", "0"))
CHUNKS = 8  # so that a run in parallel has something to share
JUDGED = 40  # one in so many answers is checked with the engine, which is slower than the composer


@pytest.fixture(scope="module")
def corpus() -> list[tuple[bytes, mutations.Outline]]:
    """Small components of many kinds: from toolchains, composed beforehand, hand-written."""
    wit = """
      package test:guest;
      interface drawing {
        resource thing { constructor(n: u8); look: func() -> option<thing>; }
        record point { x: s32, y: f64 }
        variant shape { dot, at(point), many(list<tuple<point, string>>) }
        flags rights { read, write }
        enum colour { red, green }
        draw: func(t: borrow<thing>, s: shape, r: rights, c: colour) -> result<list<u8>, shape>;
      }
      world guest { use drawing.{shape}; type count = u32; export drawing; export wasi:http/incoming-handler@0.2.12; }"""
    composed = made.from_text(
        """(component
          (import "wasi:keyvalue/store@0.2.0-draft" (instance $s (export "open" (func (param "identifier" string) (result string)))))
          (component $c (import "s" (instance $s (export "open" (func (param "identifier" string) (result string)))))
            (alias export $s "open" (func $f)) (instance $o (export "open" (func $f))) (export "o" (instance $o)))
          (instance $i (instantiate $c (with "s" (instance $s))))
          (alias export $i "o" (instance $o)) (export "a:b/o" (instance $o)))"""
    )
    guests = [standin.echo(), standin.ask(), standin.middle(), composed, made.component(wit, "guest", standin.PACKAGES)]
    hello = (made.REPOSITORY / "examples/hello/rust/hello.wasm").read_bytes()
    return [(data, mutations.outline(data)) for data in (*guests, hello)]


def answer(data: bytes) -> composer.Composition | errors.Refused:
    """What the composer says to ``data``; anything but an answer is raised."""
    try:
        node = composer.Node("fuzzed", composer.inspect(data, "fuzzed"))
        return composer.compose(standin.core(), standin.capabilities(), [node])
    except errors.Refused as refusal:
        return refusal


def accepted(engine: wasmtime.Engine, data: bytes) -> bool:
    """Whether the engine takes ``data`` for a component."""
    try:
        Component(engine, data)
    except wasmtime.WasmtimeError:
        return False
    return True


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_components_are_answered(
    chunk: int, corpus: list[tuple[bytes, mutations.Outline]], engine: wasmtime.Engine
) -> None:
    others = [data for data, _ in corpus]
    for seed in range(FIRST + chunk, FIRST + INPUTS, CHUNKS):
        rng = random.Random(seed)
        data = mutations.mutated(rng, *rng.choice(corpus), others)
        started = time.perf_counter()
        try:
            result = answer(data)
        except Exception as error:
            pytest.fail(f"seed {seed}: {type(error).__name__}: {error}")
        assert time.perf_counter() - started < 30, f"seed {seed}: took too long"
        if isinstance(result, errors.Refused):
            said = str(result)
            assert said.isprintable(), f"seed {seed}: {said!r}"
            assert len(said) < 1000, f"seed {seed}: {said}"
            if seed % JUDGED < CHUNKS and "is damaged" in said:
                assert not accepted(engine, data), f"seed {seed}: the engine accepts what is called damaged: {said}"
        elif seed % JUDGED < CHUNKS:
            accepted(engine, result.data)  # either way, but nothing else


def test_undamaged_components_compose(corpus: list[tuple[bytes, mutations.Outline]], engine: wasmtime.Engine) -> None:
    """The corpus itself is good, so that the fuzzer begins where it matters."""
    for data, _ in corpus[:2]:
        result = answer(data)
        assert isinstance(result, composer.Composition)
        assert accepted(engine, result.data)


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_noise_behind_a_preamble_is_refused(length: int) -> None:
    rng = random.Random(length)
    assert isinstance(answer(b"\0asm\x0d\0\x01\0" + rng.randbytes(length)), errors.Refused)
