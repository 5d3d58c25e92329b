"""azimuth doctor and the status files: what is said of a process, and what is said when something is wrong. In every
scenario with an app, the app must not notice."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import threading

import hyperframe.frame as frames
import pytest

import h2peer
import rpc
import status_table
import values
from conftest import Raw
from intake import Intake
from observing import SITE, agents, end_agents, observing, until
from processes import AZIMUTH, BIN, PATIENCE
from test_agent import ENV, Place, end, wait_for
from test_tap_faults import fill, root_only, small_disk  # noqa: F401 (a fixture)

SANITIZED = BIN.parent.name in ("asan", "tsan")

STATUS = status_table.fields("The status file")


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture
def observed(scene):
    with observing(scene) as observed:
        yield observed


def statuses(run_dir):
    return [json.loads(path.read_text()) for path in run_dir.glob("status/*.json")]


def checked(run_dir):
    """The status files, each checked against docs/STATUS.md."""
    return [status_table.check(status, STATUS) for status in statuses(run_dir)]


# -- the status file

def test_an_app_with_which_all_is_well(observed):
    worker = observed.start([values.http(), values.timer()])
    worker.invoke_many("hello", 20, 4)
    observed.intake.wait(20)
    status, = until(lambda: [s for s in statuses(observed.run_dir) if s.get("delivered") == 20 and "functions" in s])
    status, = checked(observed.run_dir)
    assert status["schema"] == 1
    assert status["pid"] == worker.pid and status["agent_pid"] in agents(observed.run_dir)
    children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    assert str(status["worker_pid"]) in children
    assert status["service"] == "Shop" and status["instance"] == "instance-1"
    assert status["runtime"]["name"] == "node"
    assert status["functions"] == 2
    assert status["tap"]["mode"] == "grpc" and status["tap"]["version"] == status["version"]
    assert status["events"] == 20 and not any(status["dropped"].values())
    assert status["destination"]["url"] == observed.intake.url and not status["destination"]["failing"]
    assert status["destination"]["last_delivery_answer"] == 202
    assert status["last_event"] >= status["created"]
    assert "problems" not in status and "blind" not in status
    the_doctor_is_content(observed.run_dir, worker)


def the_doctor_is_content(run_dir, worker):
    report = Report(run_dir)
    assert report.code == 0 and "All is well." in report.text
    process, = report.processes
    assert process["alive"] and process["delivered"] == 20 and process["destination"]["last_delivery_answer"] == 202
    assert report.json["agent"]["running"] and report.json["agent"]["pid"] in agents(run_dir)
    assert "Shop (instance-1), process %d\n" % worker.pid in report.text
    assert "20 events, 20 delivered" in report.text
    assert report.problems == []


def test_the_status_of_a_process_with_every_trouble(place):
    """Every field that trouble can bring is there, and in docs/STATUS.md."""
    server = place.server((400, '{"accepted": 1, "errors": [{"message": "bad"}]}', {}), 503)
    writer = place.writer(size=32768 + 65536).source("shop", server.url, node="n/1")
    writer.put(3)
    assert writer.say("junk 2") == "ok"
    place.agent()
    wait_for(lambda: server.requests)
    assert int(writer.say("put 2000")) < 2000
    codes = {"rejected", "server_failing", "ring_full", "unreadable"}
    wait_for(lambda: codes <= {p["code"] for p in place.status("n_1").get("problems", [])})
    status, = checked(place.run_dir)
    assert status["instance"] == "n/1" and status["destination"]["failing"]
    assert status["destination"]["last_answer"] == 503 and status["destination"]["last_delivery_answer"] == 400
    assert "bad" in status["destination"]["last_delivery_said"]
    assert says(place.run_dir, "rejected", "2 events were rejected").problem("ring_full")


def test_the_status_of_a_process_that_is_long_gone_is_removed(place):
    (place.run_dir / "status").mkdir(mode=0o700)
    old, young = place.run_dir / "status" / "n1-1.json", place.run_dir / "status" / "n1-2.json"
    for path in old, young:
        path.write_text('{"schema": 1}')
    os.utime(old, (1e9, 1e9))
    place.agent()
    wait_for(lambda: not old.exists())
    assert young.exists()


def test_a_new_agent_hears_of_the_tap_again(observed):
    """What the tap told of itself is not lost with the agent that heard it."""
    worker = observed.start([values.http()])
    serves(worker)
    status, = until(lambda: [s for s in statuses(observed.run_dir) if s.get("functions") == 1])
    first = status["agent_pid"]
    os.kill(first, signal.SIGKILL)
    until(lambda: [s for s in statuses(observed.run_dir) if s.get("functions") == 1 and s["agent_pid"] != first])


# -- the doctor

REPORT = status_table.fields("The doctor's report")
PROCESS = {**STATUS, **status_table.fields("Processes in the report")}
CODES = status_table.problem_codes()


class Report:
    """What `azimuth doctor` says, as JSON and as text; both are checked against docs/STATUS.md and each other."""

    def __init__(self, run_dir=None, *args, env=None, cwd="/"):
        self.command = [AZIMUTH, "doctor", *(["--run-dir", run_dir] if run_dir else []), *args]
        self.env, self.cwd = {**ENV, "LC_ALL": "C.UTF-8", **(env or {})}, cwd
        done = self.run("--json")
        self.code, self.json = done.returncode, json.loads(done.stdout)
        self.text = self.run().stdout
        self.processes = self.json["processes"]
        self.problems = [p for o in [self.json, self.json.get("app", {}), *self.processes]
                         for p in o.get("problems", [])]
        status_table.check({k: v for k, v in self.json.items() if k != "processes"}, REPORT)
        for process in self.processes:
            status_table.check(process, {k: (kind, False) for k, (kind, _) in PROCESS.items()})
        assert self.code == {"well": 0, "problems": 1, "nothing": 3}[self.json["verdict"]]
        assert (self.code == 1) == any(p["level"] != "info" for p in self.problems) or self.processes
        for problem in self.problems:
            assert problem["code"] in CODES, f"{problem['code']} is not in docs/STATUS.md"

    def run(self, *more):
        done = subprocess.run([*self.command, *more], env=self.env, cwd=self.cwd, capture_output=True, text=True,
                              timeout=PATIENCE)
        assert done.stderr == "" and done.returncode in (0, 1, 3), done.stderr
        return done

    def problem(self, code):
        return next((p for p in self.problems if p["code"] == code), None)


def says(run_dir, code, *parts, mend="", **more):
    """Waits until the doctor has that problem, and returns the report; the text has it, too."""
    report = until(lambda: (r := Report(run_dir, **more)).problem(code) and r, PATIENCE)
    problem = report.problem(code)
    assert all(part in problem["text"] for part in parts), problem
    assert mend in problem.get("mend", ""), problem
    if problem["text"].isascii():
        assert problem["text"] in report.text and problem.get("mend", "") in report.text
    assert report.code == (0 if problem["level"] == "info" else 1)
    return report


def serves(worker, count=20):
    """The app notices nothing."""
    assert {r.status for r in worker.invoke_many("hello", count, 4)} == {"Success"}


def test_an_app_without_an_invocation_yet(observed):
    worker = observed.start([values.http(), values.timer()])
    report = says(observed.run_dir, "waiting", "no invocation has come yet")
    process, = report.processes
    assert report.code == 0 and process["alive"] and process["pid"] == worker.pid
    until(lambda: Report(observed.run_dir).processes[0].get("functions") == 2)
    assert worker.terminate() == 0
    until(lambda: not Report(observed.run_dir).processes[0]["alive"])


def test_nothing_is_there(tmp_path):
    report = Report(tmp_path / "none")
    assert report.code == 3 and report.processes == [] and "No process is seen here." in report.text
    assert {p["code"] for p in report.problems} == {"not_configured"}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("args, says_what", [
    (["more"], "takes no arguments"), (["--what"], "--what is no option"), (["--run-dir", "relative"], "absolute path"),
])
def test_wrong_usage(args, says_what):
    done = subprocess.run([AZIMUTH, "doctor", *args], env=ENV, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2 and says_what in done.stderr


# -- delivery

REFUSALS = {
    "unauthorized": ((401, '{"error": "who are you"}', {}), "set ELASTIC_APM_SECRET_TOKEN or ELASTIC_APM_API_KEY"),
    "forbidden": (403, "ELASTIC_APM_API_KEY"),
    "wrong_address": (404, "set ELASTIC_APM_SERVER_URL"),
    "server_failing": (503, "own log"),
    "server_busy": (429, "rate limit"),
    "no_server": ("http://127.0.0.1:9", "ELASTIC_APM_SERVER_URL"),
    "unknown_host": ("http://nowhere.invalid:1", "correct the host's name in ELASTIC_APM_SERVER_URL"),
}


def test_servers_that_do_not_take_events(place):
    """Each refusal is told with the address, and with the setting that mends it; no secret is."""
    for n, (code, (answer, _)) in enumerate(REFUSALS.items()):
        url = answer if isinstance(answer, str) else place.server(answer).url
        place.writer(f"ring-{n + 1}-1").source(code, url, secret_token="verysecret", api_key="evenmore", node=code).put(3)
    place.writer("ring-99-1").source("otlp", place.server(401).url, kind="otlp", protocol="json",
                                     headers="authorization=verysecret", node="otlp").put(3)
    place.agent()
    report = until(lambda: (r := Report(place.run_dir)) and len(r.processes) == len(REFUSALS) + 1 and
                   all(any(p["code"] in REFUSALS for p in o.get("problems", [])) for o in r.processes) and r, PATIENCE)
    found = {process["service"]: process for process in report.processes}
    for service, process in found.items():
        problem = process["problems"][0]
        code, mend = (service, REFUSALS[service][1]) if service != "otlp" else ("unauthorized", "OTEL_EXPORTER_OTLP_HEADERS")
        assert problem["code"] == code and mend in problem["mend"], problem
        assert problem["text"].startswith(f"{process['destination']['url']} does not take events, they are kept: ")
        assert problem["text"] in report.text and problem["mend"] in report.text
        assert process["destination"]["failing"]
    assert "who are you" in report.text and report.code == 1
    assert "verysecret" not in str(report.json) + report.text and "evenmore" not in str(report.json) + report.text


# -- agents and rings

def test_no_agent_runs(place):
    """The rings alone tell it, also when their writer has died."""
    writer = place.writer().source("shop", "http://127.0.0.1:9", secret_token="verysecret", node="n1")
    writer.put(3)
    report = says(place.run_dir, "no_agent", "3 events wait in the ring and no agent runs", mend="azimuth-tap")
    process, = report.processes
    assert process["alive"] and process["service"] == "shop" and process["instance"] == "n1"
    assert process["waiting"] == {"in_ring": 3, "in_spool": 0} and process["ring"]["used_bytes"] > 0
    assert not report.json["agent"]["running"] and "verysecret" not in str(report.json)
    writer.end(signal.SIGKILL)
    report = says(place.run_dir, "stale_ring", "3 of its events wait in ring-1-1", mend=f"--run-dir {place.run_dir}")
    assert not report.processes[0]["alive"]
    assert place.rings() == ["ring-1-1"]


def test_a_spool_that_nobody_empties(place):
    """The server is away and the process and the agent have ended: what waits on disk is told."""
    writer = place.writer().source("shop", place.server(503).url, node="n1")
    writer.put(3)
    agent = place.agent()
    writer.end()
    wait_for(lambda: place.status("n1").get("ended"))
    assert place.status("n1")["waiting"]["in_spool"] == 3 and Report(place.run_dir).problem("spool_waits") is None
    assert end(agent) == 0
    says(place.run_dir, "spool_waits", "1 batches of events wait on disk", mend=f"azimuth agent --run-dir {place.run_dir}")


def test_what_has_left_the_spool_since_the_end(place):
    """The status of an ended process is its last word; the spool knows better."""
    server = place.server(503)
    writer = place.writer().source("shop", server.url, node="n1")
    writer.put(3)
    place.agent()
    writer.end()
    wait_for(lambda: place.status("n1").get("ended"))
    process, = Report(place.run_dir).processes
    assert process["waiting"]["in_spool"] == 3 and "left_spool" not in process
    assert process["problems"][0]["code"] == "server_failing"
    server.script[:] = [202]
    report = until(lambda: (r := Report(place.run_dir)).processes[0].get("left_spool") == 3 and r, PATIENCE)
    assert len(server.events()) == 3 and report.code == 0
    assert report.processes[0]["waiting"]["in_spool"] == 0 and "problems" not in report.processes[0]
    assert "  3 of them were in the spool when the process ended, and have left it since\n" in report.text


def test_a_ring_that_is_nearly_full(place):
    writer = place.writer(size=32768 + 65536).source("shop", "http://127.0.0.1:9")
    assert int(writer.say("put 1000")) < 1000
    report = says(place.run_dir, "ring_nearly_full", "the ring is full by")
    assert report.problem("ring_full")["text"].startswith(f"{writer.number('dropped')} events found no room")


def test_an_agent_of_another_version(place):
    server = place.server()
    place.writer().source("shop", server.url).put(1)
    place.agent()
    server.wait([1])
    (place.run_dir / "agent.version").write_text("0.0.9")
    says(place.run_dir, "agent_version", "the agent is of version 0.0.9")


def test_what_is_no_ring(place):
    (place.run_dir / "ring-5-5").write_bytes(b"not a ring" * 10000)
    (place.run_dir / "ring-6-6").write_bytes(b"")
    (place.run_dir / "status").mkdir(mode=0o700)
    (place.run_dir / "status" / "x-1.json").write_text("{")
    (place.run_dir / "status" / "x-2.json").write_text('{"schema": 99}')
    report = says(place.run_dir, "odd_ring", "ring-5-5", "no ring", mend="remove the file")
    assert report.processes == []


def test_an_ended_process_needs_nothing(place):
    server = place.server((400, '{"accepted": 0, "errors": [{"message": "bad"}]}', {}))
    writer = place.writer().source("shop", server.url, node="n1")
    writer.put(1)
    place.agent()
    wait_for(lambda: place.status("n1").get("requests") == 1)
    writer.end()
    wait_for(lambda: place.status("n1").get("ended"))
    report = Report(place.run_dir)
    assert report.code == 0 and report.problem("rejected") and not report.processes[0]["alive"]


# -- settings

@pytest.mark.parametrize("env, code, text", [
    ({"OTEL_SDK_DISABLED": "true"}, "switched_off", "switched off by OTEL_SDK_DISABLED=true"),
    ({"ELASTIC_APM_ENABLED": "false"}, "switched_off", "switched off by ELASTIC_APM_ENABLED=false"),
    ({"AZIMUTH_ENABLED": "0"}, "switched_off", "switched off by AZIMUTH_ENABLED=0"),
    ({"ELASTIC_APM_RECORDING": "false"}, "switched_off", "ELASTIC_APM_RECORDING=false"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, "grpc_port", "4317"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c:4317"}, "grpc_port", "4317"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "setting", "not spoken"),
    ({"ELASTIC_APM_TRANSACTION_SAMPLE_RATE": "2"}, "bad_setting", 'ELASTIC_APM_TRANSACTION_SAMPLE_RATE="2" is ignored'),
    ({"AZIMUTH_RUN_DIR": "relative"}, "run_folder", "expected an absolute path"),
])
def test_settings_of_this_environment(tmp_path, env, code, text):
    more = {} if "AZIMUTH_RUN_DIR" in env else {"run_dir": tmp_path / "none"}
    report = Report(more.get("run_dir"), env=env)
    problem = report.problem(code)
    assert problem and text in problem["text"] and report.code == 1


def test_secrets_are_not_shown(tmp_path):
    secret = {"ELASTIC_APM_SECRET_TOKEN": "very\u0001secret", "ELASTIC_APM_API_KEY": "verysecret",
              "OTEL_EXPORTER_OTLP_HEADERS": "=verysecret", "ELASTIC_APM_SERVER_URL": "http://u:verysecret@h/"}
    report = Report(tmp_path / "none", env=secret)
    assert "secret" not in report.text.replace(str(tmp_path), "").replace("SECRET", "")


def test_settings_that_the_app_ignores(observed):
    """What the tap noted is said of the process, whoever asks and with whatever environment."""
    observed.settings["ELASTIC_APM_CAPTURE_HEADERS"] = "perhaps"
    worker = observed.start([values.http()])
    serves(worker)
    says(observed.run_dir, "bad_setting", 'ELASTIC_APM_CAPTURE_HEADERS="perhaps" is ignored', mend="correct or remove")


# -- a Functions app

@pytest.mark.parametrize("files, language, code", [
    ({"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "node"}}'}, "node", None),
    ({"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "node", }, // fine\n}'}, "node", None),
    ({"local.settings.json": '{"Values": {'}, None, "local_settings"),
    ({"local.settings.json": "{}"}, None, "no_language"),
    ({}, None, "no_language"),
    ({"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "cobol"}}'}, "cobol", "unknown_language"),
    ({"local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "custom"}}', "host.json": '{"customHandler": {}}'}, "custom",
     None),
    ({"host.json": "{", "local.settings.json": '{"Values": {"FUNCTIONS_WORKER_RUNTIME": "java"}}'}, "java", "host_json"),
])
def test_what_run_would_do_in_a_folder(tmp_path, files, language, code):
    app = tmp_path / "app"
    app.mkdir()
    for name, text in {"host.json": "{}", **files}.items():
        (app / name).write_text(text)
    report = Report(tmp_path / "none", cwd=app)
    assert report.json["app"].get("language") == language
    codes = {p["code"] for p in report.json["app"].get("problems", [])}
    assert codes - {"no_language"} == {code} - {None, "no_language"} and ("no_language" in codes) == (language is None)
    assert "languageWorkers__node__defaultExecutablePath" in report.json["app"]["settings"]
    handler = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath" in report.json["app"]["settings"]
    assert handler == (language == "custom")
    assert report.code == (1 if code else 3)


def test_no_app_no_word_of_one(tmp_path):
    assert "app" not in Report(tmp_path / "none", cwd=tmp_path).json


# -- bad input: the app does not notice, and the doctor has a sentence for it

@contextlib.contextmanager
def wire_of(scene, run_dir, intake_url="http://127.0.0.1:9"):
    """Both ends of a connection through an observed tap, for bytes that no gRPC library writes."""
    raw = Raw(scene, {**SITE, "ELASTIC_APM_SERVER_URL": intake_url, "AZIMUTH_RUN_DIR": str(run_dir)})
    near, far = raw.pair()
    try:
        yield raw, near, far
    finally:
        scene.close()
        end_agents(run_dir)


def passes(sender, receiver, data):
    """Every byte arrives, unchanged."""
    writer = threading.Thread(target=sender.sendall, args=(data,), daemon=True)
    writer.start()
    got = bytearray()
    while len(got) < len(data):
        piece = receiver.recv(1 << 20)
        assert piece, "the connection was closed"
        got += piece
    writer.join(PATIENCE)
    assert got == data


def test_a_worker_that_speaks_no_http2(scene, tmp_path):
    run_dir = tmp_path / "run"
    with wire_of(scene, run_dir) as (_, near, far):
        passes(near, far, b"GET / HTTP/1.1\r\n\r\n" * 10)
        report = says(run_dir, "blind", "because of the worker's bytes", "not HTTP/2", mend="restart the app")
        process, = report.processes
        assert [b["direction"] for b in process["blind"]] == ["worker"]
        passes(near, far, bytes(1000))


def test_a_host_whose_bytes_stop_making_sense(scene, tmp_path):
    run_dir = tmp_path / "run"
    with wire_of(scene, run_dir) as (_, near, far):
        passes(near, far, h2peer.Side(True, 1).take())
        passes(far, near, h2peer.Side(False, 1).take() + b"\0\0\1\0\0\0\0\0\0x")  # DATA without a stream
        report = says(run_dir, "blind", "because of the host's bytes", "not HTTP/2")
        assert [b["direction"] for b in report.processes[0]["blind"]] == ["host"]


def begun(near, far):
    """A worker's and a host's side, the EventStream open, and everything sent so far passed on."""
    worker, host = h2peer.Side(True, 1), h2peer.Side(False, 2)
    passes(near, far, worker.take())
    passes(far, near, host.take())
    worker.acknowledge()
    host.acknowledge()
    worker.headers(h2peer.EVENT_STREAM, h2peer.request_head(rpc.METHOD))
    worker.message(start_stream=rpc.StartStream(worker_id="w1"))
    passes(near, far, worker.take())
    host.headers(h2peer.EVENT_STREAM, [(":status", "200"), ("content-type", "application/grpc")])
    host.message(worker_init_request=rpc.WorkerInitRequest(host_version="4.1037.0.0"))
    passes(far, near, host.take())
    worker.message(worker_init_response=rpc.WorkerInitResponse(result=rpc.StatusResult(status=1)))
    passes(near, far, worker.take())
    return worker, host


def invoked(near, far, worker, host, function_id="f1", **more):
    """One invocation, as bytes that have to arrive."""
    request = rpc.InvocationRequest(invocation_id="i1", function_id=function_id)
    request.input_data.add(name="req").data.http.method = "GET"
    host.message(invocation_request=request)
    passes(far, near, host.take())
    worker.message(invocation_response=rpc.InvocationResponse(invocation_id="i1", result=rpc.StatusResult(status=1)))
    passes(near, far, worker.take())


def test_messages_that_make_no_sense(scene, tmp_path):
    run_dir = tmp_path / "run"
    with Intake() as intake, wire_of(scene, run_dir, intake.url) as (_, near, far):
        worker, host = begun(near, far)
        for garbage in (b"\xff" * 30, b"\x0a\xff\xff\xff\xff\x0f", b"\x22\x05\x0a"):
            worker._data(h2peer.grpc_message(garbage))
        passes(near, far, worker.take())
        says(run_dir, "malformed", "messages of the worker made no sense; they were passed on")
        invoked(near, far, worker, host)  # and what follows is understood
        intake.wait(1)


def test_a_header_block_of_10_megabytes(scene, tmp_path):
    run_dir = tmp_path / "run"
    with Intake() as intake, wire_of(scene, run_dir, intake.url) as (raw, near, far):
        worker, host = begun(near, far)
        block = (b"\0\5x-big\x7f\xf5\3" + os.urandom(628)) * 16000  # literals, not indexed, no Huffman
        assert len(block) > 10_000_000
        pieces = [block[at:at + 16384] for at in range(0, len(block), 16384)]
        run = [frames.HeadersFrame(7, data=pieces[0]), *(frames.ContinuationFrame(7, data=p) for p in pieces[1:])]
        run[-1].flags.add("END_HEADERS")
        passes(near, far, worker.take() + b"".join(frame.serialize() for frame in run))
        invoked(near, far, worker, host)
        memory = pathlib.Path(f"/proc/{raw.channel.pid}/status").read_text().split("VmRSS:")[1].split()[0]
        assert int(memory) < (20_000 if not SANITIZED else 400_000)
        intake.wait(1)
        assert Report(run_dir).problem("blind") is None


HOSTILE = {"x-newline": "a\r\nb: c", "x-nul": "a\0b", "x-escape": "\x1b[2J\x1b]0;owned\x07", "x-bidi": "\u202eabc",
           "x-quotes": '"\\</script>', "x-" + "n" * 5000: "v", "x-long": "v" * 200_000, "": "no name", "x-json": "{[",
           "traceparent": "00-" + "f" * 5000}


def test_hostile_header_values(observed):
    worker = observed.start([values.http()])
    for name, value in HOSTILE.items():
        assert worker.invoke("hello", headers={name: value}).status == "Success"
    assert worker.invoke("hello", headers=HOSTILE, method="G\x1b[2JET", url="http://h/\x1b[31m\u202e").status == "Success"
    observed.intake.wait(len(HOSTILE) + 1)
    report = Report(observed.run_dir)
    assert report.code == 0 and "\x1b" not in report.text


def test_header_values_of_10_megabytes(observed):
    """Far more than a record holds: cut, and the rest of the event is there."""
    worker = observed.start([values.http()])
    assert worker.invoke("hello", headers={f"x-{n}": "v" * 1_000_000 for n in range(10)}).status == "Success"
    serves(worker)
    events = observed.intake.wait(21)
    assert {e["name"] for e in events} == {"GET /api/hello"}
    assert Report(observed.run_dir).code == 0


def test_text_that_is_no_utf8(scene, tmp_path):
    """In a function's name, its id, the runtime's version and the invocation's id: bytes that protobuf libraries refuse."""
    run_dir = tmp_path / "run"
    with Intake() as intake, wire_of(scene, run_dir, intake.url) as (_, near, far):
        worker, host = begun(near, far)
        load = rpc.StreamingMessage(function_load_request=rpc.FunctionLoadRequest(
            function_id="f1", metadata=rpc.RpcFunctionMetadata(name="NAME")))
        host._data(h2peer.grpc_message(load.SerializeToString().replace(b"NAME", b"\xff\xc0\x1b\x80")))
        passes(far, near, host.take())
        invoked(near, far, worker, host)
        event, = intake.wait(1)
        assert "\ufffd" in event["faas"]["name"]
        report = Report(run_dir)
        assert report.code == 0 and "\x1b" not in report.text


def test_metadata_that_makes_no_sense(observed):
    (observed.scene.app / "host.json").write_text("{ extensions")
    worker = observed.start([values.http()])
    for n, binding in enumerate(('{"type": "httpTrigger",}', "", "[" * 100_000, '"text"', "\0", '{"type": 5}', "{" * 10)):
        metadata = rpc.RpcFunctionMetadata(name=f"odd{n}", raw_bindings=[binding])
        metadata.bindings["req"].type = "httpTrigger"
        worker.send(function_load_request=rpc.FunctionLoadRequest(function_id=f"odd{n}", metadata=metadata))
    worker.functions["odd0"] = values.Function("odd0", [{"name": "req", "type": "httpTrigger"}], id="odd0")
    assert worker.invoke("odd0").status == "Success"
    serves(worker)
    observed.intake.wait(21)
    says(observed.run_dir, "bad_bindings", "2 of the app's host.json, function.json or bindings are no JSON", mend="correct")


def test_100_000_functions(scene, tmp_path):
    """The first ones are known, all are passed on, and it takes neither long nor much memory."""
    run_dir = tmp_path / "run"
    with Intake() as intake, wire_of(scene, run_dir, intake.url) as (raw, near, far):
        worker, host = begun(near, far)
        one = values.metadata(values.http("f00000"), indexed=True)
        one = rpc.FunctionMetadataResponse(function_metadata_results=[one]).SerializeToString()
        all_of_them = b"".join(one.replace(b"f00000", b"f%05d" % n) for n in range(100_000))
        told = rpc.StreamingMessage(function_metadata_response=rpc.FunctionMetadataResponse.FromString(all_of_them))
        data = h2peer.grpc_message(told.SerializeToString())
        passes(near, far, b"".join(frames.DataFrame(h2peer.EVENT_STREAM, data=data[at:at + 16384]).serialize()
                                   for at in range(0, len(data), 16384)))
        invoked(near, far, worker, host, function_id="id-of-f99999")
        event, = intake.wait(1)
        assert event["outcome"] == "success"
        says(run_dir, "too_many_functions", "only the first 8192 functions are known")
        memory = pathlib.Path(f"/proc/{raw.channel.pid}/status").read_text().split("VmRSS:")[1].split()[0]
        assert int(memory) < (40_000 if not SANITIZED else 400_000)


# -- a run folder that cannot be used

@pytest.mark.parametrize("what, says_what, mend", [
    ("file", "is not a folder", "remove the file"),
    ("parent", "No such file or directory", "make the folder above it"),
    ("link", "symbolic link", "set AZIMUTH_RUN_DIR to the real folder"),
    ("open", "has mode 0777", "chmod 0700"),
    pytest.param("other", "belongs to user 12345", "AZIMUTH_RUN_DIR", marks=root_only),
])
def test_a_run_folder_that_cannot_be_used(observed, what, says_what, mend):
    if what == "file":
        observed.run_dir.write_text("x")
    elif what == "parent":
        observed.run_dir = observed.scene.folder / "not" / "there"
        observed.settings["AZIMUTH_RUN_DIR"] = str(observed.run_dir)
    elif what == "link":
        observed.run_dir.symlink_to(observed.scene.app)
    else:
        observed.run_dir.mkdir()
        observed.run_dir.chmod(0o777)
        if what == "other":
            observed.run_dir.chmod(0o700)
            os.chown(observed.run_dir, 12345, 12345)
    worker = observed.start([values.http()])
    serves(worker)
    report = says(observed.run_dir, "not_seen", f"the worker of process {worker.pid}", says_what, mend=mend)
    assert says_what in report.problem("run_folder")["text"]


def test_a_disk_that_is_full(observed, small_disk):
    fill(small_disk)
    worker = observed.start([values.http()])
    serves(worker)
    says(observed.run_dir, "not_seen", f"the worker of process {worker.pid}", "No space left", mend="make room")
    (small_disk / "fill").unlink()
    after = observed.start([values.http()])
    serves(after)
    assert worker.terminate() == 0
    until(lambda: Report(observed.run_dir).problem("not_seen") is None)  # what went wrong once is over


def test_a_disk_that_is_read_only(observed, small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    worker = observed.start([values.http()])
    serves(worker)
    says(observed.run_dir, "not_seen", "Read-only file system", mend="set AZIMUTH_RUN_DIR to a folder on a disk")
    assert Report(observed.run_dir).problem("run_folder")
