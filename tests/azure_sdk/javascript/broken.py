"""`python -m tests.azure_sdk.javascript.broken NAME ...`: the local Event Hubs server with one thing broken."""

import sys

from infra.local.eventhubs.__main__ import main
from tests.azure_sdk.javascript.mutations import MUTATIONS, put

if __name__ == "__main__":
    MUTATIONS[sys.argv.pop(1)].apply(put)
    sys.exit(main())
