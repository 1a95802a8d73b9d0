"""The two small core modules of every outer component, as text and as the bytes it assembles to.

They are constants because the host has no assembler; a test assembles the text again and compares.
"""

from __future__ import annotations

MEMORY_TEXT = """
(module
  (memory (export "memory") 1)
  (global (mut i32) (i32.const 1024))
  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local i32 i32)
    (local.set 4
      (i32.and (i32.add (global.get 0) (i32.sub (local.get 2) (i32.const 1))) (i32.sub (i32.const 0) (local.get 2))))
    (local.set 5 (i32.add (local.get 4) (local.get 3)))
    (if (i32.lt_u (local.get 5) (local.get 4)) (then unreachable))
    (if (i32.gt_u (local.get 5) (i32.shl (memory.size) (i32.const 16)))
      (then
        (if (i32.eq (i32.const -1)
              (memory.grow (i32.sub
                (i32.add (i32.shr_u (i32.sub (local.get 5) (i32.const 1)) (i32.const 16)) (i32.const 1))
                (memory.size))))
          (then unreachable))))
    (if (local.get 1) (then (memory.copy (local.get 4) (local.get 0) (local.get 1))))
    (global.set 0 (local.get 5))
    (local.get 4))
  (func (export "post") (param i32) (global.set 0 (i32.const 1024))))
"""
"""The memory through which heads and bodies pass: a bump allocator that starts again after every request."""

TRAMPOLINE_TEXT = """
(module
  (import "m" "memory" (memory 1))
  (import "f" "begin" (func (param i32 i32 i32 i32 i32)))
  (import "f" "handle" (func (param i32 i32)))
  (import "f" "end" (func (param i32)))
  (func (export "handle") (param i32 i32 i32 i32) (result i32)
    (call 0 (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 16))
    (call 1 (i32.load (i32.const 16)) (i32.load (i32.const 20)))
    (call 2 (i32.const 32))
    (i32.const 32)))
"""
"""``begin`` makes the request, ``handle`` is the component's, ``end`` takes the answer; 16 and 32 are results' places."""

MEMORY = bytes.fromhex(
    "0061736d01000000010d0260047f7f7f7f017f60017f00030302000105030100010607017f014180080b071b03066d656d6f"
    "72790200077265616c6c6f63000004706f737400010a65025b01027f2300200241016b6a410020026b712104200420036a21"
    "0520052004490440000b20053f004110744b0440417f200541016b41107641016a3f006b4000460440000b0b200104402004"
    "20002001fc0a00000b2005240020040b070041800824000b"
)
"""``MEMORY_TEXT``, assembled."""

TRAMPOLINE = bytes.fromhex(
    "0061736d01000000011a0460057f7f7f7f7f0060027f7f0060017f0060047f7f7f7f017f022a04016d066d656d6f72790200"
    "01016605626567696e000001660668616e646c650001016603656e64000203020103070a010668616e646c6500030a220120"
    "002000200120022003411010004110280200411428020010014120100241200b"
)
"""``TRAMPOLINE_TEXT``, assembled."""
