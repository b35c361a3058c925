"""A file's bytes as an array: `.npy`, and images where Pillow is installed. The bytes may be anybody's."""

import io
import re
from math import prod
from typing import Literal

import numpy as np

from shared.ports.models.inference import Array

type Shape = tuple[int, ...]

SUFFIXES = (".npy", ".png", ".jpg", ".jpeg")
_NPY = b"\x93NUMPY"
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<dtype>[<>|](b1|[iu][1248]|f[248]))', 'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>([0-9]{1,18},? ?){0,8})\), \} *\n"
)
_MOST_PIXELS = 64 << 20
# By the number of channels: what Pillow calls it.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_EIGHT_BITS = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


def decoded(path: str, body: bytes, wanted: Shape) -> Array:
    """As an input of this shape (without rows; -1: any size) takes it. Raises `ValueError` with the reason."""
    name = path.lower()
    if name.endswith(".npy"):
        return _of_npy(path, body)
    if name.endswith(SUFFIXES):
        return _of_image(path, body, wanted)
    raise ValueError(f"{path!r:.100}: a file that ends with {', '.join(SUFFIXES)} is required")


def _of_npy(path: str, body: bytes) -> Array:
    """Nothing in it is run or believed: what its header says must be what follows."""
    length, start = (2, 10) if body[6:7] == b"\x01" else (4, 12)
    end = start + int.from_bytes(body[8 : 8 + length], "little")
    found = _NPY_HEADER.fullmatch(body[start:end]) if body.startswith(_NPY) else None
    if found is None:
        raise ValueError(f"{path!r:.100} is no .npy file of numbers")
    dtype = np.dtype(found["dtype"].decode())
    shape = tuple(int(size) for size in found["shape"].replace(b",", b" ").split())
    if end + prod(shape) * dtype.itemsize != len(body):
        raise ValueError(f"{path!r:.100} is no .npy file that is whole")
    order: Literal["F", "C"] = "F" if found["fortran"] == b"True" else "C"
    return np.frombuffer(body, dtype, offset=end).reshape(shape, order=order)


def _of_image(path: str, body: bytes, wanted: Shape) -> Array:
    """Its pixels from 0 to 255, channels where the input has them. Nothing is scaled: the model sees what is there."""
    try:
        from PIL import Image
    except ImportError:
        raise ValueError(f"{path!r:.100}: images need Pillow, which is not installed here; .npy does not") from None
    channels, is_first, size = _channels(wanted)
    try:
        with Image.open(io.BytesIO(body), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > _MOST_PIXELS or image.mode not in _EIGHT_BITS:
                raise ValueError(f"{path!r:.100}: an image of 8 bits and at most {_MOST_PIXELS} pixels is required")
            if any(has not in (-1, given) for has, given in zip(size, (image.height, image.width), strict=True)):
                found = f"{image.height} x {image.width}"
                raise ValueError(f"{path!r:.100} has {found} pixels, {size[0]} x {size[1]} are required")
            pixels = np.asarray(image.convert(_MODES[channels]))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path!r:.100} is no image that can be read") from error
    if len(wanted) == 2:
        return pixels
    pixels = pixels.reshape(*pixels.shape[:2], channels)
    return pixels.transpose(2, 0, 1) if is_first else pixels


def _channels(wanted: Shape) -> tuple[int, bool, Shape]:
    """How many, whether they come first, and height and width. Raises `ValueError`."""
    if len(wanted) == 2:
        return 1, False, wanted
    if len(wanted) == 3 and wanted[0] in _MODES:
        return wanted[0], True, wanted[1:]
    if len(wanted) == 3 and wanted[2] in _MODES:
        return wanted[2], False, wanted[:2]
    raise ValueError(f"an image has height and width, or them and 1, 3 or 4 channels; the input has {list(wanted)}")
