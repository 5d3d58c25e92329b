"""The tap in a custom handler's place finds the handler that host.json names, and becomes it."""
import json
import os
import subprocess

import pytest

from processes import PATIENCE, TAP

HANDLER = '#!/bin/sh\necho "$0" "$@" "$FUNCTIONS_CUSTOMHANDLER_PORT"\nexit 7\n'


def play(app, settings, section="customHandler", named="handler"):
    app.mkdir(exist_ok=True)
    (app / "bin").mkdir(exist_ok=True)
    for name in ("handler", "bin/other"):
        (app / name).write_text(HANDLER)
        (app / name).chmod(0o755)
    (app / "host.json").write_text(json.dumps({section: {"description": {"defaultExecutablePath": named}}}))
    env = {"PATH": os.environ["PATH"], "FUNCTIONS_CUSTOMHANDLER_PORT": "45123", "FUNCTIONS_APP_ROOT_PATH": str(app),
           **settings}
    return subprocess.run([TAP, "a", "b c"], cwd="/", env=env, capture_output=True, text=True, timeout=PATIENCE)


@pytest.mark.parametrize("section, named, setting, program", [
    ("customHandler", "handler", None, "handler"),
    ("customHandler", "./bin/other", None, "./bin/other"),
    ("httpWorker", "handler", None, "handler"),
    ("customHandler", "%PLACE%/other", None, "bin/other"),
    ("customHandler", "handler", "bin/other", "bin/other"),  # what stood in the setting before goes first
])
def test_the_handler_of_host_json_is_started(tmp_path, section, named, setting, program):
    settings = {"PLACE": "bin", **({"AZIMUTH_WORKER_EXECUTABLE": setting} if setting else {})}
    done = play(tmp_path / "app", settings, section, named)
    assert (done.returncode, done.stdout) == (7, f"{tmp_path}/app/{program} a b c 45123\n"), done.stderr


def test_a_handler_that_is_nowhere_is_said(tmp_path):
    done = play(tmp_path / "app", {}, named="no-such-handler")
    assert done.returncode == 127
    assert "no-such-handler" in done.stderr


def test_a_host_json_without_one_is_said(tmp_path):
    done = play(tmp_path / "app", {}, section="extensions")
    assert done.returncode == 127
    assert f"{tmp_path}/app/host.json: no customHandler.description.defaultExecutablePath" in done.stderr
