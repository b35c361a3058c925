"""Brakes: operators' commands (F25): stop reactions, let them go on, do something once again.

Reacts to: `ReactionsPaused`, `ReactionsResumed`, `RedriveRequested` (hub `decisions`), its own failed actions.
Emits: `BrakeEngaged`, `BrakeReleased`; `RedriveStarted` or `RedriveRefused`; and `ActionReleased` for what is redriven;
`CommandRefused` for what operators did not sign, where they sign (setting `OPERATOR_PUBLIC_KEY`).
Reads: the decision in the ledger, or the dead letter in control's own book; what a command says of them is a hint.
Does: sets the brake that the reactor asks for, and sends dead letters of hub `events` there again. No brake holds it.
"""

from services.brakes.reactions import service
