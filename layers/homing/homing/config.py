"""The settings of each function: its environment variables, by the same names in capitals."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """What every function has. Powertools reads its own variables (`POWERTOOLS_*`) itself."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings from the environment. Raises pydantic's ValidationError naming what is missing."""
        told = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        return cls.model_validate(told)


class TableSettings(Settings):
    """For every function that reads or writes the table."""

    table_name: str


class ShopSettings(TableSettings):
    """For every function that follows the shop's files: where the shop layer holds them."""

    shop_dir: str


class EnrollSettings(ShopSettings):
    """For functions/enroll."""

    confirmation_state_machine_arn: str
    welcome_state_machine_arn: str
    cart_state_machine_arn: str
    winback_state_machine_arn: str
    birthday_state_machine_arn: str

    def state_machine_arns(self) -> dict[str, str]:
        """The ARN of each journey's state machine."""
        suffix = "_state_machine_arn"
        return {name.removesuffix(suffix): arn for name, arn in self if name.endswith(suffix)}


class IngestSettings(TableSettings):
    """For functions/ingest."""

    write_key_secret: str
    double_opt_in: bool


class ProjectSettings(ShopSettings):
    """For functions/project."""

    signing_secret: str


class SendSettings(ShopSettings):
    """For functions/send."""

    signing_secret: str
    shop_name: str
    postal_address: str
    sender_address: str
    pages_url: str
    configuration_set: str
    tracking_configuration_set: str
    ses_rate: float
    """Mails a second, as long as SES's own word is not known."""


class SegmentsSettings(ShopSettings):
    """For functions/segments."""

    recompute_state_machine_arn: str


class RecomputeSettings(ShopSettings):
    """For functions/recompute."""

    bucket: str


class FeedbackSettings(TableSettings):
    """For functions/feedback."""


class ReconcileSettings(TableSettings):
    """For functions/reconcile."""

    ses_rate: float


class FinishSettings(ShopSettings):
    """For functions/finish."""


class PagesSettings(ShopSettings):
    """For functions/pages."""

    signing_secret: str
    shop_name: str
