"""What is wrong with something that claims to be a model package."""


class NotAPackage(ValueError):
    """These files are not a model package; the message names the file and, where there is one, the field."""

    def __init__(self, file: str, problem: str, field: str = "") -> None:
        self.file = file
        self.field = field
        self.problem = problem
        super().__init__(f"{file}{f', {field}' if field else ''}: {problem}")
