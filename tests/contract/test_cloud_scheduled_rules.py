"""Rules of EventBridge with a schedule: every target gets its own input, and what would not be honoured is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from homing.domain.moments import HOUR
from local.cloud import Cloud, TemplateError, Unsupported
from local.timers import Timers, VirtualClock

TICK = Path(__file__).parents[1] / "cloud_fixture/functions/tick"
START = 1_700_000_000_000
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}, "QueryLanguage": "JSONata"}
Deploy = Callable[..., Cloud]


def target(name: str, **more: Any) -> dict[str, Any]:
    return {"Id": name, "Arn": {"Fn::GetAtt": ["Tick", "Arn"]}, **more}


@pytest.fixture
def deploy(tmp_path: Path) -> Any:
    """Deploys a rule with these properties, a function and a state machine; until the end of the test."""
    clouds = []

    def deployed(*targets: Any, **properties: Any) -> Cloud:
        (tmp_path / "tick").symlink_to(TICK)
        (tmp_path / "machine.asl.yaml").write_text(yaml.safe_dump(MACHINE))
        rule = {"ScheduleExpression": "rate(1 hour)", "Targets": list(targets), **properties}
        function = {"CodeUri": "tick", "Handler": "app.handler", "Runtime": "python3.13"}
        machine = {"DefinitionUri": "machine.asl.yaml", "Role": "arn:aws:iam::123456789012:role/machine"}
        resources = {
            "Rule": {"Type": "AWS::Events::Rule", "Properties": {k: v for k, v in rule.items() if v is not None}},
            "Tick": {"Type": "AWS::Serverless::Function", "Properties": function},
            "Machine": {"Type": "AWS::Serverless::StateMachine", "Properties": machine},
        }
        template = tmp_path / "template.yaml"
        template.write_text(yaml.safe_dump({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
        clouds.append(Cloud.deploy(template, timers=Timers(clock)))
        return clouds[-1]

    with VirtualClock(START) as clock:
        yield deployed
        for cloud in clouds:
            cloud.close()


def test_each_target_gets_its_own_input_at_each_time(deploy: Deploy) -> None:
    cloud = deploy(target("One", Input='{"shard": 1}'), target("Two", Input='{"shard": 2}'))
    cloud.advance_to(START + 2 * HOUR)
    assert cloud.logs("Tick") == ('tick {"shard": 1}', 'tick {"shard": 2}') * 2


def test_one_target_alone_can_be_fired_by_its_id(deploy: Deploy) -> None:
    cloud = deploy(target("One", Input='{"shard": 1}'), target("Two", Input='{"shard": 2}'))
    cloud.disable_schedule("Rule")
    cloud.fire_schedule("Rule", "Two")
    cloud.advance_to(START + 2 * HOUR)
    assert cloud.logs("Tick") == ('tick {"shard": 2}',)
    with pytest.raises(KeyError, match="Three"):
        cloud.fire_schedule("Rule", "Three")


def test_without_an_input_it_gets_eventbridges_own_event(deploy: Deploy) -> None:
    cloud = deploy(target("One"))
    cloud.advance_to(START + HOUR)
    [line] = cloud.logs("Tick")
    assert '"source": "aws.events"' in line
    assert '"detail": {}' in line


def test_a_state_machine_may_be_a_target(deploy: Deploy) -> None:
    cloud = deploy({"Id": "Machine", "Arn": {"Ref": "Machine"}, "RoleArn": "arn:aws:iam::1:role/r", "Input": '{"a":1}'})
    cloud.advance_to(START + HOUR)
    assert [run.input for run in cloud.executions] == ['{"a": 1}']


def test_a_rule_that_is_switched_off_fires_by_hand_only(deploy: Deploy) -> None:
    cloud = deploy(target("One", Input="{}"), State="DISABLED")
    cloud.advance_to(START + 3 * HOUR)
    assert cloud.logs("Tick") == ()
    cloud.fire_schedule("Rule")
    cloud.settle()
    assert cloud.logs("Tick") == ("tick {}",)


@pytest.mark.parametrize(
    ("targets", "properties", "error", "message"),
    [
        ([target("One", InputPath="$.detail")], {}, Unsupported, "Rule: InputPath"),
        ([target("One", InputTransformer={"InputTemplate": "x"})], {}, Unsupported, "Rule: InputTransformer"),
        ([target("One")], {"EventPattern": {"source": ["aws.states"]}}, Unsupported, "Rule.*pattern"),
        (
            [target("One", Input="{}")],
            {"EventPattern": {"source": ["aws.states"]}, "ScheduleExpression": None},
            Unsupported,
            "Rule: Input",
        ),
        ([target("One")], {"ScheduleExpression": "at(2030-01-01T00:00:00)"}, TemplateError, "Rule.*rate or a cron"),
        ([target(str(number)) for number in range(6)], {}, TemplateError, "Rule.*5 targets"),
    ],
)
def test_what_is_not_honoured_is_refused(
    deploy: Deploy, targets: list[Any], properties: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        deploy(*targets, **properties)
