"""An Event Hubs server for one machine: AMQP 1.0 over plain TCP, TLS or WebSockets, on a durable log.

It is configured by the official emulator's `Config.json`, so that the container can take its place, and good enough for
the real SDKs. `amqp` is the codec, `storage` the log, `protocol` the connections; `broker` knows hubs and readers.
"""
