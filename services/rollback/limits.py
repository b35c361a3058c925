"""By what a rollback is done, or a person is called (F12, N4)."""

from pydantic import Field

from shared.policies import Seconds, Section


class RollbackLimits(Section, name="rollback"):
    """How long all live instances may take to go back and to prove it."""

    complete_within_s: Seconds = Field(
        default=120,
        description="until then every live scoring instance has to serve what was restored and to have proved it, "
        "else a person is called",
    )
    look_every_s: Seconds = Field(default=1, description="pause between two looks")
    silent_s: Seconds = Field(default=6, description="an instance that reported nothing for so long is not live")
