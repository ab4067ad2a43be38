"""The sample shop, made smaller, simulated once for all tests that look at what came of it; and the browser of some."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.recompute_agrees import Watcher, random_moments
from local.sample_shop import flawed_lines
from local.simulation import Inputs, Simulation, read_inputs, simulate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Line = dict[str, Any]
SEED, DAYS, SHOPPERS = 7, 180, 20
"""Small, and yet an order ends a run of each journey, and each segment of the second opinion has members."""


@dataclass
class Outcome:
    """A folder that a simulation has written."""

    folder: Path
    simulation: Simulation
    watcher: Watcher

    @property
    def summary(self) -> Line:
        return self.simulation.summary

    @cached_property
    def emails(self) -> list[Line]:
        return self._lines("emails")

    @cached_property
    def runs(self) -> list[Line]:
        return self._lines("runs")

    @cached_property
    def changes(self) -> list[Line]:
        return self._lines("segments")

    @property
    def sent(self) -> list[Line]:
        return [line for line in self.emails if line["outcome"] == "sent"]

    def mail(self, send_id: str) -> EmailMessage:
        path = self.folder / "emails" / f"{send_id}.eml"
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())

    def files(self) -> dict[str, bytes]:
        """What must be the same for the same input: the lines, the table and the mails."""
        paths = [*self.folder.glob("*.jsonl"), *self.folder.glob("*.jsonl.gz"), *self.folder.glob("emails/*.eml")]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in sorted(paths)}

    def _lines(self, name: str) -> list[Line]:
        text = (self.folder / f"{name}.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@dataclass
class Person:
    """All that the input tells of one person, by time: read off the lines, with nothing of Homing's own."""

    messages: list[Line]

    def trait(self, name: str) -> str | None:
        told = [message["traits"][name] for message in self.messages if name in message.get("traits", {})]
        return told[-1] if told else None

    def consents(self, at: str) -> bool:
        """The last decision up to the moment; of two at once the withdrawal."""
        decisions = [
            (message["timestamp"], not message["context"]["consent"]["categoryPreferences"]["marketing"])
            for message in self.messages
            if "context" in message and message["timestamp"] <= at
        ]
        return bool(decisions) and not max(decisions)[1]

    def orders(self, until: str) -> list[str]:
        """The moments of the orders up to and at a moment."""
        return [
            message["timestamp"]
            for message in self.messages
            if message.get("event") == "Order Completed" and message["timestamp"] <= until
        ]

    def cart(self, at: str) -> set[str]:
        """The names of the products in the cart: put in and not taken out since the last order."""
        cart: set[str] = set()
        for message in self.messages:
            if message["timestamp"] > at:
                break
            properties = message.get("properties", {})
            match message.get("event"):
                case "Product Added":
                    cart.add(properties["name"])
                case "Product Removed":
                    cart.discard(properties["name"])
                case "Checkout Started":
                    cart |= {product["name"] for product in properties["products"]}
                case "Order Completed":
                    cart.clear()
        return cart


def people_of(lines: Sequence[str]) -> list[Person]:
    """The persons that the lines tell of: who shares a user, a browser or an address is one."""
    messages = {message["messageId"]: message for message in map(_read, lines) if message is not None}
    persons: dict[str, frozenset[str]] = {}
    for message in messages.values():
        names = _names(message)
        together = names.union(*(persons.get(name, frozenset()) for name in names))
        persons |= dict.fromkeys(together, together)
    told = sorted(messages.values(), key=lambda message: message["timestamp"])
    return [Person([message for message in told if _names(message) <= names]) for names in set(persons.values())]


def _read(line: str) -> Line | None:
    """The message, or None for a line that is none."""
    try:
        message: Line = json.loads(line)
    except ValueError:
        return None
    return message if message["timestamp"][:2] == "20" and _names(message) else None


def _names(message: Line) -> frozenset[str]:
    known = {
        "user": message.get("userId"),
        "browser": message.get("anonymousId"),
        "email": message.get("traits", {}).get("email"),
    }
    return frozenset(f"{kind} {name}" for kind, name in known.items() if name)


Simulate = Callable[[Sequence[str]], Outcome]


@pytest.fixture(scope="session", autouse=True)
def _shop_is_built_once(built_shop: Path) -> None:
    """Every test here stands on it."""


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulate:
    """Simulates lines, as though they stood in a file, for sixty days beyond the last; fifty times, it is looked at."""

    def run(lines: Sequence[str]) -> Outcome:
        folder = tmp_path_factory.mktemp("simulation")
        (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        inputs: Inputs = read_inputs([str(folder / "events.jsonl")])
        (folder / "events.jsonl").unlink()
        watcher = Watcher(random_moments(inputs, times=50, seed=len(lines)))
        return Outcome(folder, simulate(inputs, folder, watch=watcher), watcher)

    return run


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """The sample shop's messages, with lines that are none and lines that are told twice."""
    return list(flawed_lines(SEED, DAYS, SHOPPERS))


@pytest.fixture(scope="session")
def few_lines() -> list[str]:
    """A smaller shop, to be simulated more than once."""
    return list(flawed_lines(seed=3, days=30, shoppers=16))


@pytest.fixture(scope="session")
def few(simulated: Simulate, few_lines: list[str]) -> Outcome:
    """What came of the smaller shop."""
    return simulated(few_lines)


@pytest.fixture(scope="session")
def everybody(lines: list[str]) -> list[Person]:
    """Who the lines tell of, with or without an address."""
    return people_of(lines)


@pytest.fixture(scope="session")
def people(everybody: list[Person]) -> dict[str, Person]:
    """Who has an address, by it."""
    return {email: person for person in everybody if (email := person.trait("email"))}


@pytest.fixture(scope="session")
def outcome(simulated: Simulate, lines: list[str]) -> Outcome:
    """What came of them."""
    return simulated(lines)


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "the tests marked browser need Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
