"""`homing send-test`: a sample of a mail, by the real SES, to one address."""

import re
from email.utils import formataddr
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer
from rich.console import Console

from local.preview.commands import SHOP, Data, Wish, emails_dir_of, make_mail, refuse_unwritten, told_plainly
from local.segments.commands import From

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
    lang: Annotated[str | None, typer.Option(help="A language tag: en, de, de-AT; else the shopper's, or en.")] = None,
    data: Annotated[Data, typer.Option(help="The made-up shopper: everything known, or nothing.")] = Data.FULL,
    profile: Annotated[
        str | None, typer.Option(help="A real shopper's data instead: a userId, a profile_id or an address.")
    ] = None,
    source: From = "demo",
    shop_dir: Annotated[Path, typer.Option("--shop", help="The shop's folder.")] = SHOP,
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
    if not _ADDRESS.fullmatch(to):
        _fail(f"--to: '{to}' is no address that SES can write to; name one, such as me@shop.example")
    emails_dir = emails_dir_of(shop_dir)
    with told_plainly():
        refuse_unwritten(emails_dir, template, lang)
        client = None if dry_run else _ses()
        letter = _letter(shop_dir, Wish(template, lang, data.value, profile, source), to)
    if client is None:
        print(f"From: {letter.sender}\nTo: {letter.to}\nSubject: {letter.subject}\n\n{letter.text}")
    else:
        print(f"sent to {to}, message {_send(client, letter)}")


def _letter(shop_dir: Path, wish: Wish, to: str) -> Letter:
    from local.shop_files import read_yaml

    parameters = read_yaml(shop_dir / "parameters.yaml")
    mail = make_mail(shop_dir, wish).mail
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
        _fail(f"{error}; log in, as with: aws sso login")
    if credentials is None:
        _fail("there are no AWS credentials: log in, as with aws sso login, or set AWS_PROFILE; --dry-run needs none")
    if region is None:
        _fail("no AWS region is set: set AWS_REGION to the one that the shop is deployed in")
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
        _fail(f"SES has not sent it: {message} ({code}); {_ADVICE.get(code, 'the SES console may tell more')}")
    except BotoCoreError as error:
        _fail(f"SES gave no answer, so nobody knows whether it went out: {error}")
    return answer["MessageId"]


def _fail(message: str) -> NoReturn:
    Console(stderr=True, highlight=False, soft_wrap=True, emoji=False).print(f"homing: {message}", markup=False)
    raise typer.Exit(2)
