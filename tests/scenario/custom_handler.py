"""A custom handler that plays a script: script.json beside host.json has, by path, what is to be answered, as
{"status", "reason", "headers", "type", "json" or "text", "chunked", "ms", "drop" (bytes of the answer that are sent), "exit",
"signal", "stderr"}. Every connection's bytes are kept as they came: received-<pid>-<n>."""
import http.server
import itertools
import json
import os
import pathlib
import signal
import socketserver
import sys
import time

ROOT = pathlib.Path(os.environ["FUNCTIONS_APP_ROOT_PATH"])
SCRIPT = json.loads((ROOT / "script.json").read_text())
PORT = int(sys.argv[1]) if len(sys.argv) > 1 else int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])
NUMBERS = itertools.count()
DEFAULT = {"json": {"Outputs": {}, "Logs": [], "ReturnValue": None}}


class Tee:
    """A reader that keeps what it reads."""

    def __init__(self, stream, file):
        self.stream, self.file = stream, file

    def read(self, n=-1):
        data = self.stream.read(n)
        self.file.write(data)
        self.file.flush()
        return data

    def readline(self, n=-1):
        data = self.stream.readline(n)
        self.file.write(data)
        self.file.flush()
        return data

    def close(self):
        self.stream.close()
        self.file.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.rfile = Tee(self.rfile, open(ROOT / f"received-{os.getpid():07}-{next(NUMBERS):04}", "wb"))

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return data

    def play(self):
        body = self.body()
        path = self.path.partition("?")[0]
        entry = SCRIPT.get(path, DEFAULT if path != "/" else {"status": 404, "text": ""})
        time.sleep(entry.get("ms", 0) / 1000)
        if "stderr" in entry:
            print(entry["stderr"], file=sys.stderr, flush=True)
        if "exit" in entry:
            os._exit(entry["exit"])
        if "signal" in entry:
            os.kill(os.getpid(), getattr(signal, entry["signal"]))
            time.sleep(60)
        if entry.get("echo"):
            data = body
        else:
            data = json.dumps(entry["json"]).encode() if "json" in entry else entry.get("text", "").encode()
        head = [f"HTTP/1.1 {entry.get('status', 200)} {entry.get('reason', 'OK')}"]
        type_ = entry.get("type", "application/json" if "json" in entry else None)
        head += [f"Content-Type: {type_}"] if type_ else []
        head += [f"{k}: {v}" for k, v in entry.get("headers", {}).items()]
        if entry.get("chunked"):
            head.append("Transfer-Encoding: chunked")
            data = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + 7]), data[i:i + 7]) for i in range(0, len(data), 7)) + b"0\r\n\r\n"
        else:
            head.append(f"Content-Length: {len(data)}")
        answer = ("\r\n".join(head) + "\r\n\r\n").encode() + (data if self.command != "HEAD" else b"")
        if "drop" in entry:
            self.wfile.write(answer[:entry["drop"]])
            self.close_connection = True
            return
        self.wfile.write(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = play

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256


time.sleep(float(os.environ.get("HANDLER_SLEEP", 0)))
Server(("127.0.0.1", PORT), Handler).serve_forever(poll_interval=0.05)
