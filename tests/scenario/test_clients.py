"""Clients that nobody here wrote: curl, wrk and websockets, through the tap to a worker that serves HTTP itself and to a
custom handler. What a client counts is what is told."""
import asyncio
import json
import re
import shutil
import subprocess
import threading
import uuid

import pytest

import values
from handler_host import App, HandlerHost, http_in, http_out
from intake import Intake, invalid
from observing import SITE, end_agents, observing
from processes import PATIENCE, TAP
from test_http_proxying import port_of

pytestmark = pytest.mark.threads


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed
        assert not invalid(observed.intake)


def start(observed, **more):
    return observed.start([values.http(), values.http("slow", "slow", ms=3000), values.http("chat", "slow", ms=800)], "dotnet", **more)


def curl(*args, body=None, code=0):
    done = subprocess.run(["curl", "-sS", *args], input=body, capture_output=True, timeout=PATIENCE)
    assert done.returncode == code, done.stderr
    return done.stdout


# --- HTTP proxying ---

@pytest.mark.parametrize("options, body, method, version", [
    (["-T", "-", "-X", "POST"], b"x" * 300000, "POST", "1.1"),  # chunked
    (["--data-binary", "@-", "-H", "Expect: 100-continue"], b"x" * 2000000, "POST", "1.1"),
    (["-I"], None, "HEAD", "1.1"),
    (["--http1.0"], None, "GET", "1.0"),
    (["-X", "DELETE", "-H", "Connection: close"], None, "DELETE", "1.1"),
], ids=["chunked", "expect", "HEAD", "HTTP/1.0", "close"])
def test_what_curl_can_do(observed, options, body, method, version):
    needs("curl")
    worker = start(observed, http=1)
    request = worker.request("hello", method=method)
    future = worker.begin_request(request)
    out = curl("-i", *options, "-H", f"x-ms-invocation-id: {request.invocation_id}",
               f"http://localhost:{port_of(worker)}/api/hello", body=body)
    assert re.search(rb"^HTTP/1\.[01] 200", out, re.M)
    assert future.result(PATIENCE).status == "Success"
    event, = observed.intake.wait(1)
    assert (event["name"], event["result"]) == (f"{method} /api/hello", "HTTP 2xx")
    if body:
        assert int(event["context"]["response"]["status_code"]) == 200


def test_curl_on_many_connections_at_once(observed, tmp_path):
    needs("curl")
    worker = start(observed, http=1)
    requests = [worker.request("hello", method="GET") for _ in range(120)]
    futures = [worker.begin_request(r) for r in requests]
    (tmp_path / "config").write_text("\nnext\n".join(
        f'url = "http://localhost:{port_of(worker)}/api/hello?n={n}"\nheader = "x-ms-invocation-id: {r.invocation_id}"\n'
        f'output = "/dev/null"\nwrite-out = "%{{http_code}}\\n"' for n, r in enumerate(requests)))
    out = curl("--parallel", "--parallel-max", "12", "-K", str(tmp_path / "config"))
    assert out.split() == [b"200"] * 120
    assert all(f.result(PATIENCE).status == "Success" for f in futures)
    events = observed.intake.wait(120)
    told = {e["faas"]["execution"]: e["context"]["request"]["url"]["search"] for e in events}
    assert told == {r.invocation_id: f"?n={n}" for n, r in enumerate(requests)}


def test_curl_that_does_not_wait(observed):
    needs("curl")
    worker = start(observed, http=1)
    request = worker.request("slow", method="GET")
    future = worker.begin_request(request)
    curl("--max-time", "0.5", "-H", f"x-ms-invocation-id: {request.invocation_id}",
         f"http://localhost:{port_of(worker)}/api/slow", code=28)
    future.result(PATIENCE)
    event, = observed.intake.wait(1)
    assert (event["faas"]["execution"], event["name"]) == (request.invocation_id, "GET /api/slow")


class Echo:
    """A WebSocket server on a port of its own, in a thread."""

    def __init__(self, websockets):
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.websockets = websockets
        threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),), daemon=True).start()
        assert self.ready.wait(PATIENCE)

    async def serve(self):
        self.ended = self.loop.create_future()

        async def echo(connection):
            async for message in connection:
                await connection.send(message)

        async with self.websockets.serve(echo, "127.0.0.1", 0, max_size=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.ended

    def close(self):
        self.loop.call_soon_threadsafe(self.ended.set_result, None)


def test_a_websocket(observed):
    websockets = pytest.importorskip("websockets")
    server = Echo(websockets)
    worker = start(observed, capabilities=json.dumps({"HttpUri": f"http://127.0.0.1:{server.port}"}))
    request = worker.request("chat", method="GET")
    future = worker.begin_request(request)

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{port_of(worker)}/api/chat?a=1", max_size=None, compression=None,
                                      extra_headers={"x-ms-invocation-id": request.invocation_id}) as connection:
            for message in ("hello", b"\0" * 3000000, "x" * 200000, ""):
                await connection.send(message)
                assert await connection.recv() == message
            await (await connection.ping())

    asyncio.run(talk())
    server.close()
    assert future.result(PATIENCE).status == "Success"
    event, = observed.intake.wait(1)
    assert (event["name"], event["result"], event["outcome"]) == ("GET /api/chat", "HTTP 1xx", "success")
    assert event["context"]["response"]["status_code"] == 101
    assert event["context"]["response"]["encoded_body_size"] > 3200000


# --- custom handlers, also when they are restarted ---

WRK = """
local n = 0
local salt = os.getenv("SALT")
request = function()
    n = n + 1
    return wrk.format("GET", "/api/hello?n=" .. n, {["X-Azure-Functions-InvocationId"] = salt .. "-" .. n, ["Host"] = "shop.example"})
end
done = function(summary, latency, requests)
    io.write(string.format("done %d %d\\n", summary.requests, summary.errors.status))
end
"""


def wrk(host, folder, connections, seconds=1):
    """How many answers wrk has got."""
    (folder / "wrk.lua").write_text(WRK)
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(folder / "wrk.lua"),
                           f"http://127.0.0.1:{host.port}/"], capture_output=True, text=True, timeout=PATIENCE,
                          env={"SALT": str(uuid.uuid4())[:20], "PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    count, errors = map(int, re.search(r"done (\d+) (\d+)", done.stdout).groups())
    assert errors == 0 and count > 0
    return count


@pytest.mark.parametrize("connections", [1, 32])
def test_wrk_and_a_handler_that_is_restarted(tmp_path, connections):
    needs("wrk")
    app = App(tmp_path / "app", {"hello": [http_in(), http_out()]}, {"/api/hello": {"text": "hi", "ms": 20}},
              handler={"enableForwardingHttpRequest": True})
    answered = 0
    with Intake() as intake:
        settings = {**SITE, "ELASTIC_APM_SERVER_URL": intake.url, "AZIMUTH_RUN_DIR": str(tmp_path / "run")}
        for _ in range(2):
            with HandlerHost(app, settings, [TAP]) as host:
                answered += wrk(host, tmp_path, connections)
        received = sum(got.count(b"GET /api/hello") for got in app.got())
        events = intake.wait(received, patience=PATIENCE)
        end_agents(tmp_path / "run")
    by_outcome = {o: sum(e["outcome"] == o for e in events) for o in ("success", "unknown", "failure")}
    # wrk leaves what is open at its end: those are cancelled, or answered to nobody
    assert answered <= by_outcome["success"] <= received and by_outcome["failure"] == 0
    assert received - answered <= 2 * connections
    assert sum(e["faas"]["coldstart"] for e in events) == 1
    assert len({e["faas"]["execution"] for e in events}) == received
