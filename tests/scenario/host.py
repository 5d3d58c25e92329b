"""A scripted Functions host: the gRPC server side of the conversation, and the supervisor of workers that it starts as
the real host does. Everything is told to it, it decides nothing by itself.

    host = Host(app_folder, settings={"WEBSITE_SITE_NAME": "shop"})
    worker = host.start([tap], worker_path="worker.py")   # -> Channel
    worker.init(); worker.load(functions)
    result = worker.invoke(function, headers={...})
    worker.terminate()
"""
import concurrent.futures
import dataclasses
import http.client
import json
import os
import pathlib
import queue
import subprocess
import threading
import time
import urllib.parse
import uuid

import grpc

import rpc
import values
import wire

PATIENCE = 60  # seconds after which something that should happen never will
ECHO_SERVICE = "Extension.Settlement"  # stands for what extensions serve on the host's port
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


@dataclasses.dataclass
class Result:
    invocation_id: str
    status: str  # Success, Failure, Cancelled; "" when the answer had no result at all
    http_status: str = ""
    body: object = None
    exception: str = ""
    proxied_status: int = 0  # of the HTTP leg, under HTTP proxying


def _result(answer):
    out = Result(answer.invocation_id, "")
    if answer.HasField("result"):
        out.status = rpc.StatusResult.Status.Name(answer.result.status)
        out.exception = answer.result.exception.message
    value = answer.return_value
    arm = value.WhichOneof("data")
    if arm == "http":
        out.http_status = value.http.status_code
        body = value.http.body
        out.body = getattr(body, body.WhichOneof("data") or "string")
    elif arm:
        out.body = getattr(value, arm)
    return out


class Channel:
    """One worker: its process and its stream."""

    def __init__(self, host, worker_id):
        self.host, self.id = host, worker_id
        self.process = None
        self.outgoing = queue.Queue()
        self.received = []  # every message, in order
        self.capabilities = {}
        self.open = {}  # invocation id -> Future
        self.functions = {}
        self.change = threading.Condition()
        self.streams = 0  # that began
        self.stream_over = False
        self.output = {"stdout": b"", "stderr": b""}
        self.readers = []

    # -- the process

    def _read(self, name, stream):
        for chunk in iter(lambda: stream.read1(1 << 16), b""):
            with self.change:
                self.output[name] += chunk
                self.change.notify_all()

    def start(self, argv, env, **more):
        """Read stdout and stderr as the host does, unless `more` says where they go."""
        self.argv = [str(a) for a in argv]
        self.process = subprocess.Popen(self.argv, env=env, cwd=self.host.app,
                                        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})
        for name in ("stdout", "stderr"):
            stream = getattr(self.process, name)
            if stream:
                self.readers.append(threading.Thread(target=self._read, args=(name, stream), daemon=True))
                self.readers[-1].start()

    @property
    def pid(self):
        return self.process.pid

    def wait(self, patience=PATIENCE):
        """The exit code, as Python has it: -9 for one killed by SIGKILL. All output has been read then."""
        code = self.process.wait(patience)
        for reader in self.readers:
            reader.join(patience)
        return code

    def kill(self):
        self.process.kill()
        return self.wait()

    def wait_for(self, what, patience=PATIENCE):
        """Waits until what() is true, looking whenever something arrives."""
        end = time.monotonic() + patience
        with self.change:
            while not (found := what()):
                left = end - time.monotonic()
                if left <= 0 or (self.process and self.process.poll() is not None and left < patience - 5):
                    raise TimeoutError(f"worker {self.process and self.process.poll()}, heard "
                                       f"{[m.WhichOneof('content') for m in self.received][-5:]}, stderr "
                                       f"{self.output['stderr'][-2000:]!r}")
                self.change.wait(min(left, 0.2))
            return found

    # -- the stream

    def hear(self, message):
        arm = message.WhichOneof("content")
        future = None
        with self.change:
            if arm == "invocation_response":
                future = self.open.pop(message.invocation_response.invocation_id, None)
                self.answers = getattr(self, "answers", 0) + 1
            if arm != "invocation_response" or self.host.keep_answers:
                self.received.append(message)
            self.change.notify_all()
        if future:
            future.set_result(_result(message.invocation_response))

    def stream_ended(self):
        with self.change:
            self.stream_over = True
            lost, self.open = list(self.open.values()), {}
            self.change.notify_all()
        for future in lost:
            future.set_exception(ConnectionError("the worker's stream ended"))

    def heard(self, arm, count=1):
        """Waits for the count-th message of that kind and returns it."""
        def look():
            found = [m for m in self.received if m.WhichOneof("content") == arm]
            return found[count - 1] if len(found) >= count else None
        return getattr(self.wait_for(look), arm)

    def send(self, **content):
        message = rpc.StreamingMessage(**content)
        self.outgoing.put(message)
        return message

    # -- the conversation

    def init(self, capabilities=None):
        self.heard("start_stream")
        self.send(worker_init_request=rpc.WorkerInitRequest(
            host_version="4.1037.0.0", worker_directory=str(self.host.worker_directory),
            function_app_directory=str(self.host.app),
            capabilities={"V2Compatable": "true", "MultiStream": "10", **(capabilities or {})}))
        answer = self.heard("worker_init_response")
        self.capabilities = dict(answer.capabilities)
        return answer

    def index(self):
        """The functions that the worker says it has, ready to be loaded."""
        self.send(functions_metadata_request=rpc.FunctionsMetadataRequest(function_app_directory=str(self.host.app)))
        answer = self.heard("function_metadata_response")
        if answer.result.exception.message:
            raise RuntimeError(f"indexing failed: {answer.result.exception.message}")
        return [values.Function(m.name, [json.loads(b) for b in m.raw_bindings], id=m.function_id,
                                script_file=m.script_file, entry_point=m.entry_point)
                for m in answer.function_metadata_results]

    def load(self, functions, write_function_json=False, collection=False):
        """collection: all in one message, as the host does for workers with SupportsLoadResponseCollection."""
        requests, before = [], self.loaded()
        for f in functions:
            metadata = values.metadata(f, indexed=False)
            if write_function_json:
                folder = pathlib.Path(self.host.app) / f.name
                folder.mkdir(exist_ok=True)
                (folder / "function.json").write_text(json.dumps({"bindings": f.bindings}))
                metadata.directory = str(folder)
            self.functions[f.name] = f
            requests.append(rpc.FunctionLoadRequest(function_id=f.id, metadata=metadata))
        if collection:
            self.send(function_load_request_collection=rpc.FunctionLoadRequestCollection(
                function_load_requests=requests))
        for request in requests if not collection else []:
            self.send(function_load_request=request)
        self.wait_for(lambda: self.loaded() >= before + len(requests))
        return self

    def loaded(self):
        """How many answers to load requests came, alone or together."""
        return self.count("function_load_response") + sum(
            len(m.function_load_response_collection.function_load_responses) for m in self.received)

    def count(self, arm):
        return len([m for m in self.received if m.WhichOneof("content") == arm])

    def ready(self, functions):
        """Init and load, the way of most scenarios."""
        self.init()
        return self.load(functions)

    def reload(self, environment, app=None):
        """Specialization. The environment is the whole one, as the host sends it."""
        count = self.count("function_environment_reload_response") + 1
        self.send(function_environment_reload_request=rpc.FunctionEnvironmentReloadRequest(
            environment_variables=environment, function_app_directory=str(app or self.host.app)))
        answer = self.heard("function_environment_reload_response", count)
        if answer.capabilities_update_strategy or answer.capabilities:
            self.capabilities.update(answer.capabilities)
        return answer

    def _http(self, request, name, method, url, headers, params, body):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        for key, text in (("Headers", headers), ("Query", query)):
            request.trigger_metadata[key].json = json.dumps(text)
        for key, text in params.items():
            request.trigger_metadata[key].string = text
        data = request.input_data.add(name=name).data.http
        data.SetInParent()
        if "HttpUri" in self.capabilities:
            return
        data.method, data.url = method, url
        lower = {k.lower(): v for k, v in headers.items()}
        if "UseNullableValueDictionaryForHttp" in self.capabilities:
            for field, pairs in (("nullable_headers", lower), ("nullable_params", params), ("nullable_query", query)):
                for key, text in pairs.items():
                    getattr(data, field)[key].value = text
        else:
            for field, pairs in (("headers", lower), ("params", params), ("query", query)):
                getattr(data, field).update(pairs)
        if body is not None:
            data.body.CopyFrom(values.typed(body))

    def request(self, function, data=None, *, method="GET", url=None, headers=None, params=None, metadata=None,
                trace="", state="", attributes=None, retry=None, invocation_id=None):
        """An InvocationRequest as the host makes it. data: the body or the message."""
        if isinstance(function, str):
            function = self.functions[function]
        request = rpc.InvocationRequest(invocation_id=invocation_id or str(uuid.uuid4()), function_id=function.id)
        request.trace_context.trace_parent = trace
        request.trace_context.trace_state = state
        request.trace_context.attributes.update(attributes or {})
        for key, value in (values.trigger_metadata(function) if metadata is None else metadata).items():
            request.trigger_metadata[key].CopyFrom(values.typed(value))
        if function.trigger["type"].lower() == "httptrigger":
            url = url or f"http://localhost:7071/api/{function.name}"
            self._http(request, function.trigger["name"], method, url, {"Host": "localhost:7071", **(headers or {})},
                       params or {}, data)
        else:
            request.input_data.add(name=function.trigger["name"]).data.CopyFrom(values.typed(data))
        if retry:
            request.retry_context.retry_count, request.retry_context.max_retry_count = retry
        return request

    def _forward(self, request, method, url, headers, body):
        """The HTTP leg of HTTP proxying."""
        to, parts = urllib.parse.urlsplit(self.capabilities["HttpUri"]), urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(to.hostname, to.port, timeout=PATIENCE)
        forwarded = {"X-Forwarded-Host": parts.netloc, "X-Forwarded-Proto": parts.scheme, "X-Forwarded-For": "::1"}
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body=body,
                           headers={"Host": parts.netloc, **headers, **forwarded,
                                    "x-ms-invocation-id": request.invocation_id})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def begin(self, function, data=None, **more):
        """Sends an invocation; a Future of its Result."""
        request = self.request(function, data, **more)
        return self.begin_request(request)

    def begin_request(self, request):
        future = concurrent.futures.Future()
        with self.change:
            if self.stream_over:
                raise ConnectionError("the worker's stream ended")
            self.open[request.invocation_id] = future
        self.outgoing.put(rpc.StreamingMessage(invocation_request=request))
        return future

    def invoke(self, function, data=None, patience=PATIENCE, **more):
        if isinstance(function, str):
            function = self.functions[function]
        if function.trigger["type"].lower() == "httptrigger" and "HttpUri" in self.capabilities:
            return self._invoke_proxied(function, data, **more)
        return self.begin(function, data, **more).result(patience)

    def _invoke_proxied(self, function, data, *, method="GET", url=None, headers=None, **more):
        url = url or f"http://localhost:7071/api/{function.name}"
        request = self.request(function, None, method=method, url=url, headers=headers, **more)
        forwarded = concurrent.futures.Future()

        def forward():
            try:
                forwarded.set_result(self._forward(request, method, url, headers or {}, data))
            except (OSError, http.client.HTTPException) as error:
                forwarded.set_exception(error)

        threading.Thread(target=forward, daemon=True).start()
        result = self.begin_request(request).result(PATIENCE)
        if result.status == "Success":  # a streamed node function that throws never answers over HTTP
            result.proxied_status = forwarded.result(PATIENCE)
        return result

    def invoke_many(self, function, count, concurrency=1, patience=PATIENCE, **more):
        """count invocations, at most so many at once; their results in the order they were sent."""
        gate = threading.Semaphore(concurrency)
        futures = []
        for _ in range(count):
            if not gate.acquire(timeout=patience):
                raise TimeoutError(f"no answer; {len(self.open)} open")
            futures.append(self.begin(function, **more))
            futures[-1].add_done_callback(lambda _: gate.release())
        return [f.result(patience) for f in futures]

    def cancel(self, invocation_id):
        self.send(invocation_cancel=rpc.InvocationCancel(invocation_id=invocation_id))

    def ping(self):
        count = len([m for m in self.received if m.WhichOneof("content") == "worker_status_response"])
        self.outgoing.put(rpc.StreamingMessage(request_id=str(uuid.uuid4()),
                                               worker_status_request=rpc.WorkerStatusRequest()))
        return self.heard("worker_status_response", count + 1)

    def terminate(self, patience=PATIENCE):
        """As the host stops a worker: a goodbye to one that handles it, the end of the process otherwise."""
        if "HandlesWorkerTerminateMessage" not in self.capabilities:
            return self.kill()
        message = rpc.WorkerTerminate()
        message.grace_period.seconds = 5
        self.send(worker_terminate=message)
        return self.wait(patience)


class Host(grpc.GenericRpcHandler):
    """app: the function app's folder, where the worker starts. settings: the app settings. record: a folder in which
    the bytes on the host's side of the tap are written down."""

    def __init__(self, app, settings=None, runtime="node", worker_directory=None, record=None, keep_answers=False,
                 threads=48):
        self.app, self.runtime, self.keep_answers = str(app), runtime, keep_answers
        self.worker_directory = str(worker_directory or app)
        self.settings = dict(settings or {})
        self.channels = {}
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.server = grpc.server(self.pool, handlers=[self], options=rpc.OPTIONS)
        self.server_port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        self.recorder = wire.Recorder(record, self.server_port) if record else None
        self.port = self.recorder.port if self.recorder else self.server_port

    # -- what the workers see

    def service(self, details):
        if details.method == rpc.METHOD:
            return grpc.stream_stream_rpc_method_handler(self._event_stream, rpc.StreamingMessage.FromString,
                                                         rpc.StreamingMessage.SerializeToString)
        if details.method.startswith(f"/{ECHO_SERVICE}/"):
            return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
        return None

    def _event_stream(self, incoming, context):
        first = next(incoming, None)
        channel = self.channels.get(first.start_stream.worker_id) if first else None
        if not channel:
            return
        channel.streams += 1
        channel.hear(first)

        def listen():
            try:
                for message in incoming:
                    channel.hear(message)
            except Exception:  # the stream broke; grpcio has no narrower class for it
                pass
            channel.stream_ended()
            channel.outgoing.put(None)

        threading.Thread(target=listen, daemon=True).start()
        yield from iter(channel.outgoing.get, None)

    # -- starting workers

    def environment(self, more=None):
        """The worker's: the host's own, which are the app settings, and what the host adds."""
        inherited = {k: os.environ[k] for k in INHERITED if k in os.environ}
        return {**inherited, "FUNCTIONS_WORKER_RUNTIME": self.runtime, "FUNCTIONS_EXTENSION_VERSION": "~4",
                "FUNCTIONS_WORKER_RUNTIME_VERSION": "20", **self.settings, **(more or {}),
                "FUNCTIONS_WORKER_DIRECTORY": self.worker_directory, "FUNCTIONS_APPLICATION_DIRECTORY": self.app}

    def argv(self, executable, arguments, worker_path, worker_arguments, worker_id):
        """executable [arguments] worker-path [worker-arguments], then what the host always adds."""
        request, port = str(uuid.uuid4()), str(self.port)
        return [*map(str, executable), *arguments, str(worker_path), *worker_arguments,
                "--host", "127.0.0.1", "--port", port, "--workerId", worker_id, "--requestId", request,
                "--grpcMaxMessageLength", "2147483647", "--functions-uri", f"http://127.0.0.1:{port}/",
                "--functions-worker-id", worker_id, "--functions-request-id", request,
                "--functions-grpc-max-message-length", "2147483647"]

    def start(self, executable, worker_path, arguments=(), worker_arguments=(), env=None, **more):
        """Starts a worker; more goes to Popen."""
        channel = Channel(self, str(uuid.uuid4()))
        self.channels[channel.id] = channel
        channel.start(self.argv(executable, arguments, worker_path, worker_arguments, channel.id),
                      self.environment(env), **more)
        return channel

    def close(self):
        for channel in self.channels.values():
            if channel.process and channel.process.poll() is None:
                channel.process.kill()
                channel.process.wait()
            channel.outgoing.put(None)
        self.server.stop(0).wait(10)
        if self.recorder:
            self.recorder.close(1)
        self.pool.shutdown(wait=False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
