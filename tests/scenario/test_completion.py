"""What bash offers behind `azimuth`."""
import pytest

from conftest import HERE
from processes import AZIMUTH, run

SCRIPT = HERE.parents[1] / "packaging" / "completion.bash"
pytestmark = pytest.mark.skipif(not AZIMUTH.exists(), reason="azimuth is not built")


def offered(*words):
    """For the last of the words."""
    code = f'source {SCRIPT}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _azimuth; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = run("bash", "--norc", "-c", code, "bash", AZIMUTH, *words)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands():
    listed = [line.split()[0] for line in run(AZIMUTH, "--help").stdout.splitlines() if line.startswith("  ")]
    assert offered("") == listed and "install-tap" in listed
    assert offered("inst") == ["install-tap"]
    assert offered("nothing") == []


def test_options():
    assert set(offered("install-tap", "--")) == {"--help", "--undo", "--tap", "--dry-run"}
    assert offered("run", "--hub") == ["--hub-port"]
    assert offered("run", "some") == []


def test_the_command_to_be_run():
    assert "bash" in offered("run", "--", "bas")
    assert offered("run", "--", "bash", "--hub") == []
