"""Requests of the HTTP API (payload format 2.0) and their answers."""

import base64
import binascii
import gzip
import hmac
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from homing.errors import InvalidRequest
from homing.web.write_keys import WriteKeys

LARGEST_BODY = 1_000_000
"""Bytes, unpacked. Clients of the Segment spec send at most 500 KB."""

LARGEST_FORM = 20_000
MOST_FIELDS = 100

Answer: TypeAlias = dict[str, Any]
_GZIP = b"\x1f\x8b"


def body_of(request: Mapping[str, Any]) -> bytes:
    """The body as its sender meant it: out of API Gateway's base64, and unpacked where it is gzip, whatever the label.

    Raises InvalidRequest (400, 413).
    """
    body = (request.get("body") or "").encode()
    if request.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error as error:
            raise InvalidRequest(400, "the body is not what its encoding says") from error
    if body.startswith(_GZIP):
        try:
            # Read one byte more than allowed, so that a small bomb cannot become a large body.
            body = gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST_BODY + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidRequest(400, "the body is not gzip, though it begins so") from error
    if len(body) > LARGEST_BODY:
        raise InvalidRequest(413, f"the body is larger than {LARGEST_BODY} bytes: send fewer messages at once")
    return body


def form_of(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of a form that a browser has sent, in their order. Raises InvalidRequest (400, 413)."""
    if _header(request, "content-type").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise InvalidRequest(400, "the body is not of the content type of a form")
    try:
        body = body_of(request)
        if len(body) > LARGEST_FORM:
            raise InvalidRequest(413, f"the form is larger than {LARGEST_FORM} bytes")
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # no UTF-8 before or after the percent signs, no pairs, or too many of them
        raise InvalidRequest(400, "the body is not a form") from error


def json_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The body's JSON object. Raises InvalidRequest (400, 413)."""
    try:
        parsed = json.loads(body_of(request))
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(400, "the body is not JSON") from error
    if not isinstance(parsed, dict):
        raise InvalidRequest(400, "the body is not a JSON object")
    return parsed


def require_write_key(request: Mapping[str, Any], write_keys: WriteKeys) -> bool:
    """Let pass who sends one of the keys as the user name of Basic authentication; else InvalidRequest (401).

    Whether the key vouches for what comes with it.
    """
    scheme, _, encoded = _header(request, "authorization").partition(" ")
    try:
        told = base64.b64decode(encoded.strip(), validate=True).partition(b":")[0]
    except (binascii.Error, ValueError):
        told = b""
    # Every key is compared, so that the time taken does not tell which one came close.
    of_server = [hmac.compare_digest(told, key.encode()) for key in write_keys.server]
    of_browser = [hmac.compare_digest(told, key.encode()) for key in write_keys.browser]
    if scheme.lower() != "basic" or not told or not any(of_server + of_browser):
        raise InvalidRequest(401, "send the write key as the user name of Basic authentication")
    return not any(of_browser)


def answer(status: int, payload: Mapping[str, Any]) -> Answer:
    """An answer in JSON."""
    headers = {"content-type": "application/json"}
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="homing"'
    return {"statusCode": status, "headers": headers, "body": json.dumps(payload)}


def refusal(error: InvalidRequest) -> Answer:
    """The answer to a request that cannot be served."""
    return answer(error.status, {"success": False, "message": str(error)})


def page(status: int, html: str, policy: str) -> Answer:
    """An answer in HTML that no cache keeps, no search engine lists and no link gives away, under the policy (CSP)."""
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
    }
    return {"statusCode": status, "headers": headers, "body": html}


def _header(request: Mapping[str, Any], name: str) -> str:
    """API Gateway gives header names in lower case."""
    return str(request.get("headers", {}).get(name, ""))
