"""Unsubscribe links: only a token of ours, sent by POST, changes anything, and only for whom it was made."""

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from homing.adapters.profiles import stored_event
from homing.domain.ids import alias_id, contact_id
from homing.domain.unsubscribe import Subscriber, make_token, read_token

if TYPE_CHECKING:
    from tests.attacks.conftest import Doors

KEY = b"the-signing-key"
ADA = Subscriber(contact_id("ada@customer.example"), alias_id("user", "ada"))
BOB = Subscriber(contact_id("bob@customer.example"), alias_id("user", "bob"))
TOKEN, BOBS = make_token(ADA, KEY), make_token(BOB, KEY)
NAMED, _, PROOF = TOKEN.rpartition(".")
GRANTED_AT = 1_700_000_000_000


def request(token: object = TOKEN, method: str = "POST", **more: Any) -> dict[str, Any]:
    http = {"method": method, "path": f"/unsubscribe/{token}"}
    told: dict[str, Any] = {
        "routeKey": f"{method} /unsubscribe/{{token}}",
        "rawPath": http["path"],
        "rawQueryString": "",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "requestContext": {"http": http},
        "pathParameters": {"token": token},
        "body": "List-Unsubscribe=One-Click",
        "isBase64Encoded": False,
    }
    return told | more


@pytest.fixture
def consenting(doors: "Doors") -> "Doors":
    """Ada and Bob both get mails."""
    for subscriber in (ADA, BOB):
        doors.contacts.note_consent(subscriber.contact_id, subscriber.profile_id, granted=True, at=GRANTED_AT)
    return doors


def consents(doors: "Doors") -> dict[str, bool]:
    known = {name: doors.contacts.load(who.contact_id) for name, who in (("ada", ADA), ("bob", BOB))}
    return {name: contact.consent for name, contact in known.items() if contact is not None}


def assert_harmless_page(answer: dict[str, Any]) -> None:
    """Neither redirect nor cookie nor script, and no other site may frame it."""
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert not {"location", "set-cookie", "refresh"} & headers.keys()
    assert "cookies" not in answer
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "no-store" in headers["cache-control"]
    assert "<script" not in answer["body"].lower()
    assert "http-equiv" not in answer["body"].lower()
    assert "evil.example" not in answer["body"]


def flipped(position: int) -> str:
    """The token with one bit of one character turned."""
    return TOKEN[:position] + chr(ord(TOKEN[position]) ^ 1) + TOKEN[position + 1 :]


FORGED = {
    "empty": "",
    "dots-only": "..",
    "one-dot": ".",
    "null-byte": "\0",
    "no-proof": NAMED,
    "empty-proof": f"{NAMED}.",
    "first-byte-turned": flipped(0),
    "contact-byte-turned": flipped(7),
    "profile-byte-turned": flipped(len(ADA.contact_id) + 3),
    "proof-byte-turned": flipped(len(NAMED) + 1),
    "last-byte-turned": flipped(len(TOKEN) - 1),
    "last-character-gone": TOKEN[:-1],
    "first-character-gone": TOKEN[1:],
    "half-of-the-proof": TOKEN[: len(NAMED) + 17],
    "one-character-of-the-proof": TOKEN[: len(NAMED) + 2],
    "a-character-more": TOKEN + "0",
    "a-part-more": TOKEN + ".0",
    "a-dot-more": TOKEN + ".",
    "a-dot-before": "." + TOKEN,
    "twice": TOKEN + TOKEN,
    "two-tokens-with-a-dot": f"{TOKEN}.{BOBS}",
    "other-key": make_token(ADA, b"another-key"),
    "empty-key": make_token(ADA, b""),
    "key-with-a-space": make_token(ADA, KEY + b" "),
    "contact-and-profile-swapped": f"{ADA.profile_id}.{ADA.contact_id}.{PROOF}",
    "another-contact": f"{BOB.contact_id}.{ADA.profile_id}.{PROOF}",
    "another-profile": f"{ADA.contact_id}.{BOB.profile_id}.{PROOF}",
    "proof-of-another": f"{NAMED}.{BOBS.rpartition('.')[2]}",
    "proof-of-nothing": f"..{PROOF}",
    "proof-alone": PROOF,
    "proof-first": f"{PROOF}.{NAMED}",
    "boundary-moved-left": f"{ADA.contact_id[:-1]}.{ADA.contact_id[-1]}{ADA.profile_id}.{PROOF}",
    "boundary-moved-right": f"{ADA.contact_id}{ADA.profile_id[0]}.{ADA.profile_id[1:]}.{PROOF}",
    "no-boundary": f"{ADA.contact_id}{ADA.profile_id}.{PROOF}",
    "whole-digest-guessed": f"{NAMED}.{PROOF}{'0' * 32}",
    "zeros-as-proof": f"{NAMED}.{'0' * 32}",
    "upper-case": TOKEN.upper(),
    "upper-case-proof": f"{NAMED}.{PROOF.upper()}",
    "space-before": " " + TOKEN,
    "space-after": TOKEN + " ",
    "newline-after": TOKEN + "\n",
    "null-byte-after": TOKEN + "\0",
    "null-byte-within": TOKEN.replace(".", ".\0", 1),
    "percent-encoded-dots": TOKEN.replace(".", "%2E"),
    "percent-encoded": quote(f"{NAMED}/{PROOF}", safe=""),
    "base64": base64.urlsafe_b64encode(TOKEN.encode()).decode(),
    "hex": TOKEN.encode().hex(),
    "fullwidth-dots": TOKEN.replace(".", "\uff0e"),
    "one-dot-leaders": TOKEN.replace(".", "\u2024"),
    "fullwidth-letters": "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in TOKEN),
    "cyrillic-look-alikes": TOKEN.translate(str.maketrans("aceopx", "асеорх")),  # noqa: RUF001
    "arabic-digits": TOKEN.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "zero-width-space": TOKEN[:5] + "\u200b" + TOKEN[5:],
    "soft-hyphen": TOKEN[:5] + "\u00ad" + TOKEN[5:],
    "right-to-left-override": "\u202e" + TOKEN,
    "combining-accent": TOKEN + "\u0301",
    "byte-order-mark": "\ufeff" + TOKEN,
    "half-a-character": "\ud800",
    "half-a-character-in-the-proof": TOKEN[:-1] + "\udfff",
    "half-a-character-in-the-contact": "\ud800" + TOKEN[1:],
    "a-megabyte": "x" * 1_000_000,
    "a-megabyte-before-the-proof": f"{'x' * 1_000_000}.{PROOF}",
    "a-megabyte-as-proof": f"{NAMED}.{'0' * 1_000_000}",
    "many-dots": "." * 100_000,
    "path-traversal": "../../" + TOKEN,
    "key-of-an-item": f"C#{ADA.contact_id}",
    "address-in-clear": "ada@customer.example",
    "markup": '"><script>alert(1)</script>',
    "format-fields": "{shop.__class__}",
    "sql": "' OR 1=1 --",
    "none": None,
    "a-list": [TOKEN],
    "a-mapping": {"token": TOKEN},
    "true": True,
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_token_that_is_not_ours_changes_nothing(consenting: "Doors", token: object) -> None:
    before = consenting.items()
    answer = consenting.call("pages", request(token))
    assert answer["statusCode"] == 404
    assert_harmless_page(answer)
    assert consenting.items() == before


@pytest.mark.parametrize("key", [b"", b"the-signing-ke", b"The-signing-key", b"the-signing-key\0\0"])
def test_a_token_is_read_with_the_key_that_made_it_and_no_other(key: bytes) -> None:
    """HMAC fills short keys with zero bytes: a key that ends in them is the same key, as RFC 2104 has it."""
    assert (read_token(TOKEN, key) is None) is (key.rstrip(b"\0") != KEY)


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "", "post", "POST ", "POSTS"]
)
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"headers": {"x-http-method-override": "POST", "x-http-method": "POST", "x-method-override": "POST"}},
        {"rawQueryString": "_method=POST&List-Unsubscribe=One-Click"},
    ],
    ids=["plainly", "overriding-by-header", "overriding-by-parameter"],
)
def test_only_a_post_unsubscribes(consenting: "Doors", method: str, more: dict[str, Any]) -> None:
    before = consenting.items()
    assert_harmless_page(consenting.call("pages", request(method=method, **more)))
    assert consenting.items() == before


BOUNDARY = "----b"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{BOUNDARY}--\r\n'
)
FORM, PARTS = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"
BODIES: dict[str, dict[str, Any]] = {
    "urlencoded": {"headers": {"content-type": FORM}, "body": "List-Unsubscribe=One-Click"},
    "urlencoded-in-base64": {
        "headers": {"content-type": FORM},
        "body": base64.b64encode(b"List-Unsubscribe=One-Click").decode(),
        "isBase64Encoded": True,
    },
    "urlencoded-with-charset": {
        "headers": {"content-type": f"{FORM}; charset=UTF-8"},
        "body": "List-Unsubscribe=One-Click",
    },
    "multipart": {"headers": {"content-type": PARTS}, "body": MULTIPART},
    "multipart-in-base64": {
        "headers": {"content-type": PARTS},
        "body": base64.b64encode(MULTIPART.encode()).decode(),
        "isBase64Encoded": True,
    },
    "the-button-of-our-page": {"headers": {"content-type": FORM}, "body": ""},
    "no-body": {"body": None},
    "no-content-type": {"headers": {}},
    "wrong-word": {"body": "List-Unsubscribe=Two-Clicks"},
    "another-form": {"body": "a=b"},
    "repeated": {"body": "List-Unsubscribe=One-Click&" * 50},
    "json": {"headers": {"content-type": "application/json"}, "body": '{"List-Unsubscribe": "One-Click"}'},
    "not-base64": {"body": "%%%", "isBase64Encoded": True},
    "not-utf-8": {"body": base64.b64encode(b"\xff\xfe\x00").decode(), "isBase64Encoded": True},
    "huge": {"body": "x" * 1_000_000},
    "half-a-character": {"body": "\ud800"},
    "boundary-missing": {"headers": {"content-type": "multipart/form-data"}, "body": MULTIPART},
    "bobs-token-in-the-body": {"body": f"List-Unsubscribe=One-Click&token={BOBS}&contact_id={BOB.contact_id}"},
    "bobs-token-in-the-query": {"rawQueryString": f"token={BOBS}&token={BOBS}&profile_id={BOB.profile_id}"},
    "bobs-token-in-a-header": {"headers": {"x-token": BOBS, "authorization": f"Bearer {BOBS}"}},
    "bobs-token-in-a-cookie": {"cookies": [f"token={BOBS}"], "headers": {"cookie": f"token={BOBS}"}},
    "bobs-token-in-the-path": {"rawPath": f"/unsubscribe/{BOBS}"},
}


@pytest.mark.parametrize("more", BODIES.values(), ids=BODIES.keys())
def test_a_post_with_ones_own_token_stops_ones_own_mails_whatever_comes_with_it(
    consenting: "Doors", more: dict[str, Any]
) -> None:
    """Mail programs send RFC 8058's body in either form, our own page sends none: the token alone decides."""
    answer = consenting.call("pages", request(**more))
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)
    assert consents(consenting) == {"ada": False, "bob": True}
    (told,) = [stored_event(item).event for item in consenting.items() if item["sk"]["S"].startswith("EVENT#")]
    assert (told.about, told.consent) == (ADA.profile_id, {"marketing": False})


ELSEWHERE = "https://evil.example/"
AROUND: dict[str, dict[str, Any]] = {
    **{
        f"redirect-by-{name}": {"rawQueryString": f"{name}={quote(ELSEWHERE, safe='')}"}
        for name in ("next", "url", "redirect", "redirect_uri", "return", "continue", "lang")
    },
    "protocol-relative": {"rawQueryString": "next=//evil.example"},
    "host-header": {"headers": {"host": "evil.example", "x-forwarded-host": "evil.example", "referer": ELSEWHERE}},
    "cookies": {"cookies": ["session=evil.example", "lang=evil.example"]},
    "language-with-markup": {"rawQueryString": "lang=" + quote('de"><script src=//evil.example>')},
    "language-repeated": {"rawQueryString": "lang=evil.example&" * 1_000},
    "accepted-language-with-markup": {"headers": {"accept-language": '"><script>evil.example</script>'}},
    "accepted-languages-without-end": {"headers": {"accept-language": "xx," * 20_000}},
    "header-lines": {"rawQueryString": "lang=de%0d%0aLocation:%20https://evil.example"},
    "query-not-utf-8": {"rawQueryString": "lang=%ff%fe&%00=%80"},
    "query-null": {"rawQueryString": None},
}


@pytest.mark.parametrize("more", AROUND.values(), ids=AROUND.keys())
def test_what_comes_with_a_visit_changes_neither_the_page_nor_anything_kept(
    consenting: "Doors", more: dict[str, Any]
) -> None:
    before = consenting.items()
    answer = consenting.call("pages", request(method="GET", **more))
    assert answer["statusCode"] == 200
    assert_harmless_page(answer)
    assert '<form method="post">' in answer["body"]
    assert consenting.items() == before


@pytest.mark.parametrize("times", [2, 10])
def test_a_link_that_is_pressed_again_changes_no_more(consenting: "Doors", times: int) -> None:
    consenting.call("pages", request())
    before = consenting.items()
    for _ in range(times):
        assert consenting.call("pages", request())["statusCode"] == 200
    assert consenting.items() == before
