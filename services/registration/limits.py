"""By what registration decides."""

from typing import Literal

from pydantic import Field

from shared.policies import Section


class RegistrationLimits(Section, name="registration"):
    """E1: does a registered model go to staging by itself, or does a person say so first?"""

    staging: Literal["automatic", "never"] = Field(
        default="automatic", description="`never`: registered models are not staged; those who may approve are told"
    )
    unknown_requester: Literal["second_person", "refused"] = Field(
        default="second_person",
        description="nobody is known who asked for a model: two different persons must approve it, or it is `refused`",
    )
