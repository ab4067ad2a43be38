"""The event API: what is hostile is refused in clear words or kept harmlessly, and stops nothing beside it."""

import base64
import gzip
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from homing.adapters.profiles import stored_event
from homing.domain.events import MAX_ID_LENGTH, Event
from homing.domain.ids import alias_id
from homing.domain.moments import format_moment, parse_moment
from homing.domain.profile import Profile
from homing.web.api import MOST_MESSAGES
from homing.web.http import LARGEST_BODY

if TYPE_CHECKING:
    from tests.attacks.conftest import Doors

NOW = parse_moment("2026-03-02T09:15:04.512Z")
KEY, OPEN_KEY = "the-write-key", "the-open-key"
GOOD: dict[str, Any] = {"type": "track", "event": "Quiz", "userId": "ada", "messageId": "good-1"}
SECOND = GOOD | {"messageId": "good-2"}
VIEW = GOOD | {"event": "Product Viewed"}
KEYS = re.compile(r"P#[a-z2-7]{16}\|EVENT#[a-z2-7]{16}")


def basic(user: bytes, password: bytes = b"") -> str:
    return "Basic " + base64.b64encode(user + b":" + password).decode()


def request(body: object = "", **more: Any) -> dict[str, Any]:
    """A request as API Gateway passes it on; a body that is no text is put into JSON."""
    return {
        "rawPath": "/v1/batch",
        "headers": {"authorization": basic(KEY.encode())},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    } | more


def answered(answer: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return answer["statusCode"], json.loads(answer["body"])


def assert_refused(doors: "Doors", event: dict[str, Any], status: int) -> str:
    """Refused with this status and a reason in words, and nothing is kept; the reason."""
    answer = doors.call("ingest", event)
    told_status, told = answered(answer)
    assert (told_status, told["success"]) == (status, False)
    assert told["message"].strip()
    assert "Traceback" not in told["message"]
    assert KEY not in answer["body"]
    assert doors.items() == []
    return str(told["message"])


# Who may send


HEADERS: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"authorization": ""},
    "scheme-alone": {"authorization": "Basic"},
    "scheme-and-space": {"authorization": "Basic "},
    "empty-user": {"authorization": basic(b"")},
    "empty-user-key-as-password": {"authorization": basic(b"", KEY.encode())},
    "wrong-key": {"authorization": basic(b"another-key")},
    "key-cut": {"authorization": basic(KEY.encode()[:-1])},
    "key-and-more": {"authorization": basic(KEY.encode() + b"x")},
    "key-and-null-byte": {"authorization": basic(KEY.encode() + b"\0")},
    "key-and-newline": {"authorization": basic(KEY.encode() + b"\n")},
    "key-in-capitals": {"authorization": basic(KEY.upper().encode())},
    "key-in-utf-16": {"authorization": basic(KEY.encode("utf-16"))},
    "key-fullwidth": {"authorization": basic("ｔｈｅ-ｗｒｉｔｅ-ｋｅｙ".encode())},  # noqa: RUF001
    "key-unencoded": {"authorization": f"Basic {KEY}:"},
    "key-encoded-twice": {"authorization": basic(base64.b64encode(KEY.encode()))},
    "key-url-safe-base64": {"authorization": "Basic " + base64.urlsafe_b64encode(b"\xff\xfe\xfb:").decode()},
    "key-in-hex": {"authorization": "Basic " + KEY.encode().hex()},
    "no-padding": {"authorization": basic(KEY.encode()).rstrip("=")[:-1]},
    "not-base64": {"authorization": "Basic %%%%"},
    "not-ascii": {"authorization": "Basic ключ"},
    "half-a-character": {"authorization": "Basic \ud800"},
    "null-byte": {"authorization": "\0"},
    "bearer": {"authorization": f"Bearer {KEY}"},
    "digest": {"authorization": basic(KEY.encode()).replace("Basic", "Digest")},
    "scheme-fullwidth": {"authorization": basic(KEY.encode()).replace("Basic", "Ｂasic")},  # noqa: RUF001
    "no-scheme": {"authorization": basic(KEY.encode()).removeprefix("Basic ")},
    "other-header": {"x-authorization": basic(KEY.encode()), "x-api-key": KEY, "cookie": f"writeKey={KEY}"},
    "megabyte": {"authorization": "Basic " + "A" * 1_000_000},
    "list-of-two": {"authorization": f"{basic(b'wrong')},{basic(KEY.encode())}"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
def test_without_the_write_key_nothing_is_kept(doors: "Doors", headers: dict[str, str]) -> None:
    assert_refused(doors, request({"batch": [GOOD]}, headers=headers), 401)


@pytest.mark.parametrize("place", ["rawQueryString", "body", "cookies"])
def test_the_write_key_counts_in_no_other_place(doors: "Doors", place: str) -> None:
    told = {"rawQueryString": f"writeKey={KEY}", "body": json.dumps({"writeKey": KEY}), "cookies": [f"writeKey={KEY}"]}
    assert_refused(doors, request({"batch": [GOOD]}, headers={}) | {place: told[place]}, 401)


def test_keys_are_compared_in_constant_time(doors: "Doors", monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert_refused(doors, request({"batch": [GOOD]}), 401)
    assert compared == [(KEY.encode(), key.encode()) for key in (KEY, OPEN_KEY)]


# Whose proof of a consent counts


PROOFS: dict[str, dict[str, Any]] = {
    "now": {"confirmedAt": format_moment(NOW)},
    "years-ago": {"confirmedAt": "2020-01-01T00:00:00Z"},
    "of-the-epoch": {"confirmedAt": "1970-01-01T00:00:00Z"},
    "by-somebody": {"confirmedAt": format_moment(NOW), "confirmedBy": "victim", "confirmed_by": "victim"},
    "in-our-words": {"confirmed_at": NOW, "source": "double_opt_in", "asked": []},
    "by-another-wording": {"confirmedAt": format_moment(NOW), "wording": "double_opt_in"},
}
OPEN_KEYS = {
    "alone": basic(OPEN_KEY.encode()),
    "with-the-write-key-as-password": basic(OPEN_KEY.encode(), KEY.encode()),
    "in-another-case-of-the-scheme": basic(OPEN_KEY.encode()).replace("Basic", "bAsIc"),
}


@pytest.mark.parametrize("key", OPEN_KEYS.values(), ids=OPEN_KEYS.keys())
@pytest.mark.parametrize("proof", PROOFS.values(), ids=PROOFS.keys())
def test_a_key_that_anybody_can_read_vouches_for_nobody(doors: "Doors", proof: dict[str, Any], key: str) -> None:
    consent = {"categoryPreferences": {"marketing": True, "newsletter": True}, **proof}
    message = {"type": "identify", "traits": {"email": "victim@example.com"}, "context": {"consent": consent}}
    asked = GOOD | message
    assert answered(doors.call("ingest", request({"batch": [asked]}, headers={"authorization": key})))[0] == 200
    (item,) = doors.items()
    event, _ = stored_event(item)
    assert (event.consent, event.asked, event.confirmed_at) == ({}, ("marketing", "newsletter"), None)
    assert not Profile().after(event, NOW).agrees_to("marketing")


# What a body may be


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return '{"batch": ' + opening * depth + closing * depth + "}"


def zipped(unpacked: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(gzip.compress(unpacked)).decode(), "isBase64Encoded": True}


def encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


WHOLE = json.dumps({"batch": [GOOD]}).encode()
BODIES: dict[str, tuple[int, dict[str, Any]]] = {
    "nothing": (400, {"body": None}),
    "empty": (400, {"body": ""}),
    "word": (400, {"body": "batch"}),
    "markup": (400, {"body": "<batch/>"}),
    "form": (400, {"body": "batch=1&type=track"}),
    "null": (400, {"body": "null"}),
    "true": (400, {"body": "true"}),
    "text": (400, {"body": '"batch"'}),
    "number": (400, {"body": "1"}),
    "nan": (400, {"body": "NaN"}),
    "list": (400, {"body": "[]"}),
    "cut": (400, {"body": WHOLE.decode()[:-1]}),
    "two-bodies": (400, {"body": WHOLE.decode() * 2}),
    "single-quotes": (400, {"body": "{'batch': []}"}),
    "comment": (400, {"body": '{"batch": [] /* all */}'}),
    "trailing-comma": (400, {"body": '{"batch": [],}'}),
    "control-character": (400, {"body": '{"batch": ["\x01"]}'}),
    "half-a-character-unescaped": (400, {"body": '{"batch": ["\ud800"]}'}),
    "not-utf-8": (400, encoded(b'{"batch": ["\xff"]}')),
    "not-base64": (400, {"body": "%%%", "isBase64Encoded": True}),
    "base64-not-ascii": (400, {"body": "ключ", "isBase64Encoded": True}),
    "number-of-a-million-digits": (400, {"body": '{"batch": ' + "9" * 900_000 + "}"}),
    "lists-nested-400000": (400, {"body": nested(400_000)}),
    "lists-open-900000": (400, {"body": "[" * 900_000}),
    "objects-nested-2000": (400, {"body": '{"batch":' * 2_000 + "1" + "}" * 2_000}),
    "no-batch": (400, {"body": "{}"}),
    "batch-null": (400, {"body": '{"batch": null}'}),
    "batch-object": (400, {"body": '{"batch": {"0": 1}}'}),
    "batch-text": (400, {"body": '{"batch": "[]"}'}),
    "batch-twice-the-last-counts": (400, {"body": '{"batch": [1], "batch": 1}'}),
    "batch-in-capitals": (400, {"body": '{"BATCH": []}'}),
    "batch-in-a-prototype": (400, {"body": '{"__proto__": {"batch": []}}'}),
    "too-many-messages": (413, {"body": json.dumps({"batch": [0] * (MOST_MESSAGES + 1)})}),
    "too-large": (413, {"body": "x" * (LARGEST_BODY + 1)}),
    "too-large-in-base64": (413, encoded(b" " * (LARGEST_BODY + 1))),
    "gzip-broken": (400, encoded(gzip.compress(WHOLE)[:-12] + b"x" * 12)),
    "gzip-cut": (400, encoded(gzip.compress(WHOLE)[:20])),
    "gzip-head-alone": (400, encoded(b"\x1f\x8b")),
    "gzip-of-unknown-method": (400, encoded(b"\x1f\x8b\x00" + b"\0" * 30)),
    "gzip-of-no-json": (400, zipped(b"batch")),
    "gzip-of-gzip": (400, zipped(gzip.compress(WHOLE))),
    "gzip-bomb": (413, zipped(b"0" * 50_000_000)),
    "gzip-bomb-of-many-members": (413, encoded(gzip.compress(b" " * 600_000) * 100)),
    "gzip-bomb-with-a-body-before": (413, encoded(gzip.compress(WHOLE) + gzip.compress(b" " * 50_000_000))),
}


@pytest.mark.parametrize(("status", "more"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_batch_is_refused(doors: "Doors", status: int, more: dict[str, Any]) -> None:
    assert_refused(doors, request(**more), status)


@pytest.mark.parametrize(
    "path", ["/v1/track", "/v1/identify", "/v1/track/", "/v1/", "", "/v1/batch/../track", "/v1/%00"]
)
def test_a_single_message_that_is_none_is_refused(doors: "Doors", path: str) -> None:
    assert_refused(doors, request({"userId": ["ada"]}, rawPath=path), 400)


# What a message may be

REFUSED: dict[str, object] = {
    "null": None,
    "true": True,
    "number": 5,
    "nan": float("nan"),
    "text": "track",
    "list": [GOOD],
    "empty": {},
    "nobody": {"type": "track", "event": "Quiz"},
    "nobody-but-blanks": GOOD | {"userId": " \n\t "},
    "user-is-a-list": GOOD | {"userId": ["ada"]},
    "user-is-a-mapping": GOOD | {"userId": {"$ne": None}},
    "user-is-true": GOOD | {"userId": True},
    "user-is-half-a-character": GOOD | {"userId": "\ud800"},
    "user-is-too-long": GOOD | {"userId": "x" * (MAX_ID_LENGTH + 1)},
    "user-is-a-huge-number": GOOD | {"userId": 10**4_000},
    "message-id-is-a-list": GOOD | {"messageId": ["good"]},
    "message-id-is-a-mapping": GOOD | {"messageId": {"S": "good"}},
    "message-id-is-true": GOOD | {"messageId": True},
    "message-id-is-half-a-character": GOOD | {"messageId": "\udfff"},
    "message-id-is-too-long": GOOD | {"messageId": "x" * 100_000},
    "type-unknown": GOOD | {"type": "delete"},
    "type-null": GOOD | {"type": None},
    "type-list": GOOD | {"type": ["track"]},
    "type-prototype": GOOD | {"type": "__proto__"},
    "event-missing": {"type": "track", "userId": "ada"},
    "event-blank": GOOD | {"event": " \u2028 "},
    "event-list": GOOD | {"event": ["Quiz"]},
    "event-mapping": GOOD | {"event": {"name": "Quiz"}},
    "properties-list": GOOD | {"properties": []},
    "properties-text": GOOD | {"properties": "{}"},
    "context-number": GOOD | {"context": 1},
    "traits-true": GOOD | {"traits": True},
    "address-list": GOOD | {"traits": {"address": []}},
    "consent-list": GOOD | {"context": {"consent": []}},
    "preferences-text": GOOD | {"context": {"consent": {"categoryPreferences": "marketing"}}},
    "consent-by-text": GOOD | {"context": {"consent": {"categoryPreferences": {"marketing": "true"}}}},
    "consent-by-number": GOOD | {"context": {"consent": {"categoryPreferences": {"marketing": 1}}}},
    "consent-by-null": GOOD | {"context": {"consent": {"categoryPreferences": {"marketing": None}}}},
    "products-mapping": GOOD | {"properties": {"products": {"0": {"product_id": "a"}}}},
    "products-of-texts": GOOD | {"properties": {"products": ["a"]}},
    "product-without-id": GOOD | {"properties": {"products": [{"name": "Cup"}]}},
    "product-id-is-a-list": GOOD | {"properties": {"products": [{"product_id": ["a"]}]}},
    "product-id-is-too-long": GOOD | {"properties": {"products": [{"product_id": "x" * 10_000}]}},
    "time-is-a-number": GOOD | {"timestamp": 1_772_442_904},
    "time-is-a-word": GOOD | {"timestamp": "now"},
    "time-has-no-zone": GOOD | {"timestamp": "2026-03-02T09:15:04"},
    "time-before-1970": GOOD | {"timestamp": "1969-12-31T23:59:59Z"},
    "time-in-year-0": GOOD | {"timestamp": "0000-01-01T00:00:00Z"},
    "time-in-year-1-east": GOOD | {"timestamp": "0001-01-01T00:00:00+14:00"},
    "time-in-year-9999-west": GOOD | {"timestamp": "9999-12-31T23:59:59-14:00"},
    "time-in-year-99999": GOOD | {"timestamp": "99999-01-01T00:00:00Z"},
    "time-on-february-30": GOOD | {"timestamp": "2026-02-30T00:00:00Z"},
    "time-half-a-character": GOOD | {"timestamp": "\ud800"},
    "time-a-megabyte": GOOD | {"timestamp": "2" * 500_000},
    "money-nan": GOOD | {"properties": {"total": float("nan")}},
    "money-infinite": GOOD | {"properties": {"total": float("inf")}},
    "money-minus-infinite": GOOD | {"properties": {"revenue": float("-inf")}},
    "money-signalling-nan": GOOD | {"properties": {"total": "sNaN"}},
    "money-overflow": GOOD | {"properties": {"total": 10**15}},
    "money-overflow-by-exponent": GOOD | {"properties": {"total": "1e999999999"}},
    "money-overflow-of-an-int": GOOD | {"properties": {"total": 10**4_000}},
    "money-a-word": GOOD | {"properties": {"total": "free"}},
    "money-a-list": GOOD | {"properties": {"total": [1]}},
    "money-a-mapping": GOOD | {"properties": {"value": {"amount": 1}}},
    "price-overflow": GOOD | {"properties": {"products": [{"product_id": "a", "price": 1e300}]}},
    "address-without-at": GOOD | {"traits": {"email": "ada"}},
    "address-with-header-lines": GOOD | {"traits": {"email": "ada@x.example\r\nBcc: bob@x.example"}},
    "address-with-line-separator": GOOD | {"traits": {"email": "ada@x.example\u2028bob@x.example"}},
    "address-with-null-byte": GOOD | {"traits": {"email": "ada@x.example\0"}},
    "address-with-zero-width-space": GOOD | {"traits": {"email": "ada@x.exa\u200bmple"}},
    "address-with-bidi-override": GOOD | {"traits": {"email": "\u202eada@x.example"}},
    "two-addresses": GOOD | {"traits": {"email": "ada@x.example,bob@x.example"}},
    "two-addresses-by-semicolon": GOOD | {"traits": {"email": "ada@x.example;bob@x.example"}},
    "address-in-brackets": GOOD | {"traits": {"email": "Ada<ada@x.example>"}},
    "address-in-brackets-alone": GOOD | {"traits": {"email": "<ada@x.example>"}},
    "address-with-comment": GOOD | {"traits": {"email": "ada(1)@x.example"}},
    "address-with-two-ats": GOOD | {"traits": {"email": "ada@bob@x.example"}},
    "address-without-a-name": GOOD | {"traits": {"email": "@x.example"}},
    "address-without-a-domain": GOOD | {"traits": {"email": "ada@"}},
    "address-of-a-group": GOOD | {"traits": {"email": "all:ada@x.example"}},
    "address-too-long": GOOD | {"traits": {"email": "x" * 300 + "@x.example"}},
    "larger-than-an-item-by-products": GOOD
    | {
        "properties": {
            "products": [
                dict.fromkeys(("name", "category", "brand", "variant"), "ж" * 512) | {"product_id": f"p{n}"}
                for n in range(150)
            ]
        }
    },
    "larger-than-an-item-by-consent": GOOD
    | {"context": {"consent": {"categoryPreferences": {f"{n}-{'x' * 200}": True for n in range(2_500)}}}},
}


def text_of(messages: list[object]) -> str:
    """A batch as a client writes it that leaves characters as they are, so that the body stays small."""
    return json.dumps({"batch": messages}, ensure_ascii=not any("ж" in str(message) for message in messages))


@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED.keys())
def test_a_hostile_message_is_refused_by_its_index_and_stops_no_other(doors: "Doors", message: object) -> None:
    status, told = answered(doors.call("ingest", request(text_of([GOOD, message, SECOND]))))
    assert (status, told["accepted"], told["duplicate"]) == (200, 2, 0)
    assert [error["index"] for error in told["errors"]] == [1]
    assert told["errors"][0]["message"].strip()
    kept = [stored_event(item).event.message_id for item in doors.items()]
    assert sorted(kept) == ["good-1", "good-2"]


ODD_IDS = {
    "key-of-a-profile": "P#aaaaaaaaaaaaaaaa",
    "key-of-a-contact": "C#aaaaaaaaaaaaaaaa",
    "key-of-an-event": "EVENT#x",
    "sort-key": "PROFILE",
    "hash": "#",
    "many-hashes": "#" * MAX_ID_LENGTH,
    "null-byte": "a\0b",
    "newline": "a\nb",
    "header-lines": "a\r\nSet-Cookie: x=1",
    "separator-of-the-digest": "user\x1fada",
    "escape-sequence": "\x1b[2J",
    "line-separator": "a\u2028b",
    "bidi-override": "\u202eada",
    "zero-width": "a\u200bda",
    "path": "../../etc/passwd",
    "windows-path": "..\\..\\boot.ini",
    "url": "https://evil.example/?a=b",
    "percent-encoded": "%2e%2e%2f",
    "markup": "<script>alert(1)</script>",
    "template": "{{7*7}}",
    "format": "{0.__class__}%s%n",
    "sql": "'; DROP TABLE profiles; --",
    "expression": "${jndi:ldap://evil.example}",
    "update-expression": "attribute_not_exists(pk)",
    "longest": "x" * MAX_ID_LENGTH,
    "longest-in-emoji": "🦜" * MAX_ID_LENGTH,
    "prototype": "__proto__",
    "constructor": "constructor",
    "python-class": "__class__",
    "zero-text": "0",
    "number": 10**200,
    "negative": -1,
    "exponent": "1e400",
}


@pytest.mark.parametrize("name", ODD_IDS.values(), ids=ODD_IDS.keys())
@pytest.mark.parametrize("role", ["userId", "anonymousId"])
def test_an_odd_id_is_one_shopper_of_its_own_in_its_own_partition(doors: "Doors", role: str, name: object) -> None:
    odd = {"type": "track", "event": "Quiz", "messageId": name, role: name}
    status, told = answered(doors.call("ingest", request({"batch": [GOOD, odd]})))
    assert (status, told) == (200, {"success": True, "accepted": 2, "duplicate": 0})
    kept = {item["pk"]["S"]: stored_event(item).event for item in doors.items()}
    assert all(KEYS.fullmatch(f"{item['pk']['S']}|{item['sk']['S']}") for item in doors.items())
    own = f"P#{alias_id('user' if role == 'userId' else 'anonymous', str(name))}"
    assert set(kept) == {own, f"P#{alias_id('user', 'ada')}"}
    assert kept[own].message_id == str(name)
    status, told = answered(doors.call("ingest", request({"batch": [odd]})))
    assert told == {"success": True, "accepted": 0, "duplicate": 1}


HARMLESS: dict[str, dict[str, Any]] = {
    "prototype-names": GOOD | {"__proto__": {"admin": True}, "constructor": {}, "__class__": 1, "toString": 2},
    "prototype-names-among-traits": GOOD | {"traits": {"__proto__": "x", "__class__": "y", "hasOwnProperty": "z"}},
    "members-of-our-own-events": GOOD
    | {"about": "victim", "source": "unsubscribe", "consent": {"marketing": True}, "at": 0, "campaign": "x"},
    "half-a-character-in-a-name": GOOD | {"traits": {"firstName": "A\ud800da"}},
    "half-a-character-in-a-product": VIEW | {"properties": {"product_id": "a", "name": "\udfff"}},
    "half-a-character-in-a-purpose": GOOD | {"context": {"consent": {"categoryPreferences": {"\ud800": True}}}},
    "null-byte-in-a-name": GOOD | {"traits": {"firstName": "A\0da"}},
    "megabyte-of-a-name": GOOD | {"traits": {"firstName": "x" * 500_000}},
    "name-of-every-type": GOOD | {"traits": {"firstName": [1], "lastName": {}, "birthday": True, "gender": None}},
    "zone-is-a-path": GOOD | {"traits": {"timezone": "../../../etc/passwd"}},
    "birthday-is-no-date": GOOD | {"traits": {"birthday": "9999-99-99T\0"}},
    "language-is-markup": GOOD | {"traits": {"language": '"><script>'}},
    "interests-nested": GOOD | {"traits": {"interests": [[["a"]], {}, None, float("nan"), "tea"]}},
    "link-to-a-script": VIEW | {"properties": {"product_id": "a", "url": "javascript:alert(1)", "image_url": "data:x"}},
    "quantity-nan": VIEW | {"properties": {"product_id": "a", "quantity": float("nan")}},
    "quantity-infinite": VIEW | {"properties": {"product_id": "a", "quantity": float("inf")}},
    "quantity-negative": VIEW | {"properties": {"product_id": "a", "quantity": -5}},
    "quantity-huge": VIEW | {"properties": {"product_id": "a", "quantity": 10**4_000}},
    "quantity-a-million-digits": VIEW | {"properties": {"product_id": "a", "quantity": "9" * 500_000}},
    "quantity-after-blanks": VIEW | {"properties": {"product_id": "a", "quantity": " " * 20 + "3"}},
    "quantity-superscript": VIEW | {"properties": {"product_id": "a", "quantity": "²"}},
    "quantity-arabic": VIEW | {"properties": {"product_id": "a", "quantity": "٣"}},
    "money-tiny": GOOD | {"properties": {"total": "1e-999999"}},
    "money-with-underscores": GOOD | {"properties": {"total": "1_000"}},
    "money-negative": GOOD | {"properties": {"total": -99_999}},
    "currency-is-markup": GOOD | {"properties": {"currency": "<b>"}},
    "currency-fullwidth": GOOD | {"properties": {"currency": "ＥＵＲ"}},  # noqa: RUF001
    "products-ten-thousand": GOOD | {"properties": {"products": [{"product_id": str(n)} for n in range(10_000)]}},
    "properties-unknown-and-many": GOOD | {"properties": {f"p{n}": n for n in range(20_000)}},
    "properties-nested": GOOD | {"properties": {"a": {"b": [[[[[{"c": 1}]]]]]}}},
    "time-in-year-9999": GOOD | {"timestamp": "9999-12-31T23:59:59Z"},
    "time-with-null-byte": GOOD | {"timestamp": "2026-03-02T09:15:04Z\0"},
    "event-name-a-megabyte": GOOD | {"event": "x" * 500_000},
    "event-name-with-lines": GOOD | {"event": "Quiz\r\nX: y\0"},
    "order-of-markup": GOOD | {"event": "Order Completed", "properties": {"order_id": "<b>\n#" * 50, "total": 1}},
}


@pytest.mark.parametrize("message", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_odd_and_no_harm_is_kept_as_what_it_is_worth(doors: "Doors", message: dict[str, Any]) -> None:
    status, told = answered(doors.call("ingest", request({"batch": [message, SECOND]})))
    assert (status, told) == (200, {"success": True, "accepted": 2, "duplicate": 0})
    events = {event.message_id: event for event in (stored_event(item).event for item in doors.items())}
    odd = events["good-1"]
    assert {item["pk"]["S"] for item in doors.items()} == {f"P#{alias_id('user', 'ada')}"}
    assert (odd.about, odd.source, odd.campaign) == (None, "api", None)
    assert 0 <= odd.at <= NOW
    assert_bounded(odd)
    Profile().after(odd, NOW)


def assert_bounded(event: Event) -> None:
    """No text longer than what mails and rules need, no link that is none, no amount or number beyond its bounds."""
    products = event.products
    texts = [event.name, event.order_id, *event.traits.values(), *event.consent]
    texts += [text for product in products for text in (product.name, product.category, product.url)]
    assert all(len(text) <= 1_000 for text in texts if text)
    assert all((product.url or "https://").startswith(("https://", "http://")) for product in products)
    assert all(product.image_url is None for product in products)
    assert all(0 <= product.quantity <= 1_000_000_000 for product in products)
    assert len(products) <= 200
    assert event.currency is None or re.fullmatch(r"[A-Z]{3}", event.currency)
    assert abs(event.total or 0) < 10**15


@pytest.mark.parametrize("depth", [100, 500, 900, *range(905, 1_000, 5), 2_000])
@pytest.mark.parametrize("more", [{}, {"messageId": None}], ids=["with-id", "without-id"])
def test_nesting_that_can_just_be_read_harms_nothing_beside_it(
    doors: "Doors", depth: int, more: dict[str, Any]
) -> None:
    deep = json.dumps(GOOD | more)[:-1] + ', "properties": {"deep": ' + "[" * depth + "]" * depth + "}}"
    answer = doors.call("ingest", request(f'{{"batch": [{deep}, {json.dumps(SECOND)}]}}'))
    status, told = answered(answer)
    assert status in (200, 400)
    refused = [error["index"] for error in told.get("errors", [])]
    assert refused in ([], [0])
    assert len(doors.items()) == (2 - len(refused) if status == 200 else 0)


SENT_AT: dict[str, object] = {
    "number": 5,
    "mapping": {},
    "word": "yesterday",
    "year-1": "0001-01-01T00:00:00Z",
    "year-9999": "9999-12-31T23:59:59Z",
    "no-zone": "2026-03-02T09:15:04",
    "half-a-character": "\ud800",
}


@pytest.mark.parametrize("sent_at", SENT_AT.values(), ids=SENT_AT.keys())
def test_a_false_clock_of_the_client_puts_nothing_into_the_future(doors: "Doors", sent_at: object) -> None:
    message = GOOD | {"timestamp": "2026-03-02T09:00:00Z"}
    status, told = answered(doors.call("ingest", request({"sentAt": sent_at, "batch": [message]})))
    assert (status, told["accepted"]) == (200, 1)
    (item,) = doors.items()
    assert 0 <= stored_event(item).event.at <= NOW


def test_a_repeated_member_counts_once_and_as_the_last(doors: "Doors") -> None:
    twice = '{"type": "track", "event": "Quiz", "userId": "bob", "userId": "ada", "messageId": "m"}'
    doors.call("ingest", request(f'{{"batch": [{twice}]}}'))
    (item,) = doors.items()
    assert item["pk"]["S"] == f"P#{alias_id('user', 'ada')}"
