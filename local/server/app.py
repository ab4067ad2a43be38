"""The server's answers, as a WSGI application: the shop's API at its deployed paths, and the page under `/_local/`.

Werkzeug parses, routes and checks names, and has a client for tests: moto stands on it, so it costs nothing more.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    NotFound,
    ServiceUnavailable,
)
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from homing.domain.moments import format_moment
from local import pages
from local.server import views
from local.server.clock_moves import target_of
from local.server.shared_cloud import ClockIsReal, Closed, SharedCloud

Answer: TypeAlias = Callable[..., Response]

OWN_PATHS: Final = "/_local/"
_OWN_NAMES: Final = ["127.0.0.1", "localhost"]
"""A page of another site may have its own name lead here (DNS rebinding): it is not served under that name."""
_PRIVATE: Final = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class _Request(Request):
    max_content_length = 10 * 1024 * 1024  # as much as API Gateway takes
    trusted_hosts = _OWN_NAMES


def make_app(shared: SharedCloud) -> Callable[..., Any]:
    """The WSGI application. What it refuses, it refuses in JSON: `{"message"}`."""
    endpoints = _Endpoints(shared)

    @_Request.application
    def app(request: Request) -> Response:
        try:
            answer = endpoints.answer(request)
        except RequestRedirect as elsewhere:
            answer = redirect(elsewhere.new_url, elsewhere.code)
        except Closed:
            answer = _refusal(ServiceUnavailable("the local cloud is going down"))
        except HTTPException as refused:
            answer = _refusal(refused)
        if request.path.startswith(OWN_PATHS):
            answer.headers.extend(_PRIVATE)
        return answer

    return app


class _Endpoints:
    """The page, its assets and what it asks for; every other path is the API's."""

    def __init__(self, shared: SharedCloud) -> None:
        self._shared = shared
        self._routes = Map(
            [
                Rule("/", methods=["GET"], endpoint=lambda _request: redirect(OWN_PATHS)),
                Rule("/_local/", methods=["GET"], endpoint=self._page),
                Rule("/_local/clock", methods=["GET"], endpoint=self._clock),
                Rule("/_local/clock", methods=["POST"], endpoint=self._move_clock),
                Rule("/_local/emails", methods=["GET"], endpoint=partial(self._view, views.emails)),
                Rule("/_local/emails/<send_id>", methods=["GET"], endpoint=self._email),
                Rule("/_local/profiles", methods=["GET"], endpoint=partial(self._view, views.profiles)),
                Rule("/_local/runs", methods=["GET"], endpoint=partial(self._view, views.runs)),
                Rule("/_local/<name>", methods=["GET"], endpoint=self._asset),
            ],
            merge_slashes=False,
        )

    def answer(self, request: Request) -> Response:
        """Raises HTTPException, and Closed."""
        request.host  # noqa: B018 - to look at the name is to have it checked
        if request.path != "/" and not f"{request.path}/".startswith(OWN_PATHS):
            return self._api(request)
        endpoint, values = self._routes.bind_to_environ(request.environ).match()
        answer: Response = endpoint(request, **values)
        return answer

    def _api(self, request: Request) -> Response:
        """The API's own answer; path, query, headers and body reach it as they came."""
        path, _, query = request.environ["RAW_URI"].partition("?")
        told = self._shared.request(request.method, path, dict(request.headers), request.get_data(), query)
        headers = [*told.headers.items(), *(("set-cookie", cookie) for cookie in told.cookies)]
        return Response(told.body, told.status, headers)

    def _page(self, _request: Request) -> Response:
        return Response(pages.index(), content_type="text/html; charset=utf-8")

    def _asset(self, _request: Request, name: str) -> Response:
        asset = pages.asset(name)
        if asset is None:
            raise NotFound(f"there is no {OWN_PATHS}{name}")
        content, content_type = asset
        return Response(content, content_type=content_type)

    def _view(self, view: Callable[..., Any], _request: Request) -> Response:
        return _json(self._shared.look(view))

    def _email(self, request: Request, send_id: str) -> Response:
        here = request.host_url.rstrip("/")
        body = self._shared.look(partial(views.email_body, send_id=send_id, here=here))
        if body is None:
            raise NotFound(f"no mail was sent under the id {send_id}")
        return _json(body)

    def _clock(self, _request: Request) -> Response:
        now = self._shared.look(views.clock)
        return _json({"now": format_moment(now), "virtual": self._shared.is_virtual})

    def _move_clock(self, request: Request) -> Response:
        """Not for another site's page: browsers say with every POST whose page it comes from; curl says nothing."""
        origin = request.headers.get("origin")
        if origin is not None and origin != request.host_url.rstrip("/"):
            raise Forbidden("the clock is moved from this page, or by a command, and by no other page")
        try:
            self._shared.move_clock(partial(target_of, request.get_json(force=True, silent=True)))
        except ClockIsReal:
            raise Conflict("the clock is the real one, and nobody moves it") from None
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return self._clock(request)


def _json(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), status, content_type="application/json")


def _refusal(error: HTTPException) -> Response:
    allowed = [header for header in error.get_headers() if header[0] == "Allow"]
    answer = _json({"message": error.description}, error.code or 500)
    answer.headers.extend(allowed)
    return answer
