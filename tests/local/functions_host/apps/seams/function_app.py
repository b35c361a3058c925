"""Functions of every kind, each telling all that it was given, to be called through both seams of the library."""

import json
import typing

import azure.functions as func

app = func.FunctionApp()

Events = typing.List[func.EventHubEvent]  # noqa: UP006 - the worker library knows no other list


def context_of(context: func.Context) -> list[object]:
    # The library calls it by another name than the stubs do.
    failure = context.retry_context.rpc_exception  # type: ignore[attr-defined]
    retry, trace = context.retry_context, context.trace_context
    return [
        *(context.invocation_id, context.function_name, retry.retry_count, retry.max_retry_count),
        *(failure.message, trace.trace_parent, trace.trace_state),
    ]


def answered(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = [req.method, req.url, dict(req.headers), dict(req.params), dict(req.route_params), req.get_body().hex()]
    response = func.HttpResponse(
        json.dumps([*seen, context_of(context)], sort_keys=True), status_code=201, headers={"X-A": "1"}
    )
    response.headers.add("Set-Cookie", "s=a/b; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure")
    response.headers.add("Set-Cookie", "t=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
    return response


@app.route(route="a/{id}")
async def over_http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return answered(req, context)


@app.route(route="b/{id}")
def over_http_in_a_thread(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return answered(req, context)


@app.route()
async def says(req: func.HttpRequest) -> str:
    return "é"


@app.route()
async def raises(req: func.HttpRequest) -> str:
    raise ValueError("é")


@app.route()
async def nothing(req: func.HttpRequest) -> str:
    return None  # type: ignore[return-value]


@app.event_hub_message_trigger(arg_name="events", event_hub_name="h", connection="E", data_type="binary")
@app.event_hub_output(arg_name="out", event_hub_name="o", connection="E")
@app.retry(
    strategy="exponential_backoff", max_retry_count="-1", minimum_interval="00:00:01", maximum_interval="00:01:00"
)
async def batch(events: Events, out: func.Out[str], context: func.Context) -> None:
    seen = [[e.get_body().hex(), e.sequence_number, e.offset, e.partition_key, str(e.enqueued_time)] for e in events]
    out.set(json.dumps([seen, events[0].metadata, context_of(context)], sort_keys=True))


@app.event_hub_message_trigger(arg_name="event", event_hub_name="h", connection="E", cardinality="one")
@app.event_hub_output(arg_name="out", event_hub_name="o", connection="E")
async def single(event: func.EventHubEvent, out: func.Out[str]) -> None:
    seen = [event.get_body().hex(), event.sequence_number, event.offset, event.partition_key, str(event.enqueued_time)]
    out.set(json.dumps([seen, event.metadata], sort_keys=True))


@app.schedule(schedule="0 * * * * *", arg_name="timer")
@app.queue_output(arg_name="out", queue_name="q", connection="S")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:05")
async def ticks(timer: func.TimerRequest, out: func.Out[str]) -> None:
    out.set(json.dumps([timer.past_due, timer.schedule_status]))  # type: ignore[attr-defined]
