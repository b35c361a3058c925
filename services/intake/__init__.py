"""Intake: what Azure tells us, in its own words, becomes our facts.

Reads hub `inbound`; emits `mlops.model.registered`, `mlops.job.ended` and `mlops.batch.requested`. It decides nothing
and keeps no state.
"""

from services.intake.translation import Translation, read, translate
