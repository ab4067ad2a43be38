"""Homing's errors, as a tree:

HomingError
├── InvalidRequest        a request that cannot be answered: `status` and a message for who sent it
├── InvalidMessage        one message of a batch: a reason for who sent it
├── InvalidNotice         what is no event of SES: it comes again, and is parked
├── Conflict              somebody else wrote the item in between: read it again
├── NotYet                the mail may not go yet: caught by name in every state machine, which waits and asks again
├── RunEnded              the run is over: caught by name in every state machine
├── RetryLater            nothing has happened yet: retried by name in every state machine
└── MailRefused           SES will not take this mail; `MailUncertain`: nobody knows whether it did
"""


class HomingError(Exception):
    """The base of all errors that Homing raises by name."""


class InvalidRequest(HomingError):
    """A request that cannot be served; nothing was changed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class InvalidMessage(HomingError):
    """A message that is none; the others of its batch are not touched by it."""


class InvalidNotice(HomingError):
    """What cannot be read as an event of SES; nothing was changed."""


class Conflict(HomingError):
    """An item has changed since it was read."""


class NotYet(HomingError):
    """The mail may not go yet, and nothing has been done. The message is the JSON of the `Turn` at which it may."""

    def __init__(self, turn: str, reason: str) -> None:
        super().__init__(turn)
        self.reason = reason


class RunEnded(HomingError):
    """The run is over, and nothing more is sent for it. The message is the reason."""


class RetryLater(HomingError):
    """It could not be done now, and it is certain that nothing has been done."""


class MailRefused(HomingError):
    """SES has refused the mail: it has not been sent, and asking again will not help."""


class MailUncertain(HomingError):
    """SES has not answered, or not clearly: the mail may have been sent."""
