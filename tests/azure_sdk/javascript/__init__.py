"""Microsoft's JavaScript client of Event Hubs as a judge of the local server: checks of ours, written as claims.

`checks` are ES modules that see addresses and keys only. `mutations` are servers with one thing broken each, and
the checks that have to notice it.
"""

from tests.azure_sdk.javascript.judging import judge
from tests.azure_sdk.javascript.proving import prove
