"""How deliveries may go: punctually here, unless somebody says otherwise, within what AWS allows.

Streams deliver a batch again and late, but each item's changes in their order; queues and asynchronous invocations
deliver anything again, late and in any order.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

from typing import Literal, TypeAlias

from homing.domain.moments import Duration

Source: TypeAlias = Literal["stream", "queue", "async"]


class Deliveries:
    """Each delivery once, at once, in order. A subclass may be as bad as AWS may be."""

    def delay(self, source: Source) -> Duration:
        """How long what could be delivered now is kept back."""
        del source
        return 0

    def again(self, source: Source) -> bool:
        """Whether what has been delivered is delivered once more."""
        del source
        return False

    def batch(self, source: Source, waiting: int) -> int:
        """How many of those that wait, and fit, make a batch."""
        del source
        return waiting


PUNCTUAL = Deliveries()
