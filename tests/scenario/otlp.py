"""A receiver of OTLP/HTTP, traces and logs, that keeps what it gets: messages of the public schema, made at run time from its field
numbers by a protobuf implementation that is not ours. It takes nothing that the specification does not allow.

    with Receiver() as receiver:
        ... OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url
        spans = receiver.wait(10)
"""
import base64
import collections
import dataclasses
import gzip
import http.server
import json
import ssl
import threading
import time

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PACKAGE = "azimuth.test.otlp"
PROTOBUF, JSON = "application/x-protobuf", "application/json"

# name, number, type; "*" repeated, "|" one of several. Public names: package opentelemetry.proto, by the file they are in.
SCHEMA = {
    "collector.trace.v1.ExportTraceServiceRequest": [("resource_spans", 1, "*ResourceSpans")],
    "collector.trace.v1.ExportTraceServiceResponse": [("partial_success", 1, "ExportTracePartialSuccess")],
    "collector.trace.v1.ExportTracePartialSuccess": [("rejected_spans", 1, "int64"), ("error_message", 2, "string")],
    "trace.v1.ResourceSpans": [("resource", 1, "Resource"), ("scope_spans", 2, "*ScopeSpans"),
                               ("schema_url", 3, "string")],
    "trace.v1.ScopeSpans": [("scope", 1, "InstrumentationScope"), ("spans", 2, "*Span"), ("schema_url", 3, "string")],
    "resource.v1.Resource": [("attributes", 1, "*KeyValue"), ("dropped_attributes_count", 2, "uint32")],
    "common.v1.InstrumentationScope": [("name", 1, "string"), ("version", 2, "string"), ("attributes", 3, "*KeyValue"),
                                       ("dropped_attributes_count", 4, "uint32")],
    "common.v1.KeyValue": [("key", 1, "string"), ("value", 2, "AnyValue")],
    "common.v1.AnyValue": [("string_value", 1, "|string"), ("bool_value", 2, "|bool"), ("int_value", 3, "|int64"),
                           ("double_value", 4, "|double"), ("array_value", 5, "|ArrayValue"),
                           ("kvlist_value", 6, "|KeyValueList"), ("bytes_value", 7, "|bytes")],
    "common.v1.ArrayValue": [("values", 1, "*AnyValue")],
    "common.v1.KeyValueList": [("values", 1, "*KeyValue")],
    "trace.v1.Span": [("trace_id", 1, "bytes"), ("span_id", 2, "bytes"), ("trace_state", 3, "string"),
                      ("parent_span_id", 4, "bytes"), ("name", 5, "string"), ("kind", 6, "enum"),
                      ("start_time_unix_nano", 7, "fixed64"), ("end_time_unix_nano", 8, "fixed64"),
                      ("attributes", 9, "*KeyValue"), ("dropped_attributes_count", 10, "uint32"),
                      ("events", 11, "*Event"), ("dropped_events_count", 12, "uint32"), ("links", 13, "*Link"), ("dropped_links_count", 14, "uint32"), ("status", 15, "Status"),
                      ("flags", 16, "fixed32")],
    "trace.v1.Span.Event": [("time_unix_nano", 1, "fixed64"), ("name", 2, "string"), ("attributes", 3, "*KeyValue"),
                            ("dropped_attributes_count", 4, "uint32")],
    "trace.v1.Span.Link": [("trace_id", 1, "bytes"), ("span_id", 2, "bytes"), ("trace_state", 3, "string"),
                           ("attributes", 4, "*KeyValue"), ("dropped_attributes_count", 5, "uint32"),
                           ("flags", 6, "fixed32")],
    "trace.v1.Status": [("message", 2, "string"), ("code", 3, "enum")],
    "collector.logs.v1.ExportLogsServiceRequest": [("resource_logs", 1, "*ResourceLogs")],
    "collector.logs.v1.ExportLogsServiceResponse": [("partial_success", 1, "ExportLogsPartialSuccess")],
    "collector.logs.v1.ExportLogsPartialSuccess": [("rejected_log_records", 1, "int64"), ("error_message", 2, "string")],
    "logs.v1.ResourceLogs": [("resource", 1, "Resource"), ("scope_logs", 2, "*ScopeLogs"), ("schema_url", 3, "string")],
    "logs.v1.ScopeLogs": [("scope", 1, "InstrumentationScope"), ("log_records", 2, "*LogRecord"),
                          ("schema_url", 3, "string")],
    "logs.v1.LogRecord": [("time_unix_nano", 1, "fixed64"), ("observed_time_unix_nano", 11, "fixed64"),
                          ("severity_number", 2, "enum"), ("severity_text", 3, "string"), ("body", 5, "AnyValue"),
                          ("attributes", 6, "*KeyValue"), ("dropped_attributes_count", 7, "uint32"),
                          ("flags", 8, "fixed32"), ("trace_id", 9, "bytes"), ("span_id", 10, "bytes"),
                          ("event_name", 12, "string")],
    "collector.metrics.v1.ExportMetricsServiceRequest": [("resource_metrics", 1, "*ResourceMetrics")],
    "collector.metrics.v1.ExportMetricsServiceResponse": [("partial_success", 1, "ExportMetricsPartialSuccess")],
    "collector.metrics.v1.ExportMetricsPartialSuccess": [("rejected_data_points", 1, "int64"), ("error_message", 2, "string")],
    "metrics.v1.ResourceMetrics": [("resource", 1, "Resource"), ("scope_metrics", 2, "*ScopeMetrics")],
    "metrics.v1.ScopeMetrics": [("scope", 1, "InstrumentationScope"), ("metrics", 2, "*Metric")],
    "metrics.v1.Metric": [("name", 1, "string"), ("description", 2, "string"), ("unit", 3, "string"), ("gauge", 5, "Gauge"),
                          ("sum", 7, "Sum"), ("histogram", 9, "Histogram"),
                          ("exponential_histogram", 10, "ExponentialHistogram"), ("summary", 11, "Summary")],
    "metrics.v1.Gauge": [("data_points", 1, "*NumberDataPoint")],
    "metrics.v1.Sum": [("data_points", 1, "*NumberDataPoint"), ("aggregation_temporality", 2, "enum"), ("is_monotonic", 3, "bool")],
    "metrics.v1.Histogram": [("data_points", 1, "*HistogramDataPoint"), ("aggregation_temporality", 2, "enum")],
    "metrics.v1.ExponentialHistogram": [("data_points", 1, "*ExponentialHistogramDataPoint"), ("aggregation_temporality", 2, "enum")],
    "metrics.v1.Summary": [("data_points", 1, "*SummaryDataPoint")],
    "metrics.v1.NumberDataPoint": [("start_time_unix_nano", 2, "fixed64"), ("time_unix_nano", 3, "fixed64"), ("as_double", 4, "|double"),
                                   ("as_int", 6, "|sfixed64"), ("attributes", 7, "*KeyValue"), ("flags", 8, "uint32")],
    "metrics.v1.HistogramDataPoint": [("time_unix_nano", 3, "fixed64"), ("count", 4, "fixed64"), ("sum", 5, "double"),
                                      ("attributes", 9, "*KeyValue"), ("flags", 10, "uint32")],
    "metrics.v1.ExponentialHistogramDataPoint": [("attributes", 1, "*KeyValue"), ("time_unix_nano", 3, "fixed64"),
                                                 ("count", 4, "fixed64"), ("sum", 5, "double"), ("flags", 10, "uint32")],
    "metrics.v1.SummaryDataPoint": [("time_unix_nano", 3, "fixed64"), ("count", 4, "fixed64"), ("sum", 5, "double"),
                                    ("attributes", 7, "*KeyValue"), ("flags", 8, "uint32")],
}


def _messages():
    file = descriptor_pb2.FileDescriptorProto(name="azimuth_test_otlp.proto", package=PACKAGE, syntax="proto3")
    field_class = descriptor_pb2.FieldDescriptorProto
    for name, fields in SCHEMA.items():
        message = file.message_type.add(name=name.rpartition(".")[2])
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = field_class.LABEL_REPEATED if kind[0] == "*" else field_class.LABEL_OPTIONAL
            if kind[0] == "|":
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                field.oneof_index = 0
            kind = kind.lstrip("*|")
            if kind[0].isupper():
                field.type, field.type_name = field_class.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
            else:  # an enum is an int32 on the wire, and a number in OTLP's JSON
                field.type = getattr(field_class, "TYPE_" + {"enum": "int32"}.get(kind, kind).upper())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return {name.rpartition(".")[2]: make(pool.FindMessageTypeByName(f"{PACKAGE}.{name.rpartition('.')[2]}"))
            for name in SCHEMA}


MESSAGES = _messages()
STRINGS = {"asInt", "count", "startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano", "intValue"}  # 64 bits
IDS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


def _plain_json(value, key=""):
    """OTLP's JSON as protobuf's own: ids are hexadecimal in the one, base64 in the other."""
    if isinstance(value, dict):
        assert not [name for name in value if "_" in name], f"not lowerCamelCase: {list(value)}"
        return {name: _plain_json(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain_json(item, key) for item in value]
    if key in IDS:
        assert len(value) == IDS[key]
        return base64.b64encode(bytes.fromhex(value)).decode()
    if key in STRINGS:
        assert isinstance(value, str), f"{key} is no string"
    if key in ("kind", "code", "flags", "severityNumber"):
        assert isinstance(value, int)
    return value


def decode(content_type, body, signal="Trace"):
    message = MESSAGES[f"Export{signal}ServiceRequest"]()
    if content_type == JSON:
        json_format.ParseDict(_plain_json(json.loads(body)), message)  # refuses unknown fields
        return message
    assert content_type == PROTOBUF, content_type
    message.ParseFromString(body)
    again = MESSAGES[f"Export{signal}ServiceRequest"].FromString(body)
    again.DiscardUnknownFields()
    assert again == message and len(again.SerializeToString()) == message.ByteSize()
    return message


def encode(body, signal="Trace"):
    """A request in OTLP's JSON, as protobuf."""
    message = MESSAGES[f"Export{signal}ServiceRequest"]()
    json_format.ParseDict(_plain_json(body), message)
    return message.SerializeToString()


def value_of(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes(message):
    found = {pair.key: value_of(pair.value) for pair in message.attributes}
    assert len(found) == len(message.attributes), f"a key stands twice: {[pair.key for pair in message.attributes]}"
    assert "" not in found
    return found


@dataclasses.dataclass
class Request:
    status: int
    path: str
    headers: dict  # lower-case names
    body: bytes
    message: object  # Export...ServiceRequest
    signal: str  # "Trace" or "Logs"

    @property
    def _of_resource(self):
        (found,) = self.message.resource_spans if self.signal == "Trace" else self.message.resource_logs
        return found

    @property
    def resource(self):
        return attributes(self._of_resource.resource)

    @property
    def scope(self):
        (found,) = self._of_resource.scope_spans if self.signal == "Trace" else self._of_resource.scope_logs
        return found.scope

    @property
    def spans(self):
        return [span for s in self._of_resource.scope_spans for span in s.spans] if self.signal == "Trace" else []

    @property
    def logs(self):
        return [log for s in self._of_resource.scope_logs for log in s.log_records] if self.signal == "Logs" else []


def partial(rejected, message="", content_type=PROTOBUF, signal="Trace"):
    """The body of an answer that says so."""
    name = {"Trace": "rejectedSpans", "Logs": "rejectedLogRecords"}[signal]
    if content_type == JSON:
        return json.dumps({"partialSuccess": {name: str(rejected), "errorMessage": message}}).encode()
    answer = MESSAGES[f"Export{signal}ServiceResponse"]()
    json_format.ParseDict({"partialSuccess": {name: rejected, "errorMessage": message}}, answer)
    return answer.SerializeToString()


class Receiver:
    """script: what to answer, one after the other, the last one for ever; each is a status, (status, body, headers),
    "hang" (no answer while `gate` is closed, then 200), or a function that finds one of the first two for a request.
    logs: the same for logs (paths with "logs" in them). tls: a function that sets up the SSL context."""

    def __init__(self, *script, logs=(200,), host="127.0.0.1", port=0, tls=None):
        self.script, self.requests, self.problems = list(script) or [200], [], []
        self.logs_script, self.gate, self.arrived = list(logs), threading.Event(), collections.Counter()
        receiver, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    script = receiver.logs_script if "logs" in self.path else receiver.script
                    answer = script.pop(0) if len(script) > 1 else script[0]
                    receiver.arrived["Logs" if "logs" in self.path else "Trace"] += 1
                if answer == "hang":
                    receiver.gate.wait(60)
                    answer = 200
                with lock:
                    status, text, headers = receiver.take(answer, self.path, self.headers, body)
                try:
                    self.send_response(status)
                    for name, value in {"Content-Type": self.headers["Content-Type"], **headers,
                                        "Content-Length": str(len(text))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    pass  # the agent has given up, or was killed

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
            tls(context)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.url = "https://localhost:%d" % self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, answer, path, headers, body):
        signal = "Logs" if "logs" in path else "Trace"
        try:
            text = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
            message = decode(headers["Content-Type"], text, signal)
        except Exception as error:  # of the handler's thread: told by wait()
            self.problems.append(f"{error!r}: {body[:300]!r}")
            return 500, b"", {}
        request = Request(0, path, {k.lower(): v for k, v in headers.items()}, body, message, signal)
        answer = answer(request) if callable(answer) else answer
        answer = answer if isinstance(answer, tuple) else (answer, b"", {})
        request.status = answer[0]
        self.requests.append(request)
        return answer

    def spans(self, status=200):
        return [span for request in self.requests if request.status == status for span in request.spans]

    def logs(self, status=200):
        return [log for request in self.requests if request.status == status for log in request.logs]

    def wait(self, count, patience=30):
        """Until so many spans were answered with 200; no more may have come."""
        return self._wait(self.spans, count, patience)

    def wait_logs(self, count, patience=30):
        return self._wait(self.logs, count, patience)

    def _wait(self, found, count, patience):
        end = time.monotonic() + patience
        while len(found()) < count and not self.problems:
            assert time.monotonic() < end, f"{len(found())} instead of {count}"
            time.sleep(0.02)
        assert not self.problems, self.problems
        assert len(found()) == count
        return found()

    def close(self):
        self.gate.set()
        self.http.shutdown()
        self.http.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
