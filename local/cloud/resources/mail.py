"""SES: identities, configuration sets and where their events go."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from local.cloud.errors import Unsupported
from local.cloud.inside_moto import Topic
from local.cloud.resources.kinds import Identity, Kind, Properties, is_false, named, nameless
from local.cloud.ses import Destination

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _identity_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id, region
    return properties["EmailIdentity"], {
        f"DkimDNSToken{part}{number}": f"{part.lower()}{number}.dkim.amazonses.com"
        for part in ("Name", "Value")
        for number in (1, 2, 3)
    }


def _make_identity(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del logical_id
    cloud.ses.identities.add(properties["EmailIdentity"])


def _make_configuration_set(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    name = cloud.identity(logical_id)[0]
    cloud.ses.configuration_sets.add(name)
    cloud.ses.suppressing[name] = frozenset(properties.get("SuppressionOptions", {}).get("SuppressedReasons", []))


def _make_event_destination(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    destination = properties["EventDestination"]
    if unknown := sorted(set(destination) - {"Name", "Enabled", "MatchingEventTypes", "SnsDestination"}):
        raise Unsupported(f"{logical_id}: event destination {', '.join(unknown)}")
    if is_false(destination.get("Enabled", True)):
        return
    arn = destination["SnsDestination"]["TopicARN"]
    types = frozenset(_event_type(name) for name in destination["MatchingEventTypes"])
    cloud.ses.destinations.append(Destination(properties["ConfigurationSetName"], types, Topic(arn, cloud.region), arn))


def _event_type(name: str) -> str:
    """CloudFormation's `renderingFailure` and SES's `RENDERING_FAILURE` are the same."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::SES::EmailIdentity": Kind(
        _identity_identity,
        _make_identity,
        acts_on=frozenset({"EmailIdentity"}),
        inert=frozenset(
            {
                "DkimAttributes",
                "DkimSigningAttributes",
                "FeedbackAttributes",
                "MailFromAttributes",
                "ConfigurationSetAttributes",
            }
        ),
    ),
    "AWS::SES::ConfigurationSet": Kind(
        named("Name", "ses", "configuration-set/"),
        _make_configuration_set,
        acts_on=frozenset({"Name", "SuppressionOptions"}),
        inert=frozenset(
            {
                "DeliveryOptions",
                "ReputationOptions",
                "SendingOptions",
                "TrackingOptions",
                "VdmOptions",
            }
        ),
    ),
    "AWS::SES::ConfigurationSetEventDestination": Kind(
        nameless,
        _make_event_destination,
        acts_on=frozenset({"ConfigurationSetName", "EventDestination"}),
    ),
}
