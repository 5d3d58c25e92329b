"""`make demo`: recordings through the tap, by the agent, into the hub, onto the terminal; and a loud failure."""
import os
import pathlib
import shutil
import signal

import pytest

from processes import AZIMUTH, BIN, ROOT, TAP, Process, run

DEMO = ROOT / "tests" / "demo.sh"
pytestmark = pytest.mark.skipif(not TAP.exists(), reason="azimuth-tap is not built")


def environment(folder, **more):
    return os.environ | {"AZM_BUILD": str(BIN.parent), "DEMO_DIR": str(folder / "demo"), "DEMO_SPEED": "0", **more}


def left_over(folder):
    """Processes that were started with this folder in their arguments or environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            known = [pathlib.Path("/proc", pid, name).read_bytes() for name in ("cmdline", "environ")]
        except OSError:
            continue
        if any(str(folder / "demo").encode() in text for text in known) and int(pid) != os.getpid():
            found.append(known[0].replace(b"\0", b" "))
    return found


def test_shows_every_invocation_and_cleans_up(tmp_path):
    done = run(DEMO, env=environment(tmp_path, DEMO_ONCE="1", ELASTIC_APM_ENABLED="false"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "All 154 invocations arrived. The page: http://127.0.0.1:" in done.stdout
    for text in ("shop-checkout", "shop-catalog", "shop-prices", "GET /api/boom", "[cold start]", "One of the failures:"):
        assert text in done.stdout
    assert left_over(tmp_path) == []


def test_stays_until_it_is_told_to_end(tmp_path):
    with Process(DEMO, env=environment(tmp_path)) as demo:
        while demo.line() != "Ctrl-C ends the hub.":
            pass
        assert any(b"azimuth hub" in command for command in left_over(tmp_path))
        demo.send_signal(signal.SIGINT)
        assert demo.end() == 0
    assert left_over(tmp_path) == []


def test_fails_when_invocations_are_missing(tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(AZIMUTH, tmp_path / "bin" / "azimuth")
    shutil.copy(pathlib.Path(__file__).with_name("stand_in_tap.py"), tmp_path / "bin" / "azimuth-tap")
    done = run(DEMO, env=environment(tmp_path, DEMO_ONCE="1", DEMO_WAIT="1", AZM_BUILD=str(tmp_path)))
    assert done.returncode == 1
    assert "demo: only 0 of 154 invocations arrived within 1 s" in done.stderr
    assert left_over(tmp_path) == []
