"""How well questions are answered, by numpy: figures, and whether the difference of two is more than chance."""

from shared.tasks.measuring.measured import Floats, Measured, Rate
from shared.tasks.measuring.paired import Difference, difference, figures
