"""Requests are judged by their body, whatever their labels say; answers say no more than they should."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.errors import InvalidRequest
from homing.web.http import LARGEST_BODY, answer, body_of, json_of, page, refusal, require_write_key
from homing.web.write_keys import WriteKeys


def request(body: bytes | str | None) -> dict[str, Any]:
    """A request as API Gateway gives it: bytes in base64, texts as they are."""
    if isinstance(body, bytes):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": body, "isBase64Encoded": False}


def status_of(refused: dict[str, Any]) -> int:
    with pytest.raises(InvalidRequest) as error:
        json_of(refused)
    return error.value.status


@given(st.binary(max_size=200).filter(lambda body: not body.startswith(b"\x1f\x8b")))
def test_a_body_comes_out_of_base64_and_gzip_as_it_went_in(body: bytes) -> None:
    assert body_of(request(body)) == body
    assert body_of(request(gzip.compress(body))) == body


@pytest.mark.parametrize("label", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_gzip_is_known_by_its_first_bytes_whatever_the_label(label: str) -> None:
    told = request(gzip.compress(b'{"batch": []}'))
    assert json_of({**told, "headers": {"content-type": label}}) == {"batch": []}


def test_a_text_that_is_not_encoded_is_the_body() -> None:
    assert json_of(request('{"ä": 1}')) == {"ä": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b'{"a":',
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        gzip.compress(b"{}", mtime=0)[:-4],
        b"\x1f\x8bnot gzip",
        gzip.compress(b"no json", mtime=0),
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert status_of(request(body)) == 400


def test_a_missing_body_is_refused() -> None:
    assert status_of({}) == status_of(request(None)) == 400


def test_a_body_that_is_not_what_its_encoding_says_is_refused() -> None:
    assert status_of({"body": "{}", "isBase64Encoded": True}) == 400


def test_a_body_that_is_too_large_is_refused_and_one_just_large_enough_is_not() -> None:
    frame = len('{"a":""}')
    assert status_of(request(json.dumps({"a": "x" * LARGEST_BODY}).encode())) == 413
    assert json_of(request('{"a":"' + "x" * (LARGEST_BODY - frame) + '"}'))


def test_a_small_bomb_is_refused_before_it_is_large() -> None:
    bomb = gzip.compress(b" " * (50 * LARGEST_BODY))
    assert len(bomb) < LARGEST_BODY / 10
    assert status_of(request(bomb)) == 413


def test_a_bomb_of_many_parts_is_refused_as_well() -> None:
    assert status_of(request(gzip.compress(b" " * (LARGEST_BODY // 2)) * 3)) == 413


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "sent", [basic("key"), basic("key", "ignored"), basic("old"), basic("key").replace("B", "b", 1)]
)
def test_one_of_the_write_keys_lets_pass(sent: str) -> None:
    assert require_write_key({"headers": {"authorization": sent}}, WriteKeys(server=("key", "old")))


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic ä",
        "Bearer key",
        basic(""),
        basic("Key"),
        basic("key "),
        basic("other"),
        basic("", "key"),
        basic("key").replace("Basic", "Bearer"),
    ],
)
def test_anything_else_does_not(sent: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        require_write_key({"headers": {"authorization": sent}}, WriteKeys(server=("key",), browser=("open",)))
    assert error.value.status == 401


def test_nothing_opens_where_no_key_is_set() -> None:
    for keys in (WriteKeys(server=()), WriteKeys(server=("",), browser=("",)), WriteKeys.read("")):
        with pytest.raises(InvalidRequest):
            require_write_key({"headers": {"authorization": basic("")}}, keys)
    with pytest.raises(InvalidRequest):
        require_write_key({}, WriteKeys(server=("key",)))


def test_a_key_that_anybody_can_read_lets_pass_and_vouches_for_nothing() -> None:
    told = {"headers": {"authorization": basic("open")}}
    assert not require_write_key(told, WriteKeys(server=("key",), browser=("open",)))
    assert not require_write_key(told, WriteKeys(server=("key", "open"), browser=("other", "open")))


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        ("key", WriteKeys(server=("key",))),
        ("of {any} form, with spaces", WriteKeys(server=("of {any} form, with spaces",))),
        ('{"server": "key"}', WriteKeys(server=("key",))),
        ('{"server": "key", "browser": "open"}', WriteKeys(server=("key",), browser=("open",))),
        ('{"server": "new old", "browser": " open  older "}', WriteKeys(("new", "old"), ("open", "older"))),
        ('{"browser": "open"}', WriteKeys(server=(), browser=("open",))),
        ("{}", WriteKeys(server=())),
    ],
)
def test_the_secret_holds_one_key_of_a_server_or_keys_of_both_kinds(secret: str, keys: WriteKeys) -> None:
    assert WriteKeys.read(secret) == keys


@pytest.mark.parametrize(
    "secret",
    ["{hidden", '{"hidden": "hidden"}', '{"server": ["hidden"]}', '{"server": null}', '{"server": 7, "x": {}}'],
)
def test_a_secret_that_cannot_be_read_is_an_error_that_does_not_tell_it(secret: str) -> None:
    with pytest.raises(ValueError, match="neither a text nor") as error:
        WriteKeys.read(secret)
    assert "hidden" not in str(error.value)
    assert error.value.__suppress_context__


def test_a_refusal_says_why_in_json() -> None:
    told = refusal(InvalidRequest(413, 'too "large"\r\nX-Evil: 1'))
    assert told["statusCode"] == 413
    assert json.loads(told["body"]) == {"success": False, "message": 'too "large"\r\nX-Evil: 1'}
    assert told["headers"] == {"content-type": "application/json"}


def test_who_is_not_known_is_told_how_to_be() -> None:
    assert answer(401, {})["headers"]["www-authenticate"].startswith("Basic")


def test_a_page_is_not_framed_not_cached_not_sniffed_and_not_listed() -> None:
    headers = page(200, "<p>", "default-src 'none'; frame-ancestors 'none'")["headers"]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex"
