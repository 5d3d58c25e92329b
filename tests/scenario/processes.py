"""The programs under test, and processes that are watched, for all scenarios.

AZM_BUILD names the build folder; without it build/dev of this checkout is used."""
import functools
import os
import pathlib
import queue
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("AZM_BUILD", ROOT / "build" / "dev")).resolve() / "bin"
AZIMUTH = BIN / "azimuth"
TAP = BIN / "azimuth-tap"
RECORDINGS = ROOT / "tests" / "recordings"
PATIENCE = 60  # seconds after which something that should happen never will


@functools.cache
def sanitized():
    """The programs are built with a sanitizer, whose own memory would be measured with theirs."""
    program = AZIMUTH.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


class Process(subprocess.Popen):
    """A process whose lines are read as they come. Used as a context it is killed at the end."""

    def __init__(self, *args, **more):
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
        super().__init__([str(a) for a in args], text=True, **more)
        self.lines = {"stdout": queue.Queue(), "stderr": queue.Queue()}
        self.readers = []
        for name, stream in (("stdout", self.stdout), ("stderr", self.stderr)):
            if stream:
                self.readers.append(threading.Thread(target=self._read, args=(name, stream), daemon=True))
                self.readers[-1].start()

    def _read(self, name, stream):
        for line in stream:
            self.lines[name].put(line.rstrip("\n"))
        self.lines[name].put(None)

    def line(self, name="stdout"):
        """The next line; None at the end."""
        return self.lines[name].get(timeout=PATIENCE)

    def rest(self, name="stdout"):
        """All further lines, until the end."""
        return list(iter(lambda: self.line(name), None))

    def end(self):
        """Waits for the end and returns the exit code."""
        return self.wait(timeout=PATIENCE)

    def __exit__(self, *exc):
        if self.poll() is None:
            self.kill()
        self.wait()
        for reader in self.readers:
            reader.join(PATIENCE)
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()


def run(*args, **more):
    """Runs to the end; returns what subprocess.run does, with text."""
    return subprocess.run([str(a) for a in args], text=True, capture_output=True, timeout=600,
                          **{"stdin": subprocess.DEVNULL, **more})
