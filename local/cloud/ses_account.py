"""What SES keeps for a whole account: its limits, its statistics, and the addresses that it sends to no more.

Statistics: https://docs.aws.amazon.com/ses/latest/APIReference/API_GetSendStatistics.html
Suppression list: https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
"""

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

from homing.domain.moments import DAY, MINUTE, Moment, format_moment, parse_moment
from local.timers import Timers

_QUARTER: Final = 15 * MINUTE
_REMEMBERED: Final = 14 * DAY
_PAGE: Final = 100
_NAMESPACE: Final = "http://ses.amazonaws.com/doc/2010-12-01/"
_COUNTED: Final = {"Bounce": "Bounces", "Complaint": "Complaints", "Reject": "Rejects"}


class Suppressed(NamedTuple):
    """An address of the suppression list: why, `BOUNCE` or `COMPLAINT`, and since when."""

    reason: str
    at: Moment


class Account:
    """A production account of SES. Unlike with AWS, mails to the mailbox simulator count like others."""

    def __init__(self, timers: Timers) -> None:
        self.rate = 14.0
        self.quota = 50_000.0
        self.suppressed: dict[str, Suppressed] = {}
        self._timers = timers
        self._sent: deque[Moment] = deque()
        self._quarters: dict[Moment, Counter[str]] = {}

    def count_attempt(self) -> None:
        """One mail taken."""
        self._sent.append(self._timers.now())
        self._quarter()["DeliveryAttempts"] += 1

    def count(self, event_type: str) -> None:
        """One bounce, complaint or rejection."""
        if event_type in _COUNTED:
            self._quarter()[_COUNTED[event_type]] += 1

    def suppress(self, address: str, reason: str) -> None:
        """SES sends nothing to the address any more."""
        self.suppressed[address.lower()] = Suppressed(reason, self._timers.now())

    def answer_account(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        """GetAccount."""
        while self._sent and self._sent[0] <= self._timers.now() - DAY:
            self._sent.popleft()
        return {
            "SendingEnabled": True,
            "ProductionAccessEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
            "SendQuota": {
                "Max24HourSend": self.quota,
                "MaxSendRate": self.rate,
                "SentLast24Hours": float(len(self._sent)),
            },
        }

    def answer_statistics(self, _asked: Mapping[str, Any]) -> bytes:
        """GetSendStatistics, in the words of the older API: XML, in no order."""
        names = ("DeliveryAttempts", "Bounces", "Complaints", "Rejects")
        points = "".join(
            f"<member><Timestamp>{format_moment(at)}</Timestamp>"
            + "".join(f"<{name}>{counted[name]}</{name}>" for name in names)
            + "</member>"
            for at, counted in sorted(self._quarters.items(), reverse=True)
            if at > self._timers.now() - _REMEMBERED
        )
        return _xml("GetSendStatistics", f"<SendDataPoints>{points}</SendDataPoints>")

    def answer_suppressed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """ListSuppressedDestinations, a page at a time."""
        since = parse_moment(asked["StartDate"]) if "StartDate" in asked else 0
        listed = [(address, each) for address, each in sorted(self.suppressed.items()) if each.at >= since]
        start, size = int(asked.get("NextToken", 0)), int(asked.get("PageSize", _PAGE))
        page = [
            {"EmailAddress": address, "Reason": each.reason, "LastUpdateTime": each.at / 1_000}
            for address, each in listed[start : start + size]
        ]
        more = {"NextToken": str(start + size)} if start + size < len(listed) else {}
        return {"SuppressedDestinationSummaries": page, **more}

    def _quarter(self) -> Counter[str]:
        return self._quarters.setdefault(self._timers.now() // _QUARTER * _QUARTER, Counter())


def _xml(action: str, result: str) -> bytes:
    return (
        f'<{action}Response xmlns="{escape(_NAMESPACE)}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></{action}Response>"
    ).encode()
