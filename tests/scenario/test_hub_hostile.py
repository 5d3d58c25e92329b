"""Requests that mean harm, or none at all, over plain sockets. Each gets a status or a closed connection, and the hub goes on."""
import functools
import gzip
import json
import pathlib
import random
import re
import socket
import zlib

import pytest
import requests

from processes import run, sanitized
from test_hub import BIN, METADATA, NDJSON, PATIENCE, Hub, lines, transaction, wait_for

pytestmark = pytest.mark.threads

HOST = b"Host: 127.0.0.1\r\n"
INTAKE = b"POST /intake/v2/events HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-ndjson\r\n"
CHUNKED = INTAKE + b"Transfer-Encoding: chunked\r\n\r\n"
STATUS = b"GET /api/status HTTP/1.1\r\n" + HOST
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(SMUGGLED)
SCRIPT = "<script>alert(1)</script>"


class Hostile(Hub):
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}")

    def descriptors(self):
        return len(list(self.proc("fd").iterdir()))

    def peak(self):
        """Bytes of memory it had at most."""
        return int(re.search(r"VmHWM:\s+(\d+)", self.proc("status").read_text())[1]) * 1024

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port()), PATIENCE)
        client.settimeout(PATIENCE)
        return client

    def tell(self, said, end=False):
        """What comes back until the hub closes. end: our half is closed first."""
        with self.connect() as client:
            try:
                client.sendall(said)
                if end:
                    client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has heard enough
            return until_closed(client)


def until_closed(client):
    got = b""
    try:
        while piece := client.recv(1 << 16):
            got += piece
    except ConnectionError:
        pass
    return got


def answers(got, head_only=False):
    """[(status, fields, body)]"""
    found = []
    while got:
        head, got = got.split(b"\r\n\r\n", 1)
        first, *fields = head.decode("ascii").split("\r\n")
        fields = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        size = 0 if head_only or first.startswith("HTTP/1.1 100") else int(fields.get("content-length", 0))
        found.append((int(first.split()[1]), fields, got[:size]))
        got = got[size:]
    return found


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """One for all: at the end it must have lost nothing."""
    hub = Hostile(tmp_path_factory.mktemp("hub")).start()
    assert hub.send(lines(METADATA, transaction())).status_code == 202 and len(hub.traces()) == 1
    before, memory = hub.descriptors(), hub.peak()
    yield hub
    wait_for(lambda: hub.descriptors() <= before + 8)  # each thread may keep the store open
    assert sanitized() or hub.peak() < memory + (200 << 20)
    assert len(hub.traces()) == 1 and hub.get("/api/status").json()["store"]["state"] == "ok"
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    hub = Hostile(tmp_path_factory.mktemp("locked"), "--token", "secret").start()
    yield hub
    code = hub.stop()
    assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


# --- where a request ends ---

AMBIGUOUS = {
    "length and chunked": INTAKE + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked and length": INTAKE + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two equal lengths": INTAKE + b"Content-Length: 0\r\n" * 2 + b"\r\n" + SMUGGLED,
    "two lengths": INTAKE + b"Content-Length: 0\r\n" + LENGTH + b"\r\n" + SMUGGLED,
    "two lengths, the longer first": INTAKE + LENGTH + b"content-length: 0\r\n\r\n" + SMUGGLED,
    "a length in two lines": INTAKE + b"Content-Length:\r\n 0\r\n\r\n" + SMUGGLED,
    "a length and more of it": INTAKE + b"Content-Length: 1\r\n\t0\r\n\r\n" + SMUGGLED,
    "chunked, identity": INTAKE + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "gzip, chunked": INTAKE + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked twice": INTAKE + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n" + SMUGGLED,
    "identity, then chunked": INTAKE + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "identity": INTAKE + b"Transfer-Encoding: identity\r\n\r\n" + SMUGGLED,
    "xchunked": INTAKE + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "quoted": INTAKE + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + SMUGGLED,
    "a vertical tab": INTAKE + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "no coding": INTAKE + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked in two lines": INTAKE + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked and more of it": INTAKE + b"Transfer-Encoding: chun\r\n ked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": INTAKE + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the length's colon": INTAKE + LENGTH.replace(b":", b" :") + b"\r\n" + SMUGGLED,
    "a tab before the colon": INTAKE + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the name": INTAKE + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a first field that goes on": b"POST /intake/v2/events HTTP/1.1\r\n X: y\r\n" + HOST + b"Content-Length: 0\r\n\r\n" + SMUGGLED,
    "a bare CR": INTAKE + b"X: a\rContent-Length: 0\r\n\r\n" + SMUGGLED,
    "chunked in HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n" + SMUGGLED,
    "a length of 2^64 - 1": INTAKE + b"Content-Length: 18446744073709551615\r\n\r\n" + SMUGGLED,
    "a length of 2^63": INTAKE + b"Content-Length: 9223372036854775808\r\n\r\n" + SMUGGLED,
    "no Host": b"GET /api/status HTTP/1.1\r\n\r\n" + SMUGGLED,
    "two Hosts": STATUS + b"Host: evil.example\r\n\r\n" + SMUGGLED,
    "two Hosts, the other first": b"GET /api/status HTTP/1.1\r\nHost: evil.example\r\n" + HOST + b"\r\n" + SMUGGLED,
    "no name": STATUS + b"\x01: x\r\n\r\n" + SMUGGLED,
    "a space in the path": b"GET /api/status x HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,
    "an expectation": INTAKE + b"Content-Length: 0\r\nExpect: 200-ok\r\n\r\n" + SMUGGLED,
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_could_be_read_in_two_ways(hub, name):
    """One answer, of ours, and what follows is no request."""
    [(status, fields, body)] = answers(hub.tell(AMBIGUOUS[name]))
    assert status in (400, 413, 417, 501) and fields["connection"] == "close"
    assert fields["content-type"] == "application/json" and json.loads(body)["error"]


UNREADABLE = {
    **{f"a length of {value}": INTAKE + b"Content-Length: %s\r\n\r\n" % value.encode() + SMUGGLED
       for value in ("+0", "-1", "0x0", "0, 0", "0 0", "1e1", "", "zero", "99999999999999999999999", "\uff10")},
    **{f"a chunk of {size!r}": CHUNKED + size + b"\r\n\r\n" + SMUGGLED
       for size in (b"-1", b"+0", b"0x0", b"", b"g", b"ffffffffffffffffff", b"0\0", b"\xef\xbc\x90")},
    "a chunk that is longer than it says": CHUNKED + b"1\r\naX0\r\n\r\n" + SMUGGLED,
    "a field without a colon": STATUS + b"garbage\r\n\r\n" + SMUGGLED,
    "a NUL in a name": INTAKE + b"Transfer\x00-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a trailer without a colon": CHUNKED + b"0\r\nContent\r\n\r\n" + SMUGGLED,
    "HTTP/0.9": b"GET /api/status\r\n\r\n" + SMUGGLED,
    **{version: b"GET /api/status %s\r\n" % version.encode() + HOST + b"\r\n" + SMUGGLED
       for version in ("HTTP/0.9", "HTTP/2.0", "HTTP/3", "HTTP/1.10", "http/1.1", "FTP/1.1", "HTTP/1", "HTTP/a.b")},
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "tabs": b"GET\t/api/status\tHTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,
    "a long path": b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long query": b"GET /api/traces?q=" + b"a" * 200000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"A" * 200000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long field": STATUS + b"X: " + b"a" * 200000 + b"\r\n\r\n",
    "a long name": STATUS + b"a" * 200000 + b": x\r\n\r\n",
    "many fields": STATUS + b"".join(b"X-%d: a\r\n" % n for n in range(20000)) + b"\r\n",
    "many parameters": b"GET /api/traces?" + b"a&" * 10000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read(hub, name):
    """Nothing is taken from it: the connection ends, mostly after a status."""
    got = hub.tell(UNREADABLE[name])
    assert not got or re.match(rb"HTTP/1\.1 (400|413|414|431|505) ", got), got[:200]
    assert b"HTTP/1.1 404" not in got and b"HTTP/1.1 20" not in got
    assert b"script" not in got


GARBAGE = [b"\0" * 300000, b"\xff\r\n" * 1000, random.Random(17).randbytes(300000), b"\r\n" * 100000, b"\n", b" ", b"", b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3" + b"\xaa" * 300]


@pytest.mark.parametrize("n", range(len(GARBAGE)))
def test_garbage(hub, n):
    got = hub.tell(GARBAGE[n], end=True)
    assert not got or got.startswith(b"HTTP/1.1 4")


PLAIN = {
    "chunk extensions": (CHUNKED + b"0;a=b;c=\"d\"\r\n\r\n", [202]),
    "trailers": (CHUNKED + b"0\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n", [202]),
    "empty lines first": (b"\r\n\r\n" + STATUS + b"\r\n", [200]),
    "bare LF": ((STATUS + b"\r\n").replace(b"\r\n", b"\n"), [200]),
    "a tab before the value": (INTAKE + b"Transfer-Encoding:\tCHUNKED\r\n\r\n0\r\n\r\n", [202]),
    "HTTP/1.0": (b"GET /api/status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", [200]),
    "a body where none is wanted": (STATUS + LENGTH + b"\r\n" + SMUGGLED, [200]),
    "a chunked body where none is wanted": (STATUS + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n", [200]),
    "one after the other": ((STATUS + b"\r\n") * 20, [200] * 20),
    "bodies one after the other": ((CHUNKED + b"0\r\n\r\n" + INTAKE + b"Content-Length: 0\r\n\r\n") * 10, [202] * 20),
    "go ahead": (INTAKE + b"Content-Length: 1\r\nExpect: 100-continue\r\n\r\n\n", [100, 202]),
    "WebSocket": (STATUS + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", [200]),
    "h2c": (STATUS + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", [200]),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_odd_but_plain(hub, name):
    said, statuses = PLAIN[name]
    last = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    assert [status for status, *_ in answers(hub.tell(said + last))] == [*statuses, 404]


# --- what is asked for ---

PATHS = ["/../api/status", "/api/../api/status", "/%2e%2e/api/status", "/api/%2e%2e/status", "/api/.%2e/api/status", "/./api/status",
         "/api%2fstatus", "/api%5cstatus", "/api\\status", "//api/status", "/api//status", "/api/status/", "/api/status%00",
         "/api/status%00.html", "/page.css%00", "/page.css/", "/page.js/../api/status", "/API/status", "/api/status%20", "/api/status;a=b",
         "/api/%c0%ae%c0%ae/status", "/%c0%af/api/status", "/api/traces/..%2f..%2f..%2fetc%2fpasswd", "/api/traces/../status",
         "/api/traces/../../../../etc/passwd", "/api/traces/%c0%ae%c0%ae%c0%af", "/api/traces/%ff%fe%01%22%5c", "/api/traces/%00", "/api/traces/%0d%0aX:%20y/export", "/api/traces/%22;x=%22/export", "/api/traces//export",
         "/api/errors/../status", "/api/errors/%27%20or%201=1", "/api/traces/%27;drop%20table%20event--", "/communication/../api/status",
         "/communication//api/status", "/communication/communication/api/status", "/communicationapi/status", "/hub.db", "/data/hub.db",
         "/etc/passwd", "/.git/config", "/" + SCRIPT, "/api/traces/" + SCRIPT, "*", "api/status", "http://evil.example/api/status",
         "/api/status#x", "/api/status%", "/api/status%zz", "/%", "/api/traces/" + "a" * 20000, "/\x80\xff", "?"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40].encode("latin-1").hex() if any(ord(c) > 126 for c in path) else path[:40])
def test_paths(hub, path):
    said = b"GET " + path.encode("latin-1") + b" HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\nConnection: close\r\n\r\n"
    [(status, fields, body)] = answers(hub.tell(said))
    assert status in (400, 404)
    assert fields["content-type"] == "application/json" and fields["x-content-type-options"] == "nosniff"
    assert json.loads(body)["error"] and len(body) < 1000


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "POST", "FOO", "get", "G\x01T", "GET,POST", "\xff"])
def test_methods(hub, method):
    said = method.encode("latin-1") + b" /api/status HTTP/1.1\r\n" + HOST + b"Cookie: secret\r\nConnection: close\r\n\r\n"
    [(status, fields, body)] = answers(hub.tell(said))
    assert (status, fields["allow"]) == (405, "GET") and "GET" in json.loads(body)["error"] and b"secret" not in body
    [(status, _, _)] = answers(hub.tell(method.encode("latin-1") + b" * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"))
    assert status == 404


@pytest.mark.parametrize("path", ["/", "/page.css", "/api/status", "/api/nothing", "/config/v1/agents"])
def test_head_is_get_without_a_body(hub, path):
    said = path.encode() + b" HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\nConnection: close\r\n\r\n"
    [(status, fields, body)] = answers(hub.tell(b"HEAD " + said), head_only=True)
    [(as_get, others, _)] = answers(hub.tell(b"GET " + said))
    fields.pop("date"), others.pop("date")
    if path == "/api/status":  # its numbers move
        fields.pop("content-length"), others.pop("content-length")
    assert (status, fields, body) == (as_get, others, b"")


ODD = ["limit=" + SCRIPT, SCRIPT + "=1", "limit=%00", "limit=%ff%fe", "limit=%01%1f%22%5c", "limit=%ed%a0%80", "since=%c0%80", "cursor=" + SCRIPT,
       "cursor=../../x", "limit=-1", "limit=1e3", "limit=99999999999999999999", "order=%0d%0aSet-Cookie:%20a=b", "attr=%00", "min_duration=%f0%9f%98%80",
       "=", "%00=1", "limit=1&limit=" + SCRIPT, "attr==", "q=" + "%22" * 500, "q='%20OR%201=1--", "q=%00a", "q=*", "q=%22", "service=%ff", "group=%2e"]


@pytest.mark.parametrize("query", ODD)
@pytest.mark.parametrize("path", ["/api/traces", "/api/logs", "/api/errors", "/api/services"])
def test_what_is_asked_never_comes_back_as_a_page(hub, path, query):
    answer = requests.get(hub.url + path + "?" + query, headers={"Accept": "text/html"}, timeout=PATIENCE)
    assert answer.status_code in (200, 400)
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    body = json.loads(answer.content.decode())  # UTF-8, and no raw control characters
    assert answer.status_code == 200 or list(body) == ["error"]


# --- who asks ---

@pytest.mark.parametrize("host, status", [
    ("127.0.0.1", 200), ("127.0.0.1:8200", 200), ("localhost", 200), ("LocalHost:1", 200), ("[::1]:8200", 200), ("", 200),
    ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example", 403), ("evil.example:8200", 403), ("127.0.0.1@evil.example", 403),
    ("[evil]", 403), ("a127.0.0.1", 403), ("localhost.", 403), ("0x7f.1", 403)])
def test_a_name_that_points_here_is_not_ours(hub, host, status):
    """DNS rebinding: a page of another origin that is served under this address asks for data."""
    said = b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n"
    [(got, _, body)] = answers(hub.tell(b"GET /api/traces" + said))
    assert got == status and (status == 200 or "trace" not in json.loads(body))
    assert answers(hub.tell(b"GET /" + said))[0][0] == 200  # nothing of anybody's is there


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "file://", "http://127.0.0.1:1", "http://localhost.evil.example", "garbage", SCRIPT])
def test_pages_of_others(hub, origin):
    """They may not read, nor write, nor ask whether they may."""
    asks = [("GET", "/api/traces", {}), ("POST", "/intake/v2/events", NDJSON), ("POST", "/v1/traces", {"Content-Type": "text/plain"}),
            ("OPTIONS", "/intake/v2/events", {"Access-Control-Request-Method": "POST"}), ("GET", "/config/v1/agents", {})]
    for method, path, headers in asks:
        answer = requests.request(method, hub.url + path, data=lines(METADATA, transaction(2)) if method == "POST" else None, timeout=PATIENCE,
                                  headers={**headers, "Origin": origin})
        assert answer.status_code in (403, 405), (method, path)
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert len(hub.traces()) == 1


def test_what_answers_tell_browsers(hub):
    for path in ("/", "/plain"):
        page = hub.get(path, Accept="text/html")
        policy = dict(rule.strip().split(" ", 1) for rule in page.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in page.headers["Content-Security-Policy"] and "*" not in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<[^>]+\son\w+=|<style|\sstyle=|javascript:", page.text)
    for path in ("/", "/app.js", "/app.css", "/plain", "/page.css", "/page.js", "/api/traces", "/api/nothing", "/api/traces/none", "/api/live?x=1",
                 "/config/v1/agents"):
        answer = hub.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "Server" not in answer.headers, path
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind in ("application/json", "text/css", "text/javascript") or path == "/plain", path
        assert "no-store" in answer.headers["Cache-Control"] or not path.startswith("/api/"), path
    raw = hub.tell(b"GET /api/status HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert [line.split(b":")[0].lower() for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]].count(b"content-type") == 1


WRONG = ["", "Bearer", "Bearer ", "Bearer secre", "Bearer secretx", "Bearer Secret", "Bearer secretsecret", "Bearer secret\x00", "bearer  ", "Basic c2VjcmV0",
         "secret", "Bearer \"secret\"", "Bearer secret, Bearer secret", "ApiKey secre", "Bearer " + "s" * 30000]


@pytest.mark.parametrize("n", range(len(WRONG)))
def test_wrong_tokens(locked, n):
    said = b"GET /api/status HTTP/1.1\r\n" + HOST + b"Authorization: " + WRONG[n].replace("\x00", "\x01").encode() + b"\r\nConnection: close\r\n\r\n"
    [(status, fields, body)] = answers(locked.tell(said))
    assert status == (400 if "\x00" in WRONG[n] else 401) and json.loads(body)["error"]
    assert locked.get("/api/status", Authorization="Bearer secret").status_code == 200


@pytest.mark.parametrize("token", ["a b", " a", "a\n", "t\u00f6ken", "\x7f", "a" * 401])
def test_tokens_that_nobody_could_send(tmp_path, token):
    done = run(BIN / "azimuth", "hub", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off", "--data-dir", tmp_path / "data", "--token", token)
    assert done.returncode == 2 and "token" in done.stderr and not (tmp_path / "data").exists()


def test_strangers_bodies_are_not_wanted(locked):
    """No go-ahead for whoever asks first; a small body is read and forgotten, a large one ends the connection."""
    for path in (b"/intake/v2/events", b"/v1/traces"):
        head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
        assert [a[0] for a in answers(locked.tell(head + b"Content-Length: 1000000\r\nExpect: 100-continue\r\n\r\n"))] == [401]
        assert [a[0] for a in answers(locked.tell(head + b"Content-Length: 100000\r\n\r\n" + b"x" * 100000))] == [401]
        before = locked.peak()
        got = locked.tell(head + b"Content-Length: 100000000\r\n\r\n" + b"x" * 100000000)
        assert not got or answers(got)[0][0] == 401
        assert sanitized() or locked.peak() < before + (8 << 20)
    assert locked.get("/api/traces", Authorization="ApiKey secret").json()["traces"] == []


# --- how much, and how slowly ---

@functools.cache
def bomb(encoding):
    """400 MiB, packed into 400 KiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(400)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("path, kind", [("/intake/v2/events", "application/x-ndjson"), ("/v1/traces", "application/x-protobuf"), ("/v1/logs", "application/json"),
                                        ("/api/import", "application/json")])
def test_bombs(hub, path, kind, encoding):
    answer = requests.post(hub.url + path, bomb(encoding), headers={"Content-Type": kind, "Content-Encoding": encoding}, timeout=PATIENCE)
    assert answer.status_code in (400, 413)


def test_many_empty_lines_and_members(hub):
    body = gzip.compress(b"\n" * (1 << 20)) * 3
    answer = hub.send(body, Content_Encoding="gzip")
    assert answer.status_code in (202, 400)


def test_bodies_in_hand(locked):
    """256 MiB of them at once; what is taken line by line goes on, and so does all when they are gone."""
    head = b"POST /v1/traces HTTP/1.1\r\n" + HOST + b"Authorization: Bearer secret\r\nContent-Type: application/x-protobuf\r\n"
    large = []
    for _ in range(4):
        client = locked.connect()
        client.sendall(head + b"Content-Length: 64000000\r\n\r\n" + bytes(60000000))
        large.append(client)

    def send(size):
        [(status, fields, _)] = answers(locked.tell(head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)))
        return status, fields.get("retry-after")
    wait_for(lambda: send(40000000) == (503, "5"))  # what was sent has been taken
    assert locked.send(lines(METADATA, transaction()), Authorization="Bearer secret").status_code == 202
    for client in large:
        client.close()
    wait_for(lambda: send(40000000)[0] == 400)  # zeros are no OTLP


def test_slow_requests_keep_nobody_waiting(hub):
    """More than may be connected, each in the middle of its request line, its head, or its body."""
    parts = [b"GET /api/sta", STATUS + b"X: ", INTAKE + b"Content-Length: 1000\r\n\r\n{", CHUNKED + b"5\r\n{", CHUNKED]
    before, slow = hub.descriptors(), []
    for n in range(400):
        client = hub.connect()
        client.sendall(parts[n % len(parts)] if n % 4 else parts[0])
        slow.append(client)
    for _ in range(3):
        assert hub.get("/api/status").status_code == 200
        for client in slow:
            try:
                client.sendall(b"a")
            except OSError:
                pass  # it had to make room
    for client in slow:
        client.close()
    wait_for(lambda: hub.descriptors() <= before + 8)


def test_clients_that_do_not_read(hub):
    """Answers pile up at the client, not in the hub."""
    deaf = []
    for _ in range(20):
        client = hub.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        try:
            while True:
                client.send((STATUS + b"\r\n") * 100)
        except BlockingIOError:
            deaf.append(client)
    assert hub.get("/api/status").status_code == 200
    for client in deaf:
        client.close()
