"""Looks at totals and says so."""


def handler(event, _context):
    for record in event["Records"]:
        print("total", record["dynamodb"]["Keys"]["pk"]["S"], record["dynamodb"]["NewImage"]["things"]["N"])
