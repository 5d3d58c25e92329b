"""The tap is a process like the worker that it stands for: started, watched and ended by a host, and never in the way
of what the worker says or how it ends."""
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

import values
from conftest import HERE, PYTHON, WORKER
from processes import TAP

HOST_GONE = 2.0 + 1.0  # the promise is 2 s, the rest is for a busy machine


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


def reported(scene, patience=30):
    path, end = scene.folder / "report", time.monotonic() + patience
    while not path.exists():
        assert time.monotonic() < end, "the worker did not start"
        time.sleep(0.01)
    return json.loads(path.read_text())


# -- how it ends


@pytest.mark.parametrize("code", [0, 1, 134, 200, 255])
@pytest.mark.parametrize("after", [0, 3])
def test_exit_code_in_the_middle_of_work(scene, code, after):
    functions = [values.http("leave", "exit", code=code, after=after)]
    host = scene.host()
    worker = scene.start(host, functions)
    worker.ready(functions)
    for _ in range(after):
        assert worker.invoke("leave").status == "Success"
    worker.begin("leave")
    assert worker.wait() == code


@pytest.mark.parametrize("code", [0, 1, 200])
def test_exit_code_at_start(scene, code):
    worker = scene.start(scene.host(), [], exit=code)
    assert worker.wait() == code


@pytest.mark.parametrize("signo", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT])
def test_a_signal_is_128_and_its_number(scene, signo):
    functions = [values.http("leave", "die", signo=int(signo))]
    host = scene.host()
    worker = scene.start(host, functions)
    worker.ready(functions)
    worker.begin("leave")
    assert worker.wait() == 128 + signo


def test_the_worker_is_killed_by_somebody(scene):
    host = scene.host()
    worker = scene.start(host, [values.http()], report=scene.folder / "report")
    worker.ready([values.http()])
    os.kill(reported(scene)["pid"], signal.SIGKILL)
    assert worker.wait() == 137
    worker.wait_for(lambda: worker.stream_over)


def test_what_was_answered_before_the_end_arrives(scene):
    """The worker's last answers are on their way when it exits."""
    functions = [values.http("big", "big", size=3_000_000), values.http("leave", "exit", code=7)]
    host = scene.host()
    worker = scene.start(host, functions)
    worker.ready(functions)
    futures = [worker.begin("big") for _ in range(5)]
    for future in futures:
        assert len(future.result(30).body) == 3_000_000
    worker.begin("leave")
    assert worker.wait() == 7


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_are_passed_on(scene, signo):
    worker = scene.start(scene.host(), [values.http()], report=scene.folder / "report", endure=1)
    worker.ready([values.http()])
    pid = reported(scene)["pid"]
    os.kill(worker.pid, signo)
    expected = 1 if signo == signal.SIGINT else 128 + signo  # KeyboardInterrupt is an ordinary end of Python
    assert worker.wait() in (expected, 128 + signo)
    assert gone_within(pid, 5)


def test_sigterm_that_the_worker_ignores_is_its_own_business(scene):
    worker = scene.start(scene.host(), [values.http()], report=scene.folder / "report", endure=2)
    worker.ready([values.http()])
    os.kill(worker.pid, signal.SIGTERM)
    time.sleep(1.5)
    assert worker.process.poll() is None
    assert worker.invoke("hello").status == "Success"


@pytest.mark.parametrize("endure", [0, 1, 2])
def test_the_worker_does_not_outlive_a_killed_tap(scene, endure):
    worker = scene.start(scene.host(), [values.http()], report=scene.folder / "report", endure=endure)
    worker.ready([values.http()])
    pid = reported(scene)["pid"]
    worker.kill()
    assert gone_within(pid, 2)


HOST_SCRIPT = """
import json, sys
sys.path.insert(0, {here!r})
import values
from host import Host
host = Host({app!r})
functions = [values.http(), values.http("wait", "silent")]
worker = host.start([{tap!r}], {worker!r}, env=json.loads(sys.argv[1]))
worker.ready(functions)
worker.invoke("hello")
worker.begin("wait")
print(worker.pid, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def separate_host(scene, **scripted):
    """A host in a process of its own, that can be killed. Gives its process, the tap's and the worker's id."""
    env = {"AZIMUTH_WORKER_EXECUTABLE": PYTHON, **scene.worker_env(
        [values.http(), values.http("wait", "silent")], report=scene.folder / "report", **scripted)}
    script = HOST_SCRIPT.format(here=str(HERE), app=str(scene.app), tap=str(TAP), worker=str(WORKER))
    host = subprocess.Popen([sys.executable, "-c", script, json.dumps(env)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)
    try:
        tap = int(host.stdout.readline())
        yield host, tap, reported(scene)["pid"]
    finally:
        host.kill()
        host.wait()
        host.stdin.close()
        host.stdout.close()


@pytest.mark.parametrize("style", ["node", "python"])
@pytest.mark.parametrize("endure", [0, 1, 2])
def test_the_host_is_killed(scene, style, endure):
    with separate_host(scene, endure=endure, style=style) as (host, tap, worker):
        assert alive(tap) and alive(worker)
        host.kill()
        host.wait()
        assert gone_within(worker, HOST_GONE) and gone_within(tap, HOST_GONE)


def test_the_thread_that_started_the_tap_ends(scene):
    """A host starts workers from pool threads, which end when they like."""
    host, started = scene.host(), []
    thread = threading.Thread(target=lambda: started.append(scene.start(host, [values.http()])))
    thread.start()
    thread.join()
    worker = started[0]
    worker.ready([values.http()])
    time.sleep(1.5)
    assert worker.invoke("hello").status == "Success"


def test_the_stream_alone_ends(scene):
    """The host ends the stream and lives on: it will end the worker itself, or the worker does."""
    host = scene.host()
    worker = scene.start(host, [values.http()], endure=1)
    worker.ready([values.http()])
    worker.outgoing.put(None)
    time.sleep(2.5)
    assert worker.process.poll() is None, "the tap ended a worker of a host that lives"


# -- what it says


@pytest.mark.parametrize("lines", ["text", "binary", "huge"])
def test_output_is_byte_exact(scene, lines):
    data = {"text": b"LanguageWorkerConsoleLog[warn] hm\r\nazfuncjsonlog:{}\n\n\tno newline at the end",
            "binary": bytes(range(256)) * 100 + b"\xff\xfe\0",
            "huge": random.Random(7).randbytes(3_000_000)}[lines]
    (scene.folder / "out").write_bytes(data)
    (scene.folder / "err").write_bytes(data[::-1])
    worker = scene.start(scene.host(), [], exit=3, stdout=scene.folder / "out", stderr=scene.folder / "err")
    assert worker.wait() == 3
    assert worker.output == {"stdout": data, "stderr": data[::-1]}


def test_output_nobody_reads_stops_the_worker_not_the_tap(scene):
    """stderr is full and not read; the conversation goes on, and no byte is lost in the end."""
    functions = [values.http(), values.http("talk", "say", stderr="e" * 500_000)]
    host = scene.host()
    read_end, write_end = os.pipe()
    worker = scene.start(host, functions, popen={"stderr": write_end})
    os.close(write_end)
    worker.ready(functions)
    talking = worker.begin("talk")
    assert len(worker.invoke_many("hello", 50, 5)) == 50
    assert not talking.done()
    got = 0
    while got < 500_000:
        got += len(os.read(read_end, 1 << 16))
    assert talking.result(30).status == "Success"
    worker.terminate()
    os.close(read_end)


def test_output_whose_reader_is_gone(scene):
    functions = [values.http(), values.http("talk", "say", stderr="e" * 5_000)]
    host = scene.host()
    read_end, write_end = os.pipe()
    worker = scene.start(host, functions, popen={"stderr": write_end})
    os.close(write_end)
    worker.ready(functions)
    os.close(read_end)
    worker.begin("talk")
    time.sleep(0.5)
    if worker.process.poll() is None:
        assert worker.invoke("hello").status == "Success"


def test_a_grandchild_that_keeps_stderr_open_does_not_keep_the_tap(scene):
    (scene.folder / "fork.py").write_text(
        "import os, subprocess, sys\n"
        "subprocess.Popen(['sleep', '600'])\n"
        "os.write(2, b'last words')\n"
        "os._exit(9)\n")
    host = scene.host()
    worker = host.start([TAP], scene.folder / "fork.py", env={"AZIMUTH_WORKER_EXECUTABLE": PYTHON},
                        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert worker.wait(10) == 9


def test_stdin_is_the_workers(scene):
    read_end, write_end = os.pipe()
    worker = scene.start(scene.host(), [], popen={"stdin": read_end}, report=scene.folder / "report", read_stdin=1,
                         exit=0)
    os.close(read_end)
    os.write(write_end, b"typed\xff")
    os.close(write_end)
    assert worker.wait() == 0
    assert reported(scene)["stdin"] == "typed\xff"


# -- how it is started


def launched(scene, through_tap, **more):
    host = scene.host()
    worker = scene.start(host, [], through_tap=through_tap, report=scene.folder / "report", exit=0, **more)
    assert worker.wait() == 0, worker.output
    report = reported(scene)
    (scene.folder / "report").unlink()
    return worker, report


def test_argv_environment_folder_descriptors_and_signals_are_the_hosts(scene):
    odd = {"EMPTY": "", "SPACES": "a b\tc\nd", "LATIN": "caf\xe9", "PATH": os.environ["PATH"] + ":/nowhere"}
    direct, plain = launched(scene, False, env=odd)
    tapped, through = launched(scene, True, env=odd)
    ours = {"AZIMUTH_WORKER_EXECUTABLE", "AZIMUTH_TAP_DEPTH"}
    assert {k: v for k, v in through["env"].items() if k not in ours} == \
        {**plain["env"], "SCRIPTED_FUNCTIONS": through["env"]["SCRIPTED_FUNCTIONS"]}
    assert through["cwd"] == plain["cwd"] == str(scene.app)
    assert set(through["fds"]) == set(plain["fds"]), "descriptors leaked into the worker"
    assert through["signals"] == plain["signals"]
    assert through["ppid"] == tapped.pid

    def unchanged(channel, argv):
        given = channel.argv[1:] if channel is tapped else channel.argv[1:]
        assert len(argv) == len(given)
        return [(a, b) for a, b in zip(given, argv) if a != b]
    changed = unchanged(tapped, through["argv"])
    port = str(tapped.host.port)
    assert unchanged(direct, plain["argv"]) == []
    assert [a for a, _ in changed] == [port, f"http://127.0.0.1:{port}/"]
    new = changed[0][1]
    assert new != port and changed[1][1] == f"http://127.0.0.1:{new}/"


@pytest.mark.parametrize("how", ["setting", "config", "profile", "dashes", "link"])
def test_ways_to_name_the_worker(scene, how):
    host, env, executable = scene.host(), {}, [TAP]
    if how == "setting":
        env["AZIMUTH_WORKER_EXECUTABLE"] = PYTHON
    elif how == "config":
        config = {"description": {"language": "x", "defaultExecutablePath": "%WHERE%/" + os.path.basename(PYTHON)}}
        (scene.app / "worker.config.json").write_text("\ufeff" + json.dumps(config))
        env["WHERE"] = os.path.dirname(PYTHON)
    elif how == "profile":
        config = {"description": {"defaultExecutablePath": "/nowhere"}, "profiles": [
            {"conditions": [{"conditionType": "environment", "conditionName": "FLAVOUR",
                             "conditionExpression": "(?i)^p"}], "description": {"defaultExecutablePath": PYTHON}}]}
        (scene.app / "worker.config.json").write_text(json.dumps(config))
        env["FLAVOUR"] = "Plain"
    elif how == "dashes":
        executable = [TAP, "--", PYTHON]
    elif how == "link":
        (scene.folder / "bin").mkdir()
        (scene.folder / "bin" / "python3").symlink_to(TAP)
        env["PATH"] = f"{scene.folder}/bin:/usr/bin:/bin"
        executable = [scene.folder / "bin" / "python3"]
    worker = host.start(executable, WORKER, env={**env, **scene.worker_env([values.http()])})
    worker.ready([values.http()])
    assert worker.invoke("hello").status == "Success"
    assert worker.terminate() == 0


@pytest.mark.parametrize("target", ["missing", "folder", "not executable", "itself"])
def test_a_worker_that_cannot_be_started(scene, target):
    plain = scene.folder / "plain"
    plain.write_text("x")
    path = {"missing": "/nowhere/python", "folder": str(scene.folder), "not executable": str(plain),
            "itself": str(TAP)}[target]
    worker = scene.host().start([TAP], WORKER, env={"AZIMUTH_WORKER_EXECUTABLE": path})
    assert worker.wait() in (126, 127)
    text = worker.output["stderr"].decode()
    assert text.count("\n") == 1 and "error" in text.lower() and (path in text or target == "itself"), text
    assert worker.output["stdout"] == b""


def test_nothing_names_a_worker(scene):
    worker = scene.host().start([TAP], WORKER)
    assert worker.wait() not in (0, 200)
    assert b"error" in worker.output["stderr"].lower()


@pytest.mark.parametrize("arguments", [
    ["--help"], ["--version"], ["-h"], ["--"], ["--port"], ["--port", "abc"], ["--host="], [""], ["--unknown", "x=y"],
    ["-Dfile=%2F", "-jar"], ["--functions-uri", "http://elsewhere:1/"], ["a" * 100_000], ["--port", "--host"],
])
def test_an_odd_argv_is_the_workers(scene, arguments):
    """Whatever stands before and after the worker's path, in a worker's argv, is never a usage error of the tap."""
    (scene.folder / "show.py").write_text("import json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    host = scene.host()
    worker = host.start([TAP], scene.folder / "show.py", worker_arguments=arguments,
                        env={"AZIMUTH_WORKER_EXECUTABLE": PYTHON})
    assert worker.wait() == 0, worker.output
    assert json.loads(worker.output["stdout"])[:len(arguments)] == arguments
    alone = subprocess.run([TAP, *([str(scene.folder / "show.py")] + arguments)], capture_output=True, text=True,
                           env={**host.environment(), "AZIMUTH_WORKER_EXECUTABLE": PYTHON}, timeout=30)
    assert (alone.returncode, json.loads(alone.stdout)) == (0, arguments)


# -- a quiet guest


OFF = [{}, {"ELASTIC_APM_ENABLED": "false"}, {"OTEL_SDK_DISABLED": "true"}, {"AZIMUTH_ENABLED": "false"},
       {"AZIMUTH_ENABLED": "0"}]


@pytest.mark.parametrize("off", OFF, ids=lambda o: ",".join(o) or "not configured")
def test_not_configured_or_switched_off_leaves_no_trace(scene, off):
    run_dir = scene.folder / "run"
    run_dir.mkdir(mode=0o700)
    server = {"ELASTIC_APM_SERVER_URL": "http://127.0.0.1:1"} if off else {}
    worker = scene.start(scene.host(), [values.http()], env={"AZIMUTH_RUN_DIR": str(run_dir), **off, **server})
    worker.ready([values.http()])
    assert len(worker.invoke_many("hello", 20, 4)) == 20
    time.sleep(1.5)
    assert list(run_dir.iterdir()) == []
    children = subprocess.run(["pgrep", "-P", str(worker.pid)], capture_output=True, text=True).stdout.split()
    assert len(children) == 1, "something other than the worker was started"
    maps = pathlib.Path(f"/proc/{worker.pid}/maps").read_text()
    assert "ring-" not in maps
    assert worker.terminate() == 0
    assert worker.output == {"stdout": b"", "stderr": b""}
