"""Puts each thing once; shows a thing."""

import json
import os
from typing import Any

import fixture  # type: ignore[import-not-found] # a layer's, on no path of the host
from fixture.aws import client  # type: ignore[import-not-found] # a layer's, on no path of the host


def handler(event: dict[str, Any], context: Any) -> Any:
    fixture.calls[context.function_name] += 1
    table = os.environ["TABLE"]
    if event["routeKey"] == "GET /things/{id}":
        thing = event["pathParameters"]["id"]
        found = client("dynamodb").get_item(TableName=table, Key=_key(thing)).get("Item")
        return {"statusCode": 200 if found else 404, "body": json.dumps(found)}
    thing = json.loads(event["body"])
    item = {**_key(thing["id"]), "body": {"S": json.dumps(thing)}}
    try:
        client("dynamodb").put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except client("dynamodb").exceptions.ConditionalCheckFailedException:
        return {"statusCode": 200, "body": "again"}
    return {"statusCode": 200, "body": os.environ["GREETING"], "headers": {"X-Calls": dict(fixture.calls)}}


def _key(thing: str) -> dict[str, Any]:
    return {"pk": {"S": f"T#{thing}"}, "sk": {"S": f"THING#{thing}"}}
