"""Which columns of a file each input of a model is made of: found by their names, and looked at before any value is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow

from services.scoring.files.columns import check_type, is_text
from services.scoring.files.csv_files import other_separator, separator_hint
from services.scoring.files.problems import NotScorable
from services.scoring.files.referred import ReferredFiles
from services.scoring.files.tensors import check_lists
from services.scoring.files.text_format import TextFormat
from services.scoring.protocol.layout import is_feature
from shared.packages import Feature, Signature
from shared.ports.models.inference import TensorSpec

_NO_IDENTIFIER = re.compile(r"[^0-9A-Za-z_]")


@dataclass(frozen=True, slots=True)
class Source:
    """`columns` hold the `features`, one each. `is_matrix` of several; with `is_path` they say where the values are."""

    spec: TensorSpec
    features: Sequence[Feature]
    columns: Sequence[str]
    is_matrix: bool = False
    is_path: bool = False


class Sources:
    """In files of one schema; `text` for files of texts, `files` where a column may name files."""

    def __init__(
        self, signature: Signature, schema: pyarrow.Schema, text: TextFormat | None, files: ReferredFiles | None
    ) -> None:
        self._schema, self._text, self._files = schema, text, files
        self._inputs = {each.name: each for each in signature.inputs}
        self._as_identifiers: dict[str, list[str]] = {}
        for name in schema.names:
            self._as_identifiers.setdefault(_NO_IDENTIFIER.sub("_", name), []).append(name)

    def of(self, spec: TensorSpec) -> Source:
        """Raises `NotScorable` naming the column that is missing, or holds something else."""
        known = self._inputs[spec.name]
        if known.features and known.name not in self._schema.names:
            columns = [self._column(each.name, spec) for each in known.features]
            for column in columns:
                self._check_values(spec, column)
            return Source(spec, known.features, columns, is_matrix=not is_feature(spec))
        column = self._column(known.name, spec)
        if self._files is not None and self._is_path(spec, column):
            return Source(spec, [known], [column], is_path=True)
        if is_feature(spec):
            self._check_values(spec, column)
        else:
            check_lists(spec, self._schema.field(column).type, column)
        return Source(spec, [known], [column])

    def _check_values(self, spec: TensorSpec, column: str) -> None:
        kind = self._schema.field(column).type
        if self._text is None or not is_text(kind):
            check_type(spec, kind, column)

    def _is_path(self, spec: TensorSpec, column: str) -> bool:
        """Texts can only be paths where an input takes no text; where it does, the column must have been named."""
        kind = self._schema.field(column).type
        kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
        is_named = self._files is not None and column in self._files.columns
        return is_text(kind) and (is_named or (not is_feature(spec) and spec.datatype != "BYTES"))

    def _column(self, name: str, spec: TensorSpec) -> str:
        """Of this name, or the only one that a converter makes this name of: `mean radius` for `mean_radius`."""
        alike = [name] if name in self._schema.names else self._as_identifiers.get(name, [])
        if len(alike) == 1:
            return alike[0]
        raise NotScorable(f"column {name}: it is missing; the model takes datatype {spec.datatype}{self._hint(name)}")

    def _hint(self, name: str) -> str:
        if self._text is not None and (separator := other_separator(self._schema.names)):
            return separator_hint(separator)
        others = self._as_identifiers.get(name) or [each for each in self._schema.names if each.lower() == name.lower()]
        return f"; there is {' and '.join(f'{each[:100]!r}' for each in others[:2])}" if others else ""
