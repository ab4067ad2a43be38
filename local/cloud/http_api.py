"""API Gateway's HTTP API: routes to Lambda integrations with payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode
from uuid import UUID

from homing.domain.moments import datetime_of
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.template import ACCOUNT
from local.timers import Timers

_MAXIMUM_PAYLOAD: Final = 10 * 1024 * 1024
_TEXT: Final = re.compile(r"text/.*|application/(json|javascript|xml)|.*\+(json|xml)")
_DEFAULT: Final = "$default"


@dataclass(frozen=True)
class Response:
    """What the caller gets. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Route:
    """`method` in upper case, or ANY; `path` as the template writes it, or `$default`."""

    method: str
    path: str
    function: Function

    @property
    def key(self) -> str:
        return _DEFAULT if self.path == _DEFAULT else f"{self.method} {self.path}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's parameters where the route takes this request, else None."""
        if self.path == _DEFAULT:
            return {}
        if self.method not in {method, "ANY"}:
            return None
        parameters: dict[str, str] = {}
        wanted, given = self.path.split("/"), path.split("/")
        for index, segment in enumerate(wanted):
            if segment.endswith("+}") and len(given) > index:
                return parameters | {segment[1:-2]: "/".join(given[index:])}
            if index >= len(given):
                return None
            if segment.startswith("{"):
                parameters[segment[1:-1]] = unquote(given[index])
            elif segment != given[index]:
                return None
        return parameters if len(wanted) == len(given) else None

    @property
    def precedence(self) -> tuple[bool, bool, int, bool, str]:
        """The most specific route comes first: fixed segments, parameters, a greedy one, `$default`."""
        return self.path == _DEFAULT, "+}" in self.path, self.path.count("{"), self.method == "ANY", self.key


class HttpApi:
    """One API with its routes, in its `$default` stage."""

    def __init__(self, api_id: str, region: str, functions: Functions, timers: Timers, seed: int) -> None:
        self.domain = f"{api_id}.execute-api.{region}.amazonaws.com"
        self._api_id = api_id
        self._routes: list[Route] = []
        self._functions = functions
        self._timers = timers
        self._random = Random(f"http requests {seed}")

    @property
    def routes(self) -> Sequence[Route]:
        return tuple(self._routes)

    def add(self, route: Route) -> None:
        self._routes.append(route)
        self._routes.sort(key=lambda each: each.precedence)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        query: str | Mapping[str, str] = "",
        source_ip: str = "127.0.0.1",
    ) -> Response:
        """Answers as API Gateway does: 404 without a route, 413 above 10 MB, 500 for a failed function."""
        content = body.encode() if isinstance(body, str) else body
        if len(content) > _MAXIMUM_PAYLOAD:
            return _message(413, "Request Entity Too Large")
        for route in self._routes:
            parameters = route.match(method.upper(), path)
            if parameters is not None:
                break
        else:
            return _message(404, "Not Found")
        raw_query = query if isinstance(query, str) else urlencode(query)
        event = self._event(route, method.upper(), path, headers or {}, content, raw_query, source_ip)
        if parameters:
            event["pathParameters"] = parameters
        return _integration_response(self._functions.invoke(route.function, event))

    def _event(
        self,
        route: Route,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: str,
        source_ip: str,
    ) -> dict[str, Any]:
        now = self._timers.now()
        own = {name.lower(): value for name, value in headers.items()}
        cookies = own.pop("cookie", None)
        sent = {
            "host": self.domain,
            "content-length": str(len(body)),
            "x-forwarded-for": source_ip,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **own,
        }
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": route.key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": sent,
            "requestContext": {
                "accountId": ACCOUNT,
                "apiId": self._api_id,
                "domainName": self.domain,
                "domainPrefix": self._api_id,
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source_ip,
                    "userAgent": own.get("user-agent", ""),
                },
                "requestId": str(UUID(int=self._random.getrandbits(128), version=4)),
                "routeKey": route.key,
                "stage": _DEFAULT,
                "time": datetime_of(now).strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "timeEpoch": now,
            },
            "isBase64Encoded": False,
        }
        if cookies is not None:
            event["cookies"] = cookies.split("; ")
        if query:
            event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
        if body:
            event["body"], event["isBase64Encoded"] = _encoded(body, own.get("content-type"))
        return event


def _joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: ",".join(each) for name, each in values.items()}


def _encoded(body: bytes, content_type: str | None) -> tuple[str, bool]:
    """The body as the event holds it. Forms are binary to API Gateway, however textual they look."""
    if content_type is None or _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _message(status: int, message: str) -> Response:
    return Response(status, {"content-type": "application/json"}, body=json.dumps({"message": message}).encode())


def _integration_response(outcome: Outcome) -> Response:
    """A result with a status code is a response; any other is a body. Nonsense is an internal error."""
    value = outcome.value
    if outcome.failed:
        return _message(500, "Internal Server Error")
    if not isinstance(value, dict) or "statusCode" not in value:
        text = value if isinstance(value, str) else json.dumps(value)
        return Response(200, {"content-type": "application/json"}, body=text.encode())
    body = value.get("body") or ""
    if not isinstance(body, str):
        return _message(500, "Internal Server Error")
    headers = {name.lower(): str(each) for name, each in (value.get("headers") or {}).items()}
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    content = base64.b64decode(body) if value.get("isBase64Encoded") else body.encode()
    return Response(int(value["statusCode"]), headers, value.get("cookies") or (), content)
