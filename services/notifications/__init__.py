"""Who hears what, once (R050, R053).

Reacts to what people should know of; which of it reaches whom is the policy document's `notifications.audiences`.
Emits nothing. Does: sends notices.
"""

from services.notifications.reactions import service

__all__ = ["service"]
