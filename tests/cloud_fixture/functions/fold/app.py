"""Counts each thing into its total, and starts a journey for it."""

import json
import os
from typing import Any

import fixture  # type: ignore[import-not-found] # a layer's, on no path of the host
from fixture.aws import client  # type: ignore[import-not-found] # a layer's, on no path of the host


def handler(event: dict[str, Any], context: Any) -> Any:
    fixture.calls[context.function_name] += 1
    failures = []
    for record in event["Records"]:
        thing = json.loads(record["dynamodb"]["NewImage"]["body"]["S"])
        if thing.get("crash"):
            raise ValueError("crashed on " + thing["id"])
        if thing.get("fail"):
            failures.append({"itemIdentifier": record["dynamodb"]["SequenceNumber"]})
            break
        _count(thing)
        if "to" in thing:
            _start(thing)
    return {"batchItemFailures": failures}


def _count(thing: dict[str, Any]) -> None:
    client("dynamodb").update_item(
        TableName=os.environ["TABLE"],
        Key={"pk": {"S": f"T#{thing['id']}"}, "sk": {"S": "TOTAL"}},
        UpdateExpression="ADD things :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def _start(thing: dict[str, Any]) -> None:
    try:
        client("stepfunctions").start_execution(
            stateMachineArn=os.environ["MACHINE"], name=thing["id"], input=json.dumps({"to": thing["to"]})
        )
    except client("stepfunctions").exceptions.ExecutionAlreadyExists:
        pass
