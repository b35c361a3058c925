"""AMQP connections, sessions and links, and the two request-reply nodes, `$cbs` and `$management`."""
