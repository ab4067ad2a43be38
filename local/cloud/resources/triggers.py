"""What starts functions and state machines by itself: schedules, and rules of the event bus."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from local.cloud.errors import Unsupported
from local.cloud.events import Rule
from local.cloud.patterns import compile_pattern
from local.cloud.resources.kinds import Kind, Properties, named, nameless
from local.cloud.schedule_expressions import parse_expression
from local.cloud.schedules import Schedule

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _make_schedule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    _, attributes = cloud.identity(logical_id)
    target = properties["Target"]
    if unknown := sorted(set(target) - {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} of a schedule's target")
    if dead_letters := target.get("DeadLetterConfig", {}).get("Arn"):
        cloud.queues.mark_dead_letters(dead_letters)
    cloud.schedules.add(
        Schedule(
            logical_id=logical_id,
            arn=attributes["Arn"],
            following=parse_expression(
                properties["ScheduleExpression"], properties.get("ScheduleExpressionTimezone", "UTC")
            ),
            start=_starting(cloud, target["Arn"]),
            input=target.get("Input"),
            enabled=properties.get("State", "ENABLED") == "ENABLED",
        )
    )


def _starting(cloud: "Cloud", arn: str) -> Callable[[Any], object]:
    """Starts a schedule's target: an execution of a state machine, or a function some time soon."""
    if arn in cloud.workflows.machines:
        return lambda event: cloud.workflows.start({"stateMachineArn": arn, "input": json.dumps(event)})
    return partial(cloud.invocations.submit, cloud.functions.find(arn))


def _make_rule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if properties.get("EventBusName", "default") != "default":
        raise Unsupported(f"{logical_id}: an event bus of its own")
    if properties.get("State", "ENABLED") != "ENABLED":
        return
    functions, queue_arns = [], []
    for target in properties["Targets"]:
        if unknown := sorted(set(target) - {"Arn", "Id", "RetryPolicy", "DeadLetterConfig", "RoleArn"}):
            raise Unsupported(f"{logical_id}: {', '.join(unknown)} of a rule's target")
        if dead_letters := target.get("DeadLetterConfig", {}).get("Arn"):
            cloud.queues.mark_dead_letters(dead_letters)
        if target["Arn"] in cloud.queues.by_arn:
            queue_arns.append(target["Arn"])
        else:
            functions.append(cloud.functions.find(target["Arn"]))
    matches = compile_pattern(properties["EventPattern"])
    cloud.bus.rules.append(Rule(logical_id, matches, functions, queue_arns))


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
        acts_on=frozenset({"Name", "EventPattern", "State", "Targets", "EventBusName"}),
        inert=frozenset({"Description", "RoleArn"}),
    ),
}
