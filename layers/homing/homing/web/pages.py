"""The shopper's page: stop the mails, with one press or none."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs

from homing.domain.moments import Moment
from homing.domain.unsubscribe import read_token
from homing.ports import Contacts, Events
from homing.usecases.unsubscribe import unsubscribe
from homing.web.http import Answer, page

_WORDS = {
    "en": {
        "title": "Unsubscribe",
        "ask": "Do you want to stop all marketing emails from {shop}?",
        "press": "Yes, stop them",
        "done": "Done. You will get no more marketing emails from {shop}.",
        "unknown": "This link is not complete. Please use the link in the latest email, or write to the shop.",
    },
    "de": {
        "title": "Abbestellen",
        "ask": "Möchtest du keine Werbe-E-Mails von {shop} mehr bekommen?",
        "press": "Ja, abbestellen",
        "done": "Erledigt. Du bekommst keine Werbe-E-Mails von {shop} mehr.",
        "unknown": "Dieser Link ist nicht vollständig. Bitte nimm den Link in der neuesten E-Mail, oder "
        "schreib dem Shop.",
    },
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2a2e; --paper: #f6f5f1; --card: #fff; --press: #2f5d50; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ecea; --paper: #14191b; --card: #1f2628; --press: #5fa08d; } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
       font: 17px/1.6 system-ui, sans-serif; }
main { box-sizing: border-box; max-width: 30rem; margin: 1rem; padding: 2.5rem 2rem; border-radius: 14px;
       background: var(--card); box-shadow: 0 1px 3px #0002, 0 12px 32px #0001; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.5rem; }
button { width: 100%; padding: .9rem 1.2rem; border: 0; border-radius: 8px; background: var(--press); color: #fff;
         font: inherit; font-weight: 600; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px; }
"""


def handle(
    request: Mapping[str, Any], *, contacts: Contacts, events: Events, key: bytes, shop_name: str, now: Moment
) -> Answer:
    """GET asks and changes nothing, so that a mail scanner's visit does no harm; POST unsubscribes (RFC 8058)."""
    words = _WORDS[_language(request)]
    subscriber = read_token(str(request.get("pathParameters", {}).get("token", "")), key)
    if subscriber is None:
        return page(404, _html(request, words["title"], f"<p>{words['unknown']}</p>"))
    shop = escape(shop_name)
    if request["requestContext"]["http"]["method"] == "POST":
        unsubscribe(subscriber, contacts=contacts, events=events, now=now)
        return page(200, _html(request, words["title"], f"<p>{words['done'].format(shop=shop)}</p>"))
    form = f'<form method="post"><button type="submit">{words["press"]}</button></form>'
    return page(200, _html(request, words["title"], f"<p>{words['ask'].format(shop=shop)}</p>{form}"))


def _language(request: Mapping[str, Any]) -> str:
    """The link's own language (`?lang=`), else the browser's first that we speak, else English."""
    asked = parse_qs(request.get("rawQueryString") or "").get("lang", [])
    accepted = str(request.get("headers", {}).get("accept-language", "")).split(",")
    tags = [tag.strip()[:2].lower() for tag in (*asked, *accepted)]
    return next((tag for tag in tags if tag in _WORDS), "en")


def _html(request: Mapping[str, Any], title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{_language(request)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
