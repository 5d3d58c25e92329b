"""Conversations in framings that gRPC libraries do not write but HTTP/2 allows. The test holds both ends: it writes the
bytes of one side into the tap and has to find them at the other.

Nothing is accounted for flow control: both sides open all windows at the start."""
import random
import struct

import hpack
import hyperframe.frame as frames

import rpc
import values

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EVENT_STREAM, OTHER = 1, 3

# How a side writes: DATA payload sizes, padding, how a header block is cut, what stands between frames.
FRAMINGS = {
    "plain": {},
    "one frame a message, padded": {"pad": (0, 255)},
    "tiny frames": {"data": (1, 7)},
    "tiny padded frames": {"data": (1, 3), "pad": (0, 20)},
    "empty frames between": {"data": (5, 400), "noise": ["empty"]},
    "all messages in one frame": {"together": True},
    "continuations": {"headers": (1, 4), "priority": True},
    "padded headers": {"headers": (10, 60), "pad": (1, 255), "priority": True},
    "pings and settings between": {"data": (1, 200), "noise": ["ping", "settings", "window", "priority", "unknown"]},
    "other streams between": {"data": (1, 100), "noise": ["other"]},
    "goaway between": {"data": (1, 300), "noise": ["goaway", "ping"]},
    "a small header table": {"table": 64, "data": (1, 500), "noise": ["other", "settings"]},
    "no header table": {"table": 0, "noise": ["other"]},
    "everything": {"data": (1, 90), "pad": (0, 60), "headers": (1, 9), "priority": True,
                   "noise": ["ping", "settings", "window", "unknown", "empty", "other", "priority"]},
}


class Side:
    """Writes one direction; what is written is taken with take()."""

    def __init__(self, client, seed, data=(1, 16384), pad=None, headers=None, priority=False, noise=(), together=False,
                 table=None):
        self.client, self.random = client, random.Random(seed)
        self.data, self.pad, self.cut, self.priority = data, pad, headers, priority
        self.noise_kinds, self.together = list(noise), together
        self.encoder, self.out, self.pending = hpack.Encoder(), bytearray(), bytearray()
        self.others = 0
        if client:
            self.out += PREFACE
        self.table = table  # what the host allows the worker's header encoder to remember
        sizes = {1: table} if table is not None and not client else {}
        self._put(frames.SettingsFrame(0, settings={4: 0x7fffffff, 5: 16384, 3: 200, **sizes}))
        self._put(frames.WindowUpdateFrame(0, window_increment=0x7fffffff - 65535))

    def _put(self, frame):
        self.out += frame.serialize()

    def _padded(self, frame):
        if self.pad and self.random.random() < 0.8:
            frame.flags.add("PADDED")
            frame.pad_length = self.random.randint(*self.pad)
        return frame

    def acknowledge(self):
        frame = frames.SettingsFrame(0)
        frame.flags.add("ACK")
        self._put(frame)
        if self.client and self.table is not None:
            self.encoder.header_table_size = self.table

    def headers(self, stream, pairs, end=False):
        block = self.encoder.encode(pairs)
        pieces = []
        while block:
            size = self.random.randint(*self.cut) if self.cut else len(block)
            pieces.append(block[:size])
            block = block[size:]
        first = self._padded(frames.HeadersFrame(stream, data=pieces.pop(0)))
        if self.priority:
            first.flags.add("PRIORITY")
            first.depends_on, first.stream_weight, first.exclusive = 0, 15, False
        if end:
            first.flags.add("END_STREAM")
        run = [first, *(frames.ContinuationFrame(stream, data=p) for p in pieces)]
        run[-1].flags.add("END_HEADERS")
        for frame in run:
            self._put(frame)

    def _noise(self):
        kind = self.random.choice(self.noise_kinds)
        bits = self.random.getrandbits(64)
        if kind == "ping":
            self._put(frames.PingFrame(0, opaque_data=struct.pack(">Q", bits)))
        elif kind == "settings":
            self._put(frames.SettingsFrame(0, settings={3: 100 + bits % 100}))
        elif kind == "window":
            self._put(frames.WindowUpdateFrame(OTHER, window_increment=1 + bits % 99))
        elif kind == "priority":
            self._put(frames.PriorityFrame(EVENT_STREAM, depends_on=0, stream_weight=bits % 256))
        elif kind == "goaway":
            self._put(frames.GoAwayFrame(0, last_stream_id=0x7fffffff, error_code=0, additional_data=b"soon"))
        elif kind == "unknown":
            payload = bits.to_bytes(8, "big") * (bits % 40)
            self.out += struct.pack(">I", len(payload))[1:] + b"\x77\xff" + struct.pack(">I", bits % 5) + payload
        elif kind == "empty":
            self._put(self._padded(frames.DataFrame(EVENT_STREAM, data=b"")))
        elif kind == "other":
            self._other_stream(bits)

    def _other_stream(self, bits):
        """A call of an extension's service in the midst of a message. Its path and its bytes look like ours."""
        self.others += 1
        stream = OTHER + 2 * (self.others // 2)
        if self.client:
            if self.others % 2 == 0 or self.others == 1:
                self.headers(stream, request_head("/Extension.Settlement/Complete"))
            fake = rpc.StreamingMessage(invocation_response=rpc.InvocationResponse(invocation_id="not-one"))
            self._put(frames.DataFrame(stream, data=grpc_message(fake.SerializeToString())))

    def _data(self, payload):
        while payload:
            size = self.random.randint(*self.data)
            piece, payload = payload[:size], payload[size:]
            self._put(self._padded(frames.DataFrame(EVENT_STREAM, data=bytes(piece))))
            if self.noise_kinds and self.random.random() < 0.3:
                self._noise()

    def message(self, **content):
        data = grpc_message(rpc.StreamingMessage(**content).SerializeToString())
        if self.together:
            self.pending += data
        else:
            self._data(data)

    def take(self):
        if self.pending:
            pending, self.pending = self.pending, bytearray()
            self._data(pending)
        out, self.out = bytes(self.out), bytearray()
        return out


def grpc_message(data):
    return b"\0" + struct.pack(">I", len(data)) + data


def request_head(path):
    return [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "127.0.0.1:1"),
            ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "odd/1.0"),
            ("x-long", "v" * 300)]


def conversation(function, invocations, seed=1, body=60, metadata=None, **framing):
    """Yields (is it the worker's, bytes) of a whole session with so many invocations, four at a time."""
    worker, host = Side(True, seed, **framing), Side(False, seed + 1, **framing)
    yield True, worker.take()
    yield False, host.take()
    worker.acknowledge()
    host.acknowledge()
    worker.headers(EVENT_STREAM, request_head(rpc.METHOD))
    worker.message(start_stream=rpc.StartStream(worker_id="w1"))
    yield True, worker.take()
    host.headers(EVENT_STREAM, [(":status", "200"), ("content-type", "application/grpc")])
    host.message(worker_init_request=rpc.WorkerInitRequest(host_version="4.1037.0.0"))
    yield False, host.take()
    worker.message(worker_init_response=rpc.WorkerInitResponse(
        capabilities={"TypedDataCollection": "true"}, result=rpc.StatusResult(status=1),
        worker_metadata=rpc.WorkerMetadata(runtime_name="node", runtime_version="20.20.2")))
    yield True, worker.take()
    host.message(functions_metadata_request=rpc.FunctionsMetadataRequest(function_app_directory="/srv"))
    yield False, host.take()
    worker.message(function_metadata_response=rpc.FunctionMetadataResponse(
        function_metadata_results=[values.metadata(function, indexed=True)], result=rpc.StatusResult(status=1)))
    yield True, worker.take()
    host.message(function_load_request=rpc.FunctionLoadRequest(function_id=function.id,
                                                               metadata=values.metadata(function, indexed=False)))
    yield False, host.take()
    worker.message(function_load_response=rpc.FunctionLoadResponse(function_id=function.id,
                                                                   result=rpc.StatusResult(status=1)))
    yield True, worker.take()
    for start in range(0, invocations, 4):
        ids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(start, min(start + 4, invocations))]
        for n in ids:
            request = rpc.InvocationRequest(invocation_id=n, function_id=function.id)
            http = request.input_data.add(name="req").data.http
            http.method, http.url = "GET", f"http://localhost:7071/api/{function.name}?n={n}"
            http.headers["user-agent"] = "odd"
            http.body.string = "b" * body
            for key, value in (metadata or {}).items():
                request.trigger_metadata[key].CopyFrom(values.typed(value))
            host.message(invocation_request=request)
        yield False, host.take()
        for n in reversed(ids):
            response = rpc.InvocationResponse(invocation_id=n, result=rpc.StatusResult(status=1))
            response.return_value.http.status_code = "201"
            response.return_value.http.body.bytes = b"x" * body
            worker.message(invocation_response=response)
        yield True, worker.take()
    host.message(worker_terminate=rpc.WorkerTerminate())
    yield False, host.take()
    if not framing.get("noise"):  # others leave a stream half done
        worker._put(frames.DataFrame(EVENT_STREAM, data=b"", flags=["END_STREAM"]))
    yield True, worker.take()
    host.headers(EVENT_STREAM, [("grpc-status", "0")], end=True)
    host._put(frames.GoAwayFrame(0, last_stream_id=1, error_code=0))
    yield False, host.take()


def play(near, far, talk, cut=None, seed=5):
    """Sends each side's bytes through the tap, in pieces of at most `cut`, and asserts that the other has them."""
    rand = random.Random(seed)
    for is_worker, data in talk:
        source, sink = (near, far) if is_worker else (far, near)
        at = got = 0
        view = bytearray(len(data))
        while at < len(data):
            size = min(len(data) - at, rand.randint(1, cut) if cut else len(data))
            source.sendall(data[at:at + size])
            at += size
            while got < at:
                count = sink.recv_into(memoryview(view)[got:at])
                assert count, f"the connection ended after {got} of {len(data)} bytes"
                got += count
        assert bytes(view) == data
