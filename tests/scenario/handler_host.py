"""A host of custom handlers, as DefaultHttpWorkerService of azure-functions-host is one: it gives the handler a port, asks
"GET /" every 25 ms until anything but a refused connection comes of it, and then calls functions over HTTP/1.1.

    app = App(folder, {"hello": [http_in(), http_out()]}, script={"/hello": {...}})
    with HandlerHost(app, settings, command=[TAP]) as host:
        answer = host.call("hello", {"req": request("GET", "/api/hello")})
"""
import http.client
import json
import os
import pathlib
import socket
import threading
import time
import uuid

from conftest import PYTHON
from processes import PATIENCE, Process

HANDLER = pathlib.Path(__file__).parent / "custom_handler.py"


def http_in(name="req", **more):
    return {"type": "httpTrigger", "direction": "in", "name": name, "authLevel": "anonymous", **more}


def http_out(name="res"):
    return {"type": "http", "direction": "out", "name": name}


def queue_in(name="item", queue="orders"):
    return {"type": "queueTrigger", "direction": "in", "name": name, "queueName": queue, "connection": "Storage"}


def encoded(value):
    """As the host writes what is neither an object nor a time: JSON in a string."""
    return value if isinstance(value, dict) else json.dumps(value)


def request(method, url, headers=None, **more):
    """The value of an HTTP trigger."""
    return {"Url": url, "Method": method, "Query": {}, "Headers": {k: [v] for k, v in (headers or {}).items()},
            "Params": {}, "Identities": [], **more}


class App:
    """Its folder: host.json, a folder for each function, and the handler, which plays `script` by path."""

    def __init__(self, folder, functions, script=None, handler=None, named="handler", section="customHandler", **host):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        for name, bindings in functions.items():
            (self.folder / name).mkdir()
            (self.folder / name / "function.json").write_text(json.dumps({"bindings": bindings}))
        program = self.folder / "handler"
        program.write_text(f'#!/bin/sh\nexec {PYTHON} {HANDLER} "$@"\n')
        program.chmod(0o755)
        (self.folder / "script.json").write_text(json.dumps(script or {}))
        described = {"description": {"defaultExecutablePath": named}, **(handler or {})}
        (self.folder / "host.json").write_text(json.dumps({"version": "2.0", section: described, **host}))

    def got(self):
        """What the handler received, by connection, in the order they were opened."""
        return [path.read_bytes() for path in sorted(self.folder.glob("received-*"))]


class HandlerHost:
    version = "4.1037.1.24580"

    def __init__(self, app, settings=None, command=None, arguments=(), ready=True):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            self.port = unused.getsockname()[1]
        arguments = [a.replace("%FUNCTIONS_CUSTOMHANDLER_PORT%", str(self.port)) for a in arguments]
        port = str(self.port)
        env = {"PATH": os.environ["PATH"], "FUNCTIONS_WORKER_RUNTIME": "custom", "FUNCTIONS_HTTPWORKER_PORT": port,
               "FUNCTIONS_CUSTOMHANDLER_PORT": port, "FUNCTIONS_HTTPWORKER_ID": "1", "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": "1",
               "FUNCTIONS_APP_ROOT_PATH": str(app.folder), **(settings or {})}
        self.app, self.local, self.asked = app, threading.local(), []
        self.process = Process(*(command or [app.folder / "handler"]), *arguments, cwd=app.folder, env=env)
        if ready:
            self.wait_until_ready()

    def wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                connection.request("GET", "/")
                self.asked.append(connection.getresponse().status)
                connection.close()
                return
            except ConnectionRefusedError:
                time.sleep(0.025)  # any other failure means a server to the host
        raise AssertionError("the handler never listened")

    def connection(self):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return self.local.connection

    def headers(self, invocation_id=None):
        return {"X-Azure-Functions-HostVersion": self.version,
                "X-Azure-Functions-InvocationId": invocation_id or str(uuid.uuid4()),
                "User-Agent": f"Azure-Functions-Host/{self.version}"}

    def exchange(self, method, path, body=None, headers=None):
        connection = self.connection()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def call(self, function, data, metadata=None, retry=None, invocation_id=None, headers=None):
        """A default call. data: by binding, the trigger's first. (status, headers, body) of the answer."""
        metadata = {k: encoded(v) for k, v in (metadata or {}).items()}
        if retry:
            metadata["RetryContext"] = {"RetryCount": retry[0], "MaxRetryCount": retry[1], "Exception": None}
        body = json.dumps({"Data": {k: encoded(v) for k, v in data.items()}, "Metadata": metadata}).encode()
        return self.exchange("POST", f"/{function}", body, {
            **self.headers(invocation_id), "Content-Type": "application/json; charset=utf-8", **(headers or {})})

    def forward(self, method, path, body=None, headers=None, invocation_id=None):
        return self.exchange(method, path, body, {**(headers or {}), **self.headers(invocation_id)})

    def close(self):
        if hasattr(self.local, "connection"):
            self.local.connection.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.end()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        self.process.__exit__(*exc)
