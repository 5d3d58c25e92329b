"""`azimuth run -- func start` for every language: with the settings and files that language has, the invocations are in the
hub afterwards, each once, and the worker was started as it would have been without. `func` is stand_in_func.py."""
import json
import os
import pathlib
import shutil
import signal
import socket
import urllib.request

import pytest

import values
from conftest import HERE, PYTHON, WORKER
from observing import end_agents, until
from processes import AZIMUTH, PATIENCE, TAP, Process, run

FUNC = HERE / "stand_in_func.py"
pytestmark = pytest.mark.skipif(not TAP.exists(), reason="azimuth-tap is not built")

# Stands for an interpreter: whatever it is asked to run is the scripted worker.
INTERPRETER = f"""#!/bin/sh
[ "$1" = --version ] && echo "Python 3.11.2" && exit
printf '%s\\n' "$0" "$@" >"$TEST_STARTED"
exec {PYTHON} {HERE / 'worker.py'} "$@"
"""
HANDLER = f"""#!{PYTHON}
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{{"Outputs": {{}}, "Logs": [], "ReturnValue": null}}')
    do_GET = lambda self: self.send_error(404)
    log_message = lambda *args: None
http.server.HTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])), Handler).serve_forever()
"""
FUNCTIONS = [values.http(), values.queue()]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class App:
    """A folder with an app, interpreters first on PATH, and a hub that ends with the test."""

    def __init__(self, folder, language):
        self.folder, self.bin, self.root = folder / "shop", folder / "bin", folder
        for path in (self.folder, self.bin, folder / "data", folder / "run"):
            path.mkdir(mode=0o700)
        values.save(FUNCTIONS, folder / "functions.json")
        hidden = ("ELASTIC_", "OTEL_", "DT_", "AZIMUTH_", "languageWorkers", "FUNCTIONS_", "WEBSITE_")
        style = {"dotnet-isolated": "dotnet"}.get(language, language)
        self.env = {n: v for n, v in os.environ.items() if not n.startswith(hidden)}
        self.env |= {"AZIMUTH_RUN_DIR": str(folder / "run"), "XDG_DATA_HOME": str(folder / "data"), "HOME": str(folder),
                     "PATH": f"{self.bin}:/usr/bin:/bin", "TEST_STARTED": str(folder / "started"),
                     "SCRIPTED_STYLE": style, "SCRIPTED_FUNCTIONS": str(folder / "functions.json")}
        self.values = {"FUNCTIONS_WORKER_RUNTIME": language}
        self.port = free_port()

    def program(self, path, text=INTERPRETER):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def start(self, seen):
        """The app under `azimuth run`, until these are its traces; how its worker was started."""
        self.write("local.settings.json", "{ // what func makes\n\"IsEncrypted\": false,\n\"Values\": " +
                   json.dumps(self.values) + ",\n}")
        with Process(AZIMUTH, "run", "--hub-port", self.port, "--", FUNC, "start", cwd=self.folder, env=self.env) as func:
            said = list(iter(func.line, "Press Ctrl-C to end."))
            assert [line.partition(" (")[0] for line in said] == [f"Executed 'Functions.{f.name}'" for f in FUNCTIONS for _ in "12"]
            until(lambda: len(self.traces()) >= len(seen), PATIENCE)
            func.send_signal(signal.SIGTERM)
            assert func.end() == 0
            assert func.line("stderr") == f"azimuth: traces at http://127.0.0.1:{self.port}/"
        assert sorted(t["name"] for t in self.traces()) == seen
        assert {t["service"] for t in self.traces()} <= {"shop"}
        return (self.root / "started").read_text().splitlines() if (self.root / "started").exists() else None

    def traces(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/traces?limit=100", timeout=PATIENCE) as answer:
            return json.load(answer)["traces"]

    def end(self):
        end_agents(self.root / "run")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if f"XDG_DATA_HOME={self.env['XDG_DATA_HOME']}".encode() in pathlib.Path("/proc", pid, "environ").read_bytes():
                    os.kill(int(pid), signal.SIGTERM)
            except OSError:
                continue


@pytest.fixture
def make(tmp_path):
    made = []

    def make(language):
        made.append(App(tmp_path, language))
        return made[-1]
    yield make
    for app in made:
        app.end()


def check(app, program, *before):
    """It was started as the host would have it: program, these arguments, the worker's file, the host's arguments."""
    started = app.start(["AzureQueue RECEIVE from orders-in"] * 2 + ["GET /api/hello"] * 2)
    assert started[0] == str(program)
    arguments = started[1:started.index("--host")]
    assert arguments[:-1] == list(before)
    assert pathlib.Path(arguments[-1]).is_file()


def test_node(make):
    app = make("node")
    app.values["languageWorkers__node__arguments"] = "--max-old-space-size=256  --trace-warnings"
    check(app, app.program("bin/node"), "--max-old-space-size=256", "--trace-warnings")


def test_node_from_a_folder_of_its_own(make):
    app = make("node")
    app.write("worker/worker.config.json", {"description": {
        "language": "node", "extensions": [], "defaultExecutablePath": "%FUNCTIONS_WORKER_DIRECTORY%/bin/mine",
        "defaultWorkerPath": "worker.js", "workerIndexing": "true"}})
    app.write("worker/worker.js", "")
    app.env["languageWorkers__node__workerDirectory"] = str(app.folder / "worker")
    check(app, app.program("shop/worker/bin/mine"))


def test_node_of_the_users_choice(make):
    app = make("node")
    app.values["languageWorkers:node:defaultExecutablePath"] = str(app.program("opt/node20"))
    app.program("bin/node", "#!/bin/sh\nexit 7\n")
    check(app, app.root / "opt/node20")


@pytest.mark.parametrize("where", ["on PATH", "in the environment", "in local.settings.json"])
def test_python(make, where):
    app = make("python")
    mine = app.program("bin/python3" if where == "on PATH" else "venv/bin/python")
    name = "languageWorkers:python:defaultExecutablePath"
    if where == "in the environment":
        app.env[name] = str(mine)
    elif where == "in local.settings.json":
        app.values[name] = str(mine)
    check(app, mine)


@pytest.mark.parametrize("profile, first", [("", "-XX:+TieredCompilation"), ("Flat", "-XX:-TieredCompilation")])
def test_java(make, profile, first):
    app = make("java")
    app.env |= {"JAVA_HOME": str(app.root / "jdk"), "JAVA_OPTS": "-Xmx256m", "JAVA_PROFILE": profile}
    app.write("hello/function.json", {"bindings": FUNCTIONS[0].bindings, "scriptFile": "../shop.jar", "entryPoint": "a.B.c"})
    app.write("orders/function.json", {"bindings": FUNCTIONS[1].bindings, "scriptFile": "../shop.jar"})
    rest = ["-jar"] if profile else ["-XX:TieredStopAtLevel=1", "-jar", "-Xmx256m"]
    check(app, app.program("jdk/bin/java"), first, *rest)


def test_powershell(make):
    app = make("powershell")
    for f in FUNCTIONS:
        app.write(f"{f.name}/function.json", {"bindings": f.bindings})
        app.write(f"{f.name}/run.ps1", "")
    check(app, app.program("bin/dotnet"))


def isolated(app, executable):
    app.write("worker.config.json", {"description": {
        "language": "dotnet-isolated", "extensions": [".dll"], "defaultExecutablePath": executable,
        "defaultWorkerPath": "Shop.dll", "workerIndexing": "true", "canUsePlaceholder": True}})
    app.write("Shop.dll", "")


def test_dotnet_isolated(make):
    app = make("dotnet-isolated")
    isolated(app, "dotnet")
    check(app, app.program("bin/dotnet"))


@pytest.mark.parametrize("executable", ["dotnet", "{WorkerRoot}Shop"])
def test_dotnet_isolated_with_the_tap_installed(make, executable):
    app = make("dotnet-isolated")
    isolated(app, executable)
    program = app.program("bin/dotnet" if executable == "dotnet" else "shop/Shop")
    assert run(AZIMUTH, "install-tap", app.folder).returncode == 0
    check(app, program)


@pytest.mark.parametrize("section, setting", [("customHandler", None), ("httpWorker", None), ("customHandler", "bin/mine")])
def test_a_custom_handler(make, section, setting):
    app = make("custom")
    app.write("host.json", {"version": "2.0", section: {"description": {"defaultExecutablePath": "handler"}}})
    app.program(f"shop/{setting or 'handler'}", HANDLER)
    if setting:
        app.values[f"AzureFunctionsJobHost__{section}__description__defaultExecutablePath"] = setting
    for f in FUNCTIONS:
        app.write(f"{f.name}/function.json", {"bindings": f.bindings})
    http = ["POST /api/hello"] if section == "httpWorker" else ["GET /api/hello"]  # what is forwarded is the request itself
    app.start(["AzureQueue RECEIVE from orders-in"] * 2 + http * 2)


def test_what_a_killed_host_left_behind_arrives_with_the_next_run(make, scene):
    """The tap starts the agent after its first second only; this one, alone in its folder, never does."""
    app = make("node")
    shutil.copy(TAP, app.root / "azimuth-tap")
    host = scene.host(settings={"AZIMUTH_RUN_DIR": app.env["AZIMUTH_RUN_DIR"], "OTEL_SERVICE_NAME": "shop",
                                "ELASTIC_APM_SERVER_URL": f"http://127.0.0.1:{app.port}"})
    worker = host.start([app.root / "azimuth-tap"], WORKER, env={
        "AZIMUTH_WORKER_EXECUTABLE": PYTHON, **scene.worker_env(FUNCTIONS)})
    worker.init()
    worker.load(worker.index())
    worker.invoke("hello")
    assert worker.terminate() == 0
    until(lambda: list((app.root / "run").glob("ring-*")))
    done = run(AZIMUTH, "run", "--hub-port", app.port, "--", "true", cwd=app.folder, env=app.env)
    assert done.returncode == 0
    assert [t["name"] for t in until(app.traces, PATIENCE)] == ["GET /api/hello"]
