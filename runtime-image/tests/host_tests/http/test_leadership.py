"""Handing the lead over under pressure: every good request is answered right, whatever the others do."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

from host_tests.http.front import hello, read_all, serving, stream_echo
from host_tests.http.wire import Client, Cut, eventually

SECONDS = 20.0 if os.environ.get("WASICLOUD_FUZZ") == "full" else 4.0


def test_a_call_that_lasts_does_not_stop_the_others() -> None:
    """The handler says nothing: the monitor notices."""

    def handle(head: bytes, body: bytes, io) -> bytes:
        if b"/slow" in head:
            time.sleep(0.5)
        return hello(head, body, io)

    with serving(handle) as front:
        slow = [front.connect().send(b"GET /slow HTTP/1.1\r\nhost: test\r\n\r\n") for _ in range(8)]
        eventually(lambda: front.seen)
        with front.connect() as quick:
            began = time.monotonic()
            for _ in range(20):
                assert quick.get().body == b"hello"
            quick_took = time.monotonic() - began
        for client in slow:
            assert client.answer().body == b"hello"
            client.sock.close()
        total = time.monotonic() - began
        assert quick_took < total  # eight half seconds did not stand in a row before it
        assert total < 3.5


def test_more_waiting_handlers_than_threads_end_in_order() -> None:
    def handle(head: bytes, body: bytes, io) -> bytes:
        io.about_to_block()
        time.sleep(0.05)
        return hello(head, body, io)

    with serving(handle, threads=3) as front:
        clients = [front.connect().send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n") for _ in range(30)]
        for client in clients:
            assert client.answer().body == b"hello"
            client.sock.close()


def scripted(head: bytes, body: bytes, io) -> bytes:
    """What the path says: sleep, tell first or not, stream, fail, trap half way."""
    path = head.split(b"\n")[1]
    kind, _, rest = path[1:].partition(b"/")
    if kind == b"block":
        io.about_to_block()
        time.sleep(0.003)
    elif kind == b"stall":
        time.sleep(0.004)
    elif kind == b"echo":
        return stream_echo(head, body, io)
    elif kind == b"fail":
        raise RuntimeError
    elif kind == b"half":
        io.start(b"200\n\n")
        io.write(b"half")
        io.about_to_block()
        return b"A"
    return b"R200\n\nu" + rest + b":" + read_all(body, io)


class Load:
    """Clients of all manners; `wrong` holds what should not have happened."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.wrong: list[object] = []
        self.good = 0
        self.stop = threading.Event()

    def run(self, seed: int) -> None:
        chance = random.Random(seed)
        client = Client(self.address)
        try:
            while not self.stop.is_set():
                if not self.one(client, chance):
                    client.sock.close()
                    client = Client(self.address)
        except Exception as error:
            self.wrong.append(error)
        finally:
            client.sock.close()

    def one(self, client: Client, chance: random.Random) -> bool:
        """One exchange; whether the connection is still good."""
        kind = chance.choice(("plain", "plain", "block", "stall", "echo", "fail", "half", "vanish", "bad"))
        mark = b"%d" % chance.randrange(1 << 30)
        if kind == "vanish":
            client.send(b"POST /echo/ HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\n" + mark)
            client.reset()
            return False
        if kind == "bad":
            client.offer(b"BAD " + mark + b"\r\n\r\n")
            self.check(client.answer().status == 400, kind)
            return False
        body = mark * chance.choice((0, 1, 100, 20_000))
        head = b"POST /%b/%b HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % (kind.encode(), mark, len(body))
        client.send(head + body if kind not in ("fail", "half") else head.replace(b"%d" % len(body), b"0"))
        try:
            answer = client.answer()
        except Cut:
            self.check(kind == "half", kind)
            return False
        if kind == "fail":
            self.check(answer.status == 500, kind)
        elif kind == "half":
            self.check(not answer.complete, kind)
        elif kind == "echo":
            self.check(answer.body == body and answer.complete, kind)
        else:
            self.check(answer.body == mark + b":" + body, kind)
            self.good += 1
        return kind not in ("fail", "half")

    def check(self, condition: bool, what: object) -> None:
        if not condition:
            self.wrong.append(what)


def test_good_requests_are_answered_right_while_others_block_vanish_and_misbehave() -> None:
    with serving(scripted, threads=12) as front:
        load = Load(front.address)
        loaders = [threading.Thread(target=load.run, args=(seed,)) for seed in range(24)]
        for loader in loaders:
            loader.start()
        time.sleep(SECONDS)
        load.stop.set()
        for loader in loaders:
            loader.join(60)
        assert load.wrong == []
        assert load.good > 50
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)
        gauges = front.metrics.snapshot().gauges
        assert gauges[("in-flight",)] == 0
        assert gauges[("threads",)] <= 12
        with front.connect() as client:  # and it goes on
            for number in range(100):
                assert client.get(f"/plain/{number}").body == b"%d:" % number


def test_nothing_leaks_over_many_connections() -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with serving(hello) as front:
        for _ in range(50):
            with front.connect() as client:
                client.get()
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)
        before = count()
        for number in range(1000):
            with front.connect() as client:
                if number % 3 == 0:
                    client.get()
                elif number % 3 == 1:
                    client.offer(b"BAD\r\n\r\n")
                else:
                    client.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\nabc")
                    client.reset()
        eventually(lambda: front.metrics.snapshot().gauges[("connections",)] == 0)
        assert count() <= before + 2
