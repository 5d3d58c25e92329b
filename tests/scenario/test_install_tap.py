"""`azimuth install-tap` puts the tap into a published .NET isolated app, and takes it out again."""
import os
import pathlib
import shutil
import tempfile

import pytest

import values
import worker_choice
from conftest import HERE, PYTHON
from host import Host
from intake import Intake
from observing import SITE, agents, end_agents
from processes import AZIMUTH, TAP, run

pytestmark = pytest.mark.skipif(not TAP.exists(), reason="azimuth-tap is not built")

CONFIG = """\ufeff{
  // as published
  "description": {
    "language": "dotnet-isolated",
    "extensions": [ ".dll" ],
    "defaultExecutablePath": "%s",
    "defaultWorkerPath": "App.dll",
    "workerIndexing": "true",
    "canUsePlaceholder": true
  }
}
""".replace("\n", "\r\n")
TAPPED = CONFIG.replace('"%s"', '"{WorkerRoot}azimuth/azimuth-tap",\r\n    "azimuthWorkerExecutable": "%s"')


class Published:
    """What `dotnet publish` leaves, with the scripted worker for an app. executable: dotnet, or the app's own file."""

    def __init__(self, folder, executable="dotnet"):
        self.folder, self.bin, self.executable = folder / "publish", folder / "bin", executable
        for path in (self.folder, self.bin):
            path.mkdir()
        script = f"import runpy, sys\nsys.path.insert(0, {str(HERE)!r})\nrunpy.run_path({str(HERE / 'worker.py')!r}, run_name='__main__')\n"
        (self.folder / "App.dll").write_text(script)
        own = self.folder / "App" if executable == "{WorkerRoot}App" else self.bin / "dotnet"
        own.write_text(f"#!/bin/sh\nexec {PYTHON} \"$@\"\n")
        own.chmod(0o755)
        self.config = self.folder / "worker.config.json"
        self.write(CONFIG)
        self.before = self.files()

    def write(self, text):
        self.config.write_bytes((text % self.executable).encode())

    def files(self):
        return {str(p.relative_to(self.folder)): (p.stat().st_mode, p.read_bytes() if p.is_file() else b"")
                for p in sorted(self.folder.rglob("*"))}

    def install(self, *arguments):
        return run(AZIMUTH, "install-tap", self.folder, *arguments)


@pytest.fixture(params=["dotnet", "{WorkerRoot}App"])
def app(tmp_path, request):
    return Published(tmp_path, request.param)


@pytest.fixture
def one(tmp_path):
    return Published(tmp_path)


def test_installed_and_undone(app):
    done = app.install()
    assert (done.returncode, done.stderr) == (0, "")
    assert f"the host starts {{WorkerRoot}}azimuth/azimuth-tap, which starts {app.executable}" in done.stdout
    assert app.config.read_bytes().decode() == TAPPED % app.executable
    assert (app.folder / "azimuth/azimuth-tap").read_bytes() == TAP.read_bytes()
    installed = app.files()
    assert "in place already" in app.install().stdout
    assert app.files() == installed
    done = app.install("--undo")
    assert (done.returncode, done.stderr) == (0, "")
    assert app.files() == app.before
    done = app.install("--undo")
    assert done.returncode == 0 and "left as it is" in done.stdout
    assert app.files() == app.before


def test_a_dry_run_changes_nothing(one):
    assert "would start" in one.install("--dry-run").stdout
    assert one.files() == one.before
    one.install()
    installed = one.files()
    done = one.install("--undo", "--dry-run")
    assert "would be" in done.stdout and one.files() == installed


def test_a_newer_publish_is_left_as_it_is(one):
    one.install()
    one.write(CONFIG.replace("App.dll", "Newer.dll"))
    (one.folder / "Newer.dll").touch()
    newer = one.config.read_bytes()
    done = one.install("--undo")
    assert done.returncode == 0 and "is not in it (any more): left as it is" in done.stdout
    assert one.config.read_bytes() == newer and not (one.folder / "azimuth").exists()
    assert one.install().returncode == 0


def invocations(published, tmp_path, calls=3, **env):
    """The app under a host that reads its worker.config.json; the events, and how the worker was started."""
    with Intake() as intake:
        run_dir, functions = tmp_path / "run", [values.http(), values.queue()]
        values.save(functions, tmp_path / "functions.json")
        settings = {**SITE, "FUNCTIONS_WORKER_RUNTIME": "dotnet-isolated", "ELASTIC_APM_SERVER_URL": intake.url,
                    "AZIMUTH_RUN_DIR": str(run_dir), "PATH": f"{published.bin}:/usr/bin:/bin", "SCRIPTED_STYLE": "dotnet",
                    "SCRIPTED_FUNCTIONS": str(tmp_path / "functions.json"), "SCRIPTED_REPORT": str(tmp_path / "report"), **env}
        choice = worker_choice.choose(settings, published.folder, workers=tmp_path / "none")
        try:
            with Host(published.folder, settings, "dotnet-isolated", choice.directory) as host:
                worker = worker_choice.start(host, choice)
                worker.init()
                worker.load(worker.index())
                sent = {worker.invoke(f, "x").invocation_id for f in functions for _ in range(calls)}
                events = intake.wait(len(sent))
                agent = os.readlink(f"/proc/{agents(run_dir)[0]}/exe")
                assert worker.terminate() == 0
                return sent, events, agent, worker.argv
        finally:
            end_agents(run_dir)


def test_a_host_starts_the_app_through_the_tap(app, tmp_path):
    app.install()
    moved = app.folder.rename(tmp_path / "moved")  # as a deployment does
    app.folder = moved
    for path in moved.rglob("*"):
        path.chmod(path.stat().st_mode & 0o555)  # as a package is mounted
    sent, events, agent, argv = invocations(app, tmp_path)
    assert argv[0] == str(moved / "azimuth/azimuth-tap")
    assert {e["faas"]["execution"] for e in events} == sent
    assert len(events) == len(sent) == 6
    assert agent == str(moved / "azimuth/azimuth")


def test_the_tap_at_a_path_of_its_own(one, tmp_path):
    done = one.install("--tap", TAP)
    assert done.returncode == 0 and not (one.folder / "azimuth").exists()
    sent, events, _, argv = invocations(one, tmp_path)
    assert argv[0] == str(TAP) and len(events) == len(sent)
    one.install("--undo")
    assert one.files() == one.before


def test_a_dotnet_that_is_the_tap_does_not_tap_twice(one, tmp_path):
    """`azimuth run` puts such a one first on PATH."""
    one.install()
    (tmp_path / "shims").mkdir()
    shutil.copy(TAP, tmp_path / "shims" / "dotnet")
    sent, events, _, _ = invocations(one, tmp_path, PATH=f"{tmp_path}/shims:{one.bin}:/usr/bin:/bin")
    assert len(events) == len(sent)


@pytest.mark.parametrize("spoil, message", [
    (lambda app: app.config.unlink(), "worker.config.json is not there; expected the folder that `dotnet publish`"),
    (lambda app: shutil.rmtree(app.folder), "No such file or directory"),
    (lambda app: app.config.write_text('{\n"description": ]'), "worker.config.json:2:"),
    (lambda app: app.config.write_text('{\n"description": {}}'), 'worker.config.json:2:16: no "defaultExecutablePath"'),
    (lambda app: app.config.write_text(CONFIG.replace("dotnet-isolated", "node") % "node"), "languageWorkers__node__"),
    (lambda app: (app.folder / "App.dll").unlink(), "names the worker App.dll, which is not beside it"),
    (lambda app: (app.folder / "azimuth").write_text("a file"), "cannot make the folder"),
])
def test_what_cannot_be_done_is_said_in_one_line(one, spoil, message):
    spoil(one)
    before = one.files() if one.folder.exists() else None
    done = one.install()
    assert done.returncode == 1 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    assert before is None or one.files() == before


def test_a_folder_that_cannot_be_written():
    """Root may write everywhere, so somebody else tries, in a folder that he can reach."""
    other = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
    if other and (not shutil.which("setpriv") or run(*other, "test", "-x", AZIMUTH).returncode != 0):
        pytest.skip("only root is here, and nobody else may start azimuth")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        app = Published(pathlib.Path(folder))
        app.folder.chmod(0o555)
        before = app.files()
        done = run(*other, AZIMUTH, "install-tap", app.folder)
        assert done.returncode == 1 and "ermission denied" in done.stderr and done.stderr.count("\n") == 1, done.stderr
        assert app.files() == before
        app.folder.chmod(0o755)


@pytest.mark.parametrize("arguments, message", [
    ([], "no folder was given"),
    (["a", "b"], "more than one folder"),
    (["a", "--undo", "--tap", "/x/azimuth-tap"], "do not go together"),
    (["a", "--tap", ""], "--tap needs a path"),
    (["a", "--other"], "--other is no option"),
])
def test_wrong_usage(arguments, message):
    done = run(AZIMUTH, "install-tap", *arguments)
    assert done.returncode == 2 and message in done.stderr
