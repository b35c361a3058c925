"""`signature.json`: what goes into the model, what comes out, what it means, and what is watched."""

from shared.packages.signature.inputs import Feature, InputColumn, Kind
from shared.packages.signature.outputs import OutputColumn
from shared.packages.signature.signature import PREDICTION, TRAINED, Signature
from shared.packages.signature.strict import FLOATS, ColumnName, Datatype, Shape
