"""Kinds of fields: as JSON has them, where pydantic by itself would take a word for a number."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool


class Strict(BaseModel):
    """Refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid")


def numeric(value: object) -> object:
    """``value``, unless it is a text or a truth. Raises ValueError."""
    if isinstance(value, str | bool):
        raise ValueError("it should be a number")  # noqa: TRY004  pydantic takes no TypeError
    return value


def false(value: object) -> object:
    """``value``, unless it only equals False. Raises ValueError."""
    if value is not False:
        raise ValueError("it should be false")
    return value


Numeric = BeforeValidator(numeric)
"""Stands behind a field's bounds, which would be left out of the description else."""
Zero = Annotated[float, Field(ge=0, le=0), Numeric]
One = Annotated[int, Field(ge=1, le=1), Numeric]
No = Annotated[Literal[False], BeforeValidator(false)]
YesOrNo = StrictBool
Nothing = Annotated[list[Any], Field(max_length=0)]
NoPairs = Annotated[dict[str, Any], Field(max_length=0)]
