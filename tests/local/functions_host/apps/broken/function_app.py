"""An app that Azure would refuse: a list in lower case is no annotation that the worker knows."""

import azure.functions as func

app = func.FunctionApp()


@app.event_hub_message_trigger(arg_name="events", event_hub_name="one", connection="EVENTS", cardinality="many")
async def refused(events: list[func.EventHubEvent]) -> None: ...
