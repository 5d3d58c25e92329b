"""`azimuth run` puts the tap between a host and its workers, finds or starts a hub, and is not in the way otherwise."""
import http.server
import json
import os
import pathlib
import pty
import signal
import socket
import threading
import time
import urllib.request

import pytest

from processes import AZIMUTH, PATIENCE, RECORDINGS, TAP, Process, run

FUNC = pathlib.Path(__file__).with_name("stand_in_func.py")
pytestmark = pytest.mark.skipif(not TAP.exists(), reason="azimuth-tap is not built")

# A worker, under whatever name it is found: says what it was started with.
WORKER = """#!/usr/bin/python3
import json, os, sys
if sys.argv[1:] == ["--version"]:
    print("{version}")
    sys.exit()
with open(os.environ["TEST_OUT"], "w") as out:
    json.dump({{"name": "{name}", "argv": sys.argv, "env": dict(os.environ)}}, out)
sys.exit(int(os.environ.get("TEST_EXIT", "0")))
"""


class App:
    """A folder with an app, a PATH with workers, and no Azimuth or settings of ours anywhere around it."""

    def __init__(self, folder):
        self.folder, self.out, self.bin = folder / "app", folder / "out.json", folder / "bin"
        for path in (self.folder, self.bin, folder / "data", folder / "home"):
            path.mkdir()
        (folder / "run").mkdir(mode=0o700)
        hidden = ("ELASTIC_", "OTEL_", "DT_", "AZIMUTH_", "languageWorkers", "FUNCTIONS_", "WEBSITE_")
        self.env = {n: v for n, v in os.environ.items() if not n.startswith(hidden)}
        self.env |= {"AZIMUTH_RUN_DIR": str(folder / "run"), "XDG_DATA_HOME": str(folder / "data"),
                     "HOME": str(folder / "home"), "PATH": f"{self.bin}:/usr/bin:/bin", "TEST_OUT": str(self.out)}
        for name in ("node", "python3", "java", "dotnet"):
            self.add_worker(self.bin, name)
        self.env["JAVA_HOME"] = str(folder)
        (self.folder / "App.dll").touch()
        (self.folder / "worker.config.json").write_text(json.dumps({"description": {
            "language": "dotnet-isolated", "defaultExecutablePath": "dotnet", "defaultWorkerPath": "App.dll"}}))

    def add_worker(self, folder, name, version="Python 3.11.2"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(WORKER.format(name=f"{folder.name}/{name}", version=version))
        (folder / name).chmod(0o755)
        return folder / name

    def settings(self, **values):
        (self.folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))

    def run(self, *arguments, **env):
        return run(AZIMUTH, "run", *arguments, cwd=self.folder, env=self.env | env)

    def start(self, *arguments, **env):
        """Through a host; returns what happened and what the worker saw."""
        self.out.unlink(missing_ok=True)
        done = self.run(*arguments, "--", FUNC, **env)
        return done, json.loads(self.out.read_text()) if self.out.exists() else None


@pytest.fixture
def app(tmp_path):
    return App(tmp_path)


class Server(http.server.ThreadingHTTPServer):
    """Answers GET / with a text."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *args):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        super().__exit__(*exc)


@pytest.fixture
def hub():
    """Looks like one of ours, and takes nothing."""
    with Server('{"version": "8.15.0", "azimuth": {"version": "0"}}') as server:
        yield server


def is_tapped(worker):
    uri = worker["argv"][worker["argv"].index("--functions-uri") + 1]
    port = worker["argv"][worker["argv"].index("--port") + 1]
    assert uri == f"http://127.0.0.1:{port}/"
    return port != "34567"


# --- the tap gets in ---

@pytest.mark.parametrize("runtime, name", [("node", "bin/node"), ("python", "bin/python3"), ("java", "bin/java"),
                                           ("dotnet-isolated", "bin/dotnet")])
def test_every_worker_is_started_through_the_tap(app, hub, runtime, name):
    app.settings(FUNCTIONS_WORKER_RUNTIME=runtime)
    done, worker = app.start("--hub-port", hub.port, TEST_EXIT="7")
    assert (done.returncode, done.stdout) == (7, "")
    assert done.stderr == f"azimuth: traces at http://127.0.0.1:{hub.port}/\n"
    assert worker["name"] == name
    assert is_tapped(worker)
    assert worker["argv"][worker["argv"].index("--host") - 1].startswith("/")
    assert worker["env"]["ELASTIC_APM_SERVER_URL"] == f"http://127.0.0.1:{hub.port}"


@pytest.mark.parametrize("spelling", ["languageWorkers:python:defaultExecutablePath",
                                      "languageWorkers__python__defaultExecutablePath"])
def test_the_users_own_python_is_kept(app, hub, spelling):
    mine = app.add_worker(app.folder / "venv", "python")
    done, worker = app.start("--hub-port", hub.port, **{spelling: str(mine), "FUNCTIONS_WORKER_RUNTIME": "python"})
    assert done.returncode == 0, done.stderr
    assert worker["name"] == "venv/python" and is_tapped(worker)


def test_an_executable_in_local_settings_is_kept(app, hub):
    mine = app.add_worker(app.folder / "mine", "node")
    app.settings(FUNCTIONS_WORKER_RUNTIME="node", languageWorkers__node__defaultExecutablePath=str(mine),
                 languageWorkers__java__defaultExecutablePath="/no/such/java")
    done, worker = app.start("--hub-port", hub.port)
    assert done.returncode == 0, done.stderr
    assert worker["name"] == "mine/node" and is_tapped(worker)
    assert "languageWorkers__java__defaultExecutablePath" not in app.env
    assert worker["env"]["languageWorkers__java__defaultExecutablePath"] == "/no/such/java"


def test_dotnet_itself_still_works(app, hub):
    out = app.run("--hub-port", hub.port, "--", "sh", "-c", "dotnet build --port 1", FUNCTIONS_WORKER_RUNTIME="dotnet-isolated")
    assert out.returncode == 0, out.stderr
    assert json.loads(app.out.read_text())["argv"][1:] == ["build", "--port", "1"]


def test_without_a_dotnet_there_is_none_afterwards(app, hub):
    (app.bin / "dotnet").unlink()
    (app.bin / "sh").symlink_to("/bin/sh")
    done = app.run("--hub-port", hub.port, "--", "sh", "-c", "command -v dotnet; echo $PATH", PATH=str(app.bin))
    assert done.stdout == f"{app.bin}\n"


def test_a_run_inside_a_run(app, hub):
    done, worker = app.start("--hub-port", hub.port, "--", AZIMUTH, "run", FUNCTIONS_WORKER_RUNTIME="python")
    assert done.returncode == 0, done.stderr
    assert worker["name"] == "bin/python3" and is_tapped(worker)
    assert worker["env"]["PATH"].split(":")[:2] == [app.env["AZIMUTH_RUN_DIR"] + "/bin", str(app.bin)]


# --- where the data goes ---

@pytest.mark.parametrize("name", ["ELASTIC_APM_SERVER_URL", "OTEL_EXPORTER_OTLP_ENDPOINT",
                                  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
@pytest.mark.parametrize("where", ["environment", "local settings"])
def test_a_configured_server_needs_no_hub(app, name, where):
    server = {name: "https://user:secret@apm.example:8200/x"}
    if where == "local settings":
        app.settings(FUNCTIONS_WORKER_RUNTIME="node", **server)
        server = {}
    done, worker = app.start(FUNCTIONS_WORKER_RUNTIME="node", **server)
    assert done.stderr == f"azimuth: traces go to https://apm.example:8200/x ({name})\n"
    assert is_tapped(worker)
    assert worker["env"][name] == "https://user:secret@apm.example:8200/x"
    if name != "ELASTIC_APM_SERVER_URL":
        assert "ELASTIC_APM_SERVER_URL" not in worker["env"]


@pytest.mark.parametrize("switch", ["ELASTIC_APM_ENABLED=false", "OTEL_SDK_DISABLED=true", "AZIMUTH_ENABLED=0"])
def test_switched_off_it_only_runs_the_command(app, hub, switch):
    name, _, value = switch.partition("=")
    app.settings(FUNCTIONS_WORKER_RUNTIME="node", **{name: value})
    done, worker = app.start("--hub-port", hub.port, TEST_EXIT="3")
    assert done.returncode == 3
    assert done.stderr == f"azimuth: nothing is recorded: switched off by {switch}\n"
    assert not is_tapped(worker)
    assert "ELASTIC_APM_SERVER_URL" not in worker["env"]


def test_without_a_hub_it_only_runs_the_command(app):
    done, worker = app.start("--no-hub", FUNCTIONS_WORKER_RUNTIME="node")
    assert done.stderr == "azimuth: nothing is recorded: no server is configured, and no hub is wanted\n"
    assert not is_tapped(worker)


def test_settings_that_cannot_be_read_are_named(app, hub):
    (app.folder / "local.settings.json").write_text('{\n"Values": {]}')
    done = app.run("--hub-port", hub.port, "--", "true")
    assert done.returncode == 0
    assert "settings are left out of account: ./local.settings.json:2:" in done.stderr
    done = app.run("--hub-port", hub.port, "--app-dir", "/", "--", "true")
    assert done.stderr.count("\n") == 1


# --- the hub ---

def ask(port):
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"Accept": "application/json"}),
                                timeout=PATIENCE) as answer:
        return json.load(answer)


def traces(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/traces?limit=1000", timeout=PATIENCE) as answer:
        return json.load(answer)["traces"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def background(app, name):
    """The hubs or agents of this test: its data folder is named in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = pathlib.Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
            environment = pathlib.Path("/proc", pid, "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if name in command[1:2] and f"XDG_DATA_HOME={app.env['XDG_DATA_HOME']}".encode() in environment:
            found.append(int(pid))
    return found


@pytest.fixture
def nothing_left(app):
    yield
    for pid in background(app, b"hub") + background(app, b"agent"):
        os.kill(pid, signal.SIGTERM)


@pytest.mark.skipif(run(AZIMUTH, "hub", "--help").returncode != 0, reason="azimuth hub is not built")
@pytest.mark.usefixtures("nothing_left")
class TestTheHub:
    def test_is_started_once_and_outlives_the_command(self, app):
        port = free_port()
        first = app.run("--hub-port", port, "--", "true")
        assert first.stderr == f"azimuth: traces at http://127.0.0.1:{port}/\n"
        assert "azimuth" in ask(port)
        assert app.run("--hub-port", port, "--", "true").stderr == first.stderr
        assert len(background(app, b"hub")) == 1

    def test_is_without_tls_whatever_stands_in_the_environment(self, app):
        port = free_port()
        tls = {"AZIMUTH_HUB_TLS_CERT": "/no/such.pem", "AZIMUTH_HUB_TLS_KEY": "/no/such.key"}
        assert app.run("--hub-port", port, "--", "true", **tls).stderr == f"azimuth: traces at http://127.0.0.1:{port}/\n"

    def test_moves_when_another_program_has_the_port(self, app):
        with Server("<html>") as other:
            first = app.run("--hub-port", other.port, "--", "true")
            port = int(first.stderr.partition("127.0.0.1:")[2].partition("/")[0])
            assert first.stderr == (f"azimuth: traces at http://127.0.0.1:{port}/ (port {other.port} belongs to another "
                                    "program)\n")
            assert port != other.port and "azimuth" in ask(port)
            assert app.run("--hub-port", other.port, "--", "true").stderr == first.stderr
        assert app.run("--hub-port", other.port, "--", "true").stderr == f"azimuth: traces at http://127.0.0.1:{port}/\n"
        assert len(background(app, b"hub")) == 1

    def test_is_found_by_traces_where_run_has_put_it(self, app):
        with Server("<html>") as other:
            app.run("--hub-port", other.port, "--", "true")
            found = run(AZIMUTH, "traces", env=app.env)
        assert found.returncode == 0 and found.stderr.startswith("azimuth: no traces yet; "), found.stderr
        for pid in background(app, b"hub"):
            os.kill(pid, signal.SIGKILL)
        (noted,) = pathlib.Path(app.env["AZIMUTH_RUN_DIR"]).glob("hub-port")
        assert noted.read_text().strip().isdigit()

    def test_does_not_stand_in_the_way_when_it_cannot_start(self, app):
        app.env["XDG_DATA_HOME"] = "/proc/no/such"
        done, worker = app.start("--hub-port", free_port(), TEST_EXIT="5", FUNCTIONS_WORKER_RUNTIME="node")
        assert done.returncode == 5
        assert done.stderr.startswith("azimuth: nothing is recorded: the hub ended with exit code")
        assert not is_tapped(worker)

    def test_shows_what_the_command_did(self, app):
        """The tap starts the agent, the agent finds the hub: nothing but `run` was asked for."""
        port = free_port()
        done = app.run("--hub-port", port, "--", AZIMUTH, "replay", RECORDINGS / "node-fails.jsonl",
                       FUNCTIONS_WORKER_RUNTIME="node", OTEL_SERVICE_NAME="shop")
        assert done.returncode == 0, done.stdout + done.stderr
        deadline = time.monotonic() + PATIENCE
        while sum(t["transactions"] for t in traces(port)) < 17:
            assert time.monotonic() < deadline, f"only {len(traces(port))} of 17 traces arrived"
            time.sleep(0.1)
        assert {t["service"] for t in traces(port)} == {"shop"}
        assert {t["name"] for t in traces(port)} == {"GET /api/boom", "GET /api/hello"}

    def test_survives_the_end_of_the_terminal(self, app):
        port = free_port()
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(app.folder)
            os.execve(AZIMUTH, ["azimuth", "run", "--hub-port", str(port), "--", "sleep", "1000"], app.env)
        seen = b""
        while b"traces at" not in seen:
            seen += os.read(terminal, 1000)
        os.write(terminal, b"\x03")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in (130, -signal.SIGINT)
        os.close(terminal)
        assert "azimuth" in ask(port)

    def test_the_other_hub_has_the_port_and_is_slow_to_listen(self, app):
        """As when another run has just started it."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with Process(AZIMUTH, "run", "--hub-port", port, "--", "true", cwd=app.folder, env=app.env) as command:
                time.sleep(1)
                taken.close()
                with Process(AZIMUTH, "hub", "--listen", f"127.0.0.1:{port}", "--data-dir", app.folder / "other", env=app.env):
                    assert command.end() == 0
                    assert command.rest("stderr") == [f"azimuth: traces at http://127.0.0.1:{port}/"]
        assert background(app, b"hub") == []

    def test_a_taken_port(self, app):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = run(AZIMUTH, "hub", "--listen", f"127.0.0.1:{taken.getsockname()[1]}", cwd=app.folder, env=app.env)
        assert done.returncode == 1 and "address already in use" in done.stderr

    def test_two_runs_at_once_share_one(self, app):
        port = free_port()
        commands = [Process(AZIMUTH, "run", "--hub-port", port, "--", "true", cwd=app.folder, env=app.env) for _ in "12"]
        for command in commands:
            with command:
                assert command.end() == 0
                assert command.rest("stderr") == [f"azimuth: traces at http://127.0.0.1:{port}/"]
        deadline = time.monotonic() + PATIENCE  # the one that came too late may be about to end
        while len(background(app, b"hub")) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(background(app, b"hub")) == 1


@pytest.mark.usefixtures("nothing_left")
def test_a_port_that_says_nothing_is_another_program(app):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = app.run("--hub-port", silent.getsockname()[1], "--", "true")
    assert done.returncode == 0
    assert "belongs to another program" in done.stderr or "nothing is recorded" in done.stderr


# --- not in the way ---

@pytest.mark.parametrize("command, code", [("exit 0", 0), ("exit 200", 200), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
def test_the_exit_code_is_the_commands(app, command, code):
    assert app.run("--no-hub", "--", "sh", "-c", command).returncode == code


def test_standard_streams_are_the_commands(app):
    done = run(AZIMUTH, "run", "--no-hub", "--", "sh", "-c", "cat; echo err >&2", cwd=app.folder, env=app.env,
               stdin=None, input="in")
    assert done.stdout == "in"
    assert done.stderr.splitlines()[1:] == ["err"]


def test_a_command_that_is_not_there(app):
    done = app.run("--no-hub", "no-such-command")
    assert done.returncode == 127 and "no-such-command" in done.stderr.splitlines()[-1]
    (app.bin / "plain").write_text("")
    assert app.run("--no-hub", str(app.bin / "plain")).returncode == 126


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_signals_are_passed_on_and_the_command_decides(app, name):
    script = f"trap 'echo {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    with Process(AZIMUTH, "run", "--no-hub", "--", "bash", "-c", script, cwd=app.folder, env=app.env) as command:
        assert command.line() == "ready"
        command.send_signal(signal.Signals["SIG" + name])
        assert command.rest() == [name]
        assert command.end() == 9


def test_a_terminals_interrupt_arrives_once(app):
    script = ("import signal, time\n"
              "signal.signal(signal.SIGINT, lambda *a: print('interrupt', flush=True))\n"
              "print('ready', flush=True)\n"
              "time.sleep(1.5)\n"
              "print('end', flush=True)\n"
              "raise SystemExit(4)")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(app.folder)
        os.execve(AZIMUTH, ["azimuth", "run", "--no-hub", "--", "/usr/bin/python3", "-c", script], app.env)
    seen, pressed = b"", False
    while b"end" not in seen:
        if b"ready" in seen and not pressed:
            os.write(terminal, b"\x03")
            pressed = True
        seen += os.read(terminal, 1000)
        time.sleep(0.01)
    assert seen.count(b"interrupt") == 1
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
    os.close(terminal)


@pytest.mark.parametrize("arguments, message", [
    ([], "no command was given"),
    (["--"], "no command was given"),
    (["--hub-port", "0", "--", "true"], "--hub-port 0: expected a port"),
    (["--hub-port", "x", "--", "true"], "--hub-port x: expected a port"),
    (["--other", "--", "true"], "--other is no option"),
])
def test_wrong_usage(app, arguments, message):
    done = app.run(*arguments)
    assert done.returncode == 2 and message in done.stderr
