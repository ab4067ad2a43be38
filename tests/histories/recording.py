"""Records a run of each journey whose definition has changed: `python -m tests.histories.recording`.

An execution keeps its definition until it ends, weeks after a deploy, and calls the functions of the day. So for each
version of the definitions there is a folder here, named by its date, with a history of each journey: what the
execution was given, what each task was asked and answered, and the items that the table held before the first mail and
before the second. `test_old_runs.py` lets them run on under the code of today.

A version may be deleted once the last run of it has ended.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homing.domain.moments import DAY, format_moment, parse_moment
from local.cloud import Cloud
from local.cloud.functions import Function, Outcome
from local.cloud.inside_moto import Attributes
from local.simulation.deployment import ROOT, deployed
from local.simulation.exact_schedule import look_exactly_when_due
from local.timers import Timers, VirtualClock

HISTORIES = Path(__file__).parent
OPENING = parse_moment("2026-03-02T22:30:00Z")
"""In the evening: where a mail is due a number of days later, it is due when shoppers sleep."""
CLIENT = {"authorization": "Basic bG9jYWw6", "content-type": "application/json"}
SHOPPER = {"userId": "user-1"}
ADDRESS = "ada@post.example"

Message = dict[str, Any]
Story = Callable[["Recording"], None]


@dataclass
class Recording:
    """A deployed shop with one shopper, and what the send function was asked and answered."""

    cloud: Cloud
    tasks: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, list[Attributes]] = field(default_factory=dict)
    """All items of the table as they stood when each step was first asked for, in order."""

    def hear(self, kind: str, event: str | None = None, **more: Any) -> None:
        """A message of the shopper, and all that follows from it at this moment."""
        hear(self.cloud, kind, event, **more)

    def wait(self, duration: int) -> None:
        self.cloud.advance_to(self.cloud.timers.now() + duration)

    def agrees(self, *, ago: int = 0, **traits: str) -> None:
        """Agrees to marketing, now or some time ago."""
        at = self.cloud.timers.now() - ago
        consent = {"consent": {"categoryPreferences": {"marketing": True}}}
        told = {"email": ADDRESS, "firstName": "Ada", **traits}
        self.hear("identify", traits=told, context=consent, timestamp=format_moment(at))


def hear(cloud: Cloud, kind: str, event: str | None = None, **more: Any) -> None:
    """A message of the shopper, and all that follows from it at this moment."""
    now = format_moment(cloud.timers.now())
    named = {} if event is None else {"event": event}
    message = {"messageId": f"{kind}-{event}-{now}", "type": kind, "timestamp": now, **named, **SHOPPER, **more}
    answer = cloud.http("POST", f"/v1/{kind}", headers=CLIENT, body=json.dumps(message))
    assert answer.status == 200, answer.body
    cloud.settle()


def order(cloud: Cloud) -> None:
    """The shopper buys a teapot."""
    number = f"order-{cloud.timers.now()}"
    hear(cloud, "track", "Order Completed", properties={"order_id": number, "total": 20.0, "products": [_TEAPOT]})


def _welcome(shop: Recording) -> None:
    shop.agrees()


def _cart(shop: Recording) -> None:
    shop.agrees(ago=10 * DAY)
    shop.hear("track", "Product Added", properties=_TEAPOT)


def _winback(shop: Recording) -> None:
    shop.agrees(ago=10 * DAY)
    order(shop.cloud)


def _birthday(shop: Recording) -> None:
    shop.agrees(ago=10 * DAY, birthday="1990-03-05")


_TEAPOT = {
    "product_id": "teapot",
    "name": "Finest teapot",
    "category": "Tea",
    "price": 20.0,
    "quantity": 1,
    "currency": "EUR",
    "url": "https://shop.example/teapot",
}
_STORIES: Mapping[str, Story] = {
    "confirmation": _welcome,
    "welcome": _welcome,
    "cart": _cart,
    "winback": _winback,
    "birthday": _birthday,
}


def definitions() -> dict[str, Path]:
    """The definition of each journey of today."""
    paths = {path.name.removesuffix(".asl.yaml"): path for path in sorted((ROOT / "statemachines").glob("*.asl.yaml"))}
    return {journey: path for journey, path in paths.items() if journey != "recompute"}


def machine_of(journey: str) -> str:
    """The logical id of a journey's state machine."""
    return f"{journey.title()}StateMachine"


def record(journey: str) -> dict[str, Any]:
    """A run of the journey to its end, with all its mails. Raises KeyError for a journey without a story."""
    parameters = {"DoubleOptIn": "yes" if journey == "confirmation" else "no"}
    with VirtualClock(OPENING) as clock, deployed(Timers(clock), parameters=parameters) as cloud:
        look_exactly_when_due(cloud)
        shop = Recording(cloud)
        with _watched(shop):
            _STORIES[journey](shop)
            shop.wait(200 * DAY)
        (run,) = [run for run in cloud.executions if run.state_machine.logical_id == machine_of(journey)]
        properties = cloud.template.resources[machine_of(journey)].properties
        before_first, before_second, *_ = [*shop.items.values(), []]
        return {
            "began": format_moment(run.execution.started_at),
            "input": json.loads(run.input),
            "status": run.execution.status.value,
            "substitutions": cloud._resolver.resolve(dict(properties["DefinitionSubstitutions"])),
            "tasks": shop.tasks,
            "items_before_first_mail": before_first,
            "items_before_second_mail": before_second,
        }


@contextmanager
def _watched(shop: Recording) -> Iterator[None]:
    """Notes what the send function is asked and answers, and the table before it."""
    invoke = shop.cloud.functions.invoke

    def watch(function: Function, event: Any) -> Outcome:
        if function.logical_id != "SendFunction":
            return invoke(function, event)
        at = shop.cloud.timers.now()
        shop.items.setdefault(event["step"], items_of(shop.cloud))
        outcome = invoke(function, event)
        error = None if outcome.error is None else outcome.error["errorType"]
        shop.tasks.append({"at": format_moment(at), "payload": event, "result": outcome.value, "error": error})
        return outcome

    with patch.object(shop.cloud.functions, "invoke", watch):
        yield


def items_of(cloud: Cloud) -> list[Attributes]:
    """All items of the table, in the order of their keys."""
    (table,) = (stream.table for stream in cloud.database.streams.values())
    keys = sorted(table.keys(), key=lambda key: [value["S"] for value in key.values()])
    return [image for key in keys if (image := table.image(key)) is not None]


def unrecorded() -> dict[str, Path]:
    """The definition of each journey of which no version is the same."""
    recorded = {path.read_bytes() for path in HISTORIES.glob("*/*.asl.yaml")}
    return {journey: path for journey, path in definitions().items() if path.read_bytes() not in recorded}


def main() -> None:
    """Write each definition that has changed, with a history, to a folder with the date of today."""
    changed = unrecorded()
    if not changed:
        print("nothing has changed")
        return
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    earlier = len(list(HISTORIES.glob(f"{today}*")))
    folder = HISTORIES / (f"{today}.{earlier + 1}" if earlier else today)
    folder.mkdir()
    for journey, path in changed.items():
        (folder / f"{journey}.json").write_text(_readable(record(journey)), encoding="utf-8")
        (folder / path.name).write_bytes(path.read_bytes())
    print(folder)


def _readable(history: Mapping[str, Any]) -> str:
    """As JSON, each task and each item on a line of its own."""
    values = {name: json.dumps(value, sort_keys=True, ensure_ascii=False) for name, value in history.items()}
    for name, value in history.items():
        if isinstance(value, list):
            rows = (json.dumps(row, sort_keys=True, ensure_ascii=False) for row in value)
            values[name] = "[\n    " + ",\n    ".join(rows) + "\n  ]"
    return "{\n" + ",\n".join(f'  "{name}": {value}' for name, value in values.items()) + "\n}\n"


if __name__ == "__main__":
    main()
