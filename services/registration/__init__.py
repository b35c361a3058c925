"""Registration (box 4, R027, R028, E1): is a registered model a candidate for one of our endpoints?

Reacts to: `ModelRegistered`, and to its own failed or superseded actions.
Emits: `StagingRequested`, `ModelRejected`.
Reads: the model in Azure ML and the files of its package; what the event says of them is a hint.
Does: adopts the package under its digest, or tells those who may approve that a model waits for them.
"""

from services.registration.reactions import service
