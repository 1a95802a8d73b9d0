"""Requests that two parties could read differently: each is refused, the connection ends, and nothing behind it is served.

Every vector is followed by a request for /smuggled. The promise is the status, one answer, the close, and that the handler
never saw /smuggled nor the vector itself (except where the table says that it is a good request).
"""

from __future__ import annotations

import pytest

from host_tests.http.front import serving, stream_echo, undata, whole_echo

BEHIND = b"GET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n"


def post(fields: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\nhost: test\r\n" + fields + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return post(b"transfer-encoding: chunked", body)


def get(fields: bytes = b"", line: bytes = b"GET / HTTP/1.1") -> bytes:
    return line + b"\r\nhost: test\r\n" + fields + b"\r\n"


REFUSED: dict[str, tuple[int, bytes]] = {
    # two framings
    "content-length then transfer-encoding": (
        400,
        post(b"content-length: 5\r\ntransfer-encoding: chunked", b"0\r\n\r\n"),
    ),
    "transfer-encoding then content-length": (
        400,
        post(b"transfer-encoding: chunked\r\ncontent-length: 5", b"0\r\n\r\n"),
    ),
    "content-length zero with chunked": (400, post(b"content-length: 0\r\ntransfer-encoding: chunked", b"0\r\n\r\n")),
    "two equal content-lengths": (400, post(b"content-length: 3\r\ncontent-length: 3", b"abc")),
    "two different content-lengths": (400, post(b"content-length: 3\r\ncontent-length: 4", b"abcd")),
    "content-length in a trailer": (400, chunked(b"0\r\ncontent-length: 3\r\n\r\n")),
    # Content-Length that is no number
    "content-length with plus": (400, post(b"content-length: +3", b"abc")),
    "content-length with minus": (400, post(b"content-length: -3", b"abc")),
    "content-length as list": (400, post(b"content-length: 3, 3", b"abc")),
    "content-length in hexadecimal": (400, post(b"content-length: 0x3", b"abc")),
    "content-length with underscore": (400, post(b"content-length: 1_0", b"0123456789")),
    "content-length with exponent": (400, post(b"content-length: 1e1", b"0123456789")),
    "content-length with fraction": (400, post(b"content-length: 3.0", b"abc")),
    "content-length with parameter": (400, post(b"content-length: 3;a", b"abc")),
    "content-length with inner space": (400, post(b"content-length: 3 3", b"abc")),
    "content-length after vertical tab": (400, post(b"content-length: \x0b3", b"abc")),
    "content-length in other digits": (400, post(b"content-length: \xd9\xa3", b"abc")),
    "content-length empty": (400, post(b"content-length:", b"")),
    "content-length beyond 64 bits": (400, post(b"content-length: 99999999999999999999999", b"")),
    "content-length that wraps to 3": (400, post(b"content-length: 18446744073709551619", b"abc")),
    # Transfer-Encoding that is not exactly `chunked`
    "transfer-encoding xchunked": (400, post(b"transfer-encoding: xchunked", b"0\r\n\r\n")),
    "transfer-encoding chunkedx": (400, post(b"transfer-encoding: chunkedx", b"0\r\n\r\n")),
    "transfer-encoding identity": (400, post(b"transfer-encoding: identity", b"0\r\n\r\n")),
    "transfer-encoding chunked then identity": (400, post(b"transfer-encoding: chunked, identity", b"0\r\n\r\n")),
    "transfer-encoding chunked twice in one": (400, post(b"transfer-encoding: chunked, chunked", b"0\r\n\r\n")),
    "transfer-encoding chunked in two fields": (
        400,
        post(b"transfer-encoding: chunked\r\ntransfer-encoding: chunked", b"0\r\n\r\n"),
    ),
    "transfer-encoding chunked and identity fields": (
        400,
        post(b"transfer-encoding: chunked\r\ntransfer-encoding: identity", b"0\r\n\r\n"),
    ),
    "transfer-encoding identity and chunked fields": (
        400,
        post(b"transfer-encoding: identity\r\ntransfer-encoding: chunked", b"0\r\n\r\n"),
    ),
    "transfer-encoding quoted": (400, post(b'transfer-encoding: "chunked"', b"0\r\n\r\n")),
    "transfer-encoding with parameter": (400, post(b"transfer-encoding: chunked;q=1", b"0\r\n\r\n")),
    "transfer-encoding after vertical tab": (400, post(b"transfer-encoding: \x0bchunked", b"0\r\n\r\n")),
    "transfer-encoding after no-break space": (400, post(b"transfer-encoding: \xa0chunked", b"0\r\n\r\n")),
    "transfer-encoding with long s": (
        400,
        post("transfer-encoding: chunKed".replace("K", "\u212a").encode(), b"0\r\n\r\n"),
    ),
    "transfer-encoding empty": (400, post(b"transfer-encoding:", b"0\r\n\r\n")),
    "transfer-encoding comma chunked": (400, post(b"transfer-encoding: ,chunked", b"0\r\n\r\n")),
    "transfer-encoding gzip, chunked": (501, post(b"transfer-encoding: gzip, chunked", b"0\r\n\r\n")),
    "transfer-encoding gzip alone": (400, post(b"transfer-encoding: gzip", b"")),
    "transfer-encoding in HTTP/1.0": (
        400,
        b"POST / HTTP/1.0\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "transfer-encoding name with underscore is no framing": (
        400,
        post(b"transfer_encoding: chunked\r\ntransfer-encoding : chunked", b"0\r\n\r\n"),
    ),
    # chunk sizes and ends
    "chunk size with 0x": (400, chunked(b"0x3\r\nabc\r\n0\r\n\r\n")),
    "chunk size with plus": (400, chunked(b"+3\r\nabc\r\n0\r\n\r\n")),
    "chunk size with minus": (400, chunked(b"-3\r\nabc\r\n0\r\n\r\n")),
    "chunk size with underscore": (400, chunked(b"3_\r\nabc\r\n0\r\n\r\n")),
    "chunk size with leading space": (400, chunked(b" 3\r\nabc\r\n0\r\n\r\n")),
    "chunk size with trailing space": (400, chunked(b"3 \r\nabc\r\n0\r\n\r\n")),
    "chunk size with h": (400, chunked(b"3h\r\nabc\r\n0\r\n\r\n")),
    "chunk size empty": (400, chunked(b"\r\nabc\r\n0\r\n\r\n")),
    "chunk size beyond 64 bits": (400, chunked(b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n")),
    "chunk size that wraps to 3": (400, chunked(b"10000000000000003\r\nabc\r\n0\r\n\r\n")),
    "chunk size overlong": (400, chunked(b"0" * 40 + b"3\r\nabc\r\n0\r\n\r\n")),
    "chunk size ended by bare LF": (400, chunked(b"3\nabc\r\n0\r\n\r\n")),
    "chunk size ended by bare CR": (400, chunked(b"3\rabc\r\n0\r\n\r\n")),
    "chunk data ended by bare LF": (400, chunked(b"3\r\nabc\n0\r\n\r\n")),
    "chunk data without its CRLF": (400, chunked(b"3\r\nabc0\r\n\r\n")),
    "chunk data longer than its size": (400, chunked(b"3\r\nabcd\r\n0\r\n\r\n")),
    "last chunk ended by bare LFs": (400, chunked(b"3\r\nabc\r\n0\n\n")),
    "end of trailers by bare LF": (400, chunked(b"0\r\nx: y\r\n\n")),
    "trailer name with space": (400, chunked(b"0\r\nx : y\r\n\r\n")),
    "trailer obs-fold": (400, chunked(b"0\r\nx: y\r\n z\r\n\r\n")),
    # chunk extensions
    "chunk extension with bare LF": (400, chunked(b"3;a\nb\r\nabc\r\n0\r\n\r\n")),
    "chunk extension with bare CR": (400, chunked(b"3;a\rb\r\nabc\r\n0\r\n\r\n")),
    "chunk extension with NUL": (400, chunked(b"3;a\0b\r\nabc\r\n0\r\n\r\n")),
    "chunk extension quoted over a line": (400, chunked(b'3;a="\r\nabc\r\n0\r\n\r\n"')),
    "chunk extension too long": (400, chunked(b"3;" + b"a" * 2000 + b"\r\nabc\r\n0\r\n\r\n")),
    "chunk extensions that add up": (400, chunked((b"1;" + b"a" * 1000 + b"\r\na\r\n") * 40 + b"0\r\n\r\n")),
    # line ends and white space in the head
    "bare LF everywhere": (400, b"GET / HTTP/1.1\nhost: test\n\n"),
    "bare LF after the request line": (400, b"GET / HTTP/1.1\nhost: test\r\n\r\n"),
    "bare LF after a field": (400, get(b"a: b\nc: d\r\n")),
    "bare LF as last line": (400, b"GET / HTTP/1.1\r\nhost: test\r\n\n"),
    "bare CR in a field": (400, get(b"a: b\rc: d\r\n")),
    "bare CR before the end": (400, b"GET / HTTP/1.1\r\nhost: test\r\n\rX\r\n\r\n"),
    "obs-fold": (400, get(b"a: b\r\n c\r\n")),
    "obs-fold by tab": (400, get(b"a: b\r\n\tc\r\n")),
    "obs-fold of transfer-encoding": (400, post(b"transfer-encoding:\r\n chunked", b"0\r\n\r\n")),
    "white space before the first field": (400, b"GET / HTTP/1.1\r\n host: test\r\n\r\n"),
    "space before colon": (400, get(b"a : b\r\n")),
    "tab before colon": (400, get(b"a\t: b\r\n")),
    "space before colon of content-length": (400, post(b"content-length : 3", b"abc")),
    "space before colon of transfer-encoding": (400, post(b"transfer-encoding : chunked", b"0\r\n\r\n")),
    "field without colon": (400, get(b"nonsense\r\n")),
    "field without name": (400, get(b": value\r\n")),
    "NUL in a value": (400, get(b"a: b\0c\r\n")),
    "NUL in a name": (400, get(b"a\0b: c\r\n")),
    "control character in a value": (400, get(b"a: b\x01c\r\n")),
    "DEL in a value": (400, get(b"a: b\x7fc\r\n")),
    "non-ASCII name": (400, get(b"\xe9: b\r\n")),
    "no-break space behind a name": (400, post(b"content-length\xa0: 3", b"abc")),
    "parenthesis in a name": (400, get(b"a(b): c\r\n")),
    # Host
    "no host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two hosts": (400, get(b"host: other\r\n")),
    "two equal hosts": (400, get(b"host: test\r\n")),
    "empty host": (400, b"GET / HTTP/1.1\r\nhost:\r\n\r\n"),
    "host as list": (400, b"GET / HTTP/1.1\r\nhost: a, b\r\n\r\n"),
    "host with user": (400, b"GET / HTTP/1.1\r\nhost: user@test\r\n\r\n"),
    "host with path": (400, b"GET / HTTP/1.1\r\nhost: test/x\r\n\r\n"),
    "host with bad port": (400, b"GET / HTTP/1.1\r\nhost: test:x\r\n\r\n"),
    "host not ASCII": (400, b"GET / HTTP/1.1\r\nhost: t\xe9st\r\n\r\n"),
    "absolute-form against host": (400, get(line=b"GET http://other/ HTTP/1.1")),
    "absolute-form with another port": (400, get(line=b"GET http://test:81/ HTTP/1.1")),
    "absolute-form with user": (400, get(line=b"GET http://user@test/ HTTP/1.1")),
    "absolute-form with backslash": (400, get(line=b"GET http://other\\@test/ HTTP/1.1")),
    "absolute-form without host": (400, get(line=b"GET http:///x HTTP/1.1")),
    "absolute-form of another scheme": (400, get(line=b"GET ftp://test/ HTTP/1.1")),
    # request line
    "two spaces before the target": (400, get(line=b"GET  / HTTP/1.1")),
    "two spaces before the version": (400, get(line=b"GET /  HTTP/1.1")),
    "space at the line's end": (400, get(line=b"GET / HTTP/1.1 ")),
    "tab instead of space": (400, get(line=b"GET\t/\tHTTP/1.1")),
    "space before the method": (400, get(line=b" GET / HTTP/1.1")),
    "space in the target": (400, get(line=b"GET /a b HTTP/1.1")),
    "NUL in the target": (400, get(line=b"GET /a\0b HTTP/1.1")),
    "bare CR in the line": (400, get(line=b"GET /\r HTTP/1.1")),
    "non-ASCII target": (400, get(line=b"GET /\xc3\xa9 HTTP/1.1")),
    "fragment in the target": (400, get(line=b"GET /a#b HTTP/1.1")),
    "target without slash": (400, get(line=b"GET a HTTP/1.1")),
    "asterisk for GET": (400, get(line=b"GET * HTTP/1.1")),
    "method with colon": (400, get(line=b"GE:T / HTTP/1.1")),
    "empty method": (400, get(line=b" / HTTP/1.1")),
    "lower-case method": (501, get(line=b"get / HTTP/1.1")),
    "mixed-case method": (501, get(line=b"Get / HTTP/1.1")),
    "unknown method": (501, get(line=b"FETCH / HTTP/1.1")),
    "method of another protocol": (400, get(line=b"DESCRIBE / HTTP/1.1")),
    "CONNECT": (501, b"CONNECT test:80 HTTP/1.1\r\nhost: test:80\r\n\r\n"),
    # versions and protocols
    "HTTP/0.9 by its line": (400, b"GET /\r\n\r\n"),
    "HTTP/0.9 by name": (505, get(line=b"GET / HTTP/0.9")),
    "HTTP/1.2": (505, get(line=b"GET / HTTP/1.2")),
    "HTTP/2.0 by name": (505, get(line=b"GET / HTTP/2.0")),
    "HTTP/3.0 by name": (505, get(line=b"GET / HTTP/3.0")),
    "HTTP/2 preface": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "version with leading zero": (400, get(line=b"GET / HTTP/01.1")),
    "version with two digits": (400, get(line=b"GET / HTTP/1.10")),
    "lower-case protocol": (400, get(line=b"GET / http/1.1")),
    "version without minor": (400, get(line=b"GET / HTTP/1")),
    "RTSP": (400, get(line=b"GET / RTSP/1.0")),
    "ICE": (400, get(line=b"SOURCE / ICE/1.0")),
    "a response": (400, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    "TLS hello": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32) + b"\r\n\r\n"),
    "too many empty lines": (400, b"\r\n" * 10 + get()),
    # expectations
    "unknown expectation": (417, post(b"content-length: 3\r\nexpect: 200-ok", b"abc")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_and_nothing_behind_it_is_served(name: str) -> None:
    status, vector = REFUSED[name]
    with serving(whole_echo) as front, front.connect() as client:
        client.offer(vector + BEHIND)
        answer = client.answer()
        assert answer.status == status
        assert answer.header("connection") == "close"
        assert answer.header("x-request-id")
        assert '"detail"' in answer.text()
        client.half_close()
        assert client.rest() == b""
        assert [seen.target for seen in front.seen if seen.target != "/"] == []


@pytest.mark.parametrize("name", [name for name, (_, vector) in REFUSED.items() if len(vector) < 1000])
def test_is_refused_in_pieces_of_one_byte(name: str) -> None:
    """Where bytes are cut between packets makes no difference."""
    status, vector = REFUSED[name]
    with serving(whole_echo) as front, front.connect() as client:
        for at in range(len(vector)):
            client.offer(vector[at : at + 1])
        client.offer(BEHIND)
        answer = client.answer()
        assert (answer.status, answer.header("connection")) == (status, "close")
        assert [seen.target for seen in front.seen if seen.target != "/"] == []


@pytest.mark.parametrize("name", [name for name in REFUSED if name.startswith(("chunk ", "last chunk", "trailer "))])
def test_a_broken_body_never_ends_a_streamed_answer_cleanly(name: str) -> None:
    """A component that had begun to answer gets its answer cut, even if it ignores the error."""

    def careless(head: bytes, body: bytes, io: object) -> bytes:
        try:
            return stream_echo(head, body, io)  # type: ignore[arg-type]
        except Exception:
            return b"F"

    _status, vector = REFUSED[name]
    with serving(careless) as front, front.connect() as client:
        client.offer(vector + BEHIND)
        answer = client.answer()
        assert answer.status in (400, 200)
        assert answer.status == 400 or not answer.complete
        assert len(front.seen) <= 1


ACCEPTED: dict[str, tuple[bytes, str, bytes]] = {
    # vector, target as the component sees it, body
    "chunked in capitals": (post(b"Transfer-Encoding: CHUNKED", b"1\r\na\r\n0\r\n\r\n"), "/", b"a"),
    "chunk size with leading zeros": (chunked(b"0003\r\nabc\r\n0\r\n\r\n"), "/", b"abc"),
    "chunk extension": (chunked(b'3;name="value"\r\nabc\r\n0;last\r\n\r\n'), "/", b"abc"),
    "content-length with spaces around": (post(b"content-length: \t 3 \t", b"abc"), "/", b"abc"),
    "content-length with leading zeros": (post(b"content-length: 003", b"abc"), "/", b"abc"),
    "GET with a body": (get(b"content-length: 3\r\n") + b"abc", "/", b"abc"),
    "absolute-form that agrees with host": (get(line=b"GET http://TEST/x?y HTTP/1.1"), "/x?y", b""),
    "absolute-form without path": (get(line=b"GET http://test?y HTTP/1.1"), "/?y", b""),
    "asterisk for OPTIONS": (get(line=b"OPTIONS * HTTP/1.1"), "*", b""),
    "host with port": (b"GET /x HTTP/1.1\r\nhost: test:8080\r\n\r\n", "/x", b""),
    "host in IPv6": (b"GET /x HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", "/x", b""),
    "one empty line before": (b"\r\n" + get(), "/", b""),
    "encoded path stays encoded": (get(line=b"GET /a%2Fb%00?c=%20 HTTP/1.1"), "/a%2Fb%00?c=%20", b""),
    "path with two slashes": (get(line=b"GET //other/x HTTP/1.1"), "//other/x", b""),
    "dot segments stay": (get(line=b"GET /a/../b HTTP/1.1"), "/a/../b", b""),
    "offer to upgrade is ignored": (get(b"connection: upgrade\r\nupgrade: websocket\r\n"), "/", b""),
    "offer to upgrade with a body is ignored": (
        post(
            b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\ncontent-length: 3",
            b"abc",
        ),
        "/",
        b"abc",
    ),
    "repeated ordinary field": (get(b"a: 1\r\na: 2\r\n"), "/", b""),
    "PROPFIND": (get(line=b"PROPFIND / HTTP/1.1"), "/", b""),
}


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_has_one_reading_and_the_connection_goes_on(name: str, step: int) -> None:
    vector, target, body = ACCEPTED[name]
    data = vector + BEHIND
    with serving(whole_echo) as front, front.connect() as client:
        for at in range(0, len(data), step):
            client.send(data[at : at + step])
        first = client.answer()
        assert (first.status, first.body) == (200, body)
        assert client.answer().status == 200
        assert [seen.target for seen in front.seen] == [target, "/smuggled"]


def test_a_header_that_is_not_utf8_reaches_the_component_as_base64() -> None:
    with serving(whole_echo) as front, front.connect() as client:
        client.send(get(b"latin: caf\xe9\r\nutf: caf\xc3\xa9\r\n"))
        assert client.answer().status == 200
        assert b"latin:\x01Y2Fm6Q==\n" in front.heads[0]
        assert "utf: café\n".encode() in front.heads[0]
        front.heads[0].decode()  # whatever came, what crosses is UTF-8


def test_hop_by_hop_fields_are_the_edges_own() -> None:
    fields = (
        b"connection: keep-alive, x-a\r\nkeep-alive: timeout=5\r\nproxy-connection: x\r\nupgrade: y\r\nx-a: kept\r\n"
    )
    with serving(whole_echo) as front, front.connect() as client:
        client.send(get(fields))
        assert client.answer().status == 200
        seen = front.seen[0]
        assert seen.authority == "test"
        assert [name for name, _ in seen.headers] == ["x-a", "x-request-id"]


def test_data_behind_the_last_request_is_not_served() -> None:
    with serving(whole_echo) as front, front.connect() as client:
        client.send(get(b"connection: close\r\n") + BEHIND)
        assert client.answer().header("connection") == "close"
        assert client.rest() == b""
        assert len(front.seen) == 1
        assert undata(front.seen[0].body) == b""
