"""Two tiny components that stand where the bridge stands: enough behaviour to see a composition at work.

The core one keeps a request's text and the answer that ``response-outparam.set`` leaves; the capabilities one passes
``store.open`` on to its host import, whose name decides who is asking.
"""

from __future__ import annotations

from host_tests.composer import made

_HTTP = """
package wasi:http@0.2.12;
interface types {
  resource incoming-request { text: func() -> string; }
  resource response-outparam { set: static func(out: response-outparam, text: string); }
}
interface incoming-handler {
  use types.{incoming-request, response-outparam};
  handle: func(request: incoming-request, out: response-outparam);
}
"""
_KEYVALUE = """
package wasi:keyvalue@0.2.0-draft;
interface store { open: func(identifier: string) -> string; }
"""
PACKAGES = (("http", _HTTP), ("keyvalue", _KEYVALUE))

MEMORY = """
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 4096))
  (func $alloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 15)) (i32.const -16))))
"""

_CORE_WIT = """
package wasicloud:bridge;
interface exchange { monotonic-now: func() -> u64; }
interface entry {
  use wasi:http/types@0.2.12.{incoming-request, response-outparam};
  begin: func(head: string, body: string) -> tuple<incoming-request, response-outparam>;
  end: func() -> string;
}
world core { import exchange; export wasi:http/types@0.2.12; export entry; }
"""
_CORE = f"""
(module
  (import "wasicloud:bridge/exchange" "monotonic-now" (func (result i64)))
  (import "[export]wasi:http/types@0.2.12" "[resource-new]incoming-request" (func $request (param i32) (result i32)))
  (import "[export]wasi:http/types@0.2.12" "[resource-new]response-outparam" (func $out (param i32) (result i32)))
  (import "[export]wasi:http/types@0.2.12" "[resource-drop]response-outparam" (func $drop (param i32)))
  {MEMORY}
  ;; 16: head, 24: answer, as pointer and length; 32: a result's place
  (func (export "wasicloud:bridge/entry#begin") (param i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1))
    (i32.store (i32.const 24) (i32.const 0)) (i32.store (i32.const 28) (i32.const 0))
    (i32.store (i32.const 32) (call $request (i32.const 1))) (i32.store (i32.const 36) (call $out (i32.const 1)))
    (i32.const 32))
  (func (export "wasicloud:bridge/entry#end") (result i32) (i32.const 24))
  (func (export "wasi:http/types@0.2.12#[method]incoming-request.text") (param i32) (result i32) (i32.const 16))
  (func (export "wasi:http/types@0.2.12#[static]response-outparam.set") (param i32 i32 i32)
    (i32.store (i32.const 24) (local.get 1)) (i32.store (i32.const 28) (local.get 2))
    (call $drop (local.get 0)))
)
"""

_CAPABILITIES_WIT = """
package wasicloud:bridge;
interface capabilities { open: func(identifier: string) -> string; }
world caps { import capabilities; export wasi:keyvalue/store@0.2.0-draft; }
"""
_CAPABILITIES = f"""
(module
  (import "wasicloud:bridge/capabilities" "open" (func $open (param i32 i32 i32)))
  {MEMORY}
  (func (export "wasi:keyvalue/store@0.2.0-draft#open") (param i32 i32) (result i32)
    (call $open (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32))
)
"""

_GUEST = "package test:guest;\nworld guest {{ {imports} export wasi:http/incoming-handler@0.2.12; }}"
_HANDLE = '(export "wasi:http/incoming-handler@0.2.12#handle")'
_SET = '(import "wasi:http/types@0.2.12" "[static]response-outparam.set" (func $set (param i32 i32 i32)))'
_TEXT = '(import "wasi:http/types@0.2.12" "[method]incoming-request.text" (func $text (param i32 i32)))'
_OPEN = '(import "wasi:keyvalue/store@0.2.0-draft" "open" (func $open (param i32 i32 i32)))'
_NEXT = '(import "wasi:http/incoming-handler@0.2.12" "handle" (func $next (param i32 i32)))'

TYPES = "import wasi:http/types@0.2.12;"
STORE = "import wasi:keyvalue/store@0.2.0-draft;"
NEXT = "import wasi:http/incoming-handler@0.2.12;"

# Answers with its request's head.
_ECHO = f"""(module {_SET} {_TEXT} {MEMORY} (func {_HANDLE} (param i32 i32)
  (call $text (local.get 0) (i32.const 32))
  (call $set (local.get 1) (i32.load (i32.const 32)) (i32.load (i32.const 36)))))"""

# Opens its request's head as a store, and answers with what the host said.
_ASK = f"""(module {_SET} {_TEXT} {_OPEN} {MEMORY} (func {_HANDLE} (param i32 i32)
  (call $text (local.get 0) (i32.const 32))
  (call $open (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 40))
  (call $set (local.get 1) (i32.load (i32.const 40)) (i32.load (i32.const 44)))))"""

# Opens its request's head as a store of its own, then lets the next component answer.
_MIDDLE = f"""(module {_TEXT} {_OPEN} {_NEXT} {MEMORY} (func {_HANDLE} (param i32 i32)
  (call $text (local.get 0) (i32.const 32))
  (call $open (i32.load (i32.const 32)) (i32.load (i32.const 36)) (i32.const 40))
  (call $next (local.get 0) (local.get 1))))"""

_TRAP = f"(module {MEMORY} (func {_HANDLE} (param i32 i32) unreachable))"


def core() -> bytes:
    """The stand-in for the core bridge."""
    return made.component(_CORE_WIT, "core", PACKAGES, _CORE)


def capabilities() -> bytes:
    """The stand-in for the capabilities bridge."""
    return made.component(_CAPABILITIES_WIT, "caps", PACKAGES, _CAPABILITIES)


def guest(imports: str, text: str) -> bytes:
    """A component that behaves as its core module ``text`` says."""
    return made.component(_GUEST.format(imports=imports), "guest", PACKAGES, text)


def echo() -> bytes:
    """Answers with its request's head."""
    return guest(TYPES, _ECHO)


def ask() -> bytes:
    """Answers with what ``store.open`` says to its request's head."""
    return guest(TYPES + STORE, _ASK)


def middle() -> bytes:
    """Opens a store and lets the component behind it answer."""
    return guest(TYPES + STORE + NEXT, _MIDDLE)


def trap() -> bytes:
    """Traps."""
    return guest("", _TRAP)
