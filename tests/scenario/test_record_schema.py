"""The schema in src/ring/record.md is what the C code writes: read with a protobuf implementation that is not ours."""
import importlib
import pathlib
import re
import sys

import pytest

RING = pathlib.Path(__file__).parents[2] / "src/ring"


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    protoc = pytest.importorskip("grpc_tools.protoc")
    folder = tmp_path_factory.mktemp("schema")
    text = re.search(r"```proto\n(.*?)```", (RING / "record.md").read_text(), re.S).group(1)
    (folder / "azimuth_record.proto").write_text(text)
    assert protoc.main(["protoc", f"-I{folder}", f"--python_out={folder}", "azimuth_record.proto"]) == 0
    sys.path.insert(0, str(folder))
    yield importlib.import_module("azimuth_record_pb2")
    sys.path.remove(str(folder))


def unset(message):
    """Fields that the sample should have set and has not, with those of its parts."""
    for field in message.DESCRIPTOR.fields:
        repeated = field.label == field.LABEL_REPEATED
        if not (len(getattr(message, field.name)) if repeated else message.HasField(field.name)):
            yield f"{message.DESCRIPTOR.name}.{field.name}"
        elif field.message_type and not repeated:
            yield from unset(getattr(message, field.name))


def test_a_transaction(schema):
    message = schema.Transaction.FromString((RING / "record_corpus/transaction").read_bytes())
    younger = ["Http.has_sizes", "Http.request_size", "Http.response_size", "Http.request_body", "Message.headers",
               "Message.routing_key", "Message.body",
               "Transaction.origin", "Transaction.exception"]  # than the sample
    assert list(unset(message)) == younger
    assert message.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert message.timestamp_us == -1234567890123456
    assert message.duration_us == 2**64 - 1
    assert message.outcome == schema.Transaction.SUCCESS
    assert message.sample_rate == 0.25
    assert message.faas.coldstart
    assert message.http.url.startswith("http://localhost:7071/")
    assert [pair.key for pair in message.http.request_headers] == ["Accept", "Cookie"]
    assert message.message.age_ms == 1500
    assert message.labels[1].HasField("value") and not message.labels[2].HasField("value")
    assert message.links[1].span_id.hex() == "fe00000000000000"
    message.DiscardUnknownFields()  # the sample has one of the future
    again = message.SerializeToString()
    assert (RING / "record_corpus/transaction").read_bytes().startswith(again)


def test_what_was_added_to_a_transaction(schema):
    record = (RING / "record_corpus/message").read_bytes()
    message = schema.Transaction.FromString(record)
    assert list(unset(message.origin)) == []
    assert [pair.key for pair in message.message.headers] == ["Accept", "Cookie"]
    assert message.message.routing_key == "orders.created"
    assert message.origin.cloud_account_id == "d2cd53b3"
    assert message.SerializeToString() == record


def test_a_source(schema):
    record = (RING / "record_corpus/source").read_bytes()
    message = schema.Source.FromString(record)
    younger = [f"Destination.{name}" for name in ("more_urls", "request_bytes", "request_time_ms")] + ["Source.platform", "Source.logs"]  # than the sample
    assert list(unset(message)) == ["Destination.skip_server_cert_check", *younger]
    assert message.service_name == "shop"
    assert message.ppid == 2**32 - 1
    assert message.destination.kind == schema.Destination.OTLP
    assert message.SerializeToString() == record
