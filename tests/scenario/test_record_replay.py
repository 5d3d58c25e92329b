"""`azimuth record` writes what it relays, `azimuth replay` plays it through a tap and notices what is not equal."""
import base64
import json
import os
import pathlib
import random
import signal
import socket
import subprocess

import pytest

from processes import AZIMUTH, RECORDINGS, TAP, Process, run

STAND_IN_TAP = pathlib.Path(__file__).with_name("stand_in_tap.py")
ALL = sorted(RECORDINGS.glob("*.jsonl"))
SMALL = [r for r in ALL if r.stat().st_size < 100_000]
NAMES = [r.name for r in ALL]
RECORDER = pathlib.Path(os.environ.get("AZM_SHARED", RECORDINGS.parents[2] / "shared")) / "tools" / "record.py"


def read(path):
    lines = path.read_text().splitlines()
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:]]


def traffic(events):
    """What a recording says, without times and cuts: per connection and side all bytes, and the order of the ends."""
    bytes_of, ends = {}, []
    for e in events:
        if e["d"] in "wh":
            key = (e["c"], e["d"])
            bytes_of[key] = bytes_of.get(key, b"") + base64.b64decode(e["b"])
        else:
            ends.append((e["c"], e["d"], e.get("by")))
    return bytes_of, ends


class Recorder(Process):
    def __init__(self, kind, to, out, *more):
        if kind == "python":  # says no port, so one that was free a moment ago has to do
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self.port = probe.getsockname()[1]
            super().__init__("/usr/bin/python3", RECORDER, "--listen", f"127.0.0.1:{self.port}", "--to", to, "--out",
                             out, *more)
        else:
            super().__init__(AZIMUTH, "record", "--listen", "127.0.0.1:0", "--to", to, "--out", out, *more)
            line = self.line()
            assert line.startswith("azimuth record: listening on 127.0.0.1:")
            self.port = int(line.rpartition(":")[2])

    def connect(self):
        for attempt in range(200):
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=30)
            except ConnectionRefusedError:
                if self.poll() is not None:
                    raise
                signal.sigtimedwait([], 0.05)
        raise ConnectionRefusedError


def converse(recorder, host):
    """Two connections; the second closes one half long before the other."""
    worker = recorder.connect()
    peer, _ = host.accept()
    peer.settimeout(30)
    peer.sendall(b"\0\0\0\4")
    assert worker.recv(4) == b"\0\0\0\4"
    big = random.Random(1).randbytes(300_000)
    worker.sendall(big)
    worker.shutdown(socket.SHUT_WR)
    got = b""
    while chunk := peer.recv(65536):
        got += chunk
    assert got == big
    peer.sendall(b"late answer")
    peer.close()
    assert worker.recv(100) == b"late answer"
    assert worker.recv(100) == b""
    worker.close()

    worker = recorder.connect()
    peer, _ = host.accept()
    peer.settimeout(30)
    peer.shutdown(socket.SHUT_WR)
    assert worker.recv(1) == b""
    worker.sendall(b"still here")
    assert peer.recv(100) == b"still here"
    worker.close()
    assert peer.recv(1) == b""
    peer.close()


def record_conversation(kind, out, *more):
    with socket.create_server(("127.0.0.1", 0)) as host:
        host.settimeout(30)
        with Recorder(kind, f"127.0.0.1:{host.getsockname()[1]}", out, *more) as recorder:
            converse(recorder, host)
            recorder.send_signal(signal.SIGINT)
            return recorder.end()


def check_conversation(out):
    head, events = read(out)
    assert head == {"recording": 1, "worker": "none", "scenario": "é"}
    times = [e["t"] for e in events]
    assert times == sorted(times)
    assert max(len(base64.b64decode(e.get("b", ""))) for e in events) <= 65536
    bytes_of, ends = traffic(events)
    assert bytes_of == {(1, "h"): b"\0\0\0\4late answer", (1, "w"): random.Random(1).randbytes(300_000),
                        (2, "w"): b"still here"}
    assert ends == [(1, "open", None), (1, "close", "w"), (1, "close", "h"), (2, "open", None), (2, "close", "h"),
                    (2, "close", "w")]
    for e in events:
        assert list(e) == {"open": ["t", "c", "d"], "close": ["t", "c", "d", "by"]}.get(e["d"], ["t", "c", "d", "b"])


META = ("--meta", '{"worker": "none", "scenario": "é"}')


def test_records_what_it_relays(tmp_path):
    assert record_conversation("azimuth", tmp_path / "out.jsonl", *META) == 0
    check_conversation(tmp_path / "out.jsonl")


@pytest.mark.skipif(not RECORDER.exists(), reason="the recorder that made the recordings is not in AZM_SHARED")
def test_the_format_is_that_of_the_recordings(tmp_path):
    record_conversation("python", tmp_path / "out.jsonl", *META)
    check_conversation(tmp_path / "out.jsonl")


def test_what_was_recorded_can_be_replayed(tmp_path):
    record_conversation("azimuth", tmp_path / "out.jsonl")
    done = run(AZIMUTH, "replay", "--tap", STAND_IN_TAP, tmp_path / "out.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "out.jsonl: equal: 2 connections, 300010 bytes from the worker, 15 from the host\n"


def test_a_host_that_is_away_costs_one_connection(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Recorder("azimuth", f"127.0.0.1:{port}", tmp_path / "out.jsonl") as recorder:
        with recorder.connect() as worker:
            assert worker.recv(1) == b""
        assert "connection 1: cannot reach the host" in recorder.line("stderr")
        with socket.create_server(("127.0.0.1", port)) as host:
            with recorder.connect() as worker, host.accept()[0] as peer:
                peer.sendall(b"x")
                assert worker.recv(1) == b"x"
        recorder.send_signal(signal.SIGTERM)
        assert recorder.end() == 0
    assert traffic(read(tmp_path / "out.jsonl")[1])[0] == {(2, "h"): b"x"}


def test_a_full_disk_does_not_stop_the_relay():
    with socket.create_server(("127.0.0.1", 0)) as host:
        with Recorder("azimuth", f"127.0.0.1:{host.getsockname()[1]}", "/dev/full") as recorder:
            with recorder.connect() as worker, host.accept()[0] as peer:
                peer.sendall(b"x")
                assert worker.recv(1) == b"x"
            assert "cannot be written" in recorder.line("stderr")
            recorder.send_signal(signal.SIGINT)
            assert recorder.end() == 1


@pytest.mark.parametrize("arguments, code, message", [
    ([], 2, "--listen, --to and --out are needed"),
    (["--listen", "127.0.0.1", "--to", "127.0.0.1:1", "--out", "x"], 2, '"127.0.0.1": expected HOST:PORT'),
    (["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--out", "/no/such/folder/x"], 1, "/no/such/folder/x"),
    (["--listen", "192.0.2.1:0", "--to", "127.0.0.1:1", "--out", "x"], 1, "cannot listen on 192.0.2.1:0"),
    (["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--out", "x", "--meta", "[]"], 1, "expected a JSON object"),
])
def test_wrong_usage_of_record(tmp_path, arguments, code, message):
    done = run(AZIMUTH, "record", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr


# --- replay ---

def replay(*arguments, **variables):
    return run(AZIMUTH, "replay", *arguments, env={**os.environ, **variables})


def expected_line(path):
    head, events = read(path)
    legs = [(events, "wh")]
    if head.get("leg") == "grpc":
        legs.append((read(path.with_name(head["pair"]))[1], "hw"))  # there the host is the side that opens
    connections = sum(max(e["c"] for e in events) for events, _ in legs)
    sums = [sum(len(b) for events, sides in legs for (_, side), b in traffic(events)[0].items() if side == sides[n])
            for n in (0, 1)]
    count = sum(phase["invocations"] for phase in head["phases"])
    return (f"{path.name}: equal: {count} invocations, {connections} connection{'s' * (connections > 1)}, {sums[0]} "
            f"bytes from the worker, {sums[1]} from the host")


@pytest.mark.parametrize("recording", ALL, ids=NAMES)
def test_every_recording_comes_through_the_stand_in_tap(recording):
    done = replay("--tap", STAND_IN_TAP, recording)
    assert (done.returncode, done.stdout) == (0, expected_line(recording) + "\n")


@pytest.mark.skipif(not TAP.exists(), reason="azimuth-tap is not built")
class TestTheTap:
    @pytest.fixture(autouse=True)
    def own_run_folder(self, tmp_path, monkeypatch):
        folder = tmp_path / "run"
        folder.mkdir(mode=0o700)
        monkeypatch.setenv("AZIMUTH_RUN_DIR", str(folder))

    def test_passes_every_recording_as_it_is(self):
        done = replay(*ALL)
        assert done.stdout.splitlines() == [expected_line(r) for r in ALL]
        assert done.returncode == 0

    @pytest.mark.parametrize("seed", range(1, 21))
    def test_passes_recordings_cut_at_random(self, seed):
        recordings = ALL if seed == 1 else SMALL
        done = replay("--cut", "random", "--seed", seed, *recordings)
        assert done.stdout.splitlines() == [expected_line(r) for r in recordings]

    @pytest.mark.parametrize("cut", [(), ("--cut", "1"), ("--cut", "random", "--seed", "1"),
                                     ("--cut", "random", "--seed", "2")], ids=" ".join)
    def test_changes_the_port_in_http_uri_and_nothing_else(self, cut):
        recording = RECORDINGS / "dotnet-aspnetcore-grpc.jsonl"
        done = replay(recording, *cut, ELASTIC_APM_SERVER_URL="http://127.0.0.1:9")
        assert done.stdout == expected_line(recording) + ", but for the port in HttpUri\n"

    @pytest.mark.parametrize("recording", SMALL, ids=[r.name for r in SMALL])
    def test_passes_single_bytes(self, recording):
        assert replay("--cut", "1", recording).stdout == expected_line(recording) + "\n"


@pytest.mark.parametrize("wrong, message", [
    ("flip", "connection 1, worker to host, byte 100: sent 0x"),
    ("drop", "connection 1, worker to host, byte "),
    ("double", "connection 1, worker to host, byte "),
    ("deaf to ends", "the end of this half did not arrive within 2000 ms"),
    ("close both", "connection "),
    ("out of the path", "the tap is not in the path"),
    ("exit code", "the worker ended with exit code 0, the tap with 3"),
])
def test_notices_a_tap_that_is_wrong(tmp_path, wrong, message):
    if wrong == "close both":
        # the host goes on after the worker has ended its half
        events = [{"recording": 1}, {"t": 0, "c": 1, "d": "open"}, {"t": 1, "c": 1, "d": "w", "b": "aGVsbG8="},
                  {"t": 2, "c": 1, "d": "close", "by": "w"}, {"t": 300000, "c": 1, "d": "h", "b": "aGVsbG8="},
                  {"t": 300001, "c": 1, "d": "close", "by": "h"}]
        (tmp_path / "recording.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    else:
        (tmp_path / "recording.jsonl").write_bytes((RECORDINGS / "node-fails.jsonl").read_bytes())
    done = replay("--tap", STAND_IN_TAP, "--timeout", "2", "--speed", "1" if wrong == "close both" else "0", tmp_path / "recording.jsonl", STAND_IN_TAP=wrong)
    assert done.returncode == 1
    assert done.stdout.startswith("recording.jsonl: different: ") and message in done.stdout


@pytest.mark.parametrize("wrong, message", [("die", "the tap ended too early, with exit code 7"),
                                            ("one port only", "--host and --port say")])
def test_notices_a_tap_that_cannot_be_used(wrong, message):
    done = replay("--tap", STAND_IN_TAP, "--timeout", "5", RECORDINGS / "node-fails.jsonl", STAND_IN_TAP=wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


def test_one_difference_does_not_hide_the_others():
    files = [RECORDINGS / "node-fails.jsonl", RECORDINGS / "no-such.jsonl", RECORDINGS / "node-fails.jsonl"]
    done = replay("--tap", STAND_IN_TAP, *files)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [expected_line(files[0])] * 2
    assert "no-such.jsonl" in done.stderr


def test_the_recorded_pace_is_kept(tmp_path):
    recording = tmp_path / "slow.jsonl"
    recording.write_text('{"recording": 1}\n{"t": 0, "c": 1, "d": "open"}\n'
                         '{"t": 3000000, "c": 1, "d": "w", "b": "AAAA"}\n')
    with Process(AZIMUTH, "replay", "--tap", STAND_IN_TAP, "--speed", "0.0001", recording) as slow:
        with pytest.raises(subprocess.TimeoutExpired):
            slow.wait(timeout=2)  # would take hours
    # and nothing waits for the time limit, which is longer than the test's own
    assert replay("--tap", STAND_IN_TAP, "--speed", "100", "--timeout", "86400", recording).returncode == 0
    assert replay("--tap", STAND_IN_TAP, "--speed", "10", "--timeout", "86400", RECORDINGS / "node-fails.jsonl").returncode == 0


def test_the_environment_comes_from_table_and_command_line(tmp_path):
    table = tmp_path / "environments.json"
    table.write_text(json.dumps({"*": {"A": "all", "B": "all", "C": "all"}, "node-fails.jsonl": {"B": "own", "C": "own"}}))
    for name, value in (("A", "all"), ("B", "own"), ("C", "given"), ("D", "inherited")):
        done = replay("--tap", STAND_IN_TAP, "--environments", table, "--env", "C=given", "--env",
                      f"STAND_IN_TAP_SAYS={name}", RECORDINGS / "node-fails.jsonl", A="inherited", D="inherited")
        assert (done.returncode, done.stderr) == (0, value + "\n")


@pytest.mark.parametrize("arguments, code, message", [
    ([], 2, "no recording was named"),
    (["--speed", "fast", "x"], 2, "--speed fast: expected a number"),
    (["--cut", "2", "x"], 2, "--cut 2: expected a number from 1 to 1"),
    (["--env", "NAME", "x"], 2, "--env NAME: expected NAME=VALUE"),
    (["--tap", "/no/such/tap", RECORDINGS / "node-fails.jsonl"], 1, "cannot start the tap /no/such/tap"),
    (["--tap", STAND_IN_TAP, __file__], 1, "test_record_replay.py: line 1: expected a JSON object"),
    (["--tap", STAND_IN_TAP, "--environments", "/no/such", RECORDINGS / "node-fails.jsonl"], 1, "/no/such: expected"),
])
def test_wrong_usage_of_replay(arguments, code, message):
    done = replay(*arguments)
    assert done.returncode == code
    assert message in done.stderr


def test_help_tells_the_options():
    done = replay("--help")
    assert done.returncode == 0
    assert "--speed" in done.stdout and "--as-worker" not in done.stdout
