"""A scripted language worker: `python3 worker.py` with the arguments that a host adds. What it is told beside them comes
in its environment:

    SCRIPTED_STYLE       node (default), python, dotnet, java or powershell: whose manners it has
    SCRIPTED_FUNCTIONS   file of values.save(): what it indexes, and what each function does
    SCRIPTED_REPORT      file into which it writes how it was started, as JSON
    SCRIPTED_RECORD      PORT:FOLDER of a wire.Recorder, through which it connects
    SCRIPTED_STDOUT, SCRIPTED_STDERR   files whose bytes it writes to its own streams at its start
    SCRIPTED_READ_STDIN  reads stdin to its end and reports it
    SCRIPTED_EXIT        exits with this code at once
    SCRIPTED_ENDURE      1: neither the loss of the host nor a goodbye ends it; 2: SIGTERM does not either
    SCRIPTED_HTTP        1: HTTP proxying, the functions are called over HTTP
    SCRIPTED_CAPABILITIES  JSON object of further capabilities
    SCRIPTED_REFUSES     names, parted by commas, of functions that it cannot load ("*": none); "init", "index",
                         "reload": nor start, tell what there is, become another app
    SCRIPTED_AWAITS      PATTERN:TEXT of a file and what must stand in it before it refuses anything
    SCRIPTED_IDS         0: it leaves the functions' ids to the host

A function does one of the things below, by the name in its definition; `how` are its parameters.
"""
import concurrent.futures
import glob
import http.server
import json
import os
import queue
import signal
import socketserver
import sys
import threading
import time

import grpc

import rpc
import values
import wire

STYLES = {
    "node": {"runtime": "node", "version": "20.20.2", "echo_request_id": True,
             "capabilities": ["RawHttpBodyBytes", "RpcHttpBodyOnly", "RpcHttpTriggerMetadataRemoved",
                              "TypedDataCollection", "UseNullableValueDictionaryForHttp", "WorkerStatus",
                              "IgnoreEmptyValuedRpcHttpHeaders", "HandlesWorkerTerminateMessage"]},
    "python": {"runtime": "python", "version": "3.11.2", "echo_request_id": False,
               "capabilities": ["RawHttpBodyBytes", "RpcHttpBodyOnly", "RpcHttpTriggerMetadataRemoved",
                                "TypedDataCollection", "WorkerStatus"]},
    "dotnet": {"runtime": ".NET", "version": ".NET 10.0.12", "echo_request_id": False,
               "capabilities": ["RpcHttpBodyOnly", "RawHttpBodyBytes", "RpcHttpTriggerMetadataRemoved",
                                "TypedDataCollection", "UseNullableValueDictionaryForHttp", "WorkerStatus",
                                "IncludeEmptyEntriesInMessagePayload", "EnableUserCodeException",
                                "HandlesWorkerTerminateMessage", "HandlesInvocationCancelMessage"]},
    "java": {"runtime": "java", "version": "17.0.15", "echo_request_id": False,
             "capabilities": ["TypedDataCollection", "WorkerStatus", "RpcHttpBodyOnly",
                              "RpcHttpTriggerMetadataRemoved", "HandlesWorkerTerminateMessage",
                              "HandlesWorkerWarmupMessage"]},
    "powershell": {"runtime": "powershell", "version": "7.4", "echo_request_id": False,
                   "capabilities": ["RpcHttpBodyOnly", "WorkerStatus"]},
}
STACK = {
    "node": "Error: {0}\n    at handler (/srv/app/src/functions/{1}.js:12:11)\n"
            "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "python": '  File "/srv/worker/dispatcher.py", line 644, in _handle__invocation_request\n    call_result = await\n'
              '  File "/srv/app/function_app.py", line 12, in {1}\n    raise ValueError("{0}")\n',
    "dotnet": "   at Shop.Functions.{1}.Run(HttpRequestData req) in /srv/app/Functions.cs:line 12\n"
              "   at Microsoft.Azure.Functions.Worker.Invocation.DefaultFunctionInvoker.InvokeAsync(Object instance)",
}


class Failed(Exception):
    pass


class Worker:
    def __init__(self, argv, env):
        self.env, self.style_name = env, env.get("SCRIPTED_STYLE", "node")
        self.style = STYLES[self.style_name]
        self.endure = int(env.get("SCRIPTED_ENDURE", "0"))
        self.functions = values.read(env["SCRIPTED_FUNCTIONS"]) if "SCRIPTED_FUNCTIONS" in env else []
        self.by_id = {f.id: f for f in self.functions}
        self.worker_id, self.request_id, self.host, self.port = address(argv, self.style_name)
        self.outgoing = queue.Queue()
        self.pool = concurrent.futures.ThreadPoolExecutor(256)
        self.calls = 0
        self.capabilities = {name: "true" for name in self.style["capabilities"]}
        self.capabilities.update(json.loads(env.get("SCRIPTED_CAPABILITIES", "{}")))
        self.http = HttpSide(self) if "SCRIPTED_HTTP" in env else None
        if self.http:
            self.capabilities["HttpUri"] = f"http://localhost:{self.http.port}/"

    def send(self, **content):
        self.outgoing.put(rpc.StreamingMessage(
            request_id="" if self.style["echo_request_id"] else self.request_id, **content))

    def log(self, text, invocation_id="", level="Information", category="", system=False):
        self.send(rpc_log=rpc.RpcLog(invocation_id=invocation_id, message=text, category=category,
                                     level=rpc.RpcLog.Level.Value(level), log_category=1 if system else 0))

    def run(self):
        """To the end of the stream; returns the exit code."""
        self.channel = grpc.insecure_channel(f"{self.host}:{self.port}", options=rpc.OPTIONS)
        stream = self.channel.stream_stream(rpc.METHOD, rpc.StreamingMessage.SerializeToString,
                                            rpc.StreamingMessage.FromString)
        self.send(start_stream=rpc.StartStream(worker_id=self.worker_id))
        if self.style_name == "python":
            self.log("started", category="azure_functions_worker", system=True)
        try:
            for message in stream(iter(self.outgoing.get, None)):
                self.hear(message)
            lost = 0
        except grpc.RpcError as error:
            print(f"LanguageWorkerConsoleLog[error] stream: {error.code()}", file=sys.stderr, flush=True)
            lost = 1
        while self.endure:
            time.sleep(1)
        return lost

    # -- what the host says

    def hear(self, message):
        arm = message.WhichOneof("content")
        answer = getattr(self, "on_" + (arm or "nothing"), None)
        if answer:
            answer(getattr(message, arm))

    def metadata(self):
        return rpc.WorkerMetadata(runtime_name=self.style["runtime"], runtime_version=self.style["version"],
                                  worker_version="3.9.1", worker_bitness="X64")

    def success(self):
        return rpc.StatusResult(status=rpc.StatusResult.Success)

    def on_worker_init_request(self, request):
        self.send(worker_init_response=rpc.WorkerInitResponse(
            capabilities=self.capabilities, result=self.refusal("init"), worker_metadata=self.metadata()))

    def on_functions_metadata_request(self, request):
        self.send(function_metadata_response=rpc.FunctionMetadataResponse(
            function_metadata_results=[self.indexed(f) for f in self.functions], result=self.refusal("index")))

    def indexed(self, function):
        out = values.metadata(function, indexed=True)
        if self.env.get("SCRIPTED_IDS") == "0":
            out.function_id = ""
        return out

    def refusal(self, name):
        """The result for a function or a reload; a failure as Python and .NET send it, without a status."""
        refused = self.env.get("SCRIPTED_REFUSES", "").split(",")
        if name not in refused and ("*" not in refused or name in ("init", "index", "reload")):
            return self.success()
        pattern, _, text = self.env.get("SCRIPTED_AWAITS", "").partition(":")
        while pattern and not any(text.encode() in open(path, "rb").read() for path in glob.glob(pattern)):
            time.sleep(0.01)
        return rpc.StatusResult(exception=rpc.RpcException(
            type="ImportError", message=f"no module for {name}, password=hunter2\nmore",
            stack_trace=STACK.get(self.style_name, "{0}").format("no module, AccountKey=hunter3;", name)))

    def load(self, request):
        found = next((f for f in self.functions if f.name == request.metadata.name), None)
        self.by_id[request.function_id] = found or values.Function(
            request.metadata.name, [{"name": n, "type": b.type, "direction": "in"}
                                    for n, b in request.metadata.bindings.items()], id=request.function_id)
        return rpc.FunctionLoadResponse(function_id=request.function_id, result=self.refusal(request.metadata.name))

    def on_function_load_request(self, request):
        self.send(function_load_response=self.load(request))

    def on_function_load_request_collection(self, requests):
        answers = [self.load(request) for request in requests.function_load_requests]
        if "SupportsLoadResponseCollection" in self.capabilities:
            self.send(function_load_response_collection=rpc.FunctionLoadResponseCollection(
                function_load_responses=answers))
            return
        for answer in answers:
            self.send(function_load_response=answer)

    def on_function_environment_reload_request(self, request):
        os.environ.clear()
        os.environ.update(request.environment_variables)
        if "SCRIPTED_FUNCTIONS" in os.environ:
            self.functions = values.read(os.environ["SCRIPTED_FUNCTIONS"])
        self.send(function_environment_reload_response=rpc.FunctionEnvironmentReloadResponse(
            worker_metadata=self.metadata(), capabilities=self.capabilities, result=self.refusal("reload")))

    def on_worker_status_request(self, request):
        self.send(worker_status_response=rpc.WorkerStatusResponse())

    def on_worker_terminate(self, request):
        if self.endure or "HandlesWorkerTerminateMessage" not in self.capabilities:
            return
        if self.style_name == "dotnet":
            self.outgoing.put(rpc.StreamingMessage())  # a message of no bytes: the real one's last word
        self.outgoing.put(None)
        threading.Timer(0.2, os._exit, [0]).start()

    def on_invocation_cancel(self, request):
        self.cancelled = getattr(self, "cancelled", set()) | {request.invocation_id}

    def on_invocation_request(self, request):
        function = self.by_id[request.function_id]
        self.calls += 1
        if function.does in ("echo", "fail", "exit", "die", "silent"):
            self.answer(function, request)
        else:
            self.pool.submit(self.answer, function, request)

    # -- invocations

    def answer(self, function, request):
        if self.http and function.trigger["type"] == "httpTrigger":
            self.http.expect(request.invocation_id).wait(10)
        out = rpc.InvocationResponse(invocation_id=request.invocation_id)
        try:
            value = getattr(self, "do_" + function.does)(function, request, out, **function.how)
        except Failed as error:
            exception = out.result.exception
            exception.message = str(error)
            stack = function.how.get("stack")
            exception.stack_trace = STACK[self.style_name].format(error, function.name) if stack is None else stack
            if self.style_name == "dotnet":
                exception.type, exception.is_user_exception = "System.InvalidOperationException", True
        else:
            if value is NotImplemented:
                return
            out.result.status = rpc.StatusResult.Success
            if value is not None:
                self.put_value(function, out, value)
        if self.http:
            self.http.answer(request.invocation_id, function.how.get("status", 200))
        self.send(invocation_response=out)

    def put_value(self, function, out, value):
        if function.trigger["type"] != "httpTrigger" or self.http:
            return
        status = str(function.how.get("status", 200))
        if self.style_name == "python" and status == "200" and isinstance(value, str):
            out.return_value.string = value
            return
        http_value = out.return_value.http
        http_value.status_code = status
        http_value.body.CopyFrom(values.typed(value))
        http_value.nullable_headers["content-type"].value = "text/plain"

    def first(self, request):
        """The trigger's value."""
        data = request.input_data[0].data if request.input_data else rpc.TypedData()
        if data.WhichOneof("data") == "http":
            data = data.http.body
        arm = data.WhichOneof("data")
        return getattr(data, arm) if arm else ""

    def do_echo(self, function, request, out, **how):
        return self.first(request) or "hello"

    def do_fail(self, function, request, out, message="it broke", **how):
        raise Failed(message)

    def do_slow(self, function, request, out, ms=100, **how):
        time.sleep(ms / 1000)
        return "slow"

    def do_big(self, function, request, out, size=1, **how):
        return b"x" * size

    def do_log(self, function, request, out, lines=("one", "two"), level="Information", **how):
        for line in lines:
            self.log(line, request.invocation_id, level, f"Function.{function.name}.User")
        return "logged"

    def do_log_other(self, function, request, out, **how):
        """By the worker itself, and of no invocation that is open."""
        self.log("the worker's", request.invocation_id, system=True)
        self.log("nobody's")
        self.log("another's", "00000000-0000-0000-0000-000000000000")
        return "logged"

    def do_say(self, function, request, out, stdout="", stderr="", **how):
        os.write(1, stdout.encode())
        os.write(2, stderr.encode())
        return "said"

    def do_trace(self, function, request, out, **how):
        """Every trace context that it was given, as JSON."""
        http_value = request.input_data[0].data.http if request.input_data else rpc.RpcHttp()
        headers = {**http_value.headers, **{k: v.value for k, v in http_value.nullable_headers.items()}}
        if self.http and function.trigger["type"] == "httpTrigger":
            headers = {k.lower(): v for k, v in self.http.headers[request.invocation_id].items()}
        told = json.dumps({"rpc": request.trace_context.trace_parent, "state": request.trace_context.trace_state,
                           "header": headers.get("traceparent"), "header_state": headers.get("tracestate"),
                           "size": len(self.first(request) or "")})
        if function.trigger["type"] == "httpTrigger" and not self.http:
            return told
        out.return_value.string = told
        return None

    def do_silent(self, function, request, out, **how):
        return NotImplemented

    def do_exit(self, function, request, out, code=1, after=0, stderr="", **how):
        if self.calls <= after:
            return "still here"
        os.write(2, stderr.encode())
        os._exit(code)

    def do_die(self, function, request, out, signo=signal.SIGKILL, after=0, stderr="", **how):
        if self.calls <= after:
            return "still here"
        os.write(2, stderr.encode())
        os.kill(os.getpid(), signo)
        return NotImplemented

    def do_cancel(self, function, request, out, ms=10000, answer="Cancelled", **how):
        """Answers so, once it is cancelled; "": never."""
        end = time.monotonic() + ms / 1000
        while request.invocation_id not in getattr(self, "cancelled", ()) and time.monotonic() < end:
            time.sleep(0.005)
        if answer == "Failure":
            raise Failed("A task was canceled.")
        out.result.status = rpc.StatusResult.Status.Value(answer or "Cancelled")
        out.result.exception.message = "A task was canceled." if answer == "Cancelled" else ""
        if answer:
            self.send(invocation_response=out)
        return NotImplemented

    def do_extension(self, function, request, out, calls=1, channels=0, size=100, **how):
        """Calls the service that stands for extensions: on this connection, or on so many of its own."""
        opened = [grpc.insecure_channel(f"{self.host}:{self.port}", options=[
            *rpc.OPTIONS, ("grpc.use_local_subchannel_pool", 1)]) for _ in range(channels)]
        body = os.urandom(size)
        answers = []
        for channel in opened or [self.channel]:
            call = channel.unary_unary("/Extension.Settlement/Complete")
            answers += [call.future(body) for _ in range(calls)]
        same = sum(a.result(60) == body for a in answers)
        for channel in opened:
            channel.close()
        return f"{same}"


class HttpSide:
    """HTTP proxying: requests come over HTTP/1.1 and are joined to invocations by their id."""

    def __init__(self, worker):
        self.lock, self.came, self.answered, self.headers = threading.Lock(), {}, {}, {}
        side = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                invocation_id = self.headers["x-ms-invocation-id"]
                self.read_body()
                side.headers[invocation_id] = self.headers
                side.expect(invocation_id).set()
                done = side.slot(invocation_id)
                done[0].wait(60)
                body = b"proxied"
                self.send_response(done[1])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def read_body(self):
                if self.headers.get("Transfer-Encoding") != "chunked":
                    self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    return
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    self.rfile.read(size + 2)
                while self.rfile.readline().strip():
                    pass

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_one

            def log_message(self, *args):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def expect(self, invocation_id):
        with self.lock:
            return self.came.setdefault(invocation_id, threading.Event())

    def slot(self, invocation_id):
        with self.lock:
            return self.answered.setdefault(invocation_id, [threading.Event(), 200])

    def answer(self, invocation_id, status):
        slot = self.slot(invocation_id)
        slot[1] = status
        slot[0].set()


def address(argv, style):
    """worker id, request id, host, port: by the arguments that a worker of this style reads."""
    given = dict(zip(argv, argv[1:]))
    if style == "python":
        return given["--workerId"], given["--requestId"], given["--host"], int(given["--port"])
    uri = given["--functions-uri"].rstrip("/").rpartition("//")[2]
    host, _, port = uri.rpartition(":")
    return given["--functions-worker-id"], given["--functions-request-id"], host, int(port)


def report(env):
    started = {"argv": sys.argv, "orig_argv": sys.orig_argv, "env": dict(env), "cwd": os.getcwd(), "pid": os.getpid(),
               "ppid": os.getppid(), "fds": {}}
    for fd in os.listdir("/proc/self/fd"):
        try:
            started["fds"][fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            pass  # the folder's own
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    started["signals"] = {k: status[k] for k in ("SigBlk", "SigIgn")}
    if "SCRIPTED_READ_STDIN" in env:
        started["stdin"] = sys.stdin.buffer.read().decode("latin-1")
    with open(env["SCRIPTED_REPORT"] + ".part", "w") as out:
        json.dump(started, out)
    os.rename(env["SCRIPTED_REPORT"] + ".part", env["SCRIPTED_REPORT"])


def write_all(fd, path):
    with open(path, "rb") as source:
        data = source.read()
    while data:
        data = data[os.write(fd, data):]


def main():
    env = dict(os.environ)
    if "SCRIPTED_REPORT" in env:
        report(env)
    for fd, name in ((1, "SCRIPTED_STDOUT"), (2, "SCRIPTED_STDERR")):
        if name in env:
            write_all(fd, env[name])
    if "SCRIPTED_EXIT" in env:
        os._exit(int(env["SCRIPTED_EXIT"]))
    if env.get("SCRIPTED_ENDURE") == "2":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker = Worker(sys.argv[1:], env)
    if "SCRIPTED_RECORD" in env:
        recorder, _, folder = env["SCRIPTED_RECORD"].partition(":")
        wire.tell(folder, worker.port)
        worker.port = int(recorder)
    os._exit(worker.run())  # at once, whatever threads still do: like a process that was told to end


if __name__ == "__main__":
    main()
