"""What a model is asked: one file for each kind of question, which says all that depends on it."""

from shared.tasks.table import TASKS
from shared.tasks.task import About, Answered, Answers, Array, Metric, Role, Scale, Task
from shared.tasks.truth import class_name
