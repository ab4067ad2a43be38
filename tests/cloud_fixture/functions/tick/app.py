"""Says that it was called."""

import json
from typing import Any


def handler(event: dict[str, Any], _context: Any) -> Any:
    print("tick", json.dumps(event, sort_keys=True))
    if event.get("crash"):
        raise RuntimeError("told to")
