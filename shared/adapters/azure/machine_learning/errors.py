"""What comes out of an Azure ML call, and what that means to a port."""

import re

from azure.core.exceptions import (
    AzureError,
    DecodeError,
    HttpResponseError,
    ResourceExistsError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.ports import Absent, Refused, Unavailable

# What the same call will meet again, whenever it is made. All else passes: outages, limits, and rights (401, 403),
# which take minutes to arrive, and may be taken away and given back.
_FOR_EVER = {400, 405, 406, 410, 411, 412, 413, 414, 415, 422, 431}
_BUSY = {"operationinprogress", "anotheroperationinprogress", "conflictingoperation"}
# Neither is an `AzureError`: a bad entity of ours, and a token for pipelines that is no JWT, before any call.
_BAD_ENTITY, _BAD_TOKEN = "marshmallow.", "jwt."
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class UnknownOutcome(Unavailable):
    """The call may have had its effect: read back before anything else."""


class Exists(Refused):
    """Something of this name exists: read back whether it is ours."""


def meaning(error: Exception, doing: str) -> Exception:
    """The port's error, or `error` itself when it is none of the SDK's. Order matters: the SDK's classes overlap."""
    text = f"{doing}: {_reason(error)}"
    if asked := _asked(error):
        return Unavailable(f"{doing}: {asked}", pause=asked.pause)
    match error:
        case ServiceRequestError():
            return Unavailable(text)
        case ServiceResponseError() | DecodeError():
            return UnknownOutcome(text)
        case HttpResponseError():
            return _of_status(error, text)
        case AzureError():
            cause = error.__cause__
            return (
                meaning(cause, doing) if isinstance(cause, (ServiceRequestError, HttpResponseError)) else Refused(text)
            )
        case _ if type(error).__module__.startswith(_BAD_ENTITY):
            return Refused(text)
        case _ if type(error).__module__.startswith(_BAD_TOKEN):
            return Unavailable(text)
    # An odd answer makes the SDK stumble after the write succeeded.
    return UnknownOutcome(text)


def _asked(error: BaseException | None) -> Unavailable | None:
    """What the transport raised, however the SDK has wrapped it: nothing has been done then."""
    while error is not None and not isinstance(error, Unavailable):
        error = error.__cause__
    return error


def _of_status(error: HttpResponseError, text: str) -> Exception:
    if error.status_code == 404:
        return Absent(text)
    if isinstance(error, ResourceExistsError):
        return Unavailable(text) if _code(error).lower() in _BUSY else Exists(text)
    # Without a status, there was no answer from Azure ML at all: the identity endpoint gave no token.
    return Refused(text) if error.status_code in _FOR_EVER else Unavailable(text)


def _code(error: HttpResponseError) -> str:
    return str(getattr(error.error, "code", "") or "")


def _reason(error: Exception) -> str:
    """Short, and on one line: it is recorded and shown to people."""
    if isinstance(error, HttpResponseError):
        parts = [str(error.status_code or type(error).__name__), _code(error), str(error.message or "")]
    else:
        parts = [type(error).__name__, str(error)]
    return " ".join(_COLOUR.sub("", " ".join(parts)).split())[:400]
