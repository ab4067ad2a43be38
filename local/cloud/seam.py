"""The one seam: botocore's event system on boto3's default session.

Every AWS call passes here. It is counted, may be faulted before or after its effect, and is answered here
where the local cloud is the service itself; moto answers the rest. Handlers keep their ordinary clients and
know nothing of it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Literal, Protocol, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser

from local.cloud import inside_moto

Phase: TypeAlias = Literal["before", "after"]
Hook: TypeAlias = Callable[[str, str, Phase], None]
"""(service, operation, phase): may raise, and so fault the call before or after its effect.

A Refusal raised before the effect is what the service answers; anything else breaks out of the call as it is.
"""

Answer: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | bytes]
"""From a call's parameters in wire form to the response's members, or its very body for a protocol other than JSON."""

_HEADERS: Final = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "local"}


class Refusal(Exception):
    """An AWS service's refusal: becomes a ClientError with this code in the caller."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def parsed(self) -> dict[str, Any]:
        """The answer as botocore has it once it has been parsed."""
        return {
            "Error": {"Code": self.code, "Message": str(self)},
            "ResponseMetadata": {"HTTPStatusCode": self.status, "HTTPHeaders": {}, "RetryAttempts": 0},
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one try of a call: a Refusal, or an error of the connection, before its effect or after it."""

    phase: Phase
    error: Exception


Faults: TypeAlias = Callable[[str, str], Fault | None]
"""(service, operation) ─▶ what befalls this try, at the place where botocore meets it and may try again."""


@dataclass(frozen=True, slots=True)
class _Response:
    """What botocore wants to see of an HTTP response that there was none of."""

    status_code: int


class Observer(Protocol):
    """Sees the calls of one service, with their parameters in wire form."""

    def before(self, operation: str, parameters: dict[str, Any]) -> Any:
        """Before the effect; what it returns comes back to `after`."""

    def after(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any], noted: Any) -> None:
        """After the effect; `result` is the parsed response, with "Error" in it where it was a refusal."""


class Seam:
    """Counts, faults, shows and answers the calls of a session's clients (those made after it)."""

    def __init__(self, session: boto3.Session) -> None:
        self.faults: Faults | None = None
        self.calls: Counter[str] = Counter()
        self._hooks: list[Hook] = []
        self._answers: dict[tuple[str, str], Answer] = {}
        self._observers: dict[str, Observer] = {}
        self._unseen = 0
        self._raised: Exception | None = None
        """By the answer to the call that is being made, at its first try."""
        self._disturbed = False
        self._fault: Fault | None = None
        """Of the first try of a disturbed call."""
        session.events.register_first("before-call", self._before_call)
        session.events.register_first("before-send", self._before_send)
        session.events.register_last("after-call", self._after_call)

    def answer(self, service: str, operation: str, answer: Answer) -> None:
        """Answers an operation here: from its JSON body to the response's, or a Refusal."""
        self._answers[service, operation] = answer

    def observe(self, service: str, observer: Observer) -> None:
        self._observers[service] = observer

    def on_call(self, hook: Hook) -> Callable[[], None]:
        """Adds a hook to every call; what is returned takes it away again."""
        self._hooks.append(hook)
        return lambda: self._hooks.remove(hook)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Calls in here are the cloud's own: neither counted, nor shown, nor faulted."""
        self._unseen += 1
        try:
            yield
        finally:
            self._unseen -= 1

    def _before_call(self, event_name: str, model: OperationModel, params: Any, context: Any, **_: Any) -> Any:
        """What this returns is the call's answer; botocore makes no request then."""
        service, operation = event_name.split(".")[1:]
        self._disturb(on=False)
        if not self._unseen:
            try:
                self._show(service, operation, params, context)
            except Refusal as refusal:
                return _Response(refusal.status), refusal.parsed()
            if self._disturbed:
                return None
        answer = self._answers.get((service, operation))
        if answer is None:
            return None
        try:
            return _Response(200), _parsed(model, answer(_asked(params["url"], params["body"])))
        except Exception as error:  # noqa: BLE001 - botocore is to meet it where it would: it may try again
            self._raised = error
            return None

    def _show(self, service: str, operation: str, params: Any, context: Any) -> None:
        """Counts a call and shows it, before its effect, to those who watch."""
        self.calls[f"{service}.{operation}"] += 1
        for hook in list(self._hooks):
            hook(service, operation, "before")
        self._fault = None if self.faults is None else self.faults(service, operation)
        if self._fault is not None:
            self._disturb(on=True)
            context["homing.disturbed"] = True  # off the short road; each try is shown by itself
        elif observer := self._observers.get(service):
            parameters = _body(params["body"])
            context["homing.noted"] = parameters, observer.before(operation, parameters)

    def _disturb(self, *, on: bool) -> None:
        """A disturbed call is answered here try by try, and by nobody else."""
        if self._disturbed != on:
            self._disturbed = on
            inside_moto.listen(to_botocore=not on)

    def _after_call(self, event_name: str, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if self._unseen:
            return
        service, operation = event_name.split(".")[1:]
        if "homing.noted" in context:
            parameters, noted = context.pop("homing.noted")
            self._observers[service].after(operation, parameters, parsed, noted)
        for hook in list(self._hooks):
            hook(service, operation, "after")

    def _before_send(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> Any:
        """Answers over HTTP what was not answered at once: an answer that raised, and further tries."""
        service, operation = event_name.split(".")[1:]
        if self._disturbed and not self._unseen:
            return self._try(service, operation, request)
        return self._answer(service, operation, request)

    def _try(self, service: str, operation: str, request: AWSPreparedRequest) -> Any:
        """One try of a disturbed call: its fault, its effect, and what observers see of that."""
        fault, self._fault = self._fault, None
        if fault is None and self.faults is not None:
            fault = self.faults(service, operation)
        if fault is not None and fault.phase == "before":
            return _faulted(request, fault)
        observer = self._observers.get(service)
        parameters = _body(request.body) if observer else {}
        noted = observer.before(operation, parameters) if observer else None
        response = self._answer(service, operation, request)
        if response is None:
            status, headers, body = inside_moto.answer(request)
            response = AWSResponse(request.url, status, HTTPHeaders.from_dict(dict(headers)), _Raw(body))
        if observer:
            observer.after(operation, parameters, _told(response), noted)
            self._disturb(on=True)  # the observer may have made calls of its own
        return response if fault is None else _faulted(request, fault)

    def _answer(self, service: str, operation: str, request: AWSPreparedRequest) -> AWSResponse | None:
        answer = self._answers.get((service, operation))
        if answer is None:
            return None
        raised, self._raised = self._raised, None
        try:
            if raised is not None:
                raise raised
            return _response(request.url, 200, answer(_asked(request.url, request.body)))
        except Refusal as refusal:
            return _refused(request, refusal)


def _faulted(request: AWSPreparedRequest, fault: Fault) -> AWSResponse:
    if isinstance(fault.error, Refusal):
        return _refused(request, fault.error)
    raise fault.error


def _refused(request: AWSPreparedRequest, refusal: Refusal) -> AWSResponse:
    if "x-www-form-urlencoded" in str(request.headers.get("content-type")):  # the query protocol answers in XML
        told = f"<Error><Code>{escape(refusal.code)}</Code><Message>{escape(str(refusal))}</Message></Error>"
        return _response(request.url, refusal.status, f"<ErrorResponse>{told}</ErrorResponse>".encode())
    body = {"__type": refusal.code, "message": str(refusal)}
    return _response(request.url, refusal.status, body, {"x-amzn-errortype": refusal.code})


def _told(response: AWSResponse) -> dict[str, Any]:
    """A JSON answer off the wire, with "Error" in it where it is a refusal."""
    told: dict[str, Any] = json.loads(response.content or b"{}")
    if response.status_code >= 300:
        return {"Error": {"Code": str(told.get("__type", "")).rpartition("#")[2]}}
    return told


def _parsed(model: OperationModel, answer: Mapping[str, Any] | bytes) -> dict[str, Any]:
    """An answer as botocore's own parser reads it off the wire: moments as datetimes, nothing unknown."""
    response = {
        "status_code": 200,
        "headers": _HEADERS,
        "body": _wired(answer),
        "context": {"operation_name": model.name},
    }
    parser = create_parser(model.service_model.resolved_protocol)
    parsed: dict[str, Any] = parser.parse(response, cast("Shape", model.output_shape))
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return parsed


class _Raw(BytesIO):
    """A response's body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _response(
    url: str, status: int, body: Mapping[str, Any] | bytes, headers: Mapping[str, str] | None = None
) -> AWSResponse:
    content = HTTPHeaders.from_dict({**_HEADERS, **(headers or {})})
    return AWSResponse(url, status, content, _Raw(_wired(body)))


def _wired(answer: Mapping[str, Any] | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def _asked(url: str, body: Any) -> dict[str, Any]:
    """A call's parameters in wire form, those in its address among them."""
    return {**dict(parse_qsl(urlsplit(url).query)), **_body(body)}


def _body(body: Any) -> dict[str, Any]:
    """A call's parameters in wire form: JSON, or the fields of the query protocol, written as a form or not yet."""
    if not isinstance(body, bytes | str):
        return dict(body or {})
    text = body.decode() if isinstance(body, bytes) else body
    parsed: dict[str, Any] = json.loads(text) if text.startswith("{") else dict(parse_qsl(text))
    return parsed
