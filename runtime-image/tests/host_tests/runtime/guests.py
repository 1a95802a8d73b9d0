"""Small components in text, each for one behaviour, and the host functions that stand opposite to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wasicloud_host.runtime import imports

EXCHANGE = "wasicloud:bridge/exchange"

_MEMORY = """
  (core module $mem (memory (export "memory") 1) (global $g (mut i32) (i32.const 4096))
    (func (export "realloc") (param $old i32) (param i32 i32) (param $size i32) (result i32) (local $end i32)
      (local.set $end (i32.add (global.get $g) (local.get $size)))
      (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
          (i32.div_u (i32.sub (local.get $end) (i32.mul (memory.size) (i32.const 65536))) (i32.const 65536)))))
          (then unreachable))))
      (global.get $g) (global.set $g (local.get $end)))
    (func (export "post") (param i32) (global.set $g (i32.const 4096))))
  (core instance $mi (instantiate $mem))
  (alias core export $mi "memory" (core memory $memory))
  (alias core export $mi "realloc" (core func $realloc))
  (alias core export $mi "post" (core func $post))
"""

_LIFT = """
  (func (export "handle") (param "head" string) (param "body" string) (result string)
    (canon lift (core func $i "handle") (memory $memory) (realloc $realloc) (post-return $post))))
"""

PROBE = f"""
(component
  (import "{EXCHANGE}" (instance $x
    (export "now" (func (result u64)))
    (export "ask" (func (param "key" string) (result string)))
    (export "exit" (func (param "code" u32) (result string)))))
  {_MEMORY}
  (core func $now (canon lower (func $x "now")))
  (core func $ask (canon lower (func $x "ask") (memory $memory) (realloc $realloc)))
  (core func $exit (canon lower (func $x "exit") (memory $memory) (realloc $realloc)))
  (core module $m
    (import "h" "now" (func $now (result i64)))
    (import "h" "ask" (func $ask (param i32 i32 i32)))
    (import "h" "exit" (func $exit (param i32 i32)))
    (import "m" "memory" (memory 1))
    (global $served (mut i32) (i32.const 48))
    (func $deeper (param i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (call $deeper (local.get 0))))
    (func $rust_oom unreachable)
    (func (export "handle") (param $hp i32) (param $hl i32) (param $bp i32) (param $bl i32) (result i32) (local $c i32)
      (local.set $c (i32.load8_u (local.get $hp)))
      (global.set $served (i32.add (global.get $served) (i32.const 1)))
      (i32.store (i32.const 16) (local.get $bp)) (i32.store (i32.const 20) (local.get $bl))
      (if (i32.eq (local.get $c) (i32.const 97)) (then (call $ask (local.get $bp) (local.get $bl) (i32.const 16))))
      (if (i32.eq (local.get $c) (i32.const 110)) (then
        (i64.store (i32.const 64) (call $now)) (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 1))))
      (if (i32.eq (local.get $c) (i32.const 99)) (then
        (i32.store8 (i32.const 64) (global.get $served)) (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 1))))
      (if (i32.eq (local.get $c) (i32.const 115)) (then (loop $l (br $l))))
      (if (i32.eq (local.get $c) (i32.const 119)) (then
        (loop $l (call $ask (local.get $bp) (local.get $bl) (i32.const 16)) (br $l))))
      (if (i32.eq (local.get $c) (i32.const 117)) (then unreachable))
      (if (i32.eq (local.get $c) (i32.const 114)) (then (drop (call $deeper (i32.const 0)))))
      (if (i32.eq (local.get $c) (i32.const 111)) (then (drop (i32.load (i32.const -8)))))
      (if (i32.eq (local.get $c) (i32.const 109)) (then
        (i32.store8 (i32.const 64) (select (i32.const 110) (i32.const 121)
          (i32.eq (i32.const -1) (memory.grow (i32.const 160)))))
        (i32.store (i32.const 16) (i32.const 64)) (i32.store (i32.const 20) (i32.const 1))))
      (if (i32.eq (local.get $c) (i32.const 103)) (then
        (loop $l (if (i32.eq (i32.const -1) (memory.grow (i32.const 1))) (then (call $rust_oom))) (br $l))))
      (if (i32.eq (local.get $c) (i32.const 120)) (then (call $exit (i32.const 3) (i32.const 32)) unreachable))
      (i32.const 16)))
  (core instance $i (instantiate $m (with "m" (instance $mi))
    (with "h" (instance (export "now" (func $now)) (export "ask" (func $ask)) (export "exit" (func $exit))))))
  {_LIFT}
"""
"""Does what the first letter of the head says with the body.

``e`` echo · ``a`` ask the host · ``n`` the low byte of the host's clock · ``c`` count its requests · ``s`` spin ·
``w`` ask the host for ever · ``u`` unreachable · ``r`` recurse · ``o`` read out of bounds · ``m`` grow by 10 MiB (y or n) ·
``g`` grow until nothing is left · ``x`` exit with code 3
"""


def starting(instructions: str) -> str:
    """A component that runs ``instructions`` when it is instantiated; they may call ``$now`` (result i64)."""
    return f"""
(component
  (import "{EXCHANGE}" (instance $x (export "now" (func (result u64)))))
  {_MEMORY}
  (core func $now (canon lower (func $x "now")))
  (core module $m
    (import "h" "now" (func $now (result i64)))
    (func $begin {instructions}) (start $begin)
    (func (export "handle") (param i32 i32 i32 i32) (result i32) (i32.const 16)))
  (core instance $i (instantiate $m (with "h" (instance (export "now" (func $now))))))
  {_LIFT}
"""


_CORE = {"u32": "i32", "u64": "i64"}


def passing(params: tuple[str, ...], result: str) -> str:
    """A component that calls ``f`` of this shape and gives its string back, or its number to ``note``.

    Strings are the head and the body in turns, a u32 is 0xFFFFFF00 plus its position, a u64 0xFFFFFFFFFFFFFF00 plus it.
    """
    arguments, types, texts = [], [], 0
    for position, kind in enumerate(params):
        if kind == "string":
            first = 2 * (texts % 2)
            arguments.append(f"(local.get {first}) (local.get {first + 1})")
            types.append("i32 i32")
            texts += 1
        elif kind == "u32":
            arguments.append(f"(i32.const {0xFFFFFF00 + position})")
            types.append("i32")
        else:
            arguments.append(f"(i64.const {0xFFFFFFFFFFFFFF00 + position})")
            types.append("i64")
    called = f"(call $f {' '.join(arguments)}"
    if result == "string":
        types.append("i32")
        body, returned = f"{called} (i32.const 16))", ""
    else:
        returned = f"(result {_CORE[result]})"
        body = f"(call $note {'(i64.extend_i32_u' if result == 'u32' else '('.strip('(')} {called}) {')' if result == 'u32' else ''})"
    signature = " ".join(f'(param "p{position}" {kind})' for position, kind in enumerate(params))
    options = "(memory $memory) (realloc $realloc)" if "string" in (*params, result) else ""
    return f"""
(component
  (import "{EXCHANGE}" (instance $x
    (export "note" (func (param "n" u64) (result u32)))
    (export "f" (func {signature} (result {result})))))
  {_MEMORY}
  (core func $note (canon lower (func $x "note")))
  (core func $f (canon lower (func $x "f") {options}))
  (core module $m
    (import "h" "note" (func $note0 (param i64) (result i32)))
    (import "h" "f" (func $f (param {" ".join(types)}) {returned}))
    (import "m" "memory" (memory 1))
    (func $note (param i64) (drop (call $note0 (local.get 0))))
    (func (export "handle") (param i32 i32 i32 i32) (result i32) {body} (i32.const 16)))
  (core instance $i (instantiate $m (with "m" (instance $mi))
    (with "h" (instance (export "note" (func $note)) (export "f" (func $f))))))
  {_LIFT}
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A host function of a test."""

    name: str
    params: tuple[str, ...]
    result: str
    call: Callable[..., Any]


@dataclass(slots=True)
class Exchange:
    """The target of the functions below: what they were asked, and what they answer."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    answer: Callable[[bytes], bytes] = lambda key: b"o" + key
    number: int = 7


@dataclass(slots=True)
class Handles:
    """A session's table of handles."""

    table: dict[int, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """A session as the runtime sees it."""

    exchange: Exchange = field(default_factory=Exchange)
    capabilities: tuple[Any, ...] = ()
    exit_code: int | None = None
    handles: Handles = field(default_factory=Handles)
    begun: list[float] = field(default_factory=list)
    io: Any = None
    ended: int = 0
    closed: int = 0

    def begin_request(self, io: Any, deadline: float) -> None:
        self.io = io
        self.begun.append(deadline)

    def end_request(self) -> None:
        self.io = None
        self.ended += 1

    def close(self) -> None:
        self.closed += 1


def _ask(exchange: Exchange, key: bytes) -> bytes:
    exchange.asked.append((key,))
    return exchange.answer(key)


def _exit(session: Session, code: int) -> bytes:
    session.exit_code = code
    return b"o"


TABLE = imports.Table(
    EXCHANGE,
    (
        Function("now", (), "u64", lambda session: session.exchange.number),
        Function("ask", ("string",), "string", lambda session, key: _ask(session.exchange, key)),
        Function("exit", ("u32",), "string", _exit),
    ),
    lambda session: session,
)
"""What ``PROBE`` and ``starting`` import."""


def soon(seconds: float = 60.0) -> float:
    """A deadline that a loaded machine keeps."""
    return time.monotonic() + seconds


IDENTIFIED = f"""
(component
  (import "{EXCHANGE}" (instance $x (export "ask" (func (param "key" string) (result string)))))
  (import "capabilities-1" (instance $c (export "ask" (func (param "key" string) (result string)))))
  {_MEMORY}
  (core func $ask (canon lower (func $c "ask") (memory $memory) (realloc $realloc)))
  (core module $m
    (import "h" "ask" (func $ask (param i32 i32 i32)))
    (func (export "handle") (param i32 i32 i32 i32) (result i32)
      (call $ask (local.get 2) (local.get 3) (i32.const 16)) (i32.const 16)))
  (core instance $i (instantiate $m (with "h" (instance (export "ask" (func $ask))))))
  {_LIFT}
"""
"""Asks the host as node 1 does."""
