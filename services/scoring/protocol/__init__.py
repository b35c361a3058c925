"""The Open Inference Protocol v2 (https://github.com/kserve/open-inference-protocol): bytes to columns and back."""

from services.scoring.protocol.infer_request import ARROW_STREAM, ARROW_TYPE, InferRequest
from services.scoring.protocol.request import decode
from services.scoring.protocol.response import ResponseEncoder
from services.scoring.protocol.tensors import check_numbers
