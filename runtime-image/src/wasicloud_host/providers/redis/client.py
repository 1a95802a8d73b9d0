"""Commands to Redis, alone or a cluster: each thread has its own connections, each command goes to the node of its key."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.crc import key_slot

from wasicloud_host.errors import BackendError
from wasicloud_host.providers.redis.connection import Command, NodeConnection, Redirected, ScriptMissing
from wasicloud_host.providers.redis.settings import Settings

REDIRECTS = 5
"""How often one command follows a cluster that is moving its keys."""

Keyed = tuple[bytes, Command]


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script that works on keys of one slot."""

    text: bytes
    digest: bytes

    @classmethod
    def of(cls, text: str) -> Script:
        """With its digest."""
        return cls(text.encode(), hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().encode())


class _Local(threading.local):
    """This thread's connections by address."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeConnection] = {}


class Client:
    """Shared by all threads. ``slots`` is `None` while the server is alone, else the address of each slot's node."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seed = f"{settings.host}:{settings.port}"
        self._local = _Local()
        self._open: weakref.WeakSet[NodeConnection] = weakref.WeakSet()
        self._slots: list[str] | None = None
        self._known = False

    def run(self, key: bytes, command: Command, *, repeatable: bool = True) -> Any:
        """The reply of a command on a key; raises `BackendError`."""
        if not self._known:
            self._discover()
        slots = self._slots
        try:
            address = self._seed if slots is None else slots[key_slot(key)]
            return self._node(address).run(command, repeatable=repeatable)
        except Redirected as redirected:
            return self._follow(redirected, command, repeatable)
        except BackendError as error:
            self._doubt(error)
            raise

    def run_all(self, commands: Sequence[Keyed]) -> list[Any]:
        """The replies of repeatable commands, each on its key, in few round trips; raises the first error."""
        if not self._known:
            self._discover()
        if self._slots is None:
            try:
                return self._node(self._seed).run_all([command for _, command in commands]) if commands else []
            except Redirected:
                self._slots = self._read_slots()
        try:
            return self._run_by_node(commands)
        except BackendError as error:
            self._doubt(error)
            raise

    def run_script(self, script: Script, keys: tuple[bytes, ...], *arguments: bytes) -> Any:
        """The reply of a script on keys of one slot; raises `BackendError`. It is not run twice."""
        rest: Command = (len(keys), *keys, *arguments)
        try:
            return self.run(keys[0], (b"EVALSHA", script.digest, *rest), repeatable=False)
        except ScriptMissing:
            return self.run(keys[0], (b"EVAL", script.text, *rest), repeatable=False)

    def nodes(self) -> list[str]:
        """Addresses of all nodes that hold keys, in a stable order."""
        if not self._known:
            self._discover()
        return [self._seed] if self._slots is None else sorted(set(self._slots))

    def run_on(self, address: str, command: Command) -> Any:
        """The reply of a repeatable command on one node."""
        return self._node(address).run(command)

    def close(self) -> None:
        """Disconnect all threads."""
        for node in list(self._open):
            node.close()

    def _node(self, address: str) -> NodeConnection:
        node = self._local.nodes.get(address)
        if node is None:
            host, _, port = address.rpartition(":")
            node = NodeConnection(self._settings, host, int(port))
            self._local.nodes[address] = node
            self._open.add(node)
        return node

    def _doubt(self, error: BackendError) -> None:
        """A node of a cluster does not answer: another may have taken its place by the next command."""
        if self._slots is not None and error.outcome != "invalid":
            self._known = False

    def _discover(self) -> None:
        """Find out whether this is a cluster, or who is in it now."""
        if self._slots is not None:
            self._slots = self._read_slots()
            self._known = True
            return
        try:
            information = self._node(self._seed).run((b"INFO", b"cluster"))
        except BackendError as error:
            if error.outcome != "denied":
                raise
            self._node(self._seed).run((b"PING",))  # wrong credentials, or only no right to INFO
            information = b""
        if b"cluster_enabled:1" in information:
            self._slots = self._read_slots()
        self._known = True

    def _read_slots(self) -> list[str]:
        slots = [""] * 16384
        for first, last, primary, *_ in self._ask_any((b"CLUSTER", b"SLOTS")):
            host = primary[0].decode() or self._settings.host
            slots[first : last + 1] = [f"{host}:{primary[1]}"] * (last - first + 1)
        if "" in slots:
            raise BackendError(f"the redis cluster at {self._settings} does not serve all keys", "unavailable")
        return slots

    def _ask_any(self, command: Command) -> Any:
        """The reply of whichever node answers; raises what the last one that was tried did."""
        addresses = dict.fromkeys([self._seed, *sorted(set(self._slots or ()))])
        for number, address in enumerate(addresses, 1):
            try:
                return self._node(address).run(command)
            except BackendError:
                if number == len(addresses):
                    raise
        return None

    def _follow(self, redirected: Redirected, command: Command, repeatable: bool) -> Any:
        """Run a command where a node said, and learn from it."""
        for _ in range(REDIRECTS):
            host, _, port = redirected.address.rpartition(":")
            node = self._node(f"{host or self._settings.host}:{port}")
            try:
                if redirected.ask:
                    node.run((b"ASKING",))
                else:
                    self._slots = self._read_slots()
                return node.run(command, repeatable=repeatable)
            except Redirected as again:
                redirected = again
        raise BackendError(f"the redis cluster at {self._settings} keeps moving the key", "unavailable")

    def _run_by_node(self, commands: Sequence[Keyed]) -> list[Any]:
        slots = self._slots or []
        groups: dict[str, list[int]] = defaultdict(list)
        for position, (key, _) in enumerate(commands):
            groups[slots[key_slot(key)]].append(position)
        replies: list[Any] = [None] * len(commands)
        for address, positions in groups.items():
            try:
                found = self._node(address).run_all([commands[position][1] for position in positions])
            except Redirected:  # one by one, each to where it is sent
                found = [self.run(*commands[position]) for position in positions]
            for position, reply in zip(positions, found, strict=True):
                replies[position] = reply
        return replies
