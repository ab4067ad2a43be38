"""The account at SES: two of its APIs, for only the older one tells how many mails bounced, and when."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from homing.adapters.table import Table, number
from homing.domain.ids import contact_id
from homing.domain.moments import Moment, datetime_of, moment_of
from homing.domain.reputation import Statistics
from homing.ports import Quota

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

MIRROR_KEY = ("SHOP", "MIRROR")
_REASONS = {"BOUNCE": "bounced", "COMPLAINT": "complained"}
_PAGE = 1_000


class SesAccount:
    """SES; see `homing.ports.Account`."""

    def __init__(self, client: "SESV2Client", older: Any, table: Table) -> None:
        self._client = client
        self._older = older  # of the API "ses"
        self._table = table

    def quota(self) -> Quota:
        """What SES allows now: nothing, where it has paused the account."""
        answer = self._client.get_account()
        told = answer["SendQuota"]
        rate, most = told["MaxSendRate"], told["Max24HourSend"]
        if not answer["SendingEnabled"] or rate <= 0:
            return Quota(1.0, 0)
        # A quota of -1 has no end.
        return Quota(rate, None if most < 0 else max(0, int(most - told["SentLast24Hours"])))

    def statistics(self) -> Sequence[Statistics]:
        """What was counted in the latest 14 days, in no order."""
        return [
            Statistics(moment_of(point["Timestamp"]), point["DeliveryAttempts"], point["Bounces"], point["Complaints"])
            for point in self._older.get_send_statistics().get("SendDataPoints", [])
        ]

    def suppressed(self, since: Moment) -> Iterator[tuple[str, str]]:
        """Contacts that SES sends to no more, and why."""
        more: Any = {}
        while True:
            answer = self._client.list_suppressed_destinations(StartDate=datetime_of(since), PageSize=_PAGE, **more)
            for each in answer.get("SuppressedDestinationSummaries", []):
                yield contact_id(each["EmailAddress"]), _REASONS[each["Reason"]]
            if "NextToken" not in answer:
                return
            more = {"NextToken": answer["NextToken"]}

    def mirrored_until(self) -> Moment:
        """Up to when SES's list has been taken over."""
        item = self._table.get(*MIRROR_KEY)
        return 0 if item is None else int(item["until"]["N"])

    def note_mirrored(self, until: Moment) -> None:
        """Keep that it has been taken over up to then."""
        pk, sk = MIRROR_KEY
        self._table.put({"pk": {"S": pk}, "sk": {"S": sk}, "until": number(until)})
