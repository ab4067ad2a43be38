"""SES is asked exactly once, and each of its answers becomes the error that says what is certain."""

import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
import botocore.exceptions
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from homing.adapters.mailer import NOT_SENT_YET, REFUSED, SesMailer
from homing.bootstrap import NO_RETRIES
from homing.errors import MailRefused, MailUncertain, RetryLater
from homing.ports import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

Answer: TypeAlias = Callable[[AWSPreparedRequest], AWSResponse]
MAIL = Mail(
    send_id="s3ndid",
    run_id="cart-pr0file-1772442909218",
    profile_id="pr0file",
    journey="cart",
    step="reminder",
    template="cart-reminder",
    to="ada@customer.example",
    subject="Ada, your 🫖 is waiting",
    html="<p>Grüße</p>",
    text="Grüße",
    unsubscribe_url="https://api.example/unsubscribe/c.p.proof",
)


class Wire:
    """Stands where the network would be: gives the answer, and keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[AWSPreparedRequest] = []
        self.answer: Answer = taken

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self.requests.append(request)
        return self.answer(request)

    @property
    def asked(self) -> Any:
        """The body of the one request."""
        (request,) = self.requests
        assert isinstance(request.body, bytes)
        return json.loads(request.body)


class _Body(io.BytesIO):
    """A response's body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def answering(status: int, body: object, code: str | None = None) -> Answer:
    headers = {"content-type": "application/json"} | ({"x-amzn-errortype": code} if code else {})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), _Body(content))


def refusing(status: int, code: str) -> Answer:
    return answering(status, {"message": "as SES puts it"}, code)


def failing(error: Exception) -> Answer:
    def fail(_request: AWSPreparedRequest) -> AWSResponse:
        raise error

    return fail


taken = answering(200, {"MessageId": "0107018f-000000"})


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire) -> "SESV2Client":
    client = boto3.client("sesv2", region_name="eu-central-1", config=NO_RETRIES)
    answer: Any = wire.send  # the stubs know no handler that answers
    client.meta.events.register("before-send.sesv2.SendEmail", answer)
    return client


@pytest.fixture
def mailer(client: "SESV2Client") -> SesMailer:
    sender = "Tea & Clay <hello@mail.shop.example>"
    return SesMailer(client, sender=sender, configuration_set="homing", tracking_set="homing-tracking")


# What is asked


def test_a_mail_that_is_taken_has_sess_message_id(mailer: SesMailer, wire: Wire) -> None:
    assert mailer.send(MAIL) == "0107018f-000000"
    assert len(wire.requests) == 1


def test_the_mail_goes_to_one_address_with_both_bodies(mailer: SesMailer, wire: Wire) -> None:
    mailer.send(MAIL)
    asked = wire.asked
    assert asked["Destination"] == {"ToAddresses": ["ada@customer.example"]}
    assert asked["FromEmailAddress"] == "Tea & Clay <hello@mail.shop.example>"
    simple = asked["Content"]["Simple"]
    assert simple["Subject"]["Data"] == MAIL.subject
    assert (simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]) == (MAIL.text, MAIL.html)


def test_the_mail_can_be_unsubscribed_from_with_one_press(mailer: SesMailer, wire: Wire) -> None:
    mailer.send(MAIL)
    headers = wire.asked["Content"]["Simple"]["Headers"]
    assert {header["Name"]: header["Value"] for header in headers} == {
        "List-Unsubscribe": f"<{MAIL.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_a_service_mail_has_nothing_to_unsubscribe_from(mailer: SesMailer, wire: Wire) -> None:
    mailer.send(MAIL._replace(unsubscribe_url=None))
    assert wire.asked["Content"]["Simple"]["Headers"] == []


@pytest.mark.parametrize(("tracked", "configuration_set"), [(True, "homing-tracking"), (False, "homing")])
def test_opens_and_clicks_are_told_only_of_who_agreed_to_it(
    mailer: SesMailer,
    wire: Wire,
    *,
    tracked: bool,
    configuration_set: str,
) -> None:
    mailer.send(MAIL._replace(tracked=tracked))
    assert wire.asked["ConfigurationSetName"] == configuration_set


def test_ses_is_told_what_its_events_must_bring_back_and_no_address(mailer: SesMailer, wire: Wire) -> None:
    mailer.send(MAIL)
    asked = wire.asked
    assert asked["ConfigurationSetName"] == "homing"
    tags = {tag["Name"]: tag["Value"] for tag in asked["EmailTags"]}
    assert tags == {
        "send_id": "s3ndid",
        "run_id": "cart-pr0file-1772442909218",
        "profile_id": "pr0file",
        "journey": "cart",
        "step": "reminder",
        "template": "cart-reminder",
    }


# What is answered


@pytest.mark.parametrize("code", sorted(NOT_SENT_YET))
def test_a_mail_that_is_certainly_not_taken_yet_may_be_tried_again(mailer: SesMailer, wire: Wire, code: str) -> None:
    wire.answer = refusing(429 if "Too" in code or "Throttling" in code else 400, code)
    with pytest.raises(RetryLater, match=code):
        mailer.send(MAIL)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "error", [botocore.exceptions.ConnectTimeoutError, botocore.exceptions.EndpointConnectionError]
)
def test_a_mail_that_found_no_way_to_ses_may_be_tried_again(
    mailer: SesMailer, wire: Wire, error: type[botocore.exceptions.HTTPClientError]
) -> None:
    wire.answer = failing(error(endpoint_url="ses"))
    with pytest.raises(RetryLater, match=error.__name__):
        mailer.send(MAIL)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_mail_that_ses_refuses_is_refused(mailer: SesMailer, wire: Wire, code: str) -> None:
    wire.answer = refusing(400, code)
    with pytest.raises(MailRefused, match=code):
        mailer.send(MAIL)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusing(500, "InternalFailure"), id="internal failure"),
        pytest.param(refusing(503, "ServiceUnavailable"), id="unavailable"),
        pytest.param(answering(502, b"<html>Bad Gateway</html>"), id="a proxy's page"),
        pytest.param(answering(504, b""), id="nothing but a status"),
        pytest.param(answering(200, b'{"MessageId": "0107'), id="cut off"),
        pytest.param(answering(200, {}), id="no message id"),
        pytest.param(refusing(400, "SomethingNewException"), id="an error that nobody knows yet"),
        pytest.param(failing(botocore.exceptions.ReadTimeoutError(endpoint_url="ses")), id="read timeout"),
        pytest.param(failing(botocore.exceptions.ConnectionClosedError(endpoint_url="ses")), id="connection closed"),
        pytest.param(failing(botocore.exceptions.SSLError(endpoint_url="ses", error=OSError())), id="TLS"),
        pytest.param(failing(botocore.exceptions.HTTPClientError(error=ConnectionResetError())), id="reset"),
    ],
)
def test_without_a_clear_answer_nobody_knows_and_nobody_asks_again(
    mailer: SesMailer, wire: Wire, answer: Answer
) -> None:
    wire.answer = answer
    with pytest.raises(MailUncertain):
        mailer.send(MAIL)
    assert len(wire.requests) == 1


def test_every_error_that_ses_documents_is_known(client: "SESV2Client") -> None:
    documented = {shape.name for shape in client.meta.service_model.operation_model("SendEmail").error_shapes}
    assert documented <= NOT_SENT_YET | REFUSED


def test_no_error_names_the_shopper(mailer: SesMailer, wire: Wire) -> None:
    wire.answer = answering(400, {"message": f"Address {MAIL.to} is on a list"}, "MessageRejected")
    with pytest.raises(MailRefused) as refused:
        mailer.send(MAIL)
    assert MAIL.to not in str(refused.value)
