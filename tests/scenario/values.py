"""Functions, and values as a host puts them on the wire."""
import dataclasses
import json
import pathlib

import rpc


@dataclasses.dataclass
class Function:
    """What the scripted host loads and the scripted worker does: `does` is one of worker.py's behaviours, with its
    parameters in `how`."""
    name: str
    bindings: list
    does: str = "echo"
    how: dict = dataclasses.field(default_factory=dict)
    id: str = ""
    script_file: str = "app.py"
    entry_point: str = ""

    def __post_init__(self):
        self.id = self.id or f"id-of-{self.name}"

    @property
    def trigger(self):
        return next(b for b in self.bindings if b["type"].lower().endswith("trigger"))


def http(name="hello", does="echo", route=None, methods=("get", "post"), **how):
    trigger = {"name": "req", "type": "httpTrigger", "direction": "in", "methods": list(methods)}
    if route is not None:
        trigger["route"] = route
    return Function(name, [trigger, {"name": "$return", "type": "http", "direction": "out"}], does, how)


def timer(name="tick", does="echo", **how):
    return Function(name, [{"name": "timer", "type": "timerTrigger", "direction": "in", "schedule": "0 */5 * * * *"}],
                    does, how)


def queue(name="orders", does="echo", queue_name="orders-in", **how):
    return Function(name, [{"name": "item", "type": "queueTrigger", "direction": "in", "queueName": queue_name,
                            "connection": "AzureWebJobsStorage"}], does, how)


def service_bus(name="events", does="echo", many=False, **how):
    trigger = {"name": "message", "type": "serviceBusTrigger", "direction": "in", "topicName": "news",
               "subscriptionName": "all", "connection": "ServiceBus"}
    if many:
        trigger["cardinality"] = "many"
    return Function(name, [trigger], does, how)


def save(functions, path):
    pathlib.Path(path).write_text(json.dumps([dataclasses.asdict(f) for f in functions]))


def read(path):
    return [Function(**entry) for entry in json.loads(pathlib.Path(path).read_text())]


class Json(str):
    """A text that goes over the wire as JSON, not as a string."""


def typed(value):
    """A value as the host converts it: what has no arm of its own travels as JSON."""
    if value is None:
        return rpc.TypedData()
    if isinstance(value, Json):
        return rpc.TypedData(json=value)
    if isinstance(value, bytes):
        return rpc.TypedData(bytes=value)
    if isinstance(value, str):
        return rpc.TypedData(string=value)
    if isinstance(value, float):
        return rpc.TypedData(double=value)
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return rpc.TypedData(collection_string=rpc.CollectionString(string=value))
    return rpc.TypedData(json=json.dumps(value))


def metadata(function, indexed):
    """RpcFunctionMetadata. Only what a worker has indexed holds its bindings as JSON; a load request never does."""
    out = rpc.RpcFunctionMetadata(name=function.name, script_file=function.script_file,
                                  entry_point=function.entry_point or function.name)
    for binding in function.bindings:
        info = out.bindings[binding["name"]]
        info.type = binding["type"]
        info.direction = rpc.BindingInfo.Direction.Value(binding["direction"].lower())
        if indexed:
            out.raw_bindings.append(json.dumps(binding))
    if indexed:
        out.function_id = function.id
    return out


TRIGGER_METADATA = {
    "timertrigger": {"TimerTrigger": "11/23/2026 08:00:00"},
    "queuetrigger": {"QueueTrigger": "text", "DequeueCount": 1, "Id": "6d1a2f4e-98c1-4a8e-b7a5-1fd3f7f0a001",
                     "InsertionTime": "2026-11-23T08:00:00+00:00", "ExpirationTime": "2026-11-30T08:00:00+00:00",
                     "NextVisibleTime": "2026-11-23T08:10:00+00:00", "PopReceipt": "AgAAAAMAAAAAAAAA"},
    "servicebustrigger": {"DeliveryCount": 1, "MessageId": "m1", "SequenceNumber": 7,
                          "EnqueuedTimeUtc": "2026-11-23T08:00:00Z", "ApplicationProperties": {}},
}


def trigger_metadata(function):
    return dict(TRIGGER_METADATA.get(function.trigger["type"].lower(), {}))
