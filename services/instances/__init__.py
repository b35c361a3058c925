"""Who serves which generation, and how each version fares there: read once, for whoever asks port `LiveInstances`.

Folds ServingReported and ModelLoadFailed. Decides nothing.
"""

from services.instances.reactions import service

__all__ = ["service"]
