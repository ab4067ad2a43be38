"""`homing send-test`: a sample of a mail, by the real SES, to one address."""

import re
from email.utils import formataddr
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from local.preview.making import Data, Lang, MadeUp, ShopOption, Shopper, Wish, make_mail
from local.terminal import SHOP, From, fail, told_plainly

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

# Imports stand inside the functions: `--help` answers at once.

_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,185}\.[A-Za-z0-9-]{2,63}")
"""One address, of ASCII alone, as SES takes it."""
_ADVICE = {
    "MessageRejected": "verify the sender's domain in SES, and while the account is in the sandbox the recipient too",
    "MailFromDomainNotVerifiedException": "set up the MAIL FROM domain's records, or take it off the identity",
    "AccessDeniedException": "your AWS credentials need ses:SendEmail",
    "AccountSuspendedException": "AWS has stopped the account's mails; the SES console says why",
    "SendingPausedException": "sending is paused in the SES console",
    "ExpiredTokenException": "log in again, as with: aws sso login",
}


class Letter(NamedTuple):
    """What goes to SES."""

    sender: str
    to: str
    subject: str
    html: str
    text: str


def send_test(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A mail, such as cart-offer.")],
    *,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="The one address that gets it.")],
    lang: Lang = None,
    data: MadeUp = Data.FULL,
    profile: Shopper = None,
    source: From = "demo",
    shop_dir: ShopOption = SHOP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")] = False,
) -> None:
    """Send a sample of a mail by the real SES, to see it in a real inbox.

    It comes from the sender of parameters.yaml, by your AWS credentials, with
    [Test] before its subject. Its links to unsubscribe and to choose lead
    nowhere. It stands in no ledger, and no shopper gets it.

    Examples:

      homing send-test cart-offer --to me@shop.example --lang de
      homing send-test cart-offer --to me@shop.example --dry-run
    """
    from homing.emails import EmailError

    if not _ADDRESS.fullmatch(to):
        fail(f"--to: '{to}' is no address that SES can write to; name one, such as me@shop.example")
    with told_plainly(EmailError):
        letter = _letter(Wish(shop_dir, template, lang, data.value, profile, source), to)
        client = None if dry_run else _ses()
    if client is None:
        print(f"From: {letter.sender}\nTo: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}")
    else:
        print(f"sent to {to}, message {_send(client, letter)}")


def _letter(wish: Wish, to: str) -> Letter:
    from local.shop_files import read_yaml

    parameters = read_yaml(wish.shop_dir / "parameters.yaml")
    mail = make_mail(wish).mail
    sender = formataddr((str(parameters["ShopName"]), str(parameters["SenderAddress"])))
    return Letter(sender, to, f"[Test] {mail.subject}", mail.html, mail.text)


def _ses() -> "SESV2Client":
    """SES, asked once. Ends the command where nobody is logged in, or no region is set."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    session = boto3.DEFAULT_SESSION or boto3.Session()
    try:
        credentials, region = session.get_credentials(), session.region_name
    except BotoCoreError as error:
        fail(f"{error}; log in, as with: aws sso login")
    if credentials is None:
        fail("there are no AWS credentials: log in, as with aws sso login, or set AWS_PROFILE; --dry-run needs none")
    if region is None:
        fail("no AWS region is set: set AWS_REGION to the one that the shop is deployed in")
    return session.client("sesv2", config=Config(retries={"total_max_attempts": 1}))


def _send(client: "SESV2Client", letter: Letter) -> str:
    """SES's message id. Ends the command where SES refuses."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client.send_email(
            FromEmailAddress=letter.sender,
            Destination={"ToAddresses": [letter.to]},
            Content={
                "Simple": {
                    "Subject": {"Data": letter.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": letter.text, "Charset": "UTF-8"},
                        "Html": {"Data": letter.html, "Charset": "UTF-8"},
                    },
                }
            },
        )
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        fail(f"SES has not sent it: {message} ({code}); {_ADVICE.get(code, 'the SES console may tell more')}")
    except BotoCoreError as error:
        fail(f"SES gave no answer, so nobody knows whether it went out: {error}")
    return answer["MessageId"]
