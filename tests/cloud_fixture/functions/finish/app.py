"""Says which execution ended, and how."""

from typing import Any


def handler(event: dict[str, Any], _context: Any) -> Any:
    print(event["detail"]["name"], event["detail"]["status"])
