"""The HTTP API builds the events and answers that API Gateway does."""

import base64
from collections.abc import Mapping
from typing import Any, cast

import pytest

from local.cloud.functions import Function, Functions, Outcome
from local.cloud.http_api import HttpApi, Route
from local.timers import ManualClock, Timers

START = 1_700_000_000_000


class FakeFunctions:
    def __init__(self) -> None:
        self.outcome = Outcome({"statusCode": 200})
        self.events: list[Any] = []

    def invoke(self, function: Function, event: Any) -> Outcome:
        self.events.append({**event, "function": function.name})
        return self.outcome


class Api:
    """An API whose routes lead to functions named after them."""

    def __init__(self, *routes: tuple[str, str]) -> None:
        self.functions = FakeFunctions()
        self.api = HttpApi("api", "eu-central-1", cast("Functions", self.functions), Timers(ManualClock(START)), 1)
        for method, path in routes or [("POST", "/things")]:
            name = f"{method} {path}"
            self.api.add(Route(method, path, Function(name, name, name, "app.handler", [], {})))

    def event(self, method: str = "POST", path: str = "/things", **request: Any) -> Mapping[str, Any]:
        self.api.request(method, path, **request)
        event: Mapping[str, Any] = self.functions.events[-1]
        return event


def test_an_event_has_the_form_of_payload_2_0() -> None:
    event = Api().event(
        headers={"Content-Type": "application/json", "Cookie": "a=1; b=2", "User-Agent": "test"},
        body='{"a": 1}',
        query="x=1&x=2&y=%20",
        source_ip="10.0.0.1",
    )
    context = event["requestContext"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == context["routeKey"] == "POST /things"
    assert event["rawPath"] == "/things"
    assert event["rawQueryString"] == "x=1&x=2&y=%20"
    assert event["queryStringParameters"] == {"x": "1,2", "y": " "}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["content-type"] == "application/json"
    assert "cookie" not in event["headers"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert context["http"] == {
        "method": "POST",
        "path": "/things",
        "protocol": "HTTP/1.1",
        "sourceIp": "10.0.0.1",
        "userAgent": "test",
    }
    assert context["timeEpoch"] == START
    assert context["time"] == "14/Nov/2023:22:13:20 +0000"
    assert context["stage"] == "$default"


def test_what_a_request_does_not_have_its_event_does_not_have() -> None:
    assert not {"body", "cookies", "queryStringParameters", "pathParameters"} & set(Api().event())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
        ("application/octet-stream", b"\x00\x01"),
        ("application/json", b"\xff\xfe"),
    ],
)
def test_a_body_that_is_not_text_to_api_gateway_is_base64(content_type: str, body: bytes) -> None:
    event = Api().event(headers={"content-type": content_type}, body=body)
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == body


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain", "application/vnd.api+json"])
def test_a_body_that_is_text_is_text(content_type: str) -> None:
    event = Api().event(headers={"content-type": content_type}, body="ü".encode())
    assert (event["body"], event["isBase64Encoded"]) == ("ü", False)


@pytest.mark.parametrize(
    ("method", "path", "route", "parameters"),
    [
        ("GET", "/a/list", "GET /a/list", None),
        ("GET", "/a/x%20y", "GET /a/{id}", {"id": "x y"}),
        ("GET", "/a/x/deep/er", "GET /a/{rest+}", {"rest": "x/deep/er"}),
        ("PUT", "/a/x", "ANY /a/{id}", {"id": "x"}),
        ("GET", "/elsewhere", "$default", None),
    ],
)
def test_the_most_specific_route_takes_the_request(
    method: str, path: str, route: str, parameters: dict[str, str] | None
) -> None:
    api = Api(("ANY", "$default"), ("GET", "/a/{rest+}"), ("ANY", "/a/{id}"), ("GET", "/a/{id}"), ("GET", "/a/list"))
    event = api.event(method, path)
    assert event["routeKey"] == route
    assert event.get("pathParameters") == parameters


@pytest.mark.parametrize(("method", "path"), [("GET", "/things"), ("POST", "/things/"), ("POST", "/")])
def test_without_a_route_the_answer_is_404(method: str, path: str) -> None:
    response = Api().api.request(method, path)
    assert (response.status, response.json()) == (404, {"message": "Not Found"})


def test_more_than_ten_megabytes_are_refused_before_any_function() -> None:
    api = Api()
    response = api.api.request("POST", "/things", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (response.status, api.functions.events) == (413, [])


@pytest.mark.parametrize(
    "outcome",
    [Outcome(error={"errorType": "E"}), Outcome({"statusCode": 200, "body": {"not": "a string"}})],
)
def test_a_failed_function_is_an_internal_error(outcome: Outcome) -> None:
    api = Api()
    api.functions.outcome = outcome
    response = api.api.request("POST", "/things")
    assert (response.status, response.json()) == (500, {"message": "Internal Server Error"})


def test_a_function_gives_status_headers_cookies_and_body() -> None:
    api = Api()
    api.functions.outcome = Outcome(
        {
            "statusCode": 201,
            "headers": {"X-Own": 1},
            "cookies": ["a=1"],
            "body": "YQ==",
            "isBase64Encoded": True,
        }
    )
    response = api.api.request("POST", "/things")
    assert (response.status, response.headers["x-own"], response.cookies, response.body) == (
        201,
        "1",
        ["a=1"],
        b"a",
    )


@pytest.mark.parametrize(("value", "body"), [({"a": 1}, b'{"a": 1}'), ("text", b"text"), (None, b"null")])
def test_a_result_without_a_status_is_a_body(value: Any, body: bytes) -> None:
    api = Api()
    api.functions.outcome = Outcome(value)
    response = api.api.request("POST", "/things")
    assert (response.status, response.headers["content-type"], response.body) == (
        200,
        "application/json",
        body,
    )
