"""A mail as SES got it, and as a file for people."""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from homing.domain.moments import Moment, datetime_of

# The standard library's generator would break a long address of a link in a header into encoded words.
_UNFOLDED: Final = SMTP.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted SendEmail call. A year's bodies are kept compressed."""

    message_id: str
    at: Moment
    sender: str
    to: Sequence[str]
    cc: Sequence[str]
    bcc: Sequence[str]
    reply_to: Sequence[str]
    subject: str
    headers: Sequence[tuple[str, str]]
    tags: Mapping[str, str]
    configuration_set: str | None
    region: str
    _bodies: bytes

    @property
    def recipients(self) -> Sequence[str]:
        return [*self.to, *self.cc, *self.bcc]

    @property
    def text(self) -> str | None:
        return self._body("text")

    @property
    def html(self) -> str | None:
        return self._body("html")

    def eml(self) -> bytes:
        """The message in the form of RFC 5322, the same bytes every time."""
        message = EmailMessage()
        message["From"] = self.sender
        for name, addresses in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            if addresses:
                message[name] = ", ".join(addresses)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(datetime_of(self.at))
        message["Message-ID"] = f"<{self.message_id}@{self.region}.amazonses.com>"
        for name, value in self.headers:
            message[name] = value
        text, html = self.text, self.html
        if text is not None:
            message.set_content(text, cte="quoted-printable")
        if html is not None and text is None:
            message.set_content(html, subtype="html", cte="quoted-printable")
        elif html is not None:
            message.add_alternative(html, subtype="html", cte="quoted-printable")
            message.set_boundary(f"=_{self.message_id}")
        return message.as_bytes(policy=_UNFOLDED)

    def _body(self, name: str) -> str | None:
        body: str | None = json.loads(zlib.decompress(self._bodies))[name]
        return body


def pack_bodies(text: str | None, html: str | None) -> bytes:
    """Both bodies of a mail, compressed."""
    return zlib.compress(json.dumps({"text": text, "html": html}).encode(), level=1)
