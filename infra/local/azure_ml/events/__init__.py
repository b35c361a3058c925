"""The Event Grid events of a workspace, and their way to the Event Hub."""
