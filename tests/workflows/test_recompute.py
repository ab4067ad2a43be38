"""The full recompute, as it is deployed: on the road of small tables, and on that of large ones."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from homing.adapters.profiles import PROFILE_KEY
from homing.domain.moments import DAY, HOUR, MINUTE, SECOND
from local.asl.files import load
from local.cloud import Killed, Refusal
from local.cloud.exports import TAKES
from local.cloud.workflows import Run
from local.simulation.deployment import ROOT

if TYPE_CHECKING:
    from tests.workflows.conftest import OpenShop, Shop, Shopper

ROADS = {"small": "1000000", "large": "0"}
REGULARS = {"orders.count": {"at_least": 2}}
BEST = {"orders.revenue": {"top": "50 %"}}
LETTING_OTHERS_FINISH = 1_020 * SECOND
_NAMES = count(1)

each_road = pytest.mark.parametrize("road", ROADS)


@pytest.fixture
def open_on(open_shop: "OpenShop") -> Callable[[str], Any]:
    """Opens a shop whose table is small or large."""

    @contextmanager
    def opened(road: str) -> Iterator["Shop"]:
        with open_shop(SmallTableItems=ROADS[road]) as shop:
            yield shop
            assert shop.cloud.dead_letters() == []

    return opened


# What a test does


def recompute(shop: "Shop", *, preview: bool = False) -> Run:
    """An execution of the state machine, at its end."""
    run = begin(shop, preview=preview)
    shop.wait(6 * HOUR)
    return run


def begin(shop: "Shop", *, preview: bool = False) -> Run:
    (arn,) = [machine.arn for machine in shop.cloud.workflows.machines.values() if "recompute" in machine.name]
    name = f"by-hand-{next(_NAMES)}"
    text = json.dumps({"reason": "rules", "preview": preview})
    shop.cloud.workflows.start({"stateMachineArn": arn, "name": name, "input": text})
    return next(run for run in shop.cloud.executions if run.execution.name == name)


def deploy_rules(shop: "Shop", **segments: Any) -> None:
    """As a deploy brings them: these segments beside those of the shop's files, for the recompute to find."""
    path = Path(shop.cloud.functions._environment["SHOP_DIR"]) / "shop.json"
    files = json.loads(path.read_text("utf-8"))
    files["segments"]["segments"] |= segments
    for name in [name for name, rule in segments.items() if rule is None]:
        del files["segments"]["segments"][name]
    path.write_text(json.dumps(files), "utf-8")
    shop.cloud.functions.cool("RecomputeFunction")


def three_shoppers(shop: "Shop") -> tuple["Shopper", "Shopper", "Shopper"]:
    """Two orders, one, and none."""
    ada, bob, eve = (shop.shopper() for _ in range(3))
    for shopper in (ada, bob, eve):
        shopper.is_known()
    ada.orders("tea", "pot", "cup")
    shop.wait(DAY)
    ada.orders("tea")
    bob.orders("tea")
    shop.wait(HOUR)
    return ada, bob, eve


@contextmanager
def written(shop: "Shop") -> Iterator[Counter[str]]:
    """How often the recompute writes each kind of item meanwhile: by sort key, profiles by their ids."""
    seen: Counter[str] = Counter()

    def see(_table: str, record: dict[str, Any]) -> None:
        if not recomputes(shop):
            return
        keys = record["dynamodb"]["Keys"]
        seen[keys["pk"]["S"].removeprefix("P#") if keys["sk"]["S"] == PROFILE_KEY else keys["sk"]["S"]] += 1

    shop.cloud.observe_table(see)
    yield seen
    shop.cloud.database.observers.remove(see)


def recomputes(shop: "Shop") -> bool:
    """Whether the function that runs now is the recompute's."""
    running = shop.cloud.functions.running
    return running is not None and running.logical_id == "RecomputeFunction"


def memberships(shop: "Shop") -> dict[str, list[str]]:
    return {record.profile_id: sorted(record.segments) for record in shop.recorder.profiles()}


# What comes of it


@each_road
def test_new_rules_are_applied_to_everybody_and_told_in_sums(open_on: Any, road: str) -> None:
    with open_on(road) as shop:
        ada, bob, eve = three_shoppers(shop)
        deploy_rules(shop, regulars=REGULARS, best=BEST)
        run = recompute(shop)
        assert "regulars" in ada.segments()
        assert "regulars" not in bob.segments() | eve.segments()
        assert [shopper for shopper in (ada, bob, eve) if "best" in shopper.segments()] == [ada]
        told = run.execution.output
        assert (told["profiles"], told["overtaken"]) == (3, 0)
        assert told["segments"]["regulars"] == {"members": 0, "entering": 1, "leaving": 0}
        deploy_rules(shop, regulars={"orders.count": 1})
        told = recompute(shop).execution.output
        assert told["segments"]["regulars"] == {"members": 1, "entering": 1, "leaving": 1}
        assert "regulars" in bob.segments()
        assert "regulars" not in ada.segments()


def test_both_roads_and_the_incremental_one_come_to_the_same(open_on: Any) -> None:
    ways = {}
    for road in ROADS:
        with open_on(road) as shop:
            shoppers = three_shoppers(shop)
            deploy_rules(shop, regulars=REGULARS, best=BEST)
            recompute(shop)
            ways[road] = [memberships(shop)[shopper.profile_id] for shopper in shoppers]
    with open_on("small") as shop:
        deploy_rules(shop, regulars=REGULARS, best=BEST)
        recompute(shop)
        shoppers = three_shoppers(shop)
        recompute(shop)
        ways["incremental"] = [memberships(shop)[shopper.profile_id] for shopper in shoppers]
    assert ways["small"] == ways["large"] == ways["incremental"]
    assert "regulars" in ways["small"][0]


@each_road
def test_only_who_differs_is_written_once_and_nobodys_runs_change(open_on: Any, road: str) -> None:
    with open_on(road) as shop:
        ada, _, _ = three_shoppers(shop)
        recompute(shop)
        runs = shop.recorder.runs()
        deploy_rules(shop, regulars=REGULARS)
        with written(shop) as writes:
            recompute(shop)
        assert writes[ada.profile_id] == 1
        assert sum(writes[record.profile_id] for record in shop.recorder.profiles()) == 1
        assert shop.recorder.runs() == runs
        changes = [line for line in shop.recorder.changes if line["segment"] == "regulars"]
        assert [(line["profile_id"], line["change"]) for line in changes] == [(ada.profile_id, "entered")]


@each_road
def test_the_same_again_writes_no_profile(open_on: Any, road: str) -> None:
    with open_on(road) as shop:
        three_shoppers(shop)
        deploy_rules(shop, regulars=REGULARS)
        recompute(shop)
        with written(shop) as writes:
            told = recompute(shop).execution.output
        assert told["differing"] == 0
        assert writes.keys() <= {"GENERATION"}


@each_road
def test_a_preview_writes_nothing_and_tells_who_would_enter_and_leave(open_on: Any, road: str) -> None:
    with open_on(road) as shop:
        three_shoppers(shop)
        recompute(shop)
        deploy_rules(shop, regulars=REGULARS, best=BEST)
        with written(shop) as writes:
            run = begin(shop, preview=True)
            shop.wait(10 * MINUTE)
        assert writes == {}
        told = run.execution.output
        assert told["segments"]["regulars"] == {"members": 0, "entering": 1, "leaving": 0}
        assert told["segments"]["best"] == {"members": 0, "entering": 1, "leaving": 0}
        assert (told["written"], told["overtaken"]) == (0, 0)


@each_road
def test_what_is_written_between_the_reading_and_the_writing_stays_right(open_on: Any, road: str) -> None:
    """Bob orders again when his profile has been read for the last time and not yet been written."""
    with open_on(road) as shop:
        _, bob, _ = three_shoppers(shop)
        deploy_rules(shop, once={"orders.count": 1})
        begun = shop.now
        run = begin(shop)
        if road == "large":
            shop.wait_until(begun + TAKES + MINUTE + LETTING_OTHERS_FINISH + 2 * MINUTE)
            bob.orders("cup")
        else:
            order_when_saved(shop, bob)
        shop.wait(6 * HOUR)
        assert run.execution.output["overtaken"] == 1
        assert "once" not in bob.segments()


def order_when_saved(shop: "Shop", shopper: "Shopper") -> None:
    """Lets the shopper order just before the recompute's second write: the first one switches the generation."""
    writes = count(1)

    def hook(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("PutItem", "before") and recomputes(shop) and next(writes) == 2:
            shop.post(shopper.order("cup"))
            shop.cloud.settle()

    shop.cloud.on_call(hook)


@each_road
def test_a_second_execution_meanwhile_does_no_harm(open_on: Any, road: str) -> None:
    with open_on(road) as shop:
        ada, _, _ = three_shoppers(shop)
        deploy_rules(shop, regulars=REGULARS)
        with written(shop) as writes:
            first = begin(shop)
            shop.wait(MINUTE)
            second = begin(shop)
            shop.wait(6 * HOUR)
        assert first.execution.output["superseded_by"] == second.execution.output["generation"]
        assert "superseded_by" not in second.execution.output
        assert writes[ada.profile_id] == 1
        assert "regulars" in ada.segments()


@each_road
def test_a_death_after_any_write_is_made_good(open_on: Any, road: str) -> None:
    """All boundaries of all calls are killed at in tests/unit/test_usecase_recompute.py."""
    with open_on(road) as shop:
        ada, bob, _ = three_shoppers(shop)
        wrong = {}
        for death in count(1):
            segment = f"segment_{death}"
            deploy_rules(shop, **{segment: REGULARS, f"segment_{death - 1}": None})
            calls: list[str] = []
            with written(shop) as writes, shop.faulted(dying_after(shop, death, calls)):
                run = recompute(shop)
            if len(calls) < death:
                break
            right = segment in ada.segments() and segment not in bob.segments()
            if not right or writes[ada.profile_id] != 1 or run.execution.status.value != "SUCCEEDED":
                wrong[death] = calls[death - 1], writes[ada.profile_id], run.execution.status
        assert wrong == {}
        assert death > {"small": 4, "large": 10}[road]


def dying_after(shop: "Shop", death: int, calls: list[str]) -> Callable[[str, str, str], None]:
    """Notes the recompute's writes, and kills the function after one of them, counted from 1."""

    def dies(service: str, operation: str, phase: str) -> None:
        if phase == "after" and operation in {"PutItem", "PutObject"} and recomputes(shop):
            calls.append(f"{service}.{operation}")
            if len(calls) == death:
                raise Killed

    return dies


# The machine itself


def test_every_state_is_entered(open_on: Any) -> None:
    entered: set[str] = set()
    for road in ROADS:
        with open_on(road) as shop:
            three_shoppers(shop)
            runs = [recompute(shop), recompute(shop, preview=True), *failing(shop, road)]
            entered |= {name for run in runs for name in states(run)}
    machine = load(ROOT / "statemachines/recompute.asl.yaml")
    assert set(names(machine)) - entered == set()


def failing(shop: "Shop", road: str) -> Iterator[Run]:
    """Executions that end in each of the failures that the machine knows."""

    def refuse(service: str, operation: str, phase: str) -> None:
        if phase == "before" and (service, operation) in {("s3", "PutObject"), ("dynamodb", "Scan")}:
            raise Refusal("InternalError", "all is lost", status=500)

    with shop.faulted(refuse):
        run = recompute(shop)
    assert run.execution.error == "RecomputeFailed"
    yield run
    if road == "large":
        failed = {"ExportStatus": "FAILED", "FailureCode": "S3NoSuchBucket", "FailureMessage": "gone"}
        shop.cloud.seam.answer("dynamodb", "DescribeExport", lambda _: {"ExportDescription": failed})
        run = recompute(shop)
        assert (run.execution.error, run.execution.cause) == ("ExportFailed", "S3NoSuchBucket: gone")
        yield run


def states(run: Run) -> Iterator[str]:
    for execution in [run.execution, *run.execution.children]:
        yield from (name for _, name in execution.entered)


def names(machine: Any) -> Iterator[str]:
    for name, state in machine["States"].items():
        yield name
        if "ItemProcessor" in state:
            yield from names(state["ItemProcessor"])
