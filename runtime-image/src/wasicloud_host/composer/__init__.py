"""Reads components and writes the outer component that joins them with the bridge; pure, standard library only.

``inspect`` says what a component is, ``compose`` joins components that are wired into a graph (``assemble`` makes the
graph from Links) with the bridge. What cannot be served is refused in one sentence with what to do about it.
"""

from wasicloud_host.composer.composition import Composition, HostImport, PlacedNode, compose
from wasicloud_host.composer.graph import Node, Target, Wire, assemble
from wasicloud_host.composer.inspection import ComponentInfo, Extern, inspect
from wasicloud_host.composer.toolchain import Producers, producers

__all__ = [
    "ComponentInfo",
    "Composition",
    "Extern",
    "HostImport",
    "Node",
    "PlacedNode",
    "Producers",
    "Target",
    "Wire",
    "assemble",
    "compose",
    "inspect",
    "producers",
]
