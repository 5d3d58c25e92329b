"""azimuth agent: rings that a stand-in for the tap writes, against servers with whims."""
import collections
import json
import os
import pathlib
import signal
import shutil
import socket
import subprocess
import time

import pytest

from processes import AZIMUTH, PATIENCE
from rings import ENV, Place, end, wait_for

SHARED = pathlib.Path(os.environ.get("AZM_SHARED") or pathlib.Path(__file__).resolve().parents[3] / "shared")
SCHEMAS = SHARED / "data" / "intake-v2"

pytestmark = pytest.mark.threads


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


# -- the usual way

def test_events_arrive_as_the_protocol_wants_them(place):
    server = place.server()
    writer = place.writer().source("shop", server.url + "/base/", api_key="key=", secret_token="token", node="n1")
    writer.put(3)
    place.agent()
    server.wait(range(1, 4))
    writer.put(2)
    server.wait(range(1, 6))
    for request in server.requests:
        assert list(request.lines[0]) == ["metadata"]
        assert request.lines[0]["metadata"]["process"] == {"pid": writer.process.pid}
        assert request.headers["path"] == "/base/intake/v2/events"
        assert request.headers["Content-Type"] == "application/x-ndjson"
        assert request.headers["Accept"] == "application/json"
        assert request.headers["Authorization"] == "ApiKey key="
        assert request.headers["User-Agent"] == "apm-agent-azimuth/1 (shop)"
        assert "Content-Encoding" not in request.headers  # plain to this machine
    wait_for(lambda: writer.number("used") == 0)
    assert wait_for(lambda: writer.number("beat") > 2)


def test_another_machine_gets_gzip(place):
    server = place.server(host="127.0.0.2")  # not one of the names that mean "this machine"
    place.writer().source("shop", server.url, secret_token="token").put(3)
    place.agent()
    server.wait(range(1, 4))
    assert server.requests[0].headers["Content-Encoding"] == "gzip"
    assert server.requests[0].headers["Authorization"] == "Bearer token"


@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the schemas of intake v2 are not at hand (AZM_SHARED)")
def test_lines_are_what_the_schemas_demand(place):
    jsonschema = pytest.importorskip("jsonschema")
    out = place.run_dir / "out.ndjson"
    place.writer().source("shop", "http://127.0.0.1:9", node="n1").put(5)
    place.agent("--output", out)
    wait_for(lambda: out.exists() and out.read_text().count("\n") == 6)
    for line in out.read_text().splitlines():
        (kind, value), = json.loads(line).items()
        jsonschema.validate(value, json.loads((SCHEMAS / f"{kind}.json").read_text()), jsonschema.Draft7Validator)


def test_each_server_gets_its_own_and_waits_for_no_other(place):
    slow, dead, good = place.server(), place.server(503), place.server()
    slow.gate.clear()
    names = {"ring-1-1": slow, "ring-2-1": dead, "ring-3-1": good}
    writers = {name: place.writer(name).source(name, server.url) for name, server in names.items()}
    for writer in writers.values():
        writer.put(5)
    place.agent()
    wait_for(lambda: slow.arrived and dead.arrived)
    good.wait(range(1, 6))
    writers["ring-3-1"].put(5)
    good.wait(range(1, 11))
    slow.gate.set()
    slow.wait(range(1, 6))
    for name, server in names.items():
        assert {r.lines[0]["metadata"]["service"]["name"] for r in server.requests} == {name}


def test_a_new_source_in_the_same_ring(place):
    """A placeholder is specialized: what comes after it belongs to another app, with another server."""
    before, after = place.server(), place.server()
    writer = place.writer().source("placeholder", before.url)
    writer.put(2)
    writer.source("shop", after.url)
    writer.put(2)
    place.agent()
    before.wait([1, 2])
    after.wait([3, 4])
    assert after.requests[0].lines[0]["metadata"]["service"]["name"] == "shop"


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes certificates with openssl, which is not here")
def test_certificates(place, tmp_path):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    strange, known, careless = (place.server(tls=(cert, key)) for _ in range(3))
    place.writer("ring-1-1").source("strange", strange.url).put(1)
    place.writer("ring-2-1").source("known", known.url, ca_file=cert).put(1)
    place.writer("ring-3-1").source("careless", careless.url, verify="false").put(1)
    place.agent()
    known.wait([1])
    careless.wait([1])
    wait_for(lambda: f"{strange.url} does not take events" in place.log())
    assert "certificate" in place.log() and "verify_server_cert=false" in place.log()
    assert not strange.requests


# -- servers with whims

@pytest.mark.parametrize("script", [
    [503, 503, 202],
    [429, 202],
    [(429, "", {"Retry-After": "1"}), 202],
    [500, 408, 202],
], ids=str)
def test_what_a_server_cannot_take_now_is_kept(place, script):
    server = place.server(*script)
    writer = place.writer().source("shop", server.url)
    writer.put(3)
    place.agent()
    server.wait(range(1, 4))
    assert [r.status for r in server.requests] == [s[0] if isinstance(s, tuple) else s for s in script]
    assert f"{server.url} does not take events, they are kept" in place.log()
    wait_for(lambda: writer.number("used") == 0)


def test_a_server_that_comes_late(place):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place.writer().source("shop", f"http://127.0.0.1:{port}").put(3)
    place.agent()
    wait_for(lambda: "does not take events" in place.log())
    place.server(port=port).wait(range(1, 4))


def test_what_is_rejected_is_counted_and_dropped(place):
    answer = json.dumps({"accepted": 1, "errors": [{"message": "bad outcome", "document": "{}"}]})
    server = place.server((400, answer, {}), 202)
    writer = place.writer().source("shop", server.url, node="n1")
    writer.put(3)
    place.agent()
    wait_for(lambda: server.requests)
    writer.put(2)
    server.wait([4, 5])
    assert "rejected 2 events, they are lost: it answered 400: bad outcome" in place.log()
    wait_for(lambda: place.status("n1").get("delivered") == 3)
    assert place.status("n1")["dropped"]["rejected"] == 2
    assert place.status("n1")["answers"] == {"202": 1, "400": 1}


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_know_us(place, status):
    server = place.server((status, '{"error": "who are you"}', {}))
    writer = place.writer().source("shop", server.url, api_key="wrong")
    writer.put(3)
    agent = place.agent()
    wait_for(lambda: f"it answered {status}: who are you" in place.log())
    writer.put(1)
    time.sleep(1.5)
    assert server.arrived == 1  # the next attempt is long after
    assert end(agent) == 0
    server.script = [202]
    place.agent()
    server.wait(range(1, 5))


def test_reading_ahead_has_an_end(place):
    server = place.server()
    server.gate.clear()
    writer = place.writer(size=32768 + 65536).source("shop", server.url, node="n1")
    place.agent()
    taken = sum(int(writer.say("put 100")) for _ in range(20))
    assert 0 < taken < 2000
    assert writer.number("dropped") == 2000 - taken
    server.gate.set()
    wait_for(lambda: len(server.ids()) == taken)
    wait_for(lambda: place.status("n1").get("dropped", {}).get("ring_full") == 2000 - taken)


def test_many_events(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    place.agent()
    ids = []
    for _ in range(20):
        before = writer.number("dropped")
        assert writer.number("put 1000") + writer.number("dropped") - before == 1000
        wait_for(lambda: writer.number("used") < 200000)
    ids = server.ids
    wait_for(lambda: len(ids()) + writer.number("dropped") == 20000)
    assert len(set(ids())) == len(ids())
    assert writer.number("dropped") == 0


def test_no_destination(place):
    for number, url in enumerate(("none", "ftp://example")):
        place.writer(f"ring-{number}-1").source("shop", url, node=f"n{number}").put(2)
    place.agent()
    wait_for(lambda: all(place.status(f"n{n}").get("dropped", {}).get("unsendable") == 2 for n in range(2)))
    for reason in ("no server is configured", "expected http://HOST"):
        assert reason in place.log()
    for writer in place.writers:
        assert writer.number("used") == 0


# -- deaths

def test_a_killed_agent_loses_nothing(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    first = place.agent()
    writer.put(5)
    server.wait(range(1, 6))  # the source record is released with these
    wait_for(lambda: writer.number("used") == 0)
    server.gate.clear()
    writer.put(5)
    wait_for(lambda: server.arrived > len(server.requests))
    writer.put(5)
    end(first, signal.SIGKILL)
    writer.put(5)
    server.gate.set()
    place.agent()
    wait_for(lambda: set(server.ids()) == set(range(1, 21)))
    counts = collections.Counter(server.ids())
    assert all(n == 1 for i, n in counts.items() if not 6 <= i <= 10)  # answered ones never come again
    assert {r.lines[0]["metadata"]["service"]["name"] for r in server.requests} == {"shop"}


@pytest.mark.parametrize("how", [None, signal.SIGKILL], ids=["orderly", "killed"])
def test_the_ring_of_a_dead_writer_is_drained_and_removed(place, how):
    server = place.server()
    writer = place.writer().source("shop", server.url, node="n1")
    writer.put(3)
    writer.end(how)
    place.agent()
    server.wait(range(1, 4))
    wait_for(lambda: not place.rings())
    wait_for(lambda: place.status("n1").get("ended"))
    assert place.status("n1")["delivered"] == 3


def test_a_dead_process_waits_for_its_server_in_the_spool(place):
    server = place.server(503)
    writer = place.writer().source("shop", server.url)
    writer.put(3)
    writer.end()
    agent = place.agent()
    wait_for(lambda: not place.rings())
    assert len(place.spool()) == 1
    assert end(agent) == 0
    assert "3 events wait in the spool" in place.log()
    server.script = [202]
    place.agent()
    server.wait(range(1, 4))
    wait_for(lambda: not place.spool())


def test_asked_to_end_it_sends_what_there_is(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    agent = place.agent()
    writer.put(100)
    assert end(agent) == 0
    server.wait(range(1, 101))


def test_asked_to_end_it_does_not_wait_for_a_server_for_ever(place):
    server = place.server()
    server.gate.clear()
    writer = place.writer().source("shop", server.url)
    writer.put(3)
    agent = place.agent()
    wait_for(lambda: server.arrived)
    assert end(agent) == 0
    before = server.arrived
    server.gate.set()
    place.agent()
    wait_for(lambda: server.arrived > before)
    wait_for(lambda: set(server.ids()) == {1, 2, 3} and not place.spool())


# -- one agent

def test_it_ends_when_there_is_nothing_to_do(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    writer.put(3)
    agent = place.agent("--idle-seconds", "1")
    time.sleep(2)
    assert agent.poll() is None  # a writer lives
    writer.end()
    assert agent.wait(PATIENCE) == 0
    server.wait(range(1, 4))


def test_it_ends_when_its_folder_is_gone(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    agent = place.agent()
    writer.put(3)
    server.wait(range(1, 4))
    shutil.rmtree(place.run_dir)
    writer.put(3)  # into a file without a name
    server.wait(range(1, 7))
    assert agent.poll() is None
    writer.end()
    assert agent.wait(PATIENCE) == 0


def test_a_second_agent_quits(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    place.agent()
    second = place.agent(wait=False)
    assert second.wait(PATIENCE) == 0
    assert second.stderr.read() == ""
    writer.put(3)
    server.wait(range(1, 4))


def test_it_gives_way_to_a_newer_agent(place):
    agent = place.agent()
    (place.run_dir / "agent.request").write_text("0.0.1")
    wait_for(lambda: not (place.run_dir / "agent.request").exists())  # an older one has nothing to ask for
    assert agent.poll() is None
    (place.run_dir / "agent.request").write_text("999.0")
    assert agent.wait(PATIENCE) == 0
    assert "a newer agent takes over" in place.log()


def test_it_takes_over_from_an_older_agent(place):
    import fcntl
    (place.run_dir / "agent.version").write_text("0.0.1")
    with open(place.run_dir / "agent.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        agent = place.agent(wait=False)
        wait_for(lambda: (place.run_dir / "agent.request").exists())
        assert agent.poll() is None
    wait_for(lambda: f"process {agent.pid}\n" in place.log())
    assert not (place.run_dir / "agent.request").exists()


def test_a_daemon_has_a_session_of_its_own(place):
    starter = place.agent("--daemon", wait=False)
    assert starter.wait(PATIENCE) == 0
    wait_for(lambda: "process " in place.log())
    pid = int(place.log().split("process ")[1].split()[0])
    assert pid != starter.pid and os.getsid(pid) == pid
    assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: "ended: asked to end" in place.log())


# -- what can be wrong

def test_strange_records_and_files(place):
    server = place.server()
    (place.run_dir / "ring-7-7").write_bytes(os.urandom(65536))
    (place.run_dir / "ring-8-8").write_bytes(b"")
    (place.run_dir / "ring-9-9").symlink_to("/etc/passwd")
    (place.run_dir / "ring-x").mkdir()
    writer = place.writer().source("shop", server.url, node="n1")
    for kind in (2, 1, 99):
        assert writer.say(f"junk {kind}") == "ok"
    assert writer.say("note the disk is \x1b[31mfull") == "ok"
    writer.source("shop", server.url, node="n1")
    writer.put(3)
    place.agent()
    server.wait(range(1, 4))
    wait_for(lambda: "doctor: ring-1-1: the disk is ?[31mfull" in place.log())
    assert "ring-7-7" in place.log() and "ring-9-9" in place.log()
    assert wait_for(lambda: place.status("n1"))["dropped"]["unreadable"] == 2
    assert place.rings() == ["ring-1-1", "ring-7-7", "ring-8-8", "ring-9-9", "ring-x"]


def test_secrets_are_nowhere(place):
    server = place.server((401, '{"error": "no"}', {}))
    url = server.url.replace("http://", "http://user:verysecret@") + "/?k=verysecret"
    place.writer("ring-1-1").source("a", url, api_key="verysecret", node="n1").put(1)
    place.writer("ring-2-1").source("b", url, secret_token="verysecret", node="n1").put(1)
    agent = place.agent(ELASTIC_APM_LOG_LEVEL="trace")
    wait_for(lambda: len(server.requests) == 2 and len(list(place.run_dir.glob("status/*.json"))) == 2)
    assert end(agent) == 0
    assert "api_key=[REDACTED]" in place.log() and "secret_token=[REDACTED]" in place.log()
    for path in [place.run_dir / "agent.log", *place.run_dir.glob("status/*")]:
        assert "verysecret" not in path.read_text()
    assert "verysecret" not in agent.stderr.read()


def test_a_full_disk_loses_nothing(place):
    writer = place.writer().source("shop", "http://127.0.0.1:9")
    writer.put(3)
    place.agent("--output", "/dev/full")
    wait_for(lambda: "/dev/full does not take events, they are kept" in place.log())
    assert writer.number("used") > 0


@pytest.mark.parametrize("args, says", [
    (["--idle-seconds", "soon"], "--idle-seconds expects"),
    (["--what"], "--what is no option"),
    (["more"], "takes no arguments"),
    (["--daemon", "--foreground"], "exclude each other"),
    (["--run-dir", "relative"], "expected an absolute path"),
    (["--daemon", "--output", "relative"], "needs an absolute path"),
])
def test_wrong_usage(args, says):
    done = subprocess.run([AZIMUTH, "agent", *args], env=ENV, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert says in done.stderr


def test_folders_that_are_not_fit(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "open")
    for name, says in {"open": "expected 0700", "file": "not a folder", "link": "symbolic link",
                       "none/below": "none/below"}.items():
        done = subprocess.run([AZIMUTH, "agent", "--run-dir", tmp_path / name], env=ENV, capture_output=True, text=True,
                              timeout=PATIENCE)
        assert done.returncode == 1
        assert says in done.stderr and done.stderr.count("\n") == 1


def test_an_output_that_cannot_be_written(place):
    agent = place.agent("--output", "/nowhere/out.ndjson", wait=False)
    assert agent.wait(PATIENCE) == 1
    assert "cannot write /nowhere/out.ndjson" in agent.stderr.read()


def test_flags_of_cold_starts_go_with_their_hosts(place):
    """Old flags of hosts that are gone are removed; that of a living one stays, and so does a young one."""
    own_start = int(pathlib.Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    flags = {"cold-4194399-77": False, f"cold-{os.getpid()}-{own_start}": True, f"cold-{os.getpid()}-1": False}
    for name in flags:
        (place.run_dir / name).touch(mode=0o600)
        os.utime(place.run_dir / name, (1e9, 1e9))
    (place.run_dir / "cold-4194399-78").touch(mode=0o600)
    place.agent()
    wait_for(lambda: not (place.run_dir / "cold-4194399-77").exists())
    assert {name: (place.run_dir / name).exists() for name in flags} == flags
    assert (place.run_dir / "cold-4194399-78").exists()
