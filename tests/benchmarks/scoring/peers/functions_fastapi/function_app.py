"""FastAPI as Azure's documentation puts it on Functions: through the ASGI bridge."""
import os
import sys

# FastAPI comes from the peer's environment; what is in both comes from the host's.
sys.path.append(os.environ["BENCH_SITE"])
sys.path.append(os.environ["BENCH_PEERS"])

import azure.functions as func
from fastapi_app import app as fastapi_app

app = func.AsgiFunctionApp(app=fastapi_app, http_auth_level=func.AuthLevel.FUNCTION)
