"""Looks at totals and says so."""

from typing import Any


def handler(event: dict[str, Any], _context: Any) -> Any:
    for record in event["Records"]:
        print("total", record["dynamodb"]["Keys"]["pk"]["S"], record["dynamodb"]["NewImage"]["things"]["N"])
