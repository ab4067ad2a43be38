"""What shoppers and catalogues are called adds no header, no recipient and no part to a mail."""

from collections.abc import Sequence
from copy import deepcopy
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from homing.emails import RenderedEmail, Renderer
from homing.emails.samples import everything
from local.cloud.mail import Mail, pack_bodies

TO = "ada@post.example"
BREAKS = {
    "carriage-return-line-feed": "\r\n",
    "line-feed": "\n",
    "carriage-return": "\r",
    "folded": "\r\n ",
    "folded-with-a-tab": "\n\t",
    "vertical-tab": "\x0b",
    "form-feed": "\x0c",
    "file-separator": "\x1c",
    "next-line": "\x85",
    "line-separator": "\u2028",
    "paragraph-separator": "\u2029",
    "null": "\0",
    "percent-encoded": "%0d%0a",
    "overlong-line-feed": "\u560a\u560d",
}
WANTED = {
    "recipient": "Bcc: victim@example.com",
    "subject": "Subject: You have won",
    "part": "Content-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "unsubscribe": "List-Unsubscribe: <https://evil.example>",
}
ATTACKS = [
    pytest.param(f"Mug{line}{header}", id=f"{wanted}-by-{broken}")
    for wanted, header in WANTED.items()
    for broken, line in BREAKS.items()
]


@pytest.fixture(scope="module")
def renderer(built_shop: Path) -> Renderer:
    return Renderer(built_shop / "emails")


def sent(mail: RenderedEmail) -> EmailMessage:
    """The mail as it is on its way, read by who gets it."""
    on_its_way = Mail(
        message_id="m-1",
        at=0,
        sender="Tea & Clay <hello@mail.shop.example>",
        to=[TO],
        cc=[],
        bcc=[],
        reply_to=[],
        subject=mail.subject,
        headers=[("List-Unsubscribe", "<https://shop.example/unsubscribe/token>")],
        tags={},
        configuration_set=None,
        region="eu-central-1",
        _bodies=pack_bodies(mail.text, mail.html),
    )
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(on_its_way.eml())


def structure(message: EmailMessage) -> Sequence[object]:
    """All headers by name and all but the subject by value, and the kinds of the parts."""
    headers = [(name.lower(), None if name == "Subject" else str(value)) for name, value in message.items()]
    return [*headers, *(part.get_content_type() for part in message.walk())]


def context(**said: Any) -> dict[str, Any]:
    told: dict[str, Any] = deepcopy({**everything()})
    told["shopper"]["first_name"] = said.get("first_name", "Ada")
    for product in [*told["items"], *told["suggestions"]]:
        product["name"] = said.get("product", "Mug")
    if told["offer"]:
        told["offer"]["name"] = told["offer"]["code"] = said.get("offer", "HELLO")
    return told


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("place", ["first_name", "product", "offer"])
def test_a_text_from_outside_adds_no_header_and_no_part(renderer: Renderer, place: str, text: str) -> None:
    for mail in ("cart-reminder", "welcome-greeting"):
        attacked = sent(renderer.render(mail, "en", context(**{place: text})))
        assert structure(attacked) == structure(sent(renderer.render(mail, "en", context())))
        assert attacked["To"] == TO
        assert attacked["Bcc"] is None
