"""Says which execution ended, and how."""


def handler(event, _context):
    print(event["detail"]["name"], event["detail"]["status"])
