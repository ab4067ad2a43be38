"""What the template's things are sent, and what comes of them."""

import json
from pathlib import Path
from typing import Any

import boto3

from local.cloud import Cloud

FIXTURE = Path(__file__).parents[2] / "cloud_fixture" / "template.yaml"
START = 1_700_000_000_000
JSON = {"content-type": "application/json"}


def put(cloud: Cloud, thing: str, **more: Any) -> None:
    response = cloud.http("POST", "/things", headers=JSON, body=json.dumps({"id": thing, **more}))
    assert response.status == 200


def total(cloud: Cloud, thing: str) -> int:
    key = {"pk": {"S": f"T#{thing}"}, "sk": {"S": "TOTAL"}}
    with cloud.seam.unseen():
        item = boto3.client("dynamodb").get_item(TableName=cloud.physical_id("Table"), Key=key).get("Item")
    return int(item["things"]["N"]) if item else 0


def start(cloud: Cloud, name: str, data: str = '{"to": "x@y.example"}') -> str:
    arn: str = boto3.client("stepfunctions").start_execution(
        stateMachineArn=cloud.physical_id("Journey"), name=name, input=data
    )["executionArn"]
    return arn
