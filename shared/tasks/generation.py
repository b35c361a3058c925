"""What writes text anew: it has no single right answer that a check could compare with."""

from shared.tasks.task import Task

_WHY = "what it writes has no one right answer that staging and monitoring could compare with"
TASKS = tuple(
    Task(name, refused=_WHY) for name in ("text_generation", "translation", "question_answering", "summarization")
)
