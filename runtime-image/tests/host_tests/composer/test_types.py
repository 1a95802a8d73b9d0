"""Types written are types read: the writer and the reader agree with each other and with the engine."""

from __future__ import annotations

import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime.component import Component

from wasicloud_host import composer
from wasicloud_host.composer import binary, types, writer

primitives = st.sampled_from(sorted(set(types.PRIMITIVES.values()) - {"error-context"}))
labels = st.lists(
    st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z][a-z0-9]{0,3})?", fullmatch=True), min_size=1, max_size=40, unique=True
)


def compounds(part: st.SearchStrategy[types.ValueType]) -> st.SearchStrategy[types.ValueType]:
    """Every kind of compound over ``part``."""

    def labelled(kind: str, optional: bool) -> st.SearchStrategy[types.ValueType]:
        parts = st.none() | part if optional else part
        return labels.flatmap(
            lambda names: st.tuples(*[parts for _ in names]).map(lambda p: types.Compound(kind, tuple(names), p))
        )

    def fixed(kind: str, count: int, optional: bool = False) -> st.SearchStrategy[types.ValueType]:
        parts = st.none() | part if optional else part
        return st.tuples(*[parts] * count).map(lambda p: types.Compound(kind, (), p))

    return st.one_of(
        labelled("record", False),
        labelled("variant", True),
        labels.map(lambda names: types.Compound("enum", tuple(names), ())),
        labels.filter(lambda names: len(names) <= 32).map(lambda names: types.Compound("flags", tuple(names), ())),
        st.integers(1, 5).flatmap(lambda count: fixed("tuple", count)),
        fixed("list", 1),
        fixed("option", 1),
        fixed("result", 2, True),
    )


values = st.recursive(primitives, compounds, max_leaves=20)


@given(st.lists(values, min_size=1, max_size=4))
def test_a_type_that_is_written_is_read_back(kinds: list[types.ValueType]) -> None:
    write = writer.Writer()
    define = writer.TypeWriter(write, lambda _: 0).define
    for number, kind in enumerate(kinds):
        write.import_type(f"t{number}", define(kind))
    assert [extern.type for extern in composer.inspect(write.finish()).imports] == kinds


@settings(max_examples=50)
@given(values)
def test_the_engine_takes_a_type_that_is_written(engine: wasmtime.Engine, kind: types.ValueType) -> None:
    write = writer.Writer()
    writer.TypeWriter(write, lambda _: 0).define(kind)
    Component(engine, write.finish())


@given(st.integers(0, 2**32 - 1))
def test_numbers_are_read_as_written(value: int) -> None:
    for encoded in (writer.number(value), writer.reference(value)):
        reader = binary.Reader(encoded, 0, len(encoded), binary.Budget())
        assert reader.u32() == value or len(encoded) > 5
    assert writer.reference(value)[-1] & 0x40 == 0


@given(values)
def test_types_are_compared_by_structure(kind: types.ValueType) -> None:
    write = writer.Writer()
    define = writer.TypeWriter(write, lambda _: 0).define
    write.import_type("one", define(kind))
    write.import_type("other", writer.TypeWriter(write, lambda _: 0).define(kind))
    one, other = composer.inspect(write.finish()).imports
    assert one.type == other.type
    assert types.render(one.type) == types.render(kind)
