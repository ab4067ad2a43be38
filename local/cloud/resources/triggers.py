"""What starts functions and state machines by itself: schedules, and rules of the event bus."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from local.cloud.errors import TemplateError, Unsupported
from local.cloud.events import Rule
from local.cloud.patterns import compile_pattern
from local.cloud.resources.kinds import Kind, Properties, named, nameless
from local.cloud.schedule_expressions import parse_expression
from local.cloud.schedules import EVENTS, SCHEDULER, Schedule, Target

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


MOST_TARGETS: Final = 5
"""Of a rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""


def _make_schedule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    _, attributes = cloud.identity(logical_id)
    target = properties["Target"]
    _check_target(cloud, logical_id, target, frozenset({"Input"}))
    cloud.schedules.add(
        Schedule(
            logical_id=logical_id,
            arn=attributes["Arn"],
            source=SCHEDULER,
            following=parse_expression(
                properties["ScheduleExpression"], properties.get("ScheduleExpressionTimezone", "UTC")
            ),
            targets=[Target("", _giver(cloud, target["Arn"]), target.get("Input"))],
            enabled=properties.get("State", "ENABLED") == "ENABLED",
        )
    )


def _make_rule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if properties.get("EventBusName", "default") != "default":
        raise Unsupported(f"{logical_id}: an event bus of its own")
    if len(properties["Targets"]) > MOST_TARGETS:
        raise TemplateError(f"{logical_id}: a rule has at most {MOST_TARGETS} targets")
    if "ScheduleExpression" in properties:
        _make_scheduled_rule(cloud, logical_id, properties)
    elif properties.get("State", "ENABLED") == "ENABLED":
        _make_pattern_rule(cloud, logical_id, properties)


def _make_scheduled_rule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if "EventPattern" in properties:
        raise Unsupported(f"{logical_id}: a rule with a schedule and a pattern")
    if properties["ScheduleExpression"].startswith("at("):
        raise TemplateError(f"{logical_id}: a rule's schedule is a rate or a cron expression")
    for target in properties["Targets"]:
        _check_target(cloud, logical_id, target, frozenset({"Id", "Input"}))
    cloud.schedules.add(
        Schedule(
            logical_id=logical_id,
            arn=cloud.identity(logical_id)[1]["Arn"],
            source=EVENTS,
            following=parse_expression(properties["ScheduleExpression"]),
            targets=[
                Target(target["Id"], _giver(cloud, target["Arn"]), target.get("Input"))
                for target in properties["Targets"]
            ],
            enabled=properties.get("State", "ENABLED") == "ENABLED",
        )
    )


def _make_pattern_rule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    functions, queue_arns = [], []
    for target in properties["Targets"]:
        _check_target(cloud, logical_id, target, frozenset({"Id"}))
        if target["Arn"] in cloud.queues.by_arn:
            queue_arns.append(target["Arn"])
        else:
            functions.append(cloud.functions.find(target["Arn"]))
    matches = compile_pattern(properties["EventPattern"])
    cloud.bus.rules.append(Rule(logical_id, matches, functions, queue_arns))


def _check_target(cloud: "Cloud", logical_id: str, target: Properties, honoured: frozenset[str]) -> None:
    """Refuses a property that would not be honoured, and makes the target's dead letters known as such."""
    if unknown := sorted(set(target) - {"Arn", "RoleArn", "RetryPolicy", "DeadLetterConfig"} - honoured):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} of a target")
    if dead_letters := target.get("DeadLetterConfig", {}).get("Arn"):
        cloud.queues.mark_dead_letters(dead_letters)


def _giver(cloud: "Cloud", arn: str) -> Callable[[Any], None]:
    """What gives an event to a scheduled target: a state machine, or a function."""
    if arn in cloud.workflows.machines:
        return lambda event: _start_machine(cloud, arn, event)
    return partial(cloud.invocations.submit, cloud.functions.find(arn))


def _start_machine(cloud: "Cloud", arn: str, event: Any) -> None:
    cloud.workflows.start({"stateMachineArn": arn, "input": json.dumps(event)})


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::Scheduler::Schedule": Kind(
        named("Name", "scheduler", "schedule/default/"),
        _make_schedule,
        acts_on=frozenset({"Name", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"}),
        # A flexible window lets Scheduler choose its moment; here it is always the first.
        inert=frozenset({"Description", "FlexibleTimeWindow", "KmsKeyArn"}),
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(nameless, why="a group only holds schedules together"),
    "AWS::Events::Rule": Kind(
        named("Name", "events", "rule/"),
        _make_rule,
        acts_on=frozenset({"Name", "EventPattern", "ScheduleExpression", "State", "Targets", "EventBusName"}),
        inert=frozenset({"Description", "RoleArn"}),
    ),
}
