"""What the scenarios with events share: an app that is observed, its run folder, and the agents that work there."""
import contextlib
import os
import pathlib
import signal
import struct
import time

import apps
import values
from conftest import PYTHON, WORKER
from intake import Intake
from processes import TAP

SITE = {"WEBSITE_SITE_NAME": "Shop", "WEBSITE_INSTANCE_ID": "instance-1", "WEBSITE_RESOURCE_GROUP": "shop-rg",
        "REGION_NAME": "West Europe",
        "WEBSITE_OWNER_NAME": "d2ba53be-0815-4000-8000-000000000001+plan-rg-WestEuropewebspace-Linux"}
FUNCTION_ID = ("/subscriptions/d2ba53be-0815-4000-8000-000000000001/resourceGroups/shop-rg/providers/Microsoft.Web/"
               "sites/Shop/functions/")


def agents(run_dir):
    """Process ids of the agents of this run folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().split(b"\0")
            if os.path.basename(command[0]) == b"azimuth" and b"agent" in command:
                if f"AZIMUTH_RUN_DIR={run_dir}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def kill_agents(run_dir, signo=signal.SIGKILL):
    """Ends them; how many there were."""
    found = agents(run_dir)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signo)
    return len(found)


def dropped(run_dir):
    """Records that found no room, of all rings there (src/ring/ring.md)."""
    return sum(struct.unpack_from("<Q", path.read_bytes()[:4096], 192)[0] for path in run_dir.glob("ring-*"))


def end_agents(run_dir, patience=5):
    """Also one that was just about to start: twice nobody there, with a moment between."""
    end, empty = time.monotonic() + patience, 0
    while empty < 2 and time.monotonic() < end:
        empty = 0 if kill_agents(run_dir) else empty + 1
        time.sleep(0.05)


def until(what, patience=30):
    end = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


class Observed:
    """An app folder under a scene, its events at an intake."""

    def __init__(self, scene, intake, name="run", settings=None):
        self.scene, self.intake = scene, intake
        self.run_dir = scene.folder / name
        self.settings = {**SITE, "ELASTIC_APM_SERVER_URL": intake.url, "AZIMUTH_RUN_DIR": str(self.run_dir),
                         **(settings or {})}
        self.managers = []

    def start(self, functions, style="node", **more):
        """A worker under a host in this process, ready."""
        host = self.scene.host(settings=self.settings, runtime={"dotnet": "dotnet-isolated"}.get(style, style))
        worker = self.scene.start(host, functions, style, **more)
        worker.init()
        worker.load(worker.index())
        return worker

    def app(self, functions, style="node", settings=None, folder="separate"):
        """An app under a host in a process of its own."""
        env = {"AZIMUTH_WORKER_EXECUTABLE": PYTHON, **self.scene.worker_env(functions, style)}
        manager, app = apps.start(str(self.scene.folder / folder), {**self.settings, **(settings or {})}, functions,
                                  [str(TAP)], str(WORKER), env)
        self.managers.append(manager)
        return app

    def agent(self):
        """The one agent, once there is one."""
        found = until(lambda: agents(self.run_dir))
        return found[0]

    def log(self):
        """All that the run folder's logs say."""
        return "".join(p.read_text(errors="replace") for p in sorted(self.run_dir.glob("*.log*")))

    def close(self):
        for manager in self.managers:
            manager.shutdown()
        self.scene.close()
        end_agents(self.run_dir)


@contextlib.contextmanager
def observing(scene, **more):
    with Intake() as intake:
        observed = Observed(scene, intake, **more)
        try:
            yield observed
        finally:
            observed.close()


@contextlib.contextmanager
def watched(scene, on):
    """The scene's hosts are observed (on) or not, for tests of the relay, which must not show it."""
    run_dir = scene.folder / "run"
    if on:
        scene.settings = {**SITE, "ELASTIC_APM_SERVER_URL": "http://127.0.0.1:9", "AZIMUTH_RUN_DIR": str(run_dir)}
    yield
    scene.close()
    end_agents(run_dir)


ALL = [values.http(), values.http("products", route="products/{category:alpha}/{id:int?}"),
       values.http("boom", "fail"), values.http("missing", status=404), values.http("broken", status=503),
       values.timer(), values.queue(), values.queue("badorders", "fail"), values.service_bus(),
       values.service_bus("batch", many=True)]
