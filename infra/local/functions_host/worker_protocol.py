"""The messages between host and worker: real protobuf, with the fields and numbers of Microsoft's FunctionRpc.proto.

Built here from a table, so that neither a compiler nor a generated file is needed. Left out is what no request to the
worker library and no answer of it carries.
"""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

_PACKAGE = "AzureFunctionsRpcMessages"
_FILE = "infra/local/functions_host/worker_protocol.proto"
_WELL_KNOWN = {
    "Duration": duration_pb2.DESCRIPTOR.message_types_by_name["Duration"].full_name,
    "Timestamp": timestamp_pb2.DESCRIPTOR.message_types_by_name["Timestamp"].full_name,
}
_SCALARS = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
}
_ENUMS = {
    "StatusResult.Status": "Failure Success Cancelled",
    "BindingInfo.Direction": "in out inout",
    "BindingInfo.DataType": "undefined string binary stream",
    "RpcHttpCookie.SameSite": "None Lax Strict ExplicitNone",
    "RpcRetryOptions.RetryStrategy": "exponential_backoff fixed_delay",
}
# A message a line, indented lines going on with it. `name=number:type`; `*` before the type is a list, `%` a map from
# texts, and `|` before the name a member of the message's one oneof, whose name stands behind the message's.
_MESSAGES = """
NullableString string: |value=1:string
NullableDouble double: |value=1:double
NullableBool bool: |value=1:bool
NullableTimestamp timestamp: |value=1:Timestamp
RpcException: source=3:string stack_trace=1:string message=2:string is_user_exception=4:bool type=5:string
StatusResult: status=4:StatusResult.Status result=1:string exception=2:RpcException
WorkerMetadata: runtime_name=1:string runtime_version=2:string worker_version=3:string worker_bitness=4:string
  custom_properties=5:%string
WorkerInitResponse: worker_version=1:string capabilities=2:%string result=3:StatusResult
  worker_metadata=4:WorkerMetadata
BindingInfo: type=2:string direction=3:BindingInfo.Direction data_type=4:BindingInfo.DataType properties=5:%string
RpcRetryOptions: max_retry_count=2:int32 delay_interval=3:Duration minimum_interval=4:Duration
  maximum_interval=5:Duration retry_strategy=6:RpcRetryOptions.RetryStrategy
RpcFunctionMetadata: name=4:string directory=1:string script_file=2:string entry_point=3:string
  bindings=6:%BindingInfo is_proxy=7:bool status=8:StatusResult language=9:string raw_bindings=10:*string
  function_id=13:string managed_dependency_enabled=14:bool retry_options=15:RpcRetryOptions properties=16:%string
FunctionMetadataResponse: function_metadata_results=1:*RpcFunctionMetadata result=2:StatusResult
  use_default_metadata_indexing=3:bool
FunctionLoadResponse: function_id=1:string result=2:StatusResult is_dependency_downloaded=3:bool
CollectionString: string=1:*string
CollectionBytes: bytes=1:*bytes
CollectionDouble: double=1:*double
CollectionSInt64: sint64=1:*sint64
RpcHttpCookie: name=1:string value=2:string domain=3:NullableString path=4:NullableString expires=5:NullableTimestamp
  secure=6:NullableBool http_only=7:NullableBool same_site=8:RpcHttpCookie.SameSite max_age=9:NullableDouble
RpcHttp: method=1:string url=2:string headers=3:%string body=4:TypedData params=10:%string status_code=12:string
  query=15:%string enable_content_negotiation=16:bool cookies=19:*RpcHttpCookie
TypedData data: |string=1:string |json=2:string |bytes=3:bytes |stream=4:bytes |http=5:RpcHttp |int=6:sint64
  |double=7:double |collection_bytes=8:CollectionBytes |collection_string=9:CollectionString
  |collection_double=10:CollectionDouble |collection_sint64=11:CollectionSInt64
ParameterBinding rpc_data: name=1:string |data=2:TypedData
RpcTraceContext: trace_parent=1:string trace_state=2:string attributes=3:%string
RetryContext: retry_count=1:int32 max_retry_count=2:int32 exception=3:RpcException
InvocationRequest: invocation_id=1:string function_id=2:string input_data=3:*ParameterBinding
  trigger_metadata=4:%TypedData trace_context=5:RpcTraceContext retry_context=6:RetryContext
InvocationResponse: invocation_id=1:string output_data=2:*ParameterBinding return_value=4:TypedData
  result=3:StatusResult
"""


def _file() -> descriptor_pb2.FileDescriptorProto:
    dependencies = [duration_pb2.DESCRIPTOR.name, timestamp_pb2.DESCRIPTOR.name]
    file = descriptor_pb2.FileDescriptorProto(name=_FILE, package=_PACKAGE, syntax="proto3", dependency=dependencies)
    file.message_type.extend(_message(line) for line in re.split(r"\n(?! )", _MESSAGES.strip()))
    return file


def _message(line: str) -> DescriptorProto:
    head, _, fields = line.partition(":")
    name, _, oneof = head.partition(" ")
    message = DescriptorProto(name=name)
    if oneof:
        message.oneof_decl.add(name=oneof)
    for field in fields.split():
        _add_field(message, field)
    for enum, values in _ENUMS.items():
        owner, _, short = enum.partition(".")
        if owner == name:
            message.enum_type.add(name=short).value.extend(_enum_values(values))
    return message


def _enum_values(names: str) -> Iterator[descriptor_pb2.EnumValueDescriptorProto]:
    for number, name in enumerate(names.split()):
        yield descriptor_pb2.EnumValueDescriptorProto(name=name, number=number)


def _add_field(message: DescriptorProto, text: str) -> None:
    head, _, kind = text.partition(":")
    name, _, number = head.removeprefix("|").partition("=")
    many = FieldDescriptorProto.LABEL_REPEATED if kind[0] in "*%" else FieldDescriptorProto.LABEL_OPTIONAL
    field = message.field.add(name=name, number=int(number), label=many)
    if head.startswith("|"):
        field.oneof_index = 0
    kind = kind.lstrip("*")
    _set_type(field, _map_entry(message, name, kind[1:]) if kind.startswith("%") else kind)


def _map_entry(message: DescriptorProto, field: str, kind: str) -> str:
    """The hidden message of a map's entries, which is what a map is on the wire."""
    entry = message.nested_type.add(name=f"{field.title().replace('_', '')}Entry")
    entry.options.map_entry = True
    for number, (name, each) in enumerate((("key", "string"), ("value", kind)), start=1):
        _set_type(entry.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL), each)
    return f"{message.name}.{entry.name}"


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
        return
    field.type = FieldDescriptorProto.TYPE_ENUM if kind in _ENUMS else FieldDescriptorProto.TYPE_MESSAGE
    field.type_name = f".{_WELL_KNOWN.get(kind) or f'{_PACKAGE}.{kind}'}"


def _classes() -> dict[str, Any]:
    # The pool in which the library finds `Timestamp`: a class from another one would be a stranger to these messages.
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(_file().SerializeToString())
    messages = pool.FindFileByName(_FILE).message_types_by_name
    return {name: message_factory.GetMessageClass(message) for name, message in messages.items()}


# What the library expects under `request.properties["protos"]`.
protos = SimpleNamespace(**_classes())
