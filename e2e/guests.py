"""Components that misbehave in one way each, in text: they handle a request by spinning, leaking or crashing."""

from __future__ import annotations

import wasmtime

_COMPONENT = """
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $outparam))
  (core module $module
    (memory 1)
    (func (export "handle") (param i32 i32) BODY))
  (core instance $instance (instantiate $module))
  (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
    (canon lift (core func $instance "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
"""

_BODIES = {
    "spin": "(loop $again (br $again))",
    "leak": "(loop $again (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) unreachable",
    "crash": "unreachable",
}

NAMES = tuple(_BODIES)


def build(name: str) -> bytes:
    """The component's bytes."""
    return bytes(wasmtime.wat2wasm(_COMPONENT.replace("BODY", _BODIES[name])))
