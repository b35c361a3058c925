"""The story that `make demo` tells, from outside: HTTP, AMQP and Azure ML's own client, nothing of the product's."""
