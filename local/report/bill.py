"""What the counted operations cost at AWS's list prices, in US dollars."""

from dataclasses import dataclass

_MILLION = 1_000_000

# us-east-1, no free tier: on-demand table, Lambda on arm64, Standard state machines.
_PRICES = {
    "ses_sends": ("SES, mails sent", 100 / _MILLION),
    "state_transitions": ("Step Functions, state transitions", 25 / _MILLION),
    "dynamodb_write_units": ("DynamoDB, write units", 0.625 / _MILLION),
    "dynamodb_read_units": ("DynamoDB, read units", 0.125 / _MILLION),
    "lambda_invocations": ("Lambda, invocations", 0.20 / _MILLION),
}


@dataclass(frozen=True)
class BillLine:
    """`price` is for a million; `cost` for all; `per_mail` for one mail sent, None where none was."""

    operation: str
    count: int
    price: float
    cost: float
    share: float
    per_mail: float | None


@dataclass(frozen=True)
class Bill:
    lines: list[BillLine]
    total: float
    per_thousand_mails: float | None


def make_bill(operations: dict[str, int], sent: int) -> Bill:
    """The dearest first; operations without a price of their own are left out."""
    costs = {name: operations.get(name, 0) * price for name, (_, price) in _PRICES.items()}
    total = sum(costs.values())
    lines = [
        BillLine(
            operation=label,
            count=operations.get(name, 0),
            price=price * _MILLION,
            cost=costs[name],
            share=costs[name] / total if total else 0,
            per_mail=costs[name] / sent if sent else None,
        )
        for name, (label, price) in _PRICES.items()
    ]
    lines.sort(key=lambda line: -line.cost)
    return Bill(lines, total, total / sent * 1000 if sent else None)
