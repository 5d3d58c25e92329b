"""Fixtures of the scenarios. AZM_BUILD names the build folder (default build/dev), AZM_SHARED the shared data."""
import pathlib
import signal
import socket
import sys
import time

import pytest

import values
import wire
from host import Host
from processes import TAP

HERE = pathlib.Path(__file__).parent
WORKER = HERE / "worker.py"
PYTHON = "/usr/bin/python3" if pathlib.Path("/usr/bin/python3").exists() else sys.executable


def pytest_configure(config):
    # A shell starts what runs in its background with these ignored, and children inherit that: Ctrl-C would do nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "soak: takes minutes; only `make soak` runs it")
    config.addinivalue_line("markers", "threads: exercises programs with threads; TSan runs these")


def pytest_collection_modifyitems(config, items):
    if "soak" not in config.getoption("markexpr", ""):
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


class Scene:
    """A folder for one scenario, and hosts and scripted workers in it."""

    def __init__(self, folder):
        self.folder, self.hosts = folder, []
        self.settings = {}  # of every host
        self.app = folder / "app"
        self.app.mkdir()

    def host(self, settings=None, **more):
        self.hosts.append(Host(self.app, {**self.settings, **(settings or {})}, **more))
        return self.hosts[-1]

    def worker_env(self, functions, style="node", **scripted):
        """Settings of the scripted worker: worker_env([...], endure=1) is SCRIPTED_ENDURE=1."""
        file = self.folder / f"functions-{len(list(self.folder.glob('functions-*')))}.json"
        values.save(functions, file)
        return {"SCRIPTED_FUNCTIONS": str(file), "SCRIPTED_STYLE": style,
                **{f"SCRIPTED_{k.upper()}": str(v) for k, v in scripted.items()}}

    def start(self, host, functions, style="node", through_tap=True, env=None, popen=None, **scripted):
        """A scripted worker under the host, through the tap or without it. Not yet spoken to."""
        env = {**self.worker_env(functions, style, **scripted), **(env or {})}
        executable = [PYTHON]
        if through_tap:
            executable, env = [TAP], {"AZIMUTH_WORKER_EXECUTABLE": PYTHON, **env}
        return host.start(executable, WORKER, env=env, **(popen or {}))

    def both_legs(self, functions, **more):
        """A host and a worker with the tap between, both legs recorded: (host, channel, check). check() stops both and
        compares."""
        near, far = self.folder / "worker-leg", self.folder / "host-leg"
        host, recorder = self.host(record=far), wire.Recorder(near)
        channel = self.start(host, functions, record=f"{recorder.port}:{near}", **more)

        def check():
            wire.settle(near, far)
            ended = "tap" if channel.terminate() < 0 else "worker"
            host.close()
            recorder.close()
            wire.same_bytes(near, far, ended)
        return host, channel, check

    def close(self):
        for host in self.hosts:
            host.close()


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    scene.close()


class Raw:
    """A worker that sleeps, a host that is a plain listener, and the address that the tap gave to the worker."""

    def __init__(self, scene, tap_env=None):
        self.scene = scene
        (scene.folder / "idle.py").write_text(
            "import os, sys, time\n"
            "given = dict(zip(sys.argv, sys.argv[1:]))\n"
            "open(os.environ['REPORT'] + '.part', 'w').write(given['--port'])\n"
            "os.rename(os.environ['REPORT'] + '.part', os.environ['REPORT'])\n"
            "time.sleep(600)\n")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = scene.host()
        self.host.port = self.listener.getsockname()[1]
        report = scene.folder / "report"
        self.channel = self.host.start([TAP], scene.folder / "idle.py", env={
            "AZIMUTH_WORKER_EXECUTABLE": PYTHON, "REPORT": str(report), **(tap_env or {})})
        while not report.exists():
            time.sleep(0.01)
        self.port = int(report.read_text())

    def pair(self):
        near = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        far, _ = self.listener.accept()
        far.settimeout(30)
        return near, far


@pytest.fixture
def raw(scene):
    return Raw(scene)
