"""Offers: what a mail may promise, and until when."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field, model_validator

from homing.domain.events import Frozen

DEFAULT_LANGUAGE = "en"


class Offer(Frozen):
    """A code that the shop honours. `name` by language; `percent` off, or free shipping, or both."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,24}$")]
    percent: Annotated[int, Field(ge=1, le=90)] | None = None
    free_shipping: bool = False
    valid_days: Annotated[int, Field(ge=1, le=365)]
    name: dict[str, str]

    @model_validator(mode="after")
    def _promises_something(self) -> "Offer":
        if self.percent is None and not self.free_shipping:
            raise ValueError("an offer gives a percentage or free shipping: set 'percent' or 'free_shipping: yes'")
        if DEFAULT_LANGUAGE not in self.name:
            raise ValueError("an offer needs a name in English ('en'), the language that every other falls back to")
        return self

    def called(self, language: str) -> str:
        """The offer's name in the language of the tag (`de-AT` is German), else in English."""
        return self.name.get(language.partition("-")[0].lower(), self.name[DEFAULT_LANGUAGE])

    def ends_on(self, given_on: date) -> date:
        """The last day on which the code holds."""
        return given_on + timedelta(days=self.valid_days)
