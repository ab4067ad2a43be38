"""Notes what SES says of a mail."""

import json
import os

from fixture.aws import client


def handler(event, _context):
    failures = []
    for record in event["Records"]:
        try:
            heard = json.loads(record["body"])
            key = {"pk": {"S": f"M#{heard['mail']['messageId']}"}, "sk": {"S": heard["eventType"]}}
        except (KeyError, ValueError):
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        tags = {name: {"S": values[0]} for name, values in heard["mail"]["tags"].items()}
        client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={**key, "tags": {"M": tags}})
    return {"batchItemFailures": failures}
