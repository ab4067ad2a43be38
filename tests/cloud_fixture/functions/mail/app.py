"""Sends one mail."""

import os
from typing import Any

from fixture.aws import client  # type: ignore[import-not-found] # a layer's, on no path of the host


def handler(event: dict[str, Any], _context: Any) -> Any:
    answer = client("sesv2").send_email(
        FromEmailAddress="Shop <hello@shop.example>",
        Destination={"ToAddresses": [event["to"]]},
        Content={
            "Simple": {
                "Subject": {"Data": "Grüße"},
                "Body": {"Text": {"Data": "Hello"}, "Html": {"Data": "<p>Hello</p>"}},
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://shop.example/unsubscribe/1>"}],
            }
        },
        EmailTags=[{"Name": "send_id", "Value": "s1"}],
        ConfigurationSetName=os.environ["CONFIGURATION_SET"],
    )
    return {"message_id": answer["MessageId"]}
