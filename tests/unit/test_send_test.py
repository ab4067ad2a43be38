"""A sample of a mail by SES: to one address, marked as a test, from the shop's own sender."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from typer.testing import CliRunner, Result

from homing.domain.moments import parse_moment
from local.cli import app
from local.cloud import Cloud
from local.timers import Timers, VirtualClock

SHOP = Path(__file__).parents[2] / "shop"
ME = "me@post.example"
TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"

pytestmark = pytest.mark.usefixtures("built_shop")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """An account that knows the shop's domain."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")
    with (
        VirtualClock(parse_moment("2026-03-02T10:00:00Z")) as clock,
        Cloud.deploy(template, timers=Timers(clock), verified=["mail.shop.example"]) as cloud,
    ):
        yield cloud


def send_test(*arguments: str) -> Result:
    command = ["send-test", *arguments, "--shop", str(SHOP)]
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, command)


def test_one_sample_goes_to_the_one_address(cloud: Cloud) -> None:
    result = send_test("cart-offer", "--to", ME, "--lang", "de")
    (mail,) = cloud.outbox
    assert (result.exit_code, result.output) == (0, f"sent to {ME}, message {mail.message_id}\n")
    assert mail.recipients == [ME]
    assert mail.sender == "Tea & Clay <hello@mail.shop.example>"
    assert mail.subject.startswith("[Test] ")
    assert 'lang="de"' in (mail.html or "")
    assert mail.text


def test_its_links_change_nothing_of_anybody_and_no_ledger_hears_of_it(cloud: Cloud) -> None:
    send_test("cart-offer", "--to", ME)
    (mail,) = cloud.outbox
    assert "https://preview.invalid/unsubscribe/sample" in (mail.text or "")
    assert (mail.configuration_set, mail.tags) == (None, {})


def test_the_mail_that_asks_to_confirm_is_one_too(cloud: Cloud) -> None:
    assert send_test("confirm-consent", "--to", ME).exit_code == 0
    assert "https://preview.invalid/confirm/sample" in (cloud.outbox[0].text or "")


def test_a_dry_run_prints_it_and_sends_nothing(cloud: Cloud) -> None:
    result = send_test("cart-offer", "--to", ME, "--dry-run")
    assert result.exit_code == 0
    assert f"To: {ME}\nSubject: [Test] " in result.output
    assert "Unsubscribe: https://preview.invalid" in result.output
    assert cloud.outbox == []


def test_what_ses_refuses_is_told_with_what_to_do(cloud: Cloud) -> None:
    cloud.ses.identities.clear()
    result = send_test("cart-offer", "--to", ME)
    assert result.exit_code == 2
    assert "SES has not sent it: Email address is not verified." in result.stderr
    assert "verify the sender's domain in SES" in result.stderr


@pytest.mark.parametrize(
    "to",
    [
        "",
        "me",
        "me@post",
        "a@post.example,b@post.example",
        "a@post.example b@post.example",
        "Me <me@post.example>",
        "me@post.example\r\nBcc: you@post.example",
        "mé@post.example",
        f"{'m' * 65}@post.example",
    ],
)
def test_what_is_not_one_address_gets_nothing(cloud: Cloud, to: str) -> None:
    result = send_test("cart-offer", "--to", to)
    assert result.exit_code == 2
    assert "is no address that SES can write to" in result.stderr
    assert cloud.outbox == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("cart-ofer", "--to", ME), "'cart-ofer' is no mail of"),
        (("cart-offer", "--to", ME, "--lang", "fr"), "'cart-offer' is not written in 'fr'"),
    ],
)
def test_a_mail_that_is_not_written_is_refused(cloud: Cloud, arguments: tuple[str, ...], told: str) -> None:
    result = send_test(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert cloud.outbox == []


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "there are no AWS credentials: log in"),
        (("AWS_DEFAULT_REGION",), "no AWS region is set"),
    ],
)
def test_without_an_account_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in missing:
        monkeypatch.delenv(name)
    result = send_test("cart-offer", "--to", ME)
    assert result.exit_code == 2
    assert told in result.stderr
    assert send_test("cart-offer", "--to", ME, "--dry-run").exit_code == 0
