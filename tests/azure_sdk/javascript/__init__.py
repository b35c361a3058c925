"""Microsoft's JavaScript client of Event Hubs as a judge of the local server: checks of ours, written as claims.

`checks` are ES modules that see addresses and keys only.
"""

from tests.azure_sdk.javascript.judging import judge
