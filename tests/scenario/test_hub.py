"""The hub over real HTTP, and `azimuth traces` against it."""
import concurrent.futures
import gzip
import json
import sqlite3
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
import zlib

import pytest
import requests

import clickhouse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("AZM_BUILD", ROOT / "build" / "dev")) / "bin"
NDJSON = {"Content-Type": "application/x-ndjson"}
METADATA = {"metadata": {"service": {"name": "orders", "agent": {"name": "azimuth", "version": "1"}}}}
PATIENCE = 30
STORE = os.environ.get("AZM_STORE", "sqlite")  # "clickhouse": every hub of these tests keeps its data there
sqlites_file = pytest.mark.skipif(STORE != "sqlite", reason="about SQLite's file")

pytestmark = pytest.mark.threads


class Hub:
    def __init__(self, folder, *options, prepare=None):
        """OTLP's usual ports are for one hub only: tests that want them name others."""
        self.folder, self.prepare = folder, prepare
        self.options = ("--otlp-http", "off", "--otlp-grpc", "off", *options)
        if STORE == "clickhouse" and "--store" not in options:
            self.options += ("--store", clickhouse.shared().address(folder))
        self.process = None

    def start(self, listen="127.0.0.1:0"):
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [BIN / "azimuth", "hub", "--listen", listen, "--data-dir", self.folder / "data", "--port-file", port_file,
             *self.options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=self.prepare)
        wait_for(lambda: port_file.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.stderr.read()
        self.url = "http://127.0.0.1:" + port_file.read_text().strip()
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.errors = self.process.stderr.read()
        return code

    def send(self, body, query="", **headers):
        return requests.post(self.url + "/intake/v2/events" + query, data=body, timeout=PATIENCE,
                             headers={**NDJSON, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def get(self, path, **headers):
        return requests.get(self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()}, timeout=PATIENCE)

    def traces(self, query=""):
        return self.get("/api/traces" + query).json()["traces"]


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def lines(*events):
    return b"".join((e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in events)


def transaction(n=1, **more):
    return {"transaction": {"id": f"{n:016x}", "trace_id": f"{n:032x}", "type": "request", "duration": 12.5,
                            "span_count": {"started": 1}, "name": f"GET /api/{n}", "timestamp": 1760000000000000 + n,
                            "outcome": "success", "result": "HTTP 2xx", **more}}


def span(n=1, number=1, **more):
    return {"span": {"id": f"{n:08x}{number:08x}", "trace_id": f"{n:032x}", "parent_id": f"{n:016x}", "name": "SELECT",
                     "type": "db", "duration": 2, "timestamp": 1760000000003000 + n, **more}}


@pytest.fixture
def hub(tmp_path):
    hub = Hub(tmp_path).start()
    yield hub
    if hub.process.poll() is None:
        code = hub.stop()
        assert (code, "Sanitizer" in hub.errors) == (0, False), hub.errors


# --- intake ---

def test_all_good_is_202_without_a_body(hub):
    answer = hub.send(lines(METADATA, transaction(), span()))
    assert (answer.status_code, answer.content) == (202, b"")
    assert [t["name"] for t in hub.traces()] == ["GET /api/1"]


def test_an_empty_body_is_202(hub):
    assert hub.send(b"").status_code == 202


def test_good_events_are_kept_beside_bad_ones(hub):
    answer = hub.send(lines(METADATA, {"span": {"id": "x"}}, transaction(), b"garbage", {"what": {}}, span()))
    assert answer.status_code == 400
    body = answer.json()
    assert body["accepted"] == 2
    assert len(body["errors"]) == 3
    assert "trace_id" in body["errors"][0]["message"]
    assert body["errors"][1]["document"] == "garbage"
    assert "what" in body["errors"][2]["message"]
    assert hub.get("/api/traces/" + "0" * 31 + "1").json()["trace"]["spans"] == 1


def test_five_errors_are_told_at_most(hub):
    answer = hub.send(lines(METADATA, *[{"span": {}}] * 9, transaction()))
    assert (answer.json()["accepted"], len(answer.json()["errors"])) == (1, 5)


def test_verbose_tells_the_count(hub):
    answer = hub.send(lines(METADATA, transaction()), "?verbose")
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})


@pytest.mark.parametrize("first", [transaction(), {"metadata": {}}, b"[]", b"\xff", {"metadata": {"service": {"name": "a/b"}}}],
                         ids=["event", "empty", "array", "byte", "name"])
def test_without_good_metadata_nothing_is_taken(hub, first):
    answer = hub.send(lines(first, transaction()))
    assert answer.status_code == 400
    assert answer.json()["accepted"] == 0
    assert hub.traces() == []


@pytest.mark.parametrize("encoding, squeeze", [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)])
def test_encodings(hub, encoding, squeeze):
    body = squeeze(lines(METADATA, *[transaction(n) for n in range(1, 2001)]))
    assert hub.send(body, "?verbose", Content_Encoding=encoding).json() == {"accepted": 2000}
    assert len(hub.traces("?limit=1000")) == 1000


def test_a_body_that_comes_in_chunks(hub):
    def pieces():
        for n in range(1, 51):
            for line in (METADATA,) * (n == 1) + (transaction(n),):
                raw = json.dumps(line).encode() + b"\n"
                yield raw[:10]
                yield raw[10:]
    assert hub.send(pieces()).status_code == 202
    assert len(hub.traces("?limit=100")) == 50


def test_a_line_that_is_too_long_is_refused_alone(hub):
    huge = transaction(2, context={"custom": {"x": "y" * 307200}})
    answer = hub.send(lines(METADATA, huge, transaction()))
    assert answer.status_code == 400
    assert answer.json()["accepted"] == 1
    assert "307200" in answer.json()["errors"][0]["message"]
    assert len(answer.content) < 10000


def test_a_bomb_does_not_fill_the_memory(hub):
    zeros = zlib.compressobj(9, wbits=31)
    bomb = zeros.compress(lines(METADATA))
    for _ in range(256):
        bomb += zeros.compress(b" " * 1024 * 1024)
    bomb += zeros.flush()
    assert hub.send(bomb, Content_Encoding="gzip").status_code == 400
    status = pathlib.Path(f"/proc/{hub.process.pid}/status")
    if not status.exists() or re.search("asan|tsan", str(BIN)):
        pytest.skip("the memory in use cannot be told here")
    assert int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) < 100 * 1024


@pytest.mark.parametrize("body, headers, status, word", [
    (b"no gzip", {"Content_Encoding": "gzip"}, 400, "broken"),
    (gzip.compress(b"{}" * 99)[:-10], {"Content_Encoding": "gzip"}, 400, "errors"),
    (b"x", {"Content_Encoding": "br"}, 400, "br"),
    (b"x", {"Content_Type": "text/html"}, 400, "application/x-ndjson"),
    (b"\0" * 100000, {}, 400, "JSON"),
], ids=["no gzip", "cut gzip", "br", "html", "zeros"])
def test_garbage(hub, body, headers, status, word):
    answer = hub.send(body, **headers)
    assert answer.status_code == status
    assert word in answer.text
    assert hub.send(lines(METADATA, transaction())).status_code == 202


def test_garbage_on_the_socket(hub):
    port = int(hub.url.rsplit(":", 1)[1])
    for junk in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST /intake/v2/events HTTP/1.1\r\nContent-Length: 9999\r\n\r\n{",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", os.urandom(5000)):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(junk)
    assert hub.send(lines(METADATA, transaction())).status_code == 202


def test_what_was_sent_twice_is_kept_once(hub):
    body = lines(METADATA, transaction(), span(), {"log": {"message": "m", "trace.id": f"{1:032x}", "@timestamp": 1}})
    for _ in range(3):
        assert hub.send(body).status_code == 202
    trace = hub.traces()[0]
    assert (trace["transactions"], trace["spans"], trace["logs"]) == (1, 1, 1)


def test_below_communication_too(hub):
    answer = requests.post(hub.url + "/communication/intake/v2/events", data=lines(METADATA, transaction()), headers=NDJSON)
    assert answer.status_code == 202
    assert len(hub.get("/communication/api/traces").json()["traces"]) == 1


def test_many_senders_at_once(hub):
    def send(sender):
        with requests.Session() as session:
            return [session.post(hub.url + "/intake/v2/events", headers=NDJSON, timeout=PATIENCE,
                                 data=lines(METADATA, transaction(sender * 1000 + n), span(sender * 1000 + n))).status_code
                    for n in range(1, 26)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = [code for part in pool.map(send, range(1, 17)) for code in part]
    assert codes == [202] * 400
    assert len(hub.traces("?limit=1000")) == 400


def test_what_was_answered_outlives_a_kill(tmp_path):
    hub = Hub(tmp_path).start()
    answered = []

    def send(sender):
        for n in range(1, 100000):
            try:
                if hub.send(lines(METADATA, transaction(sender * 100000 + n))).status_code == 202:
                    answered.append(f"{sender * 100000 + n:032x}")
            except requests.RequestException:
                return
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(send, sender) for sender in range(4)]
        wait_for(lambda: len(answered) > 100)
        hub.process.kill()
        concurrent.futures.wait(jobs, PATIENCE)
    hub.process.wait(PATIENCE)
    hub = Hub(tmp_path).start()
    lost = [trace for trace in answered if hub.get("/api/traces/" + trace).status_code != 200]
    assert hub.stop() == 0
    assert lost == []


def test_sigterm_while_busy_loses_nothing(tmp_path):
    hub = Hub(tmp_path).start()
    answered = []

    def send(sender):
        for n in range(1, 100000):
            try:
                if hub.send(lines(METADATA, transaction(sender * 100000 + n))).status_code != 202:
                    return
                answered.append(f"{sender * 100000 + n:032x}")
            except requests.RequestException:
                return
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(send, sender) for sender in range(4)]
        wait_for(lambda: len(answered) > 50)
        assert hub.stop() == 0
        concurrent.futures.wait(jobs, PATIENCE)
    hub = Hub(tmp_path).start()
    assert all(hub.get("/api/traces/" + trace).status_code == 200 for trace in answered)
    assert hub.stop() == 0


@sqlites_file
def test_a_full_disk_is_told_to_the_sender(tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))  # no file grows beyond 1 MiB
    hub = Hub(tmp_path, prepare=limit).start()
    stored, answer = [], None
    for n in range(1, 200):
        answer = hub.send(lines(METADATA, transaction(n, context={"custom": {"x": "y" * 50000}})))
        if answer.status_code != 202:
            break
        stored.append(f"{n:032x}")
    assert (answer.status_code, answer.json()["accepted"]) == (503, 0)
    assert stored and all(hub.get("/api/traces/" + trace).status_code == 200 for trace in stored)
    assert hub.stop() == 0
    hub = Hub(tmp_path).start()
    assert len(hub.traces("?limit=1000")) == len(stored)
    assert hub.send(lines(METADATA, transaction(500))).status_code == 202
    assert hub.stop() == 0


# --- who may ask ---

@pytest.fixture
def locked(tmp_path):
    hub = Hub(tmp_path, "--token", "secret").start()
    yield hub
    assert hub.stop() == 0


@pytest.mark.parametrize("header, status", [(None, 401), ("Bearer wrong", 401), ("Bearer secret", 202), ("ApiKey secret", 202)])
def test_a_token(locked, header, status):
    headers = {"Authorization": header} if header else {}
    answer = locked.send(lines(METADATA, transaction()), **headers)
    assert answer.status_code == status
    if status == 401:
        assert "token" in answer.json()["error"]
        assert locked.get("/api/traces").status_code == 401
        assert locked.get("/").content == b""
        assert "<html" in locked.get("/", Accept="text/html").text


@pytest.mark.parametrize("path, headers, status", [
    ("/api/traces", {"Origin": "http://evil.example"}, 403),
    ("/intake/v2/events", {"Origin": "http://evil.example"}, 403),
    ("/api/traces", {"Host": "evil.example"}, 403),
    ("/api/traces", {"Host": "localhost:8200"}, 200),
])
def test_pages_of_others_may_not_ask(hub, path, headers, status):
    ask = requests.post if "intake" in path else requests.get
    assert ask(hub.url + path, headers=headers, timeout=PATIENCE).status_code == status


def test_other_machines_need_a_token(tmp_path):
    run = subprocess.run([BIN / "azimuth", "hub", "--listen", "0.0.0.0:0", "--data-dir", tmp_path / "d"],
                         capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 2
    assert "token" in run.stderr and "0.0.0.0" in run.stderr and run.stderr.count("\n") == 1
    open_hub = Hub(tmp_path, "--token", "x").start("0.0.0.0:0")
    assert open_hub.get("/api/traces", Authorization="Bearer x").status_code == 200
    assert open_hub.stop() == 0
    assert "TLS" in open_hub.errors


# --- answers ---

@pytest.mark.parametrize("method, path, status, allow", [
    ("GET", "/intake/v2/events", 405, "POST"), ("PUT", "/intake/v2/events", 405, "POST"),
    ("POST", "/api/traces", 405, "GET"), ("GET", "/nowhere", 404, None), ("GET", "/api/traces/", 404, None),
])
def test_paths_and_methods(hub, method, path, status, allow):
    answer = requests.request(method, hub.url + path, timeout=PATIENCE)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert answer.json()["error"]


def test_the_version_is_told_to_agents(hub):
    answer = hub.get("/", Accept="application/json").json()
    assert answer["azimuth"]["version"] == (ROOT / "VERSION").read_text().strip()
    assert int(answer["version"].split(".")[0]) >= 8


@pytest.mark.parametrize("query, name", [("limit=0", "limit"), ("limit=x", "limit"), ("since=now", "since"),
                                         ("after=-1", "after"), ("colour=red", "colour")])
def test_bad_parameters_are_named(hub, query, name):
    answer = hub.get("/api/traces?" + query)
    assert answer.status_code == 400
    assert name in answer.json()["error"]


def test_an_unknown_trace_is_404(hub):
    answer = hub.get("/api/traces/abcdef")
    assert (answer.status_code, "abcdef" in answer.json()["error"]) == (404, True)


def test_list_and_filters(hub):
    other = {"metadata": {"service": {"name": "other", "agent": {"name": "a", "version": "1"}}}}
    hub.send(lines(METADATA, *[transaction(n) for n in range(1, 11)]))
    hub.send(lines(other, transaction(99, outcome="failure", faas={"coldstart": True, "trigger": {"type": "timer"}})))
    newest = hub.traces("?limit=1")[0]
    assert (newest["service"], newest["outcome"], newest["coldstart"], newest["trigger"]) == ("other", "failure", True, "timer")
    assert newest["duration_us"] == 12500 and newest["start_us"] == 1760000000000099
    assert len(hub.traces("?service=orders")) == 10
    assert len(hub.traces("?since=1760000000000010")) == 2
    cursor = hub.get("/api/traces").json()["cursor"]
    hub.send(lines(METADATA, transaction(5000, timestamp=1)))
    assert [t["name"] for t in hub.traces(f"?after={cursor}")] == ["GET /api/5000"]


def test_one_trace(hub):
    error = {"error": {"id": "e" * 32, "trace_id": f"{1:032x}", "parent_id": f"{1:016x}", "transaction_id": f"{1:016x}",
                       "exception": {"type": "Oops", "message": "it broke"}, "timestamp": 1760000000004000}}
    log = {"log": {"message": "said", "trace.id": f"{1:032x}", "transaction.id": f"{1:016x}", "log.level": "info",
                   "@timestamp": 1760000000004001}}
    odd = span(1, 2, name="quote \" \\ \u0000 \u2028 </script>")
    hub.send(lines(METADATA, span(), odd, transaction(), error, log))
    answer = hub.get(f"/api/traces/{1:032x}").json()
    kinds = {}
    for event in answer["events"]:
        kinds.setdefault(event["kind"], []).append(event)
        assert answer["resources"][str(event["resource"])] == METADATA["metadata"]
    assert kinds["transaction"][0]["event"] == transaction()["transaction"]
    assert {e["name"] for e in kinds["span"]} == {"SELECT", odd["span"]["name"]}
    assert kinds["error"][0]["message"] == "it broke" and kinds["log"][0]["level"] == "info"
    assert answer["trace"]["errors"] == 1


HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def test_the_page(hub):
    answer = hub.get("/", Accept=HTML)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "http" not in re.sub(r"azimuth.*", "", answer.text)  # nothing from elsewhere
    assets = re.findall(r'(?:src|href)="\./([a-z.]+)"', answer.text)
    if not assets:
        pytest.skip("this hub was built without npm: it has the plain page only")
    assert assets == ["app.js", "app.css"]
    for asset in assets:
        packed, plain = hub.get("/" + asset, Accept_Encoding="gzip"), requests.get(hub.url + "/" + asset, headers={"Accept-Encoding": "identity"}, timeout=PATIENCE)
        assert packed.status_code == plain.status_code == 200 and packed.content == plain.content
        assert plain.headers.get("Content-Encoding") is None and packed.headers["Content-Security-Policy"] == policy
        again = hub.get("/" + asset, If_None_Match=packed.headers["ETag"])
        assert (again.status_code, again.content) == (304, b"")
        below = hub.get("/communication/" + asset)
        assert below.content == plain.content


def test_the_plain_page(hub):
    answer = hub.get("/plain", Accept=HTML)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "http" not in re.sub(r"azimuth.*", "", answer.text)  # nothing from elsewhere
    wanted, seen = re.findall(r'(?:src|href)="([a-z]+\.[a-z]+)"', answer.text), set()
    while wanted:
        asset = wanted.pop()
        seen.add(asset)
        text = hub.get("/" + asset)
        assert text.status_code == 200 and text.headers["Content-Security-Policy"] == policy
        assert "innerHTML" not in text.text and "insertAdjacentHTML" not in text.text
        wanted += set(re.findall(r'from "\./([a-z]+\.js)"', text.text)) - seen
    assert seen == {"page.css", "page.js", "parts.js", "trace.js", "views.js"}


# --- the command itself ---

def test_an_occupied_port(hub, tmp_path):
    address = hub.url.removeprefix("http://")
    run = subprocess.run([BIN / "azimuth", "hub", "--listen", address, "--data-dir", tmp_path / "d2"],
                         capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1
    assert address in run.stderr and run.stderr.count("\n") == 1
    assert not (tmp_path / "d2").exists()


@pytest.mark.parametrize("arguments, word", [
    (["--listen", "nowhere"], "nowhere"), (["--idle-seconds", "soon"], "soon"), (["--keep-days", "-1"], "-1"),
    (["more"], "more"), (["--colour"], "--colour"), (["--listen"], "--listen"),
])
def test_wrong_usage_of_hub(tmp_path, arguments, word):
    run = subprocess.run([BIN / "azimuth", "hub", "--data-dir", tmp_path / "d", *arguments], capture_output=True, text=True,
                         timeout=PATIENCE)
    assert run.returncode == 2
    assert word in run.stderr


@sqlites_file
def test_a_damaged_database_is_set_aside_and_named(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "hub.db").write_bytes(b"something else " * 1000)
    hub = Hub(tmp_path).start()
    assert hub.send(lines(METADATA, transaction())).status_code == 202
    assert len(hub.traces()) == 1
    assert hub.stop() == 0
    aside = [path for path in data.iterdir() if path.name.startswith("hub.db.damaged-")]
    assert len(aside) == 1 and aside[0].read_bytes() == b"something else " * 1000
    assert str(aside[0]) in hub.errors


@sqlites_file
def test_pages_that_rot_are_found_after_a_crash(tmp_path):
    hub = Hub(tmp_path).start()
    for n in range(20):
        hub.send(lines(METADATA, *[transaction(n * 100 + i) for i in range(100)]))
    hub.process.kill()
    hub.process.wait(PATIENCE)
    file = tmp_path / "data" / "hub.db"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    for page in range(8, len(content) // 4096, 3):
        content[page * 4096:page * 4096 + 100] = b"\xa5" * 100
    file.write_bytes(content)
    hub = Hub(tmp_path).start()
    assert hub.traces() == []
    assert hub.send(lines(METADATA, transaction())).status_code == 202
    assert hub.stop() == 0
    aside = [path for path in file.parent.iterdir() if path.name.startswith("hub.db.damaged-")]
    assert bytes(content) in [path.read_bytes() for path in aside]


def test_it_ends_when_idle(tmp_path):
    hub = Hub(tmp_path, "--idle-seconds", "1").start()
    assert hub.process.wait(PATIENCE) == 0


def test_as_a_daemon(tmp_path):
    command = [BIN / "azimuth", "hub", "--listen", "127.0.0.1:0", "--data-dir", tmp_path, "--port-file", tmp_path / "port",
               "--idle-seconds", "3", "--daemon"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stderr
    port = (tmp_path / "port").read_text().strip()
    assert f":{port}/" in run.stdout
    answer = requests.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE)
    assert "azimuth" in answer.json()
    command[command.index("127.0.0.1:0")] = f"127.0.0.1:{port}"
    taken = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert taken.returncode == 1
    assert port in taken.stderr

    def is_gone():
        try:
            socket.create_connection(("127.0.0.1", int(port)), 1).close()
            return False
        except OSError:
            return True
    wait_for(is_gone)


# --- azimuth traces ---

def run_traces(hub, *arguments, **env):
    return subprocess.run([BIN / "azimuth", "traces", "--hub", hub if isinstance(hub, str) else hub.url, *arguments],
                          capture_output=True, text=True, timeout=PATIENCE,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "150", **env})


def test_the_table(hub):
    hub.send(lines(METADATA, transaction(1), transaction(2, outcome="failure", result="HTTP 5xx", faas={"coldstart": True})))
    rows = run_traces(hub).stdout.splitlines()
    assert re.split(r"\s+", rows[0].strip()) == ["TIME", "DURATION", "OUTCOME", "RESULT", "SERVICE", "TRACE", "NAME"]
    assert re.search(r"12\.5 ms +success +HTTP 2xx +orders +00000000 +GET /api/1$", rows[1])
    assert re.search(r"12\.5 ms +failure +HTTP 5xx +orders +00000000 +GET /api/2 +\[cold start\]$", rows[2])
    assert len(run_traces(hub, "--limit", "1").stdout.splitlines()) == 2
    nobody = run_traces(hub, "--service", "nobody")
    assert (nobody.stdout, nobody.stderr) == ("", "azimuth: no traces of nobody\n")


def test_the_waterfall(hub):
    trace = "ab" * 16
    hub.send(lines(METADATA, {"transaction": {**transaction()["transaction"], "trace_id": trace}},
                   {"span": {**span()["span"], "trace_id": trace, "outcome": "failure"}}))
    out = run_traces(hub, "abab").stdout
    first, second = out.splitlines()[3:5]
    assert first.startswith("GET /api/1  orders") and first.endswith("12.5 ms") and "█" in first
    assert second.startswith("  SELECT") and second.endswith("2.00 ms")
    assert first.index("█") < second.index("█")
    assert trace in out
    plain = run_traces(hub, trace, LC_ALL="C").stdout
    assert plain.isascii() and "=" in plain


@pytest.mark.parametrize("prefix, word", [("abcd", "more than one"), ("ffff", "no trace id")])
def test_prefixes(hub, prefix, word):
    for end in "01":
        hub.send(lines(METADATA, {"transaction": {**transaction()["transaction"], "trace_id": "abcd" * 7 + "000" + end}}))
    run = run_traces(hub, prefix)
    assert (run.returncode, run.stdout) == (1, "")
    assert word in run.stderr and prefix in run.stderr


def test_no_text_steers_the_terminal(hub):
    evil = "\x1b]0;owned\x07\x1b[2J\u009b31m\r\u202e"
    hub.send(lines(METADATA, transaction(1, name=evil, result=evil), span(1, name=evil),
                   {"log": {"message": evil, "trace.id": f"{1:032x}", "@timestamp": 1}}))
    for arguments in ([], [f"{1:032x}"], ["--json"], [f"{1:032x}", "--json"]):
        run = run_traces(hub, *arguments)
        assert run.returncode == 0
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", run.stdout), arguments


def test_json_lines(hub):
    hub.send(lines(METADATA, transaction(1), transaction(2)))
    names = [json.loads(line)["name"] for line in run_traces(hub, "--json").stdout.splitlines()]
    assert names == ["GET /api/1", "GET /api/2"]
    assert json.loads(run_traces(hub, f"{1:032x}", "--json").stdout)["trace"]["name"] == "GET /api/1"


def test_follow(hub):
    follower = subprocess.Popen([BIN / "azimuth", "traces", "--follow", "--json", "--hub", hub.url], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
    for n in (1, 2, 3):
        hub.send(lines(METADATA, transaction(n)))
        assert json.loads(follower.stdout.readline())["name"] == f"GET /api/{n}"
    hub.stop()
    assert follower.wait(PATIENCE) == 1
    assert hub.url in follower.stderr.read()


def test_a_hub_that_is_not_there():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        run = run_traces(url)
    assert run.returncode == 1
    assert url in run.stderr and run.stderr.count("\n") == 1


def test_a_token_is_asked_for(locked):
    run = run_traces(locked)
    assert run.returncode == 1 and "token" in run.stderr
    assert run_traces(locked, "--token", "secret").returncode == 0
    assert run_traces(locked, AZIMUTH_HUB_TOKEN="secret").returncode == 0


@pytest.mark.parametrize("arguments, word", [(["abc"], "abc"), (["--limit", "0"], "0"), (["--hub", "ftp://x"], "ftp://x"),
                                             (["abcd", "--follow"], "abcd"), (["abcd", "efgh"], "efgh"), (["--what"], "--what")])
def test_wrong_usage_of_traces(arguments, word):
    run = subprocess.run([BIN / "azimuth", "traces", *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 2
    assert word in run.stderr


# --- against the published schemas ---

def filled(schema):
    """A document with every property of the schema."""
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next(k for k in kinds if k != "null")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        made = {key: filled(below) for key, below in schema.get("properties", {}).items()}
        for below in list(schema.get("patternProperties", {}).values()) + [schema.get("additionalProperties")]:
            if isinstance(below, dict):
                made["key"] = filled(below)
        return made
    if kind == "array":
        return [filled(schema.get("items", {}))]
    return {"string": "text", "integer": 3, "number": 1.5, "boolean": True}[kind]


def places(value, path=()):
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield path + (key,)
        yield from places(below, path + (key,))


GONE = object()
STRANGE = [GONE, None, "x" * 1025, "x" * 1024, 7, 7.5, -1, True, {}, [], [None], ["a"], [{}], {"key": None}, "success"]


def variants(document):
    yield document
    for path in places(document):
        for strange in STRANGE:
            copy = json.loads(json.dumps(document))
            parent = copy
            for key in path[:-1]:
                parent = parent[key]
            if strange is GONE:
                del parent[path[-1]]
            else:
                parent[path[-1]] = strange
            yield copy


@pytest.mark.parametrize("kind", ["metadata", "transaction", "span", "error", "metricset"])
def test_lines_are_judged_as_the_schemas_judge_them(hub, kind):
    jsonschema = pytest.importorskip("jsonschema")
    schema = pathlib.Path(os.environ.get("AZM_SHARED", ROOT.parent / "shared")) / "data" / "intake-v2" / f"{kind}.json"
    if not schema.exists():
        pytest.skip(f"{schema} is not here")
    validator = jsonschema.Draft7Validator(json.loads(schema.read_text()))
    wrong = []
    with requests.Session() as session:
        for document in variants(filled(validator.schema)):
            event = {kind: document}
            if isinstance(document.get("timestamp"), str):
                continue  # RFC 3339 is taken, though the schema does not say so
            body = lines(event) if kind == "metadata" else lines(METADATA, event)
            answer = session.post(hub.url + "/intake/v2/events", data=body, headers=NDJSON, timeout=PATIENCE)
            if (answer.status_code == 202) != validator.is_valid(document):
                wrong.append((answer.text[:150], [error.message[:100] for error in validator.iter_errors(document)][:2]))
    assert wrong == []


# --- looking after the store ---

def look_after(folder, *arguments):
    return subprocess.run([BIN / "azimuth", "hub", arguments[0], "--data-dir", folder / "data", *arguments[1:]],
                          capture_output=True, text=True, timeout=PATIENCE)


@sqlites_file
def test_a_backup_of_a_hub_at_work_can_be_served(hub, tmp_path):
    for n in range(5):
        hub.send(lines(METADATA, *[transaction(n * 100 + i) for i in range(100)]))
    copy = tmp_path / "copy" / "data"
    copy.mkdir(parents=True)
    run = look_after(tmp_path, "backup", copy / "hub.db")
    assert run.returncode == 0, run.stderr
    again = look_after(tmp_path, "backup", copy / "hub.db")
    assert again.returncode == 2 and "already" in again.stderr
    assert look_after(tmp_path / "copy", "check").returncode == 0
    other = Hub(tmp_path / "copy").start()
    assert len(other.traces("?limit=1000")) == 500
    assert other.stop() == 0


@sqlites_file
def test_check_and_vacuum(hub, tmp_path):
    hub.send(lines(METADATA, *[transaction(i) for i in range(100)]))
    assert hub.stop() == 0
    run = look_after(tmp_path, "vacuum")
    assert run.returncode == 0, run.stderr
    assert look_after(tmp_path, "check").returncode == 0
    file = tmp_path / "data" / "hub.db"
    content = bytearray(file.read_bytes())
    for page in range(4, len(content) // 4096, 2):
        content[page * 4096:page * 4096 + 200] = b"\xa5" * 200
    file.write_bytes(content)
    run = look_after(tmp_path, "check")
    assert run.returncode == 1 and "damaged" in run.stderr and str(file) in run.stderr


@pytest.mark.parametrize("arguments, text", [(("backup",), "one FILE"), (("check", "x"), "no argument"), (("vacuum",), "nothing"),
                                             (("backup", "/nowhere/x"), "hub.db")])
def test_what_cannot_be_looked_after(tmp_path, arguments, text):
    run = look_after(tmp_path, *arguments)
    assert run.returncode == 2 and run.stderr.count("\n") == 1
    assert text in run.stderr or "no hub has stored" in run.stderr
