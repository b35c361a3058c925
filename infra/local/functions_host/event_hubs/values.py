"""What AMQP carries as the JSON that the real host writes of it (Json.NET's forms)."""

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any


def to_json(value: Any) -> str:
    """Half a surrogate pair, which no text on the wire may hold, becomes U+FFFD as in .NET."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain(value: Any) -> Any:
    """A value as JSON knows it. The SDK tells texts from binaries no longer, so what is UTF-8 counts as a text."""
    match value:
        case bytes():
            return _text_or_base64(value)
        case datetime():
            return zoneless(value) + "Z"
        case timedelta():
            return _timespan(value)
        case Decimal():
            return float(value)
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case dict():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def zoneless(moment: datetime) -> str:
    """As .NET writes a time of unspecified kind: in UTC, no zone, trailing zeros of the fraction dropped."""
    moment = moment.astimezone(UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond:06d}".rstrip("0") if moment.microsecond else text


def _text_or_base64(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _timespan(value: timedelta) -> str:
    hours, rest = divmod(value.seconds, 3600)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06d}0" if value.microseconds else ""
    return f"{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"
