"""Who hears what, once (R050, R053).

Reacts to every event that has a `notice()`, which says in what words and to whom; the policy document's
`notifications.audiences` has the last word on that.
Emits nothing. Does: sends notices.
"""

from services.notifications.reactions import service

__all__ = ["service"]
