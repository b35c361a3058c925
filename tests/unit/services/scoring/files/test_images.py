"""Images by path: their pixels as they are, and only for an input that they fit. Without Pillow, that is said."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from services.scoring.files import ChunkScorer, ReferredFiles
from services.scoring.files.decoding import decoded
from tests.support.identity import identity, tensor

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


def image(kind: str = "PNG", pixels: Any = PIXELS) -> bytes:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not among the requirements")
    body = io.BytesIO()
    pillow.fromarray(pixels).save(body, kind)
    return body.getvalue()


def test_without_pillow_an_image_costs_its_row_and_an_array_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    version = identity(tensor("image", "UINT8", (-1, 2, 4, 3)), image=PIXELS.tolist())
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    np.save(tmp_path / "b.npy", PIXELS)
    table = pa.table({"image": ["a.png", "b.npy"]})
    chunk = ChunkScorer(version, table.schema, None, "", ReferredFiles(tmp_path)).score(table, 0)
    assert chunk.scored.column("image_out").to_pylist() == [PIXELS.reshape(-1).tolist()]
    (reason,) = chunk.rejected.column("reason").to_pylist()
    assert reason == "'a.png': images need Pillow, which is not installed here; .npy does not"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((2, 4, 3), PIXELS),
        ((3, 2, 4), PIXELS.transpose(2, 0, 1)),
        ((3, -1, -1), PIXELS.transpose(2, 0, 1)),
    ],
)
def test_channels_lie_where_the_input_has_them(wanted: tuple[int, ...], found: Any) -> None:
    assert np.array_equal(decoded("x.png", image(), wanted), found)


@pytest.mark.parametrize("wanted", [(2, 4), (1, 2, 4), (2, 4, 1)])
def test_grey_is_one_channel(wanted: tuple[int, ...]) -> None:
    assert np.array_equal(decoded("x.PNG", image(pixels=PIXELS[:, :, 0]), wanted).reshape(2, 4), PIXELS[:, :, 0])


@pytest.mark.parametrize(
    ("body", "wanted", "words"),
    [
        (lambda: image(), (3, 4, 2), "has 2 x 4 pixels, 4 x 2 are required"),
        (lambda: image()[:40], (3, 2, 4), "is no image that can be read"),
        (lambda: image("GIF"), (3, 2, 4), "is no image that can be read"),
        (lambda: image(pixels=PIXELS[:, :, 0].astype(np.uint16)), (1, 2, 4), "an image of 8 bits"),
        (lambda: image(), (5,), "an image has height and width"),
    ],
)
def test_an_image_that_does_not_fit_is_said(body: Any, wanted: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decoded("x.png", body(), wanted)


def test_an_image_that_claims_gigapixels_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.scoring.files.decoding._MOST_PIXELS", 7)
    with pytest.raises(ValueError, match="at most 7 pixels"):
        decoded("x.png", image(), (3, -1, -1))
