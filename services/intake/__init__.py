"""Intake: what Azure tells us, in its own words, becomes our facts.

Reads hub `inbound`; emits `mlops.model.registered` and `mlops.job.ended`. It decides nothing and keeps no state.
"""

from services.intake.translation import Translation, read, translate
