"""The slow way in and out of wasm: wasmtime-py's public interface, with the same face as ``crossing``.

It is what ``program.load`` falls back on where the C layout is not the expected one, and what tests compare the fast
crossing with. Ten times slower; deadlines are counted in ticks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import wasmtime
from wasmtime import component as wasm

from wasicloud_host import errors
from wasicloud_host.runtime import crossing, epochs, imports, traps

_LIMITS = {imports.U32: 1 << 32, imports.U64: 1 << 64}


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
        self.engine = engine
        self.component = component
        self.limits = limits
        self.ticker = ticker
        self.running = threading.local()
        self.linker = wasm.Linker(engine)
        for table in tables:
            with self.linker.root() as root, root.add_instance(table.name) as instance:
                for function in table.functions:
                    instance.add_func(function.name, self._wrapped(function, table.target))

    def enter(self, session: imports.Session, deadline: float) -> Entered:
        """As ``crossing.Crossing.enter``."""
        return Entered(self, session, deadline)

    def _wrapped(self, function: imports.HostFunction, target: Callable[[Any], Any]) -> Callable[..., Any]:
        def call(_store: Any, *arguments: Any) -> Any:
            entered: Entered = self.running.entered
            try:
                given = [each.encode() if isinstance(each, str) else each for each in arguments]
                result = function.call(target(entered.session), *given)
                return result.decode() if function.result == imports.STRING else _number(result, function.result)
            except BaseException as error:  # noqa: BLE001 - wasmtime-py would keep it in a module global
                entered.kept = error
                raise wasmtime.WasmtimeError("host function failed") from None

        return call


def _number(value: int, kind: str) -> int:
    if not 0 <= value < _LIMITS[kind]:
        raise OverflowError(f"{value} is no {kind}")
    return value


class Entered:
    """One instance, as ``crossing.Entered``."""

    def __init__(self, entry: Crossing, session: imports.Session, deadline: float) -> None:
        self.session = session
        self.served = 0
        self.kept: BaseException | None = None
        self._crossing = entry
        self._store = wasmtime.Store(entry.engine)
        self._store.set_limits(memory_size=entry.limits[0], table_elements=entry.limits[1])
        try:
            instance = self._run(
                deadline, "instantiation", lambda: entry.linker.instantiate(self._store, entry.component)
            )
        except BaseException:
            self.close()
            raise
        function = instance.get_func(self._store, crossing.HANDLE)
        if function is None:
            self.close()
            raise errors.ComponentRefused("", f"exports no function {crossing.HANDLE}", "compose it with the bridge")
        self._function = function

    def call(self, head: bytes, body: bytes, deadline: float) -> bytes:
        """As ``crossing.Entered.call``."""
        texts = head.decode(), body.decode()
        answer: str = self._run(deadline, "", lambda: self._function(self._store, *texts))
        return answer.encode()

    def _run(self, deadline: float, kind: str, run: Callable[[], Any]) -> Any:
        entry, ticker, mark = self._crossing, self._crossing.ticker, id(self)
        self._store.set_epoch_deadline(epochs.ticks(deadline - time.monotonic()))
        entry.running.entered = self
        ticker.deadlines[mark] = deadline
        if ticker.asleep:
            ticker.wake()
        try:
            return run()
        except wasmtime.WasmtimeError as error:
            kept, self.kept = self.kept, None
            message = str(error)
            if kept is None and "wasm trap: interrupt" in message:
                kept = traps.TimedOut()
            raise crossing.failure(message, kept, self.session, kind) from None
        finally:
            del ticker.deadlines[mark]
            entry.running.entered = None

    def close(self) -> None:
        """As ``crossing.Entered.close``."""
        self._store.close()
