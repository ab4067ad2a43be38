"""Says that it was called."""

import json


def handler(event, _context):
    print("tick", json.dumps(event, sort_keys=True))
    if event.get("crash"):
        raise RuntimeError("told to")
