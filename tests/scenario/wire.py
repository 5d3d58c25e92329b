"""A relay that changes nothing and writes down what went through: put on both sides of the tap, the two have to hold
the same bytes."""
import os
import pathlib
import re
import socket
import threading
import time


class Recorder:
    """Listens on a port of its own. Connection N of it becomes two files in the folder: N.w, what the connecting side
    (the worker, or the tap for it) sent, and N.h, what the host answered. Where it connects to may be told later, by
    tell(), from another process."""

    def __init__(self, folder, port=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if port:
            tell(folder, port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.count = 0
        self.threads = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", int((self.folder / "target").read_text())))
            except OSError:
                near.close()
                continue
            name, self.count = str(self.count), self.count + 1
            for source, sink, ending in ((near, far, ".w"), (far, near, ".h")):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=self._copy, args=(source, sink, self.folder / (name + ending)),
                                          daemon=True)
                self.threads.append(thread)
                thread.start()

    @staticmethod
    def _copy(source, sink, path):
        # Written down before it is sent: so the record is complete even when this process is ended by the next byte.
        with open(path, "wb", buffering=0) as out:
            try:
                while data := source.recv(1 << 18):
                    out.write(data)
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                for s in (source, sink):
                    try:
                        s.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass

    def close(self, patience=10):
        self.listener.close()
        for thread in self.threads:
            thread.join(patience)


def tell(folder, port):
    (pathlib.Path(folder) / "target").write_text(str(port))


def connections(folder):
    """[(bytes of the worker, bytes of the host)] of a record, in an order that does not depend on who came first."""
    folder = pathlib.Path(folder)
    pairs = [(path.read_bytes(), path.with_suffix(".h").read_bytes()) for path in folder.glob("*.w")]
    return sorted(pairs)


HTTP_URI = re.compile(rb"(\x07HttpUri\x12.http://[^/:]+:)([0-9]+)", re.DOTALL)


def with_the_same_port(entered, left):
    """What left, with the port of HttpUri as it entered: the one thing that a tap changes (digits for digits)."""
    ports = [HTTP_URI.search(b) for b in (entered, left)]
    if None in ports or len(ports[0][2]) != len(ports[1][2]) or ports[0].start() != ports[1].start():
        return left
    return left[:ports[1].start(2)] + ports[0][2] + left[ports[1].end(2):]


def same_bytes(worker_leg, host_leg, ended="no"):
    """Asserts that what entered one leg left the other. ended: when the "worker" went, nobody takes the host's last
    bytes; when the "tap" was killed, the last ones of both may be missing. Lengths first: a diff of megabytes helps
    nobody."""
    near, far = connections(worker_leg), connections(host_leg)
    assert near, f"{worker_leg} recorded no connection"
    assert len(near) == len(far)
    if ended != "tap":
        assert [len(w) for w, h in near] == [len(w) for w, h in far]
    if ended == "no":
        assert [len(h) for w, h in near] == [len(h) for w, h in far]
    for n, ((worker_sent, worker_got), (host_got, host_sent)) in enumerate(zip(near, far)):
        for what, entered, left in (("worker", worker_sent, with_the_same_port(worker_sent, host_got)),
                                    ("host", host_sent, worker_got)):
            if not entered.startswith(left):
                at = len(os.path.commonprefix([entered, left]))
                raise AssertionError(f"connection {n}, bytes of the {what}: different from byte {at}")


def settle(worker_leg, host_leg, patience=10):
    """Waits until both legs hold the same: until nothing is under way."""
    end = time.monotonic() + patience
    while True:
        try:
            return same_bytes(worker_leg, host_leg)
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
