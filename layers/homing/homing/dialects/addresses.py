"""Email addresses as shops and shoppers write them, in the form in which SES takes them."""

import re

_LONGEST = 254
# One address and nothing else: no name, list, group or comment, which a mail program reads as other addresses.
# A dot at its end would be another spelling of the same address.
_ADDRESS = re.compile(r"""[^\s@<>()\[\],:;\\"]+@[^\s@<>()\[\],:;\\"]*[^\s@<>()\[\],:;\\".]""")


def mailable(told: str) -> str:
    """The address that SES sends to, with a domain in ASCII: `ada@xn--bcher-kva.example` for `ada@bücher.example`.

    A domain is read by the rules of IDNA 2008, as browsers do: however it is spelled, it is one. Raises ValueError with
    a reason where SES sends no mail.
    """
    if len(told) > _LONGEST or not told.isprintable():
        raise ValueError("not an email address")
    name, _, domain = told.rpartition("@")
    if not name.isascii():
        raise ValueError("before the @ SES takes ASCII characters only")
    address = told if domain.isascii() else f"{name}@{_in_ascii(domain)}"
    if len(address) > _LONGEST or not _ADDRESS.fullmatch(address):
        raise ValueError("not an email address")
    return address


def _in_ascii(domain: str) -> str:
    import idna  # paid for by those functions only that see such a domain

    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError as error:
        raise ValueError("the domain is none that can be") from error
