"""A form as it was posted: each field once, without characters that make a text look like another."""

import re
from urllib.parse import parse_qsl

_MOST_FIELDS = 20
# Control characters, and those that turn the direction of what follows or cannot be seen: whoever reads a comment in a
# terminal, a mail or a page sees what was written. Line feeds stay, and joiners, which some scripts need.
_NOT_KEPT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def form_of(body: bytes) -> dict[str, str]:
    """Raises `ValueError` for what is no form, has too many fields, or one of them twice."""
    pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    fields = {name: _NOT_KEPT.sub("", value.replace("\r\n", "\n")) for name, value in pairs}
    if len(fields) != len(pairs):
        raise ValueError("a field is there twice")
    return fields
