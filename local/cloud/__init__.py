"""The local cloud: runs template.yaml in one process, in virtual time. Start at `cloud.Cloud`."""

from local.cloud.cloud import Cloud, DeadLetter
from local.cloud.errors import CloudError, TemplateError, Unsupported
from local.cloud.functions import Killed, Outcome
from local.cloud.http_api import Response
from local.cloud.mail import Mail
from local.cloud.seam import Refusal
from local.cloud.workflows import Run

__all__ = [
    "Cloud",
    "CloudError",
    "DeadLetter",
    "Killed",
    "Mail",
    "Outcome",
    "Refusal",
    "Response",
    "Run",
    "TemplateError",
    "Unsupported",
]
