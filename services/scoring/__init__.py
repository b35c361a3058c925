"""Reacts to: inference requests (Open Inference Protocol v2) and the endpoint's serving manifest.

Emits: PredictionsCaptured, ServingReported, CaptureLost, ModelLoadFailed. Reads: serving manifests, model packages.
Does: decodes requests to columns, runs them in natural batches, encodes answers; follows the manifest, loads the next
package beside the present one and switches at once. Knows no transport: doors hand over bytes and get an `Answer`.
"""

from services.scoring.answering.batching import Batching, EndOfTurn, FirstAtOnce, FlushedByDoor
from services.scoring.answering.endpoints import Endpoints
from services.scoring.answering.inference_server import InferenceServer
from services.scoring.answering.scorer import Limits, Scorer
from services.scoring.instance.assembly import Instance, Making, instance_of, instance_of_all
from services.scoring.instance.background import Background, ScoringPorts
from services.scoring.protocol import ARROW_STREAM, ARROW_TYPE
from services.scoring.protocol.answers import Answer, Invalid, Problem
from services.scoring.protocol.content_coding import Unpacking, coding_of, packed, pays, unpacked, wished
