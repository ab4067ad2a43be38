"""The preference and confirmation pages: what a stranger, a scanner or a bent form sends changes nothing."""

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from homing.adapters.profiles import TableProfiles, stored_event
from homing.adapters.table import Table
from homing.domain.consent import Consent
from homing.domain.ids import alias_id, contact_id
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.unsubscribe import Subscriber, make_token
from homing.web.http import LARGEST_FORM

if TYPE_CHECKING:
    from tests.attacks.conftest import Doors

KEY = b"the-signing-key"
ADA = Subscriber(contact_id("ada@customer.example"), alias_id("user", "ada"))
BOB = Subscriber(contact_id("bob@customer.example"), alias_id("user", "bob"))
TOKEN, CONFIRM = make_token(ADA, KEY), make_token(ADA, KEY, "confirm")
GRANTED_AT = 1_700_000_000_000
FORM = "application/x-www-form-urlencoded"
EVIL = '"><script>alert(1)</script>'
Fields = list[tuple[str, str]]

SHOWN = urlencode(
    [("purpose", "marketing"), ("frequency", "all"), ("channel", ""), ("birthday_day", ""), ("birthday_month", "")]
)
SOUND: Fields = [
    ("do", "save"),
    ("shown", SHOWN),
    ("purpose", "marketing"),
    ("purpose", "newsletter"),
    ("frequency", "weekly"),
    ("channel", "sms"),
    ("interest", "Green tea"),
    ("birthday_day", "17"),
    ("birthday_month", "5"),
]
"""What a browser sends; each attack changes one thing of it."""


def request(page: str = "preferences", method: str = "POST", token: object = TOKEN, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "routeKey": f"{method} /{page}/{{token}}",
        "rawPath": f"/{page}/{token}",
        "rawQueryString": "",
        "headers": {"content-type": FORM},
        "requestContext": {"http": {"method": method, "path": f"/{page}/{token}"}},
        "pathParameters": {"token": token},
        "body": urlencode(SOUND),
        "isBase64Encoded": False,
    }
    return told | more


def keep(doors: "Doors", who: Subscriber, email: str, **traits: str) -> None:
    """A shopper who agrees to marketing."""
    consent = {"marketing": Consent(granted=True, at=GRANTED_AT, source="api")}
    told = {name: (GRANTED_AT, value) for name, value in {"email": email, **traits}.items()}
    record = ProfileRecord(profile_id=who.profile_id, facts=Profile(traits=told, consent=consent))
    TableProfiles(Table(doors.client, "homing")).save(record)
    doors.contacts.note_consent(who.contact_id, who.profile_id, granted=True, at=GRANTED_AT)


@pytest.fixture
def shoppers(doors: "Doors") -> "Doors":
    """Ada and Bob, both with mails."""
    keep(doors, ADA, "ada@customer.example")
    keep(doors, BOB, "bob@customer.example", birthday="1980-02-29")
    return doors


def assert_harmless_page(answer: dict[str, Any]) -> None:
    """Neither redirect nor cookie nor script, nothing from elsewhere, and no token in a referrer."""
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert not {"location", "set-cookie", "refresh"} & headers.keys()
    assert "cookies" not in answer
    assert not any(control in value for value in headers.values() for control in "\r\n")
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not {"script-src", "unsafe-inline", "*"} & set(policy.replace(";", " ").split())
    assert headers["referrer-policy"] == "no-referrer"
    assert "no-store" in headers["cache-control"]
    for hostile in ("<script", "http-equiv", "evil.example", "javascript:", "<b>@"):
        assert hostile not in answer["body"].lower()
    assert "49" not in answer["body"].partition("</style>")[2]  # of 7 * 7


def test_the_form_that_every_attack_bends_is_sound(shoppers: "Doors") -> None:
    answer = shoppers.call("pages", request())
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)
    (told,) = [stored_event(item).event for item in shoppers.items() if item["sk"]["S"].startswith("EVENT#")]
    assert told.consent == {"newsletter": True}
    assert told.traits == {"birthday": "--05-17", "channel": "sms", "interests": "Green tea"}


def bent(name: str, *values: str) -> Fields:
    """The sound form with these values of a field for its own."""
    return [field for field in SOUND if field[0] != name] + [(name, value) for value in values]


BENT: dict[str, Fields] = {
    "no-button": bent("do"),
    "empty-button": bent("do", ""),
    "unknown-button": bent("do", "grant"),
    "two-buttons": bent("do", "save", "stop"),
    "button-twice": bent("do", "save", "save"),
    "button-of-code": bent("do", "__class__"),
    "nothing-shown": bent("shown"),
    "shown-empty": bent("shown", ""),
    "shown-twice": bent("shown", SHOWN, SHOWN),
    "shown-no-form": bent("shown", "{}"),
    "shown-not-utf-8": bent("shown", "purpose=%ff"),
    "shown-unknown-field": bent("shown", SHOWN + "&email=eve%40evil.example"),
    "shown-within-shown": bent("shown", SHOWN + "&shown=" + quote(SHOWN)),
    "shown-with-markup": bent("shown", SHOWN + "&interest=" + quote(EVIL)),
    "shown-unknown-purpose": bent("shown", "purpose=everything"),
    "unknown-purpose": bent("purpose", "everything"),
    "purpose-of-markup": bent("purpose", EVIL),
    "purpose-twice": bent("purpose", "marketing", "marketing"),
    "purpose-in-capitals": bent("purpose", "MARKETING"),
    "purpose-empty": bent("purpose", ""),
    "unknown-frequency": bent("frequency", "hourly"),
    "frequency-twice": bent("frequency", "weekly", "monthly"),
    "frequency-of-numbers": bent("frequency", "-1"),
    "frequency-with-a-space": bent("frequency", "weekly "),
    "unknown-channel": bent("channel", "fax"),
    "channel-twice": bent("channel", "sms", "email"),
    "channel-with-a-newline": bent("channel", "sms\r\nX-Evil: 1"),
    "unknown-interest": bent("interest", "Coffee"),
    "interest-of-markup": bent("interest", EVIL),
    "interest-of-lines": bent("interest", "Green tea\nCoffee"),
    "interest-in-capitals": bent("interest", "GREEN TEA"),
    "interest-twice": bent("interest", "Green tea", "Green tea"),
    "interests-without-end": bent("interest", *map(str, range(95))),
    "interest-with-a-zero-width-space": bent("interest", "Green\u200b tea"),
    "interest-right-to-left": bent("interest", "\u202eGreen tea"),
    "interest-half-a-character": bent("interest", "\ufffd"),
    "interest-of-kilobytes": bent("interest", "x" * 15_000),
    "31-april": [*bent("birthday_day", "31")[:-2], ("birthday_day", "31"), ("birthday_month", "4")],
    "day-32": bent("birthday_day", "32"),
    "day-zero": bent("birthday_day", "00"),
    "day-negative": bent("birthday_day", "-5"),
    "day-of-arabic-digits": bent("birthday_day", "\u0661\u0667"),
    "day-with-a-point": bent("birthday_day", "17.0"),
    "day-with-a-sign": bent("birthday_day", "+17"),
    "day-of-markup": bent("birthday_day", EVIL),
    "day-of-many-digits": bent("birthday_day", "1" * 10_000),
    "day-twice": bent("birthday_day", "17", "18"),
    "day-without-month": bent("birthday_month", ""),
    "month-13": bent("birthday_month", "13"),
    "month-by-name": bent("birthday_month", "May"),
    "month-without-day": bent("birthday_day", ""),
    "unknown-field": bent("email", "eve@evil.example"),
    "field-of-another-person": bent("contact_id", BOB.contact_id),
    "field-of-a-token": bent("token", make_token(BOB, KEY)),
    "one-click": [("List-Unsubscribe", "One-Click")],
    "fields-of-arrays": bent("purpose[]", "tracking"),
    "field-without-a-name": bent("", "tracking"),
    "prototype": bent("__proto__", "tracking"),
}


@pytest.mark.parametrize("fields", BENT.values(), ids=BENT.keys())
def test_a_bent_form_changes_nothing(shoppers: "Doors", fields: Fields) -> None:
    before = shoppers.items()
    answer = shoppers.call("pages", request(body=urlencode(fields)))
    assert answer["statusCode"] == 400
    assert_harmless_page(answer)
    assert shoppers.items() == before


BODY = urlencode(SOUND)
PARTS = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in SOUND)
BODIES: dict[str, tuple[int, dict[str, Any]]] = {
    "no-body": (400, {"body": None}),
    "empty": (400, {"body": ""}),
    "no-content-type": (400, {"headers": {}}),
    "json": (400, {"headers": {"content-type": "application/json"}, "body": json.dumps(dict(SOUND))}),
    "json-called-a-form": (400, {"body": json.dumps(dict(SOUND))}),
    "text": (400, {"headers": {"content-type": "text/plain"}}),
    "multipart": (400, {"headers": {"content-type": "multipart/form-data; boundary=b"}, "body": f"{PARTS}--b--"}),
    "multipart-called-a-form": (400, {"body": f"{PARTS}--b--"}),
    "content-type-of-lines": (400, {"headers": {"content-type": f"{FORM}x\r\nX-Evil: 1"}}),
    "not-base64": (400, {"body": "%%%", "isBase64Encoded": True}),
    "not-utf-8": (400, {"body": base64.b64encode(b"do=save&interest=\xff").decode(), "isBase64Encoded": True}),
    "percent-not-utf-8": (400, {"body": BODY + "&interest=%ff%fe"}),
    "utf-16": (400, {"body": base64.b64encode(BODY.encode("utf-16")).decode(), "isBase64Encoded": True}),
    "half-a-character": (400, {"body": BODY + "\ud800"}),
    "no-pairs": (400, {"body": "save"}),
    "semicolons": (400, {"body": BODY.replace("&", ";")}),
    "many-fields": (400, {"body": "&".join(["a="] * 5_000)}),
    "a-gzip-that-is-none": (400, {"body": base64.b64encode(b"\x1f\x8bxx").decode(), "isBase64Encoded": True}),
    "large": (413, {"body": BODY + "&interest=" + "x" * LARGEST_FORM}),
    "very-large": (413, {"body": "x" * 2_000_000}),
    "large-in-base64": (413, {"body": base64.b64encode(b"a=" + b"x" * 30_000).decode(), "isBase64Encoded": True}),
    "gzip-bomb": (413, {"body": base64.b64encode(gzip.compress(b"a" * 5_000_000)).decode(), "isBase64Encoded": True}),
}


@pytest.mark.parametrize(("status", "more"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_form_of_ours_changes_nothing(shoppers: "Doors", status: int, more: dict[str, Any]) -> None:
    before = shoppers.items()
    answer = shoppers.call("pages", request(**more))
    assert answer["statusCode"] == status
    assert_harmless_page(answer)
    assert shoppers.items() == before


def turned(token: str, position: int) -> str:
    return token[:position] + chr(ord(token[position]) ^ 1) + token[position + 1 :]


NAMED, _, PROOF = TOKEN.rpartition(".")
FORGED: dict[str, tuple[str, object]] = {
    "confirm-by-unsubscribe-token": ("confirm", TOKEN),
    "preferences-by-confirm-token": ("preferences", CONFIRM),
    "unsubscribe-by-confirm-token": ("unsubscribe", CONFIRM),
    **{
        f"{page}-{name}": (page, token)
        for page, own in {"preferences": TOKEN, "confirm": CONFIRM}.items()
        for name, token in {
            "empty": "",
            "first-byte-turned": turned(own, 0),
            "last-byte-turned": turned(own, len(own) - 1),
            "without-proof": own.rpartition(".")[0],
            "proof-of-the-other-purpose": f"{NAMED}.{(CONFIRM if own == TOKEN else TOKEN).rpartition('.')[2]}",
            "of-bob-with-adas-proof": f"{BOB.contact_id}.{BOB.profile_id}.{own.rpartition('.')[2]}",
            "bobs-profile": f"{ADA.contact_id}.{BOB.profile_id}.{own.rpartition('.')[2]}",
            "bobs-contact": f"{BOB.contact_id}.{ADA.profile_id}.{own.rpartition('.')[2]}",
            "other-key": make_token(ADA, b"another-key", "confirm" if page == "confirm" else "unsubscribe"),
            "purpose-in-the-name": f"confirm:{own}",
            "path-traversal": f"../confirm/{own}",
            "markup": EVIL,
            "none": None,
        }.items()
    },
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("page", "token"), FORGED.values(), ids=FORGED.keys())
def test_a_token_opens_only_what_it_was_made_for(shoppers: "Doors", page: str, token: object, method: str) -> None:
    before = shoppers.items()
    for body in (BODY, urlencode({"do": "stop"}), urlencode({"do": "erasure"}), ""):
        answer = shoppers.call("pages", request(page, method, token, body=body))
        assert answer["statusCode"] == 404
        assert_harmless_page(answer)
    assert shoppers.items() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "", "post", "POST "])
@pytest.mark.parametrize("query", ["", "do=stop", "do=erasure&ask=erasure", "_method=POST&do=save"])
@pytest.mark.parametrize("page", ["preferences", "confirm"])
def test_only_a_post_changes_anything(shoppers: "Doors", page: str, query: str, method: str) -> None:
    before = shoppers.items()
    token = CONFIRM if page == "confirm" else TOKEN
    override = {"content-type": FORM, "x-http-method-override": "POST", "x-http-method": "POST"}
    answer = shoppers.call("pages", request(page, method, token, rawQueryString=query, headers=override))
    assert_harmless_page(answer)
    assert shoppers.items() == before


@pytest.mark.parametrize("asked", ["erasure2", "__class__", EVIL, "data&ask=erasure", "%00", "../../", "stop"])
def test_an_address_asks_for_nothing_that_is_not_offered(shoppers: "Doors", asked: str) -> None:
    before = shoppers.items()
    answer = shoppers.call("pages", request(method="GET", rawQueryString=f"ask={asked}"))
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)
    assert shoppers.items() == before


ELSEWHERE = quote("https://evil.example/", safe="")
AROUND: dict[str, dict[str, Any]] = {
    **{
        f"redirect-by-{name}": {"rawQueryString": f"{name}={ELSEWHERE}"}
        for name in ("next", "url", "return_to", "action", "lang", "ask")
    },
    "host": {"headers": {"content-type": FORM, "host": "evil.example", "x-forwarded-host": "evil.example"}},
    "origin": {"headers": {"content-type": FORM, "origin": "https://evil.example", "referer": "https://evil.example/"}},
    "cookies": {"cookies": ["token=evil.example"]},
    "language-of-markup": {"rawQueryString": "lang=" + quote("de" + EVIL)},
    "language-of-a-path": {"rawQueryString": "lang=../../settings"},
    "header-lines": {"rawQueryString": "lang=de%0d%0aLocation:%20https://evil.example"},
}


@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND.keys())
def test_what_comes_with_a_form_leads_nowhere_else(shoppers: "Doors", more: dict[str, Any]) -> None:
    answer = shoppers.call("pages", request(**more))
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)


HOSTILE = [
    EVIL,
    "{{ 7 * 7 }}",
    "{shop.__class__}",
    "{0.__init__.__globals__}",
    "%(shop)s",
    "</style><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "\u202egnp.exe",
    "x' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "\0",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("trait", ["interests", "channel", "birthday", "language", "first_name"])
@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_shops_client_told_is_shown_as_text(doors: "Doors", trait: str, value: str) -> None:
    keep(doors, ADA, "ada@customer.example", **{trait: value})
    for method in ("GET", "POST"):
        answer = doors.call("pages", request(method=method, body=urlencode({"do": "pause"})))
        assert answer["statusCode"] == 200
        body = answer["body"].replace("\u202egnp.exe", "").replace("javascript:alert(1)", "")
        assert_harmless_page({**answer, "body": body})
        assert "<script>" not in answer["body"]
        assert 'href="javascript:' not in answer["body"]


@pytest.mark.parametrize("address", [f"{EVIL}@customer.example", "ada@{shop}", "{{7*7}}@x.example", "@", "a" * 300])
def test_an_address_of_any_kind_is_shown_as_text(doors: "Doors", address: str) -> None:
    who = Subscriber(contact_id(address), ADA.profile_id)
    keep(doors, who, address)
    answer = doors.call("pages", request(method="GET", token=make_token(who, KEY)))
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)


@pytest.mark.parametrize("button", ["save", "pause", "resume", "stop", "data", "erasure"])
def test_no_button_touches_another_shopper(shoppers: "Doors", button: str) -> None:
    theirs = [item for item in shoppers.items() if item["pk"]["S"] in {f"C#{BOB.contact_id}", f"P#{BOB.profile_id}"}]
    fields = SOUND if button == "save" else [("do", button)]
    hint = {"rawQueryString": f"token={make_token(BOB, KEY)}&contact_id={BOB.contact_id}"}
    assert shoppers.call("pages", request(body=urlencode(fields), **hint))["statusCode"] == 200
    after = shoppers.items()
    assert [item for item in after if item["pk"]["S"] in {f"C#{BOB.contact_id}", f"P#{BOB.profile_id}"}] == theirs
    assert BOB.profile_id not in json.dumps([item for item in after if item not in theirs], default=str)


@pytest.mark.parametrize("button", ["pause", "stop", "data", "erasure"])
@pytest.mark.parametrize("times", [2, 20])
def test_a_button_that_is_pressed_again_changes_no_more(shoppers: "Doors", button: str, times: int) -> None:
    body = urlencode({"do": button})
    shoppers.call("pages", request(body=body))
    before = shoppers.items()
    for _ in range(times):
        assert shoppers.call("pages", request(body=body))["statusCode"] == 200
    assert shoppers.items() == before
