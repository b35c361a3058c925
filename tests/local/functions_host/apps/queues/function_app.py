"""A timer that fills a queue."""

import json

import azure.functions as func

app = func.FunctionApp()


@app.schedule(schedule="0 0 0 1 1 *", arg_name="timer", run_on_startup=True, use_monitor=False)
@app.queue_output(arg_name="out", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
async def fill(timer: func.TimerRequest, out: func.Out[str]) -> None:
    out.set(json.dumps(["text", {"a": 1}]))
