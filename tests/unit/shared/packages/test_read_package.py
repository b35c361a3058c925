"""What is a model package and what is not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shared.packages import FILES, NotAPackage, digest, read_files, read_package, write_files

SIGNATURE: dict[str, Any] = {
    "inputs": [
        {"name": "carrier", "datatype": "BYTES", "kind": "categorical", "categories": ["AA", "UA"]},
        {"name": "temp", "datatype": "FP32", "kind": "numeric", "nullable": True},
    ],
    "outputs": [{"name": "probability", "datatype": "FP32", "shape": [-1]}],
    "prediction": "probability",
    "task": "binary_classification",
    "label": "late",
    "groups": ["carrier"],
}
PARQUET = b"PAR1" + bytes(8) + b"PAR1"


def files(**changed: bytes) -> dict[str, bytes]:
    good = {
        "model.onnx": b"graph",
        "signature.json": json.dumps(SIGNATURE).encode(),
        "reference.parquet": PARQUET,
        "golden.parquet": PARQUET,
        "metrics.json": b'{"roc_auc": 0.7, "rows": 10}',
        "environment.yml": b"name: e",
        "trained_until": b"2013-03-01T01:00:00+01:00\n",
    }
    return good | {name.replace("__", "."): body for name, body in changed.items()}


def signature(**changed: object) -> bytes:
    return json.dumps(SIGNATURE | changed).encode()


def test_a_package_is_read() -> None:
    package = read_package(files())
    assert package.signature.input_names == ("carrier", "temp")
    assert package.trained_until.isoformat() == "2013-03-01T00:00:00+00:00"
    assert package.metrics == {"roc_auc": 0.7, "rows": 10.0}


def test_the_digest_is_that_of_the_checksum_list() -> None:
    lines = sorted(f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in files().items())
    assert digest(files()) == hashlib.sha256("".join(lines).encode()).hexdigest() == read_package(files()).digest


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_counts_for_the_digest(name: str) -> None:
    changed = files()
    changed[name] = PARQUET + PARQUET if name.endswith("parquet") else changed[name] + b" "
    assert digest(changed) != digest(files())


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(name: str) -> None:
    less = files()
    del less[name]
    with pytest.raises(NotAPackage, match=name):
        read_package(less)


def test_an_unknown_file_is_refused() -> None:
    with pytest.raises(NotAPackage, match=r"setup\.py"):
        read_package(files(setup__py=b"import os"))


def test_a_file_above_its_limit_is_refused() -> None:
    with pytest.raises(NotAPackage, match="trained_until: has 65 bytes, more than 64"):
        read_package(files(trained_until=b"2" * 65))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "signature.json: is not JSON"),
        (b"[]", "signature.json: a JSON object is required, found list"),
        (b"\xff\xfe", "signature.json: is not JSON"),
        (b'{"inputs":' + b"[" * 500_000, "signature.json: is nested deeper than 32"),
        (b'{"task": 1, "task": 2}', "'task' is given twice"),
        (b'{"task": ' + b"9" * 5_000 + b"}", "signature.json: is not JSON"),
        (signature(prediction="score"), "signature.json: .*prediction 'score' is not an output"),
        (signature(label="temp"), "label 'temp' is an input"),
        (signature(label="prediction"), "'prediction' is a column of reference.parquet with a meaning"),
        (signature(inputs=[]), "signature.json, inputs"),
        (signature(inputs=[SIGNATURE["inputs"][1]] * 2), "'temp' names two columns"),
        (signature(inputs=[{"name": "x\ny", "datatype": "FP32", "kind": "numeric"}]), "signature.json, inputs.0.name"),
        (signature(inputs=[{"name": "x", "datatype": "FP8", "kind": "numeric"}]), "signature.json, inputs.0.datatype"),
        (signature(inputs=[{"name": "x", "datatype": "BYTES", "kind": "numeric"}]), "signature.json, inputs.0"),
        (signature(surprise=1), "signature.json, surprise"),
    ],
)
def test_a_wrong_signature_is_refused_by_name(body: bytes, message: str) -> None:
    with pytest.raises(NotAPackage, match=message):
        read_package(files(signature__json=body))


@pytest.mark.parametrize("body", [b'{"roc_auc": NaN}', b'{"roc_auc": 1e999}', b'{"roc_auc": "high"}'])
def test_metrics_are_finite_numbers(body: bytes) -> None:
    with pytest.raises(NotAPackage, match=r"metrics\.json"):
        read_package(files(metrics__json=body))


@pytest.mark.parametrize("body", [b"yesterday", b"2013-03-01T00:00:00", b"\xff"])
def test_the_end_of_training_needs_a_time_with_its_zone(body: bytes) -> None:
    with pytest.raises(NotAPackage, match="trained_until"):
        read_package(files(trained_until=body))


def test_a_file_that_only_calls_itself_parquet_is_refused() -> None:
    with pytest.raises(NotAPackage, match=r"golden\.parquet: is not a Parquet file"):
        read_package(files(golden__parquet=b"\x80\x04pickle is not welcome"))


def test_a_model_that_is_too_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILES, "model.onnx", 4)
    with pytest.raises(NotAPackage, match=r"model\.onnx"):
        read_package(files())


EXTRA = {**SIGNATURE, "files": ["weights.bin", "tests/test_limits.py"]}


def test_files_that_the_signature_lists_belong_to_the_package_and_its_digest() -> None:
    plain = files(signature__json=json.dumps(EXTRA).encode())
    whole = {**plain, "weights.bin": b"numbers", "tests/test_limits.py": b"def test(): ..."}
    assert read_package(whole).digest != digest({**whole, "weights.bin": b"others"})
    with pytest.raises(NotAPackage, match=r"weights\.bin: is missing"):
        read_package({name: body for name, body in whole.items() if name != "weights.bin"})
    with pytest.raises(NotAPackage, match=r"other\.bin: is not a file of a model package: list it in `files`"):
        read_package({**whole, "other.bin": b"x"})


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        (["../weights.bin"], "pattern"),
        (["/etc/passwd"], "pattern"),
        (["a/b/c.bin"], "pattern"),
        ([".hidden"], "pattern"),
        (["model.onnx"], "one of the seven files"),
        (["w.bin"] * 101, "at most 100"),
        ("weights.bin", "tuple"),
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(listed: Any, said: str) -> None:
    with pytest.raises(NotAPackage, match=rf"signature\.json, files.*{said}"):
        digest(files(signature__json=json.dumps({**SIGNATURE, "files": listed}).encode()))


def test_all_files_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.packages.files.LARGEST_PACKAGE", 100)
    with pytest.raises(NotAPackage, match="in all its files, more than 100"):
        digest(files())


def test_a_folder_is_read_as_it_was_written_and_a_link_is_no_file(tmp_path: Path) -> None:
    whole = {**files(), "tests/test_limits.py": b"def test(): ..."}
    write_files(tmp_path, whole)
    assert read_files(tmp_path) == whole
    (tmp_path / "weights.bin").symlink_to("/etc/hostname")
    with pytest.raises(NotAPackage, match=r"weights\.bin: is a link"):
        read_files(tmp_path)
