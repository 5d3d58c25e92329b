"""The messages between a Functions host and a language worker, made from tests/proto/FunctionRpc.proto when this is
imported: rpc.StreamingMessage and so on. protoc only makes the descriptor, because the code it generates is bound to
its own release of the runtime."""
import os
import pathlib
import subprocess
import sys
import tempfile

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO = pathlib.Path(__file__).resolve().parents[1] / "proto" / "FunctionRpc.proto"
PACKAGE = "AzureFunctionsRpcMessages"
METHOD = f"/{PACKAGE}.FunctionRpc/EventStream"
# No limit on messages, as both the real host and the real workers have it.
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def _descriptors():
    well_known = pathlib.Path(grpc_tools.__file__).with_name("_proto")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "descriptors")
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO.parent}", f"-I{well_known}",
                        "--include_imports", f"--descriptor_set_out={out}", PROTO.name], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out).read_bytes())


def _messages():
    pool = descriptor_pool.DescriptorPool()
    for file in _descriptors().file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    names = pool.FindFileByName(PROTO.name).message_types_by_name
    return {name: factory.GetPrototype(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in names}


globals().update(_messages())
