"""What becomes of events when servers, disks and agents fail. Each ends with a count: made = delivered + dropped for a
stated reason, and nothing twice but what was unanswered when an agent was killed."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from rings import Place, check_killed, closed_port, end, kill_at_random, put_all, wait_for

threads = pytest.mark.threads


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


def settled(place, made, name="local"):
    """The agent's last status: it knows all of them, and nothing waits."""
    assert end(place.agents[-1]) == 0
    status = place.status(name)
    assert status["waiting"] == {"in_ring": 0, "in_spool": 0}
    assert place.balance(name) == (made, made)
    return status


# -- servers

@pytest.mark.parametrize("script", [
    [(429, "", {"Retry-After": "1"})], [503], [500], [504], ["close"], ["half"],
], ids=str)
def test_no_answer_that_fails_costs_an_event(place, script):
    server = place.server(*script, 202)
    writer = place.writer().source("shop", server.url)
    place.agent()
    put_all(writer, 500)
    server.wait(range(1, 501))
    wait_for(lambda: not place.spool())
    assert settled(place, 500)["delivered"] == 500


@threads
def test_a_server_that_says_nothing(place):
    """The request is given up after its time; meanwhile the ring stays free."""
    server = place.server()
    server.gate.clear()
    writer = place.writer(size=32768 + 65536).source("shop", server.url, timeout_ms=2000)
    place.agent()
    put_all(writer, 2000)
    assert writer.number("dropped") == 0
    server.gate.set()
    wait_for(lambda: set(server.ids()) == set(range(1, 2001)) and not place.spool())
    settled(place, 2000)


@threads
def test_a_slow_answer_counts_though_the_batch_is_in_the_spool_by_then(place):
    server = place.server()
    server.gate.clear()
    writer = place.writer().source("shop", server.url)
    place.agent()
    writer.put(5)
    wait_for(lambda: place.spool() and writer.number("used") == 0)
    assert server.arrived == 1
    server.gate.set()
    server.wait(range(1, 6))
    wait_for(lambda: not place.spool())
    assert settled(place, 5)["delivered"] == 5


@threads
def test_a_server_that_is_away_for_a_while(place):
    port = closed_port()
    writer = place.writer(size=32768 + 65536).source("shop", f"http://127.0.0.1:{port}")
    place.agent()
    put_all(writer, 2000)
    wait_for(lambda: writer.number("used") == 0)  # everything is in the spool, and nobody else keeps it
    server = place.server(port=port)
    server.wait(range(1, 2001))
    wait_for(lambda: not place.spool())


def test_rejected_ones_are_the_only_loss(place):
    def judge(ids):
        bad = [i for i in ids if i % 10 == 0]
        return (400, json.dumps({"accepted": len(ids) - len(bad), "errors": [{"message": "bad"}]}), {}) if bad else 202
    server = place.server(judge)
    writer = place.writer().source("shop", server.url)
    place.agent()
    put_all(writer, 500)
    wait_for(lambda: sum(len(r.lines) - 1 for r in server.requests) == 500)
    status = settled(place, 500)
    assert status["dropped"]["rejected"] == 50 and status["delivered"] == 450


@threads
def test_what_is_too_large_is_halved(place):
    """413 for more than three events, and for the fifth always: that one is lost, and no other."""
    server = place.server(lambda ids: 413 if len(ids) > 3 or 5 in ids else 202)
    writer = place.writer().source("shop", server.url)
    writer.put(40)
    place.agent()
    wait_for(lambda: set(server.ids()) == set(range(1, 41)) - {5} and not place.spool())
    status = settled(place, 40)
    assert status["dropped"]["rejected"] == 1 and status["delivered"] == 39
    assert not server.twice()
    assert not place.spool()


@threads
def test_a_poisoned_batch_blocks_nobody(place):
    poison = {"on": True}
    server = place.server(lambda ids: "close" if poison["on"] and 1 in ids else 202)
    writer = place.writer().source("shop", server.url)
    place.agent()
    writer.put(1)
    wait_for(lambda: server.arrived)
    sent = 1
    while "is set aside" not in place.log():
        writer.put(1)
        sent += 1
        wait_for(lambda: set(server.ids()) == set(range(2, sent + 1)))
    assert set(server.ids()) == set(range(2, sent + 1))
    poison["on"] = False
    server.wait(range(1, sent + 1))
    wait_for(lambda: not place.spool())
    settled(place, sent)


@threads
def test_a_refused_key_is_replaced(place):
    """What a server refused goes there with the credentials of the app's next process."""
    server = place.server()
    place.agent()
    server.script = [401]
    writer = place.writer().source("shop", server.url, api_key="wrong")
    writer.put(3)
    wait_for(lambda: "it answered 401" in place.log() and place.spool())
    writer.end()
    server.script = [202]
    place.writer("ring-2-1").source("shop", server.url, api_key="right")
    place.writers[-1].put(5)
    wait_for(lambda: len(server.ids()) == 8)
    assert [r.headers["Authorization"] for r in server.requests if r.status == 202] == ["ApiKey right"] * 2
    wait_for(lambda: not place.spool())


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes certificates with openssl, which is not here")
def test_certificates_of_another_name(place, tmp_path):
    """Kept while the name is wrong; sent when the server has got its own certificate, signed by the app's own CA."""
    def make(name, *more):
        key, cert = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}", *more], check=True, capture_output=True)
        return cert, key
    authority = make("authority.example", "-addext", "basicConstraints=critical,CA:TRUE")
    signed = ("-CA", authority[0], "-CAkey", authority[1], "-addext", "basicConstraints=CA:FALSE")
    wrong = place.server(tls=make("other.example", *signed))
    writer = place.writer().source("shop", wrong.url, ca_file=authority[0])
    place.agent()
    put_all(writer, 100)
    wait_for(lambda: "does not take events" in place.log() and writer.number("used") == 0)
    assert "certificate subject name" in place.log() or "no alternative certificate subject name" in place.log()
    port = wrong.http.server_address[1]
    assert not wrong.requests
    wrong.close()
    right = place.server(port=port, tls=make("localhost", *signed))
    right.wait(range(1, 101))
    wait_for(lambda: not place.spool())
    assert settled(place, 100)["delivered"] == 100


def test_several_servers_are_asked_in_order(place):
    dead, busy, good, spare = f"http://127.0.0.1:{closed_port()}", place.server(503), place.server(), place.server()
    writer = place.writer().source("shop", dead, more_urls=f"{busy.url}/;ftp://what;{good.url}/base/;{spare.url}")
    place.agent()
    writer.put(3)
    good.wait(range(1, 4))
    writer.put(3)
    good.wait(range(1, 7))  # at once: who answered last is asked first
    assert len(busy.requests) == 1 and not spare.requests
    assert good.requests[0].headers["path"] == "/base/intake/v2/events"
    good.script = [503]
    writer.put(3)
    spare.wait([7, 8, 9])
    settled(place, 9)


@pytest.mark.parametrize("env, through", [
    ({"http_proxy": "PROXY"}, True),
    ({"http_proxy": "PROXY", "NO_PROXY": "127.0.0.2"}, False),
    ({"HTTPS_PROXY": "PROXY"}, False),  # for https alone
], ids=str)
def test_proxies(place, env, through):
    """The proxy takes the requests that it should pass on."""
    proxy, server, near = place.server(), place.server(host="127.0.0.2"), place.server()
    place.writer("ring-1-1").source("far", server.url).put(3)
    place.writer("ring-2-1").source("near", near.url).put(3)  # never through a proxy: it is this machine
    place.agent(**{name: value.replace("PROXY", proxy.url) for name, value in env.items()})
    near.wait(range(1, 4))
    (proxy if through else server).wait(range(1, 4))
    assert not (server if through else proxy).requests
    if through:
        assert proxy.requests[0].headers["path"] == f"{server.url}/intake/v2/events"


# -- limits of requests

def test_the_size_of_requests_is_the_users(place):
    server = place.server()
    writer = place.writer().source("shop", server.url, request_bytes=4096)
    writer.put(100)
    place.agent()
    server.wait(range(1, 101))
    sizes = [int(r.headers["Content-Length"]) for r in server.requests]
    event = max(sizes) - min(sizes[:-1])
    assert len(sizes) > 10 and max(sizes) < 4096 + 2 * max(event, 1024)


def test_a_request_never_waits_longer_than_the_user_says(place):
    server = place.server()
    writer = place.writer().source("shop", server.url, request_time_ms=1)
    place.agent()
    for _ in range(50):
        writer.put(1)
        time.sleep(0.01)  # without the setting that is one request, or two
    server.wait(range(1, 51))
    assert len(server.requests) > 3


# -- deaths

def test_the_next_agent_sends_to_servers_that_no_ring_names_any_more(place):
    ports = [closed_port(), closed_port()]
    for number, port in enumerate(ports):
        writer = place.writer(f"ring-{number}-1").source(f"app{number}", f"http://127.0.0.1:{port}/",
                                                         api_key=f"key{number}")
        writer.put(3)
    agent = place.agent()
    for writer in place.writers:
        wait_for(lambda: writer.number("used") == 0)
        writer.end()
    wait_for(lambda: not place.rings())
    end(agent, signal.SIGKILL)
    assert len(place.spool()) == 2
    assert {p.stat().st_mode & 0o777 for p in place.spool()} == {0o600}  # there are credentials in them
    assert (place.run_dir / "spool").stat().st_mode & 0o777 == 0o700
    servers = [place.server(port=port) for port in ports]
    place.agent()
    for number, server in enumerate(servers):
        server.wait(range(1, 4))
        assert server.requests[0].headers["Authorization"] == f"ApiKey key{number}"
        assert server.requests[0].headers["User-Agent"] == f"apm-agent-azimuth/1 (app{number})"
        assert server.requests[0].lines[0]["metadata"]["service"]["name"] == f"app{number}"
    wait_for(lambda: not place.spool())


@threads
def test_agents_killed_at_random(place):
    server = place.server()
    writer = place.writer().source("shop", server.url)
    made = kill_at_random(place, server, writer, kills=10, pause=(0.05, 0.6))
    check_killed(place, server, writer, made, kills=10)


# -- disks

@threads
def test_the_oldest_goes_when_the_spool_is_full(place):
    port = closed_port()
    writer = place.writer().source("shop", f"http://127.0.0.1:{port}", request_bytes=2048)
    place.agent(AZIMUTH_SPOOL_SIZE="64kb")
    for _ in range(20):
        writer.put(20)
        wait_for(lambda: writer.number("used") == 0)
    assert sum(p.stat().st_size for p in place.spool()) <= 65536
    server = place.server(port=port)
    wait_for(lambda: not place.spool())
    status = settled(place, 400)
    dropped = status["dropped"]["spool_full"]
    assert 0 < dropped < 400
    assert sorted(server.ids()) == list(range(dropped + 1, 401))  # the newest are there, each once
    assert "the spool is full, these were the oldest" in place.log()


def test_without_a_spool_the_ring_keeps(place):
    port = closed_port()
    writer = place.writer().source("shop", f"http://127.0.0.1:{port}")
    writer.put(5)
    place.agent(AZIMUTH_SPOOL_SIZE="0b")
    wait_for(lambda: "does not take events" in place.log())
    assert writer.number("used") > 0 and not place.spool()
    place.server(port=port).wait(range(1, 6))


@threads
def test_a_disk_that_is_full_and_freed_again(place):
    """A file where the folder should be stands for every write that fails."""
    port = closed_port()
    writer = place.writer(size=32768 + 65536).source("shop", f"http://127.0.0.1:{port}")
    place.agent()
    wait_for(lambda: (place.run_dir / "spool").is_dir())
    (place.run_dir / "spool").rename(place.run_dir / "elsewhere")
    taken = sum(int(writer.say("put 100")) for _ in range(20))
    wait_for(lambda: "nothing can be kept in the spool, events stay in the rings" in place.log())
    assert taken < 2000
    (place.run_dir / "elsewhere").rename(place.run_dir / "spool")
    wait_for(lambda: "the spool keeps events again" in place.log())
    wait_for(lambda: writer.number("used") < 30000)
    taken += int(writer.say("put 20"))
    server = place.server(port=port)
    wait_for(lambda: len(server.ids()) == taken and not place.spool())
    status = settled(place, taken)
    assert status["dropped"]["ring_full"] == 2020 - taken
    assert not server.twice()


def test_a_disk_that_is_really_full(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", small],
                      capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    place = Place(small)
    try:
        port = closed_port()
        writer = place.writer(size=32768 + 65536).source("shop", f"http://127.0.0.1:{port}")
        place.agent()
        filler = small / "filler"
        with open(filler, "wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(b"x" * 4096)
        taken = sum(int(writer.say("put 100")) for _ in range(20))
        wait_for(lambda: writer.number("used") > 30000)
        filler.unlink()
        server = place.server(port=port)
        wait_for(lambda: len(server.ids()) == taken and not place.spool())
        assert settled(place, taken)["dropped"]["ring_full"] == 2000 - taken
        assert not server.twice()
    finally:
        place.close()
        subprocess.run(["umount", "-l", small], check=True)


def test_damaged_batches_are_counted_and_skipped(place):
    port = closed_port()
    writer = place.writer().source("shop", f"http://127.0.0.1:{port}", request_bytes=2048)
    agent = place.agent()
    for _ in range(4):
        writer.put(1)
        wait_for(lambda: writer.number("used") == 0)
    end(agent, signal.SIGKILL)
    files = place.spool()
    assert len(files) == 4
    files[0].write_bytes(files[0].read_bytes()[:-3])  # torn
    files[1].write_bytes(os.urandom(1000))
    (place.run_dir / "spool" / "junk").write_text("not ours")
    (place.run_dir / "spool" / ("0" * 19 + "9.batch")).symlink_to("/dev/zero")
    server = place.server(port=port)
    agent = place.agent()
    server.wait([3, 4])
    wait_for(lambda: place.log().count("their batch in the spool is damaged") == 2)
    assert "doctor: 1 events of ring-1-1 are lost: their batch in the spool is damaged" in place.log()
    assert end(agent) == 0
