"""Why Azure detaches a link or ends a connection: conditions with the texts that come with them.

Public reports and the clients' sources name them; `{hub}` stands for the hub's name.
"""

BUSY = (
    "The request was terminated because the entity is being throttled. Error code : 50002. "
    "Please wait 4 seconds and try again."
)
DETACHES = {
    "amqp:link:detach-forced": (
        "The link is force detached. Code: publisher(link1). Details: AmqpMessagePublisher.IdleTimerExpired: "
        "Idle timeout: 00:10:00."
    ),
    "amqp:link:stolen": (
        "New receiver with higher epoch is created hence current receiver is getting disconnected. If you are "
        "recreating the receiver, make sure a higher epoch is used."
    ),
    "amqp:connection:forced": (
        "The connection was inactive for more than the allowed 240000 milliseconds and is closed by container "
        "'LinkTracker'."
    ),
    "amqp:internal-error": (
        "The service was unable to process the request; please retry the operation. InnerMessageReceiver was faulted."
    ),
    "amqp:not-found": "The messaging entity '{hub}' could not be found.",
    "amqp:resource-deleted": "The messaging entity '{hub}' was deleted.",
    "amqp:resource-limit-exceeded": "The quota of the namespace has been exceeded.",
    "amqp:resource-locked": "The messaging entity '{hub}' is locked.",
    "amqp:unauthorized-access": "ExpiredToken: The token is expired.",
    "amqp:not-allowed": "The operation is not allowed on '{hub}'.",
    "amqp:illegal-state": "The link is in an illegal state.",
    "com.microsoft:entity-disabled": "Messaging entity '{hub}' is currently disabled.",
    "com.microsoft:publisher-revoked": "The publisher has been revoked.",
    "com.microsoft:server-busy": BUSY,
    "com.microsoft:operation-cancelled": "The operation was cancelled.",
    "com.microsoft:argument-error": "The argument of the link is invalid.",
    "com.microsoft:argument-out-of-range": (
        "The specified partition is invalid for an EventHub partition sender or receiver."
    ),
    "com.microsoft:timeout": "The operation did not complete within the allotted time.",
}
