"""The tables of host functions are the WIT's, name by name and type by type."""

import re
from pathlib import Path

import pytest

from wasicloud_host.links import functions

WIT = Path(__file__).parents[4] / "wit" / "bridge"


@pytest.mark.parametrize(
    ("file", "table"), [("exchange.wit", functions.EXCHANGE), ("capabilities.wit", functions.CAPABILITIES)]
)
def test_every_function_of_the_wit_is_served_with_its_types(file, table):
    source = re.sub(r"//.*", "", (WIT / file).read_text())
    declared = {
        name: (tuple(re.findall(r":\s*(u32|u64|string)", params)), result)
        for name, params, result in re.findall(r"([a-z0-9-]+):\s*func\(([^)]*)\)\s*->\s*(\w+);", source)
    }
    assert declared
    assert declared == {function.name: (function.params, function.result) for function in table}
