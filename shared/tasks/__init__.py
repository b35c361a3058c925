"""What a model is asked: one file for each kind of question, which says all that depends on it."""

from shared.tasks.columns import class_name
from shared.tasks.table import TASKS
from shared.tasks.task import Answered, Array, Role, Task
