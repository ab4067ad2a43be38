"""Notes what SES says of a mail."""

import json
import os
from typing import Any

from fixture.aws import client  # type: ignore[import-not-found] # a layer's, on no path of the host


def handler(event: dict[str, Any], _context: Any) -> Any:
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
