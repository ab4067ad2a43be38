"""SES, asked exactly once for each mail: SendEmail has no token that would make a second call harmless."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from homing.domain.sends import SEND_TAGS
from homing.errors import MailRefused, MailUncertain, RetryLater
from homing.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import MessageHeaderTypeDef

NOT_SENT_YET = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "LimitExceededException",
        "SendingPausedException",
        "AccountSuspendedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "AccessDeniedException",
    }
)
"""SES says that it has not taken the mail, and may take it once the rate, the account or the set-up is in order."""

REFUSED = frozenset({"MessageRejected", "BadRequestException", "ValidationException"})
"""SES says that it has not taken this mail, and will not."""


class SesMailer:
    """SES v2; see `homing.ports.Mailer`. The client must not retry (`total_max_attempts=1`)."""

    def __init__(self, client: "SESV2Client", *, sender: str, configuration_set: str, tracking_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set
        self._tracking_set = tracking_set

    def send(self, mail: Mail) -> str:
        """SES's message id. Raises MailRefused, RetryLater (certainly not sent) or MailUncertain."""
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": mail.text, "Charset": "UTF-8"},
                            "Html": {"Data": mail.html, "Charset": "UTF-8"},
                        },
                        "Headers": _headers(mail),
                    }
                },
                EmailTags=[{"Name": name, "Value": getattr(mail, name)} for name in SEND_TAGS],
                ConfigurationSetName=self._tracking_set if mail.tracked else self._configuration_set,
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in NOT_SENT_YET:
                raise RetryLater(code) from error
            if code in REFUSED:
                raise MailRefused(code) from error
            raise MailUncertain(code) from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:  # SES has not heard a word
            raise RetryLater(type(error).__name__) from error
        except BotoCoreError as error:
            raise MailUncertain(type(error).__name__) from error
        if "MessageId" not in answer:  # an answer that was cut off
            raise MailUncertain("no MessageId")
        return answer["MessageId"]


def _headers(mail: Mail) -> list["MessageHeaderTypeDef"]:
    """One click to stop marketing mails: RFC 8058."""
    if mail.unsubscribe_url is None:
        return []
    return [
        {"Name": "List-Unsubscribe", "Value": f"<{mail.unsubscribe_url}>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
    ]
