"""The fast way in and out of wasm: ctypes on wasmtime's C functions, nothing looked up per call.

``Crossing`` belongs to one component and its host functions; ``Entered`` is one instance of it. A host function's
callback reads its arguments with a decoder chosen when it was registered, finds its target by the store's context
pointer, and never lets an exception out: one that comes this far is kept for the caller of ``Entered.call``, and the
instance is stopped. (wasmtime-py itself keeps such an exception in a module global, where another thread finds it.)

Every string that enters wasm must be UTF-8, or the process aborts inside wasmtime; ASCII is told apart at once, the rest
is decoded to be sure.
"""

from __future__ import annotations

import ctypes
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import wasmtime
from wasmtime import component as wasm

from wasicloud_host import errors
from wasicloud_host.runtime import epochs, imports, native, traps, values

HANDLE = "handle"
"""The one function that a composed component exports: (head: string, body: string) -> string."""

STOPPED = "the component stopped: "
"""How the message of a trap begins."""

_KEPT = 64 << 10
"""Arguments longer than this are let go after the call instead of at the next one."""

_FRAMES = 64
"""Frames kept for instances to come."""

_bytes_at = native.bytes_at
_monotonic = time.monotonic
_native_call = native.call
_byte_vec_delete = native.byte_vec_delete


class Crossing:
    """Enters instances of ``component``; ``limits`` is (bytes per memory, elements per table)."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        component: wasm.Component,
        tables: Sequence[imports.Table],
        limits: tuple[int, int],
        ticker: epochs.Ticker,
    ) -> None:
        self.failures: dict[int, BaseException] = {}
        self.frames: deque[_Frame] = deque(maxlen=_FRAMES)
        self.ticker = ticker
        self.limits = limits
        self.targets: list[tuple[Callable[[Any], Any], dict[int, Any]]] = []
        self._callbacks: list[Any] = []
        self._owners = (engine, component)
        self._linker = wasm.Linker(engine)
        for table in tables:
            self._define(table)
        export = component.get_export_index(HANDLE)
        if export is None:
            raise errors.ComponentRefused("", f"exports no function {HANDLE}", "compose it with the bridge")
        self._export = export
        self.engine = native.pointer(engine)
        self.linker = native.pointer(self._linker)
        self.component = native.pointer(component)
        self.export = native.pointer(export)
        self.epoch_callback = native.EPOCH_CALLBACK(self._epoch)

    def enter(self, session: imports.Session, deadline: float) -> Entered:
        """Make an instance; its start functions must be done by ``deadline``.

        Raises `errors.RequestTimeout`, or `errors.ComponentTrapped` of kind ``instantiation``.
        """
        return Entered(self, session, deadline)

    def _define(self, table: imports.Table) -> None:
        targets: dict[int, Any] = {}
        self.targets.append((table.target, targets))
        with self._linker.root() as root, root.add_instance(table.name) as instance:
            for function in table.functions:
                callback = native.HOST_CALLBACK(_callback(function, targets, self.failures))
                self._callbacks.append(callback)
                name = function.name.encode()
                error = native.linker_add_function(native.pointer(instance), name, len(name), callback, None, None)
                if error:
                    raise RuntimeError(f"{table.name} {function.name}: {take_message(error)}")

    def _epoch(self, context: int, _data: int, delta: int, kind: int) -> int | None:
        """A running store reached its tick: let it go on while its deadline has not passed."""
        try:
            left = self.ticker.deadlines.get(context, 0.0) - _monotonic()
            if left > 0:
                ctypes.c_uint64.from_address(delta).value = epochs.ticks(left)
                ctypes.c_uint8.from_address(kind).value = native.CONTINUE
                return None
            self.failures[context] = traps.TimedOut()
        except BaseException as error:  # noqa: BLE001 - the boundary: nothing raw may cross
            self.failures[context] = error
        return _stop(b"deadline")


class _Frame:
    """Memory for the C side of one instance, with its addresses; instances that come after another use it again."""

    __slots__ = (
        "arguments",
        "arguments_at",
        "function",
        "function_at",
        "instance",
        "instance_at",
        "result",
        "result_at",
    )

    def __init__(self) -> None:
        self.arguments = native.TwoStrings()
        self.arguments.kind_0 = self.arguments.kind_1 = native.STRING
        self.arguments_at = ctypes.addressof(self.arguments)
        self.result = native.StringResult()
        self.result_at = ctypes.addressof(self.result)
        self.instance = native.InstanceRef()
        self.instance_at = ctypes.addressof(self.instance)
        self.function = native.FunctionRef()
        self.function_at = ctypes.addressof(self.function)


class Entered:
    """One instance. Not for two threads at once; after any exception it can only be closed.

    ``served`` counts its requests; whoever keeps instances counts them up.
    """

    __slots__ = ("_context", "_crossing", "_deadlines", "_frame", "_store", "_ticker", "served", "session")

    def __init__(self, crossing: Crossing, session: imports.Session, deadline: float) -> None:
        self.session = session
        self.served = 0
        self._crossing = crossing
        self._ticker = ticker = crossing.ticker
        self._deadlines = deadlines = ticker.deadlines
        try:
            self._frame = crossing.frames.pop()
        except IndexError:
            self._frame = _Frame()
        self._store = store = native.store_new(crossing.engine, None, None)
        self._context = context = native.store_context(store)
        try:
            native.store_limiter(store, *crossing.limits, -1, -1, -1)
            native.store_epoch_callback(store, crossing.epoch_callback, None, None)
            native.context_set_epoch_deadline(context, 1)
            for target, targets in crossing.targets:
                targets[context] = target(session)
            deadlines[context] = deadline
            if ticker.asleep:
                ticker.wake()
            self._instantiate()
            del deadlines[context]
        except BaseException:
            self.close()
            raise

    def _instantiate(self) -> None:
        crossing, context, frame = self._crossing, self._context, self._frame
        error = native.instantiate(crossing.linker, context, crossing.component, frame.instance_at)
        if error:
            raise self._failure(error, "instantiation")
        if not native.instance_function(frame.instance_at, context, crossing.export, frame.function_at):
            raise RuntimeError(f"the instance has no function {HANDLE}")

    def call(self, head: bytes, body: bytes, deadline: float) -> bytes:
        """Run the component on one request until ``deadline`` (``time.monotonic``).

        Raises `errors.RequestTimeout`, `errors.ComponentTrapped`, the `errors.RequestError` of a host function, or
        ValueError for a head or body that is not UTF-8 (the instance was not entered and is as it was).
        """
        if not (head.isascii() and body.isascii()):
            head.decode()
            body.decode()
        frame, context, deadlines = self._frame, self._context, self._deadlines
        arguments = frame.arguments
        size = len(body)
        arguments.size_0 = len(head)
        arguments.data_0 = head
        arguments.size_1 = size
        arguments.data_1 = body
        deadlines[context] = deadline
        if self._ticker.asleep:
            self._ticker.wake()
        error = _native_call(frame.function_at, context, frame.arguments_at, 2, frame.result_at, 1)
        del deadlines[context]
        if size > _KEPT:
            arguments.data_1 = b""
        if error:
            raise self._failure(error, "")
        result = frame.result
        answer: bytes = _bytes_at(result.data, result.size)
        _byte_vec_delete(frame.result_at + native.PAYLOAD)
        return answer

    def _failure(self, error: int, kind: str) -> BaseException:
        kept = self._crossing.failures.pop(self._context, None)
        return failure(take_message(error), kept, self.session, kind)

    def close(self) -> None:
        """Free the instance and everything known of it. May be called again."""
        store, context = self._store, self._context
        if not store:
            return
        self._store = 0
        crossing = self._crossing
        for _, targets in crossing.targets:
            targets.pop(context, None)
        self._deadlines.pop(context, None)
        crossing.failures.pop(context, None)
        native.store_delete(store)
        crossing.frames.append(self._frame)


def failure(message: str, kept: BaseException | None, session: imports.Session, kind: str) -> BaseException:
    """The exception to raise for an instance that stopped with ``message``, or with ``kept`` by a host function."""
    if isinstance(kept, traps.TimedOut):
        return errors.RequestTimeout("the component did not answer in time")
    if isinstance(kept, errors.RequestError) or (kept is not None and not isinstance(kept, Exception)):
        return kept
    if kept is not None:
        trapped = errors.ComponentTrapped(f"a host function failed: {type(kept).__name__}", "host")
        trapped.__cause__ = kept
        return trapped
    if session.exit_code is not None:
        return errors.ComponentTrapped(f"the component ended itself with code {session.exit_code}", "exit")
    trap = traps.read(message)
    trapped = errors.ComponentTrapped(f"{STOPPED}{trap.cause}", kind or trap.kind)
    if trap.backtrace:
        trapped.add_note(trap.backtrace)
    return trapped


def take_message(error: int) -> str:
    """The message of a wasmtime error, which is freed."""
    text = native.Bytes()
    native.error_message(error, ctypes.addressof(text))
    message: str = _bytes_at(text.data, text.size).decode(errors="replace")
    native.byte_vec_delete(ctypes.addressof(text))
    native.error_delete(error)
    return message


def _stop(reason: bytes) -> int:
    error: int = native.error_new(reason)
    return error


def _callback(
    function: imports.HostFunction, targets: dict[int, Any], failures: dict[int, BaseException]
) -> Callable[..., int | None]:
    """The C callback of one host function, with its way to be called bound."""
    invoke = values.invoker(function)

    def callback(
        _env: int, context: int, _type: int, arguments: int, _count: int, results: int, _one: int
    ) -> int | None:
        try:
            invoke(targets[context], arguments, results)
        except BaseException as error:  # noqa: BLE001 - the boundary: nothing raw may cross
            failures[context] = error
            return _stop(b"host function failed")
        return None

    return callback
