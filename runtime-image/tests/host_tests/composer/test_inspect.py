"""What is read from a component: names, sorts and shapes of its outside."""

from __future__ import annotations

import time

import pytest

from host_tests.composer import made
from wasicloud_host import composer, errors
from wasicloud_host.composer import types

SHAPES = """
package test:shapes;
interface everything {
  resource thing { constructor(name: string); look: func() -> option<thing>; make: static func() -> thing; }
  record point { x: s32, y: f64 }
  variant shape { dot, circle(u8), poly(list<point>) }
  enum colour { red, green }
  flags rights { read, write }
  type alias = point;
  all: func(a: bool, b: char, c: tuple<u16, s8>, d: rights, e: colour, f: borrow<thing>) -> result<shape, string>;
  nothing: func();
  half: func() -> result;
}
interface uses { use everything.{thing, point as place}; put: func(t: thing, p: place) -> result<_, u64>; }
world w { import everything; export uses; }
"""


def functions(extern: composer.Extern | None) -> dict[str, str]:
    assert extern is not None
    assert isinstance(extern.type, types.Interface)
    names = extern.type.resource_names()
    return {name: types.render(function, names) for name, function in extern.type.functions()}


def test_functions_of_an_imported_interface_are_described_with_all_their_types() -> None:
    info = composer.inspect(made.component(SHAPES, "w"))
    assert functions(info.imported("test:shapes/everything")) == {
        "[constructor]thing": "func(name: string) -> thing",
        "[method]thing.look": "func(self: borrow<thing>) -> option<thing>",
        "[static]thing.make": "func() -> thing",
        "all": "func(a: bool, b: char, c: tuple<u16, s8>, d: flags {read, write}, e: enum {red, green},"
        " f: borrow<thing>) -> result<variant {dot, circle(u8), poly(list<record {x: s32, y: f64}>)}, string>",
        "nothing": "func()",
        "half": "func() -> result",
    }


def test_functions_of_an_exported_interface_are_described_too() -> None:
    info = composer.inspect(made.component(SHAPES, "w"))
    assert functions(info.exported("test:shapes/uses")) == {
        "put": "func(t: thing, p: record {x: s32, y: f64}) -> result<_, u64>"
    }


def test_an_exported_function_speaks_of_the_imported_resource() -> None:
    info = composer.inspect(made.component(SHAPES, "w"))
    exported = info.exported("test:shapes/uses")
    assert exported is not None
    assert isinstance(exported.type, types.Interface)
    assert exported.type.get("thing") == types.Resource("test:shapes/everything", "thing")


def test_an_interface_imported_and_exported_has_two_resources() -> None:
    wit = SHAPES.replace("import everything; export uses;", "import everything; export everything;")
    info = composer.inspect(made.component(wit, "w"))
    one, other = info.imported("test:shapes/everything"), info.exported("test:shapes/everything")
    assert functions(one) == functions(other)
    assert one is not None
    assert other is not None
    assert one.type != other.type


def test_inspection_gives_equal_values_for_equal_components() -> None:
    data = made.component(SHAPES, "w")
    assert composer.inspect(data) == composer.inspect(bytes(bytearray(data)))


def test_imports_and_exports_of_every_sort_are_named() -> None:
    info = composer.inspect(
        made.from_text(
            """(component
              (import "f" (func $f (param "x" (list u8))))
              (import "t" (type $t (sub resource)))
              (import "c" (component))
              (import "m" (core module))
              (instance $i (export "f" (func $f)))
              (export "i" (instance $i))
              (export "u" (type $t)))"""
        )
    )
    assert [(e.name, e.sort) for e in info.imports] == [
        ("f", "func"),
        ("t", "type"),
        ("c", "component"),
        ("m", "module"),
    ]
    assert [(e.name, e.sort) for e in info.exports] == [("i", "instance"), ("u", "type")]
    assert functions(info.exported("i")) == {"f": "func(x: list<u8>)"}


def test_a_component_composed_of_others_shows_only_its_own_outside() -> None:
    info = composer.inspect(
        made.from_text(
            """(component
              (import "a:b/log" (instance $log (export "log" (func (param "line" string)))))
              (component $inner
                (import "a:b/log" (instance $log (export "log" (func (param "line" string)))))
                (alias export $log "log" (func $f))
                (instance $out (export "say" (func $f)))
                (export "a:b/say" (instance $out)))
              (instance $i (instantiate $inner (with "a:b/log" (instance $log))))
              (alias export $i "a:b/say" (instance $say))
              (export "a:b/say" (instance $say)))"""
        )
    )
    assert [e.name for e in info.imports] == ["a:b/log"]
    assert functions(info.exported("a:b/say")) == {"say": "func(line: string)"}


def test_a_component_says_what_made_it() -> None:
    found = composer.producers((made.REPOSITORY / "examples/hello/rust/hello.wasm").read_bytes())
    assert any(tool.startswith("wit-component ") for tool in found.processed_by)
    assert composer.producers(b"\0asm\x0d\0\x01\0\0\xff") == composer.Producers((), (), ())


def with_code(data: bytes, size: int) -> bytes:
    """``data`` with one more core module of ``size`` bytes, as components of interpreted languages have."""
    module = b"\0asm\x01\0\0\0" + b"\0" * (size - 8)
    length = len(module)
    leb = bytes([length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14 & 0x7F | 0x80, length >> 21])
    return data + b"\x01" + leb + module


def test_code_is_skipped_not_read() -> None:
    """Absolute times mean nothing on a busy machine: reading 64 MiB in Python would take seconds, skipping it nothing."""
    data = with_code(made.component(SHAPES, "w"), 64 << 20)
    started = time.perf_counter()
    info = composer.inspect(data)
    assert time.perf_counter() - started < 5
    assert info.size == len(data)


@pytest.mark.parametrize("cut", [9, 12, 40, 200, 1000, -1])
def test_a_component_cut_short_is_refused(cut: int) -> None:
    data = made.component(SHAPES, "w")
    with pytest.raises(errors.ComponentRefused, match="gopher: is damaged"):
        composer.inspect(data[:cut], "gopher")
