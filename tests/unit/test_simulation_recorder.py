"""The lines that people and tests read are read off the table's changes and off SES, as they happen."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from homing.adapters.generations import TableGenerations
from homing.adapters.ledger import TableRuns, TableSends
from homing.adapters.profiles import TableProfiles
from homing.adapters.table import Item, Table
from homing.domain.figures import Figures
from homing.domain.generation import Generation
from homing.domain.moments import HOUR, SECOND, parse_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run, Send
from local.cloud import Cloud, Mail
from local.cloud.functions import Outcome
from local.simulation.recorder import Recorder
from local.timers import ManualClock, Timers

START = parse_moment("2026-03-02T10:00:00Z")


class Shop:
    """The adapters writing to a table that only tells its observers."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.tell: Callable[[str, dict[str, Any]], None] = lambda _table, _record: None
        self.tell_mail: Callable[[Mail], None] = lambda _mail: None
        self.tell_answer: Callable[[str, Outcome], None] = lambda _function, _outcome: None
        self.timers = Timers(self.clock)
        self.recorder = Recorder(cast("Cloud", self))
        table = cast("Table", self)
        self.runs, self.sends, self.profiles = TableRuns(table), TableSends(table), TableProfiles(table)
        self.generations = TableGenerations(table)

    def observe_table(self, callback: Callable[[str, dict[str, Any]], None]) -> None:
        self.tell = callback

    def observe_mail(self, callback: Callable[[Mail], None]) -> None:
        self.tell_mail = callback

    def observe_answers(self, callback: Callable[[str, Outcome], None]) -> None:
        self.tell_answer = callback

    def put(self, item: Item, **_condition: Any) -> None:
        keys = {name: item[name] for name in ("pk", "sk")}
        self.tell("Table", {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item}})

    def remove(self, pk: str, sk: str) -> None:
        keys = {"pk": {"S": pk}, "sk": {"S": sk}}
        self.tell("Table", {"eventName": "REMOVE", "dynamodb": {"Keys": keys}})

    def save(self, profile_id: str, *, email: str | None = None, **more: Any) -> None:
        traits = {} if email is None else {"email": (START, email)}
        self.profiles.save(ProfileRecord(profile_id=profile_id, facts=Profile(traits=traits), **more))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def send(send_id: str, at: int = START, **more: Any) -> Send:
    told = {"run_id": "welcome-ada-once", "profile_id": "ada", "journey": "welcome", "step": "greeting"}
    return Send(**{**told, "send_id": send_id, "template": "welcome-greeting", "at": at, "outcome": "sent", **more})


def test_an_intended_mail_is_one_line_with_its_last_outcome(shop: Shop) -> None:
    shop.save("ada", email="ada@post.example")
    shop.sends.record(send("s1", outcome="unknown", reason="no_answer", subject="Welcome"))
    shop.sends.record(send("s1", subject="Welcome"))
    assert shop.recorder.emails() == [
        {
            "at": "2026-03-02T10:00:00Z",
            "profile_id": "ada",
            "email": "ada@post.example",
            "journey": "welcome",
            "step": "greeting",
            "send_id": "s1",
            "outcome": "sent",
            "reason": None,
            "delivery": None,
            "subject": "Welcome",
            "template": "welcome-greeting",
        }
    ]


def test_mails_are_in_the_order_of_their_time_and_then_of_their_ids(shop: Shop) -> None:
    for send_id, at in (("c", START), ("a", START + SECOND), ("b", START)):
        shop.sends.record(send(send_id, at))
    assert [line["send_id"] for line in shop.recorder.emails()] == ["b", "c", "a"]


def test_the_address_is_the_one_that_the_mail_went_to_even_if_the_shopper_has_another_now(shop: Shop) -> None:
    shop.save("ada", email="new@post.example")
    shop.sends.record(send("s1"))
    shop.tell_mail(cast("Mail", SimpleNamespace(to=["old@post.example"], tags={"send_id": "s1"})))
    assert shop.recorder.emails()[0]["email"] == "old@post.example"


def test_a_mail_that_did_not_go_is_told_with_the_address_of_the_profile_that_its_own_became_part_of(shop: Shop) -> None:
    shop.save("device", joined_to="form")
    shop.save("form", joined_to="ada")
    shop.save("ada", email="ada@post.example")
    shop.sends.record(send("s1", profile_id="device", outcome="skipped", reason="ordered"))
    shop.sends.record(send("s2", profile_id="nobody", outcome="skipped", reason="ordered"))
    assert [line["email"] for line in shop.recorder.emails()] == ["ada@post.example", None]


def test_a_change_of_membership_is_a_line_at_the_moment_of_the_change(shop: Shop) -> None:
    shop.save("ada", segments={"recent": START, "leads": START})
    shop.clock.move_to(START + HOUR)
    shop.save("ada", segments={"recent": START})
    shop.save("ada", segments={"recent": START}, version=1)
    shop.save("ada", segments={"lapsed": START + HOUR})
    changes = [(line["at"][11:13], line["segment"], line["change"]) for line in shop.recorder.changes]
    assert changes == [
        ("10", "leads", "entered"),
        ("10", "recent", "entered"),
        ("11", "leads", "left"),
        ("11", "lapsed", "entered"),
        ("11", "recent", "left"),
    ]
    assert shop.recorder.members() == {"lapsed": 1}


def test_a_profile_that_has_become_part_of_another_is_none_any_more(shop: Shop) -> None:
    shop.save("device", segments={"cart_abandoners": START})
    shop.save("device", joined_to="ada")
    shop.save("ada", segments={"cart_abandoners": START})
    assert [record.profile_id for record in shop.recorder.profiles()] == ["ada"]
    assert shop.recorder.members() == {"cart_abandoners": 1}


def test_a_run_is_running_until_it_has_ended(shop: Shop) -> None:
    ada = Run(journey="welcome", profile_id="ada", entry="once", started_at=START)
    shop.runs.begin(ada)
    shop.runs.begin(Run(journey="cart", profile_id="ada", entry="7", started_at=START - HOUR))
    assert [(line["run_id"], line["ended"]) for line in shop.recorder.runs()] == [
        ("cart-ada-7", "running"),
        ("welcome-ada-once", "running"),
    ]
    shop.runs.begin(ada.model_copy(update={"ended": "exited", "reason": "ordered", "ended_at": START + HOUR}))
    assert shop.recorder.runs()[1] == {
        "run_id": "welcome-ada-once",
        "journey": "welcome",
        "profile_id": "ada",
        "started_at": "2026-03-02T10:00:00Z",
        "ended_at": "2026-03-02T11:00:00Z",
        "ended": "exited",
        "reason": "ordered",
    }


def test_what_expires_stays_in_the_files_and_other_items_are_none_of_their_business(shop: Shop) -> None:
    shop.sends.record(send("s1"))
    shop.remove("P#ada", "SEND#s1")
    shop.put({"pk": {"S": "SHOP"}, "sk": {"S": "SHELF"}, "body": {"S": "{}"}})
    assert [line["send_id"] for line in shop.recorder.emails()] == ["s1"]


def test_each_generation_is_one_line_with_the_figures_that_count_from_then_on(shop: Shop) -> None:
    shop.generations.switch(Generation(number=1, rules={}))
    shop.clock.move_to(START + HOUR)
    figures = Figures(computed_at=START, tops={"orders.revenue top 10": 120.5})
    shop.generations.switch(Generation(number=2, rules={}, figures=figures))
    assert shop.recorder.figures == [
        {"at": "2026-03-02T10:00:00Z", "number": 1, "computed_at": "1970-01-01T00:00:00Z", "tops": {}},
        {
            "at": "2026-03-02T11:00:00Z",
            "number": 2,
            "computed_at": "2026-03-02T10:00:00Z",
            "tops": {"orders.revenue top 10": 120.5},
        },
    ]


def test_the_rows_of_scheduled_looks_add_up_and_a_failed_look_has_none(shop: Shop) -> None:
    look = {"due_rows": 3, "profiles": 2, "changed": 1, "more": False}
    for function, outcome in (
        ("SegmentsFunction", Outcome(look)),
        ("SegmentsFunction", Outcome(look)),
        ("SegmentsFunction", Outcome(error={"errorType": "Conflict"})),
        ("PagesFunction", Outcome({"statusCode": 200})),
    ):
        shop.tell_answer(function, outcome)
    assert shop.recorder.looks == {"due_rows": 6, "profiles": 4, "changed": 2}
