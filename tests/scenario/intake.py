"""A server that takes Elastic's intake v2 and keeps what it got. It can be slow, refuse, be away and come back.

    with Intake() as intake:
        ... settings={"ELASTIC_APM_SERVER_URL": intake.url}
        events = intake.wait(10)
"""
import collections
import dataclasses
import gzip
import http.server
import json
import os
import pathlib
import socketserver
import threading
import time
import zlib

SHARED = pathlib.Path(os.environ.get("AZM_SHARED") or pathlib.Path(__file__).resolve().parents[3] / "shared")
SCHEMAS = SHARED / "data" / "intake-v2"


@dataclasses.dataclass
class Request:
    path: str
    headers: dict
    lines: list  # each a dict of one key
    at: float


class Intake:
    def __init__(self, port=0):
        self.requests, self.problems = [], []
        self.change = threading.Condition()
        self.answer = 202  # or another status, or a function of the request's number
        self.delay = 0.0
        self.count = 0
        intake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def body(self):
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                data = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    data += self.rfile.read(size)
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                return data

            def reply(self, status, text=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def do_POST(self):
                try:
                    status = intake.take(self.path, self.headers, self.body())
                    self.reply(status, b"" if status == 202 else b'{"accepted":0,"errors":[{"message":"no"}]}')
                except (OSError, ValueError):
                    self.close_connection = True  # its sender died in the middle

            def do_GET(self):
                self.reply(200, b'{"version":"8.15.0"}')

            def log_message(self, *args):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, path, headers, body):
        if self.delay:
            time.sleep(self.delay)
        self.count += 1
        status = self.answer(self.count) if callable(self.answer) else self.answer
        if status >= 300:
            return status
        encoding = headers.get("Content-Encoding", "")
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        request = Request(path, {k.lower(): v for k, v in headers.items()}, [], time.time())
        for line in body.splitlines():
            try:
                request.lines.append(json.loads(line))
            except ValueError as error:
                self.problems.append(f"{error}: {line[:300]!r}")
        with self.change:
            self.requests.append(request)
            self.change.notify_all()
        return status

    # -- what came

    def events(self, kind="transaction"):
        """Each with the metadata of its request under the key "metadata"; in the order they came."""
        out = []
        with self.change:
            for request in self.requests:
                metadata = request.lines[0].get("metadata") if request.lines else None
                out += [{**line[kind], "metadata": metadata} for line in request.lines[1:] if kind in line]
        return out

    def wait(self, count, kind="transaction", patience=30, settle=0.3, repeats=False):
        """Waits for exactly so many events. With repeats some may come twice, by the rule of at least once: then the
        first of each is taken."""
        def got():
            events = self.events(kind)
            return list({e["id"]: e for e in reversed(events)}.values())[::-1] if repeats else events
        end = time.monotonic() + patience
        while len(got()) < count and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(settle)  # one too many would come now
        events = got()
        if len(events) != count:
            executions = collections.Counter(e.get("faas", {}).get("execution") for e in events)
            twice = [e for e, n in executions.items() if n > 1][:3]
            raise AssertionError(f"{len(events)} {kind}s instead of {count}; {len(twice)} twice, as {twice}")
        assert not self.problems, self.problems
        return events

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def invalid(intake):
    """What the schemas of intake v2 object to; None when they are not at hand."""
    if not SCHEMAS.is_dir():
        return None
    import jsonschema
    validators = {p.stem: jsonschema.Draft7Validator(json.loads(p.read_text())) for p in SCHEMAS.glob("*.json")}
    found = []
    for request in intake.requests:
        if not request.lines or "metadata" not in request.lines[0]:
            found.append(f"a request to {request.path} does not begin with metadata")
        for line in request.lines:
            (kind, value), = line.items()
            if kind in validators:
                found += [f"{kind} {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
                          for e in validators[kind].iter_errors(value)]
    return found
