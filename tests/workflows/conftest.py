"""The project's own template, deployed once for each file of tests, with shoppers who do as a test tells them.

Time only moves on within a file, and every test has shoppers of its own: what one test leaves behind, another does
not look at.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR, Duration, Moment, format_moment, parse_moment
from local.cloud import Cloud, Mail, Response
from local.cloud.workflows import Run
from local.simulation.deployment import FIGURES_SCHEDULE, RECONCILE_SCHEDULE, deployed
from local.simulation.exact_schedule import look_at_segments_when_due
from local.simulation.recorder import Line, Recorder
from local.timers import Timers, VirtualClock

OPENING = parse_moment("2026-03-02T10:00:00Z")
_KEY = base64.b64encode(b"local:").decode()
_HEADERS = {"authorization": f"Basic {_KEY}", "content-type": "application/json"}
_SHOPPERS = count(1)
_MESSAGES = count(1)

Answer = Callable[[dict[str, Any]], dict[str, str]]
OpenShop = Callable[..., AbstractContextManager["Shop"]]


@dataclass
class Shop:
    """The deployed shop, and the time in it. Durations and moments are in milliseconds."""

    cloud: Cloud
    recorder: Recorder
    shoppers: list["Shopper"] = field(default_factory=list)

    @property
    def now(self) -> Moment:
        return self.cloud.timers.now()

    def shopper(self, **traits: str) -> "Shopper":
        """Somebody new, who has not been here yet."""
        number = next(_SHOPPERS)
        traits = {"email": f"shopper.{number}@post.example", "firstName": "Ada", **traits}
        shopper = Shopper(self, f"user-{number}", traits)
        self.shoppers.append(shopper)
        return shopper

    def hear(self, *messages: Line) -> None:
        """Messages that the shop's client sends at once, and all that follows from them at this moment."""
        response = self.post(*messages)
        assert response == {"success": True, "accepted": len(messages), "duplicate": 0}
        self.cloud.settle()

    def post(self, *messages: Line) -> dict[str, Any]:
        """The API's answer to messages; nothing follows from them yet."""
        response = self.request(*messages)
        assert response.status == 200, response.body
        told: dict[str, Any] = response.json()
        return told

    def request(self, *messages: Line) -> Response:
        return self.cloud.http("POST", "/v1/batch", headers=_HEADERS, body=json.dumps({"batch": messages}))

    def wait(self, duration: Duration) -> None:
        self.cloud.advance_to(self.now + duration)

    def wait_for_another_morning(self) -> None:
        """A day or more, to the hour of the opening: what happens then is in nobody's quiet hours."""
        a_day_on = self.now + DAY
        self.wait_until(a_day_on + (OPENING - a_day_on) % DAY)

    def wait_until(self, moment: Moment) -> None:
        self.cloud.advance_to(moment)

    @contextmanager
    def ses_answers(self, answer: Answer) -> Iterator[None]:
        """SES as another than it is: `answer` gets the request, and may raise a Refusal."""
        self.cloud.seam.answer("sesv2", "SendEmail", answer)
        try:
            yield
        finally:
            self.cloud.seam.answer("sesv2", "SendEmail", self.cloud.ses.send)

    @contextmanager
    def faulted(self, hook: Callable[[str, str, str], None]) -> Iterator[None]:
        """`hook(service, operation, phase)` around every AWS call; what it raises, the call raises."""
        remove = self.cloud.on_call(hook)
        try:
            yield
        finally:
            remove()


@dataclass
class Shopper:
    """One who shops, and what came of it."""

    shop: Shop
    user_id: str
    traits: dict[str, str]

    @property
    def email(self) -> str:
        return self.traits["email"]

    @property
    def profile_id(self) -> str:
        return alias_id("user", self.user_id)

    # What the shopper does

    def signs_up(self, *, consent: bool | None = True, ago: Duration = 0, birthday: str | None = None) -> None:
        """With consent to mail, or without, or without having been asked."""
        if birthday is not None:
            self.traits["birthday"] = birthday
        self.shop.hear(self.message("identify", ago=ago, consent=consent, traits=self.traits))

    def is_known(self, *, birthday: str | None = None) -> None:
        """Is a customer with consent of long ago, whom nothing welcomes any more."""
        self.signs_up(ago=10 * DAY, birthday=birthday)

    def decides(self, *, consent: bool) -> None:
        self.shop.hear(self.message("identify", consent=consent, traits={"email": self.email}))

    def adds(self, *products: str) -> None:
        self.shop.hear(*(self.message("track", "Product Added", properties=line(product)) for product in products))

    def removes(self, product: str) -> None:
        self.shop.hear(self.message("track", "Product Removed", properties=line(product)))

    def orders(self, *products: str) -> None:
        self.shop.hear(self.order(*products))

    def order(self, *products: str) -> Line:
        lines = [line(product) for product in products or ("tea",)]
        number = f"order-{next(_MESSAGES)}"
        properties = {"order_id": number, "total": 20.0 * len(lines), "currency": "EUR", "products": lines}
        return self.message("track", "Order Completed", properties=properties)

    def message(
        self, kind: str, event: str | None = None, *, ago: Duration = 0, consent: bool | None = None, **more: Any
    ) -> Line:
        """A Segment-spec message of this shopper, now or some time ago."""
        named = {} if event is None else {"event": event}
        asked = {} if consent is None else {"context": {"consent": {"categoryPreferences": {"marketing": consent}}}}
        return {
            "messageId": f"message-{next(_MESSAGES)}",
            "type": kind,
            **named,
            "userId": self.user_id,
            "timestamp": format_moment(self.shop.now - ago),
            **asked,
            **more,
        }

    # What came of it

    @property
    def inbox(self) -> Sequence[Mail]:
        """The mails that SES took for this address, in order."""
        return [mail for mail in self.shop.cloud.outbox if mail.to == [self.email]]

    def lines(self, journey: str) -> list[tuple[str, str, str | None]]:
        """The ledger: step, outcome and reason of each intended mail of the journey."""
        return [
            (line["step"], line["outcome"], line["reason"])
            for line in self.shop.recorder.emails()
            if line["email"] == self.email and line["journey"] == journey
        ]

    def runs(self, journey: str) -> list[tuple[str, str | None]]:
        """How each run of the journey ended, and why."""
        return [
            (line["ended"], line["reason"])
            for line in self.shop.recorder.runs()
            if line["profile_id"] == self.profile_id and line["journey"] == journey
        ]

    def executions(self, journey: str) -> list[Run]:
        prefix = f"{journey}-{self.profile_id}-"
        return [run for run in self.shop.cloud.executions if run.execution.name.startswith(prefix)]

    def states(self, journey: str) -> list[tuple[str, Duration]]:
        """The states of the journey's only execution, each with the time since its start."""
        (run,) = self.executions(journey)
        return [(name, at - run.execution.started_at) for at, name in run.execution.entered]

    def segments(self) -> set[str]:
        (record,) = [each for each in self.shop.recorder.profiles() if each.profile_id == self.profile_id]
        return set(record.segments)


def line(product: str) -> Line:
    """A product as messages name it."""
    return {
        "product_id": product,
        "name": f"Finest {product}",
        "category": "Things",
        "price": 20.0,
        "quantity": 1,
        "currency": "EUR",
        "url": f"https://shop.example/{product}",
    }


@pytest.fixture(scope="session", autouse=True)
def _shop_is_built_once(built_shop: Path) -> None:
    """Every test here stands on it."""


@pytest.fixture(scope="module")
def deployment() -> Iterator[Shop]:
    with quiet() as shop:
        yield shop


@pytest.fixture
def shop_on_schedule() -> Iterator[Shop]:
    """The shop with the template's own schedules. There is room for one shop at a time in a file."""
    with opened() as shop:
        yield shop


@pytest.fixture(scope="session")
def open_shop() -> OpenShop:
    """Opens a shop with parameters of its own. There is room for one shop at a time in a file."""
    return quiet


@contextmanager
def quiet(*, metrics: bool = False, **parameters: str) -> Iterator[Shop]:
    """Segments are looked at exactly when they change, and nothing else comes by schedule but what a test fires.

    Months of looks that find nothing to do would take most of the time of these tests; that they change nothing is
    shown where they come, in tests/e2e.
    """
    with opened(metrics=metrics, **parameters) as shop:
        look_at_segments_when_due(shop.cloud)
        for schedule in (RECONCILE_SCHEDULE, FIGURES_SCHEDULE):
            shop.cloud.disable_schedule(schedule)
        yield shop


@contextmanager
def opened(*, metrics: bool = False, **parameters: str) -> Iterator[Shop]:
    with (
        VirtualClock(OPENING) as clock,
        deployed(Timers(clock), metrics=metrics, parameters={"DoubleOptIn": "no", **parameters}) as cloud,
    ):
        yield Shop(cloud, Recorder(cloud))


@pytest.fixture
def shop(deployment: Shop) -> Iterator[Shop]:
    """The shop of this file, a day after the test before or more, in the morning. Afterwards its shoppers want no mail
    any more.
    """
    deployment.shoppers.clear()
    deployment.wait_for_another_morning()
    yield deployment
    for shopper in deployment.shoppers:
        shopper.decides(consent=False)
    assert deployment.cloud.dead_letters() == []


@pytest.fixture
def enter(shop: Shop) -> Callable[[str, Shopper], None]:
    """Lets a new shopper enter the journey of that name, and no other."""

    def into(journey: str, shopper: Shopper) -> None:
        match journey:
            case "welcome":
                shopper.signs_up()
            case "cart":
                shopper.is_known()
                shopper.adds("teapot")
                shop.wait(HOUR)
            case "winback":
                shopper.is_known()
                shopper.orders("tea")
                shop.wait(90 * DAY)
            case "birthday":
                shopper.is_known(birthday=f"1990-{format_moment(shop.now + 2 * DAY)[5:10]}")
        assert len(shopper.executions(journey)) == 1

    return into


@pytest.fixture
def unsubscribe_path() -> Callable[[Mail], str]:
    """The path of the link that a mail's List-Unsubscribe header names."""

    def path(mail: Mail) -> str:
        match = re.fullmatch(r"<https://[^/]+(/[^>]+)>", dict(mail.headers)["List-Unsubscribe"])
        assert match is not None
        return match[1]

    return path
