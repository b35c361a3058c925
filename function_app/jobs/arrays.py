"""Arrays by name in a file of numpy's, texts among them as their bytes, one after the other.

Nothing is pickled. numpy's own text type would make each text as wide as the longest: 20,000 short ones and one of
200,000 characters are 15 GB.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    parts: dict[str, Any] = {"names": np.array(list(arrays), dtype=np.str_)}
    for index, cells in enumerate(arrays.values()):
        if cells.dtype.kind not in "OU":
            parts[f"{index}"] = cells
            continue
        texts = [str(cell).encode("utf-8", "replace") for cell in cells.reshape(-1)]
        parts[f"{index}.text"] = np.frombuffer(b"".join(texts), np.uint8)
        parts[f"{index}.ends"] = np.cumsum([len(text) for text in texts], dtype=np.int64)
        parts[f"{index}.shape"] = np.array(cells.shape, dtype=np.int64)
    np.savez(path, allow_pickle=False, **parts)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Texts as objects, which is how ONNX Runtime takes and gives them.

    Raises `ValueError` for packed ones, which are not what `write_arrays` writes: a file is as large as its arrays.
    """
    with zipfile.ZipFile(path) as file:
        if any(each.compress_type != zipfile.ZIP_STORED for each in file.infolist()):
            raise ValueError(f"{path.name}: its arrays are packed")
    with np.load(path, allow_pickle=False) as found:
        parts = {name: found[name] for name in found.files}
    names = parts["names"].tolist()
    return {name: parts.get(f"{index}", _texts(parts, index)) for index, name in enumerate(names)}


def _texts(parts: Mapping[str, NDArray[Any]], index: int) -> NDArray[Any]:
    if f"{index}.text" not in parts:
        return np.empty(0, object)
    body, ends = parts[f"{index}.text"].tobytes(), parts[f"{index}.ends"].tolist()
    starts = [0, *ends[:-1]] if ends else []
    cells = np.empty(len(ends), object)
    cells[:] = [body[start:end].decode("utf-8", "replace") for start, end in zip(starts, ends, strict=True)]
    return cells.reshape(parts[f"{index}.shape"].tolist())
