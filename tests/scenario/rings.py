"""Rings that a stand-in for the tap writes, agents that read them, and servers with whims."""
import collections
import gzip
import http.server
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import threading
import time

from processes import AZIMUTH, BIN, PATIENCE

RINGGEN = BIN.parent / "tools" / "ringgen"
ENV = {k: v for k, v in os.environ.items()
       if "proxy" not in k.lower() and not k.startswith(("ELASTIC_", "AZIMUTH_", "OTEL_"))}


def wait_for(what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not (result := what()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
    return result


Request = collections.namedtuple("Request", "status headers lines")


class Server:
    """Takes intake v2. script: what to answer, one after the other, the last one for ever; each is a status, or
    (status, body, headers), or "close" (the connection, without a word), or "half" (of a 202), or a function that finds
    one of these for the ids of a request. While `gate` is closed no request is answered."""

    def __init__(self, *script, host="127.0.0.1", port=0, tls=None):
        self.script, self.requests, self.gate = list(script) or [202], [], threading.Event()
        self.arrived = 0
        self.gate.set()
        server, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                with lock:
                    server.arrived += 1
                    answer = server.script.pop(0) if len(server.script) > 1 else server.script[0]
                server.gate.wait(PATIENCE)
                lines = [json.loads(line) for line in body.splitlines()]
                if callable(answer):
                    answer = answer([int(line["transaction"]["id"], 16) for line in lines[1:]])
                status, text, headers = answer if isinstance(answer, tuple) else (answer, "", {})
                try:
                    if answer in ("close", "half"):
                        self.close_connection = True
                        if answer == "half":
                            self.wfile.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{")
                        return
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(text))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass
                finally:
                    server.requests.append(Request(status, {**self.headers, "path": self.path}, lines))

            def log_message(self, *args):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # an agent was killed in the middle

        self.http = Listener((host, port), Handler)
        self.http.daemon_threads = True
        self.url = "http://%s:%d" % self.http.server_address[:2]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.url = "https://localhost:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def events(self, status=202):
        return [line["transaction"] for r in self.requests if r.status == status for line in r.lines[1:]]

    def ids(self, status=202):
        return [int(event["id"], 16) for event in self.events(status)]

    def wait(self, ids):
        """Until all of these were answered with 202, each once."""
        wait_for(lambda: len(self.ids()) >= len(list(ids)))
        assert sorted(self.ids()) == list(ids)

    def twice(self):
        """Ids that were taken more than once."""
        return {i for i, n in collections.Counter(self.ids()).items() if n > 1}

    def close(self):
        self.gate.set()
        self.http.shutdown()
        self.http.server_close()


class Writer:
    """A stand-in for a tap: see src/agent/ringgen.c."""

    def __init__(self, run_dir, name, size=None):
        self.path = run_dir / name
        args = [RINGGEN, self.path] + ([str(size)] if size else [])
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def source(self, service, url, **more):
        words = [word for pair in more.items() for word in map(str, pair)]
        assert self.say(" ".join(["source", service, str(self.process.pid), url, *words])) == "ok"
        return self

    def put(self, n):
        assert self.say(f"put {n}") == str(n)

    def number(self, what):
        return int(self.say(what))

    def end(self, how=None):
        if how:
            self.process.send_signal(how)
        else:
            self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Place:
    """A run folder, and all that lives around it."""

    def __init__(self, folder):
        self.run_dir = folder / "run"
        self.run_dir.mkdir(mode=0o700)
        self.agents, self.writers, self.servers = [], [], []

    def server(self, *script, **more):
        self.servers.append(Server(*script, **more))
        return self.servers[-1]

    def writer(self, name="ring-1-1", **more):
        self.writers.append(Writer(self.run_dir, name, **more))
        return self.writers[-1]

    def agent(self, *more, wait=True, **env):
        agent = subprocess.Popen([AZIMUTH, "agent", "--run-dir", self.run_dir, *more], env={**ENV, **env},
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.agents.append(agent)
        if wait:
            wait_for(lambda: f"process {agent.pid}\n" in self.log() or agent.poll() is not None)
        return agent

    def log(self):
        path = self.run_dir / "agent.log"
        return path.read_text() if path.exists() else ""

    def status(self, name="local"):
        """The status of the one process of this instance."""
        found = list(self.run_dir.glob(f"status/{name}-*.json"))
        return json.loads(found[0].read_text()) if found else {}

    def balance(self, name="local"):
        """(what the status says of events that were made, what became of them)."""
        status = self.status(name)
        if not status:
            return None
        after = ("unreadable", "unsendable", "rejected", "spool_full", "damaged", "poisoned")  # the ring
        lost = sum(status["dropped"][reason] for reason in after)
        return (status["events"] + status["taken_over"],
                status["delivered"] + status["unsampled"] + lost + sum(status["waiting"].values()))

    def rings(self):
        return sorted(p.name for p in self.run_dir.glob("ring-*"))

    def spool(self):
        return sorted(self.run_dir.glob("spool/*"))

    def close(self):
        for server in self.servers:
            server.close()
        for process in self.agents + [w.process for w in self.writers]:
            if process.poll() is None:
                process.kill()
            process.wait()
            said = process.stderr.read() if process.stderr and not process.stderr.closed else ""
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream and not stream.closed:
                    stream.close()
            assert "Sanitizer" not in said, said


def end(agent, how=signal.SIGTERM):
    agent.send_signal(how)
    return agent.wait(PATIENCE)


def put_all(writer, count, at_once=50):
    """As a writer does that never finds its ring full."""
    for _ in range(count // at_once):
        writer.put(at_once)
        wait_for(lambda: writer.number("used") < 30000)


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def kill_at_random(place, server, writer, kills, pause):
    """Writes on while agents die; returns how many events found room in the ring."""
    dice = random.Random(4)
    made = 0
    for _ in range(kills):
        agent = place.agent(wait=False)
        until = time.monotonic() + dice.uniform(*pause)
        while time.monotonic() < until:
            made += int(writer.say("put 20"))
            time.sleep(0.02)
        agent.kill()
        agent.wait()
        agent.stdout.close()
        agent.stderr.close()
        place.agents.remove(agent)
        if dice.random() < 0.5:
            server.script = [dice.choice([202, 202, 503, "close", "half"])]
    server.script = [202]
    return made


def repeated_requests(server):
    """How many requests that were answered held events that had been in an earlier one."""
    seen, repeated = set(), 0
    for request in server.requests:
        ids = {int(line["transaction"]["id"], 16) for line in request.lines[1:]}
        if request.status == 202:
            repeated += bool(ids & seen)
            seen |= ids
    return repeated


def check_killed(place, server, writer, made, kills):
    dropped = writer.number("dropped")
    place.agent()
    wait_for(lambda: len(set(server.ids())) == made)  # ids count what found no room, too
    wait_for(lambda: writer.number("used") == 0 and not place.spool())
    assert max(server.ids()) <= made + dropped
    # in hand at a kill: two batches of a ring, and one of the spool
    repeated = repeated_requests(server)
    assert repeated <= 3 * kills
    return dropped, repeated
