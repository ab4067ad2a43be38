"""Tasks that ask AWS's services, and Maps whose iterations are executions of their own."""

from random import Random
from typing import Any

import pytest

from homing.domain.moments import SECOND, Moment
from local.asl import Execution, Interpreter, InvalidDefinition, Status, TaskFailed, UnsupportedFeature, parse
from local.timers import ManualClock, Timers

NEW_YEAR: Moment = 1_767_225_600_000
Definition = dict[str, Any]

DESCRIBE: Definition = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeTable",
    "Arguments": {"TableName": "shop"},
    "End": True,
}
PAUSE: Definition = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 10, "End": True}}}


def distributed(processor: Definition = PAUSE, **fields: Any) -> Definition:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Arguments": {"Bucket": "files", "Prefix": "{% $states.input.folder %}"},
        },
        "ItemProcessor": {"ProcessorConfig": config, **processor},
        "End": True,
        **fields,
    }


def only(state: Definition) -> Definition:
    return {"QueryLanguage": "JSONata", "StartAt": "State", "States": {"State": state}}


class World:
    """A clock, and services whose answers are given in turn; those listed as `files` come in pages of two."""

    def __init__(self, answers: list[Any] | None = None, files: int = 0) -> None:
        self.timers = Timers(ManualClock(NEW_YEAR))
        self.answers = answers or []
        self.files = [f"data/{number}.json.gz" for number in range(files)]
        self.asked: list[tuple[str, str, Any]] = []
        self.interpreter = Interpreter(self.timers, self._invoke, Random(1), self._call)

    def run(self, definition: Definition, data: Any) -> Execution:
        execution = self.interpreter.start(parse(definition), "run", data)
        while self.timers.run_next():
            pass
        return execution

    def _invoke(self, function_name: str, payload: Any) -> Any:
        if payload == function_name:
            raise TaskFailed("Broken", "because")
        return payload

    def _call(self, service: str, action: str, arguments: Any) -> Any:
        self.asked.append((service, action, arguments))
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        start = int(arguments.get("ContinuationToken", 0))
        page = self.files[start : start + 2]
        more = {"NextContinuationToken": str(start + 2)} if start + 2 < len(self.files) else {}
        return {"Contents": [listed(key) for key in page], "IsTruncated": bool(more), **more} if page else {}


def listed(key: str) -> Definition:
    return {"ETag": '"e"', "Key": key, "LastModified": "2026-01-01T00:00:00Z", "Size": 7, "StorageClass": "STANDARD"}


# Tasks that ask a service


def test_a_task_asks_a_service_and_goes_on_with_its_answer() -> None:
    world = World([{"Table": {"ItemCount": 3}}])
    execution = world.run(only({**DESCRIBE, "Output": "{% $states.result.Table.ItemCount %}"}), {})
    assert world.asked == [("dynamodb", "describeTable", {"TableName": "shop"})]
    assert execution.output == 3


def test_a_services_refusal_is_retried_and_caught_by_its_name() -> None:
    refused = TaskFailed("DynamoDb.InternalServerErrorException", "later")
    retry = [{"ErrorEquals": ["DynamoDb.InternalServerErrorException"], "IntervalSeconds": 5}]
    world = World([refused, {"Table": {}}])
    assert world.run(only({**DESCRIBE, "Retry": retry}), {}).status is Status.SUCCEEDED
    assert world.timers.now() == NEW_YEAR + 5 * SECOND


@pytest.mark.parametrize(
    ("state", "refused", "word"),
    [
        ({**DESCRIBE, "Resource": "arn:aws:states:::aws-sdk:ec2:describeInstances"}, UnsupportedFeature, "ec2"),
        ({**DESCRIBE, "Resource": "arn:aws:states:::aws-sdk:dynamodb:explain"}, InvalidDefinition, "explain"),
        ({**DESCRIBE, "Resource": "arn:aws:states:::aws-sdk:dynamodb:DescribeTable"}, InvalidDefinition, "Describe"),
        ({**DESCRIBE, "Resource": f"{DESCRIBE['Resource']}.waitForTaskToken"}, InvalidDefinition, "TaskToken"),
        ({**DESCRIBE, "Arguments": {"Table": "shop"}}, InvalidDefinition, "Table"),
        ({**DESCRIBE, "TimeoutSeconds": 5}, UnsupportedFeature, "timeout"),
        (distributed(ItemBatcher={}), UnsupportedFeature, "ItemBatcher"),
        (distributed(ResultWriter={}), UnsupportedFeature, "ResultWriter"),
        (distributed(ToleratedFailurePercentage=5), UnsupportedFeature, "ToleratedFailurePercentage"),
        (distributed(Items=[1]), UnsupportedFeature, "ItemReader"),
        (
            distributed(ItemReader={"Resource": "arn:aws:states:::s3:getObject", "Arguments": {}}),
            UnsupportedFeature,
            "getObject",
        ),
        (distributed(ItemProcessor={**PAUSE, "ProcessorConfig": {"Mode": "WIDE"}}), InvalidDefinition, "WIDE"),
    ],
)
def test_what_is_not_known_of_services_and_distributed_maps_is_refused_by_name(
    state: Definition, refused: type[Exception], word: str
) -> None:
    with pytest.raises(refused, match=word):
        parse(only(state))


# Maps in distributed mode


def test_each_listed_object_is_an_execution_of_its_own() -> None:
    world = World(files=5)
    selector = {"key": "{% $states.context.Map.Item.Value.Key %}", "size": "{% $states.context.Map.Item.Value.Size %}"}
    execution = world.run(only(distributed(ItemSelector=selector)), {"folder": "data/"})
    assert [call[2].get("ContinuationToken") for call in world.asked] == [None, "2", "4"]
    assert execution.output == [{"key": key, "size": 7} for key in world.files]
    assert [child.input["key"] for child in execution.children] == world.files
    assert {child.status for child in execution.children} == {Status.SUCCEEDED}
    assert [name for _, name in execution.entered] == ["State"]
    assert [[name for _, name in child.entered] for child in execution.children] == [["Pause"]] * 5


def test_transitions_of_children_are_billed_and_no_part_of_their_parents_history() -> None:
    execution = World(files=5).run(only(distributed()), {"folder": "data/"})
    assert (execution.transitions, execution.billed_transitions) == (1, 6)


def test_as_many_children_run_at_once_as_they_may() -> None:
    world = World(files=5)
    execution = world.run(only(distributed(MaxConcurrency=2)), {"folder": "data/"})
    assert [child.started_at - NEW_YEAR for child in execution.children] == [0, 0, *([10 * SECOND] * 2), 20 * SECOND]


def test_nothing_listed_gives_nothing() -> None:
    assert World().run(only(distributed()), {"folder": "data/"}).output == []


def test_one_childs_failure_fails_the_map_and_ends_the_others() -> None:
    breaking: Definition = {
        "StartAt": "Break",
        "States": {
            "Break": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "data/1.json.gz", "Payload": "{% $states.input.Key %}"},
                "Next": "Pause",
            },
            **PAUSE["States"],
        },
    }
    execution = World(files=3).run(only(distributed(breaking)), {"folder": "data/"})
    assert (execution.status, execution.error) == (Status.FAILED, "States.ExceedToleratedFailureThreshold")
    assert [child.status for child in execution.children] == [Status.ABORTED, Status.FAILED]
    assert execution.children[1].error == "Broken"


def test_a_folder_that_cannot_be_listed_fails_the_map_by_name() -> None:
    execution = World([TaskFailed("S3.NoSuchBucketException", "none")]).run(only(distributed()), {"folder": "data/"})
    assert execution.error == "States.ItemReaderFailed"
    assert execution.cause == "S3.NoSuchBucketException: none"


def test_the_outputs_of_all_children_together_are_limited() -> None:
    telling: Definition = {
        "StartAt": "Tell",
        "States": {"Tell": {"Type": "Pass", "Output": "x" * 100_000, "End": True}},
    }
    execution = World(files=3).run(only(distributed(telling)), {"folder": "data/"})
    assert execution.error == "States.DataLimitExceeded"


def test_a_child_reads_no_variables_of_its_parent() -> None:
    reading: Definition = {
        "StartAt": "Read",
        "States": {"Read": {"Type": "Pass", "Output": "{% $told %}", "End": True}},
    }
    tell = {"Type": "Pass", "Assign": {"told": 1}, "Next": "State"}
    definition = only(distributed(reading))
    definition = {**definition, "StartAt": "Tell", "States": {"Tell": tell, **definition["States"]}}
    with pytest.raises(InvalidDefinition, match="told"):
        parse(definition)
