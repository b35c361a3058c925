"""Tensors, images and texts in files of their own: only those within one folder, and nothing in them is run."""

import io
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from services.scoring.files import ChunkScorer, NotScorable, ReferredFiles, TextFormat
from services.scoring.files.decoding import decoded
from services.scoring.model.version import Version
from tests.support.identity import identity, tensor

IMAGE = np.arange(1, 5, dtype=np.uint8).reshape(1, 2, 2)


@pytest.fixture(scope="module")
def version() -> Version:
    return identity(tensor("image", "UINT8", (-1, 1, 2, 2)), image=IMAGE.tolist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`inside` is the folder that is asked for, and there is something beside it."""
    inside = tmp_path / "inside"
    (inside / "deeper").mkdir(parents=True)
    np.save(inside / "a.npy", IMAGE)
    np.save(inside / "deeper" / "größe 1.npy", IMAGE + 1)
    np.save(tmp_path / "outside.npy", IMAGE)
    return inside


def scored(version: Version, folder: Path, paths: Sequence[str | None], kind: pa.DataType | None = None) -> Any:
    """Answers of the first output, and reasons, by row."""
    table = pa.table({"image": pa.array(paths, kind or pa.string())})
    chunk = ChunkScorer(version, table.schema, None, "", ReferredFiles(folder)).score(table, 0)
    answers = {each["row"]: each["image_out"] for each in chunk.scored.to_pylist()}
    return answers, {each["row"]: each["reason"] for each in chunk.rejected.to_pylist()}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_a_tensor_is_read_from_the_path_in_its_row(version: Version, folder: Path, kind: pa.DataType) -> None:
    answers, reasons = scored(version, folder, ["a.npy", "deeper/größe 1.npy", None, "./a.npy"], kind)
    assert answers == {0: [1, 2, 3, 4], 1: [2, 3, 4, 5], 3: [1, 2, 3, 4]}
    assert reasons == {2: "the value is missing: a path is required"}


def test_no_path_leads_out_of_the_folder(version: Version, folder: Path) -> None:
    outside = folder.parent / "outside.npy"
    (folder / "link.npy").symlink_to(outside)
    (folder / "up").symlink_to(folder.parent)
    (folder / "loop.npy").symlink_to(folder / "loop.npy")
    (folder / "near.npy").symlink_to(folder / "a.npy")
    os.mkfifo(folder / "pipe.npy")
    paths = [
        "../outside.npy", "deeper/../../outside.npy", str(outside), "link.npy", "up/outside.npy", "loop.npy", "",
        "a\0b", "deeper", "none.npy", "pipe.npy", "near.npy", "x" * 5_000,
    ]  # fmt: skip
    answers, reasons = scored(version, folder, paths)
    assert answers == {11: [1, 2, 3, 4]}
    words = ["no path within"] * 3 + ["leads out of"] * 2 + ["is no file"] + ["no path within"] * 2
    words += ["is no file", "cannot be read", "is no file", "", "cannot be read"]
    for row, each in enumerate(words):
        assert each in reasons.get(row, ""), (paths[row][:40], reasons.get(row))


def npy(array: np.ndarray[Any, Any], allow_pickle: bool = False) -> bytes:
    body = io.BytesIO()
    np.save(body, array, allow_pickle=allow_pickle)
    return body.getvalue()


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.npy", b"no"),
        ("x.npy", b""),
        ("x.npy", npy(IMAGE)[:-1]),
        ("x.npy", npy(IMAGE) + b"more"),
        ("x.npy", npy(np.array([Trap()], object), allow_pickle=True)),
        ("x.npy", pickle.dumps(Trap())),
        ("x.npy", npy(IMAGE).replace(b"(1, 2, 2)", b"(9**9,2,2")),
        ("x.npy", npy(IMAGE).replace(b"(1, 2, 2), }", b"(99999999999999,)}")),
        ("x.npy", npy(np.array(["text"]))),
    ],
)
def test_what_is_no_array_of_numbers_is_rejected_and_nothing_in_it_is_run(
    version: Version, folder: Path, name: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / name).write_bytes(body)
    answers, reasons = scored(version, folder, [name, "a.npy"])
    assert answers == {1: [1, 2, 3, 4]}
    assert reasons[0].startswith("'x.npy' is no .npy file")
    assert not (folder / "sprung").exists()


def test_an_array_of_other_numbers_or_another_shape_is_rejected_by_the_rules_for_columns(
    version: Version, folder: Path
) -> None:
    arrays = {
        "wide": IMAGE.astype(np.int64), "beyond": IMAGE.astype(np.int64) + 255, "half": IMAGE + 0.5,
        "whole": IMAGE.astype(np.float64), "long": np.zeros((2, 2, 2), np.uint8), "flat": IMAGE.reshape(-1),
        "fortran": np.asfortranarray(IMAGE[0]), "none": np.full((1, 2, 2), np.nan),
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    answers, reasons = scored(version, folder, [f"{name}.npy" for name in arrays])
    assert answers == {row: [1, 2, 3, 4] for row in (0, 3, 5, 6)}
    assert reasons[1] == "'beyond.npy': 256 is no whole number in the range of datatype UINT8 (0 to 255)"
    assert "1.5 is no whole number" in reasons[2]
    assert "[1, 2, 2] values of datatype UINT8 are required, 'long.npy' has [2, 2, 2]" in reasons[4]
    assert "a value is missing (NaN)" in reasons[7]


def test_a_file_that_is_too_large_is_not_read(version: Version, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.scoring.files.referred._MOST_BYTES", 100)
    assert "is larger than" in scored(version, folder, ["a.npy"])[1][0]


def test_files_of_some_rows_are_in_memory_at_a_time(
    version: Version, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.scoring.files.inputs._FILES_AT_ONCE", 3)
    answers, reasons = scored(version, folder, ["a.npy", "b.npy"] * 5)
    assert list(answers) == [0, 2, 4, 6, 8]
    assert list(reasons) == [1, 3, 5, 7, 9]


def test_texts_are_read_where_their_column_was_named(folder: Path) -> None:
    version = identity(tensor("t", "BYTES"), t="a")
    (folder / "t.txt").write_text("größe\n", "utf-8")
    (folder / "l.txt").write_text("größe\n", "latin-1")
    table = pa.table({"t": ["t.txt", "l.txt", "../t.txt"]})
    with pytest.raises(NotScorable, match="--path-column names a column of texts"):
        ChunkScorer(version, table.schema, None, "", ReferredFiles(folder))
    chunk = ChunkScorer(version, table.schema, None, "", ReferredFiles(folder, ["t"])).score(table, 0)
    assert chunk.scored.column("t_out").to_pylist() == ["größe\n"]
    reasons = chunk.rejected.column("reason").to_pylist()
    assert reasons[0] == "'l.txt' is no text in utf-8; --encoding names another one"
    assert "no path within" in reasons[1]
    latin = ChunkScorer(version, table.schema, None, "", ReferredFiles(folder, ["t"], "latin-1")).score(table, 0)
    assert latin.scored.column("t_out").to_pylist()[1] == "größe\n"


def test_a_csv_file_names_files_as_well(version: Version, folder: Path) -> None:
    table = pa.table({"image": ["a.npy"], "t": ["carried"]})
    chunk = ChunkScorer(version, table.schema, TextFormat(), "", ReferredFiles(folder)).score(table, 0)
    assert chunk.scored.to_pylist() == [{"row": 0, "t": "carried", "image_out": [1, 2, 3, 4]}]


def test_a_folder_or_a_column_that_is_not_there_is_said(version: Version, folder: Path) -> None:
    with pytest.raises(NotScorable, match=r"--files-in: .*none is no folder"):
        ReferredFiles(folder / "none")
    with pytest.raises(NotScorable, match="--path-column: 'other' is no column"):
        ChunkScorer(version, pa.table({"image": ["a.npy"]}).schema, None, "", ReferredFiles(folder, ["other"]))


@pytest.mark.parametrize("wanted", [(5,), (2, 2, 2), (2, 2, 3, 1)])
def test_an_image_for_an_input_that_is_none_is_said(wanted: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"an image has height and width|images need Pillow"):
        decoded("x.png", b"", wanted)


def test_another_kind_of_file_is_said() -> None:
    with pytest.raises(ValueError, match=r"ends with \.npy, \.png, \.jpg, \.jpeg is required"):
        decoded("x.tiff", b"", (2, 2))
