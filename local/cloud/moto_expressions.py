"""Speed-ups of moto: an expression that DynamoDB is given again and again is read once.

moto reads the text of an update expression twice a call and that of a condition as often, letter by letter, copies the
tree that it makes of it, and asks for each node of it what each of its ten processors is there for. That is most of
what an update costs.
"""

import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final
from unittest.mock import patch

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined] # untyped
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined] # untyped

_REMEMBERED: Final = 1_000
"""Texts: a shop's functions have some dozens."""


@contextmanager
def remember_expressions() -> Iterator[None]:
    """As long as it lasts, moto knows the expressions that it has read before."""
    with (
        patch.object(UpdateExpressionParser, "make", lru_cache(_REMEMBERED)(UpdateExpressionParser.make)),
        patch.object(Node, "__deepcopy__", _copied, create=True),
        patch.object(ConditionExpressionParser, "_lex_condition_expression", _lexed_once()),
        patch.object(DepthFirstTraverser, "nodes_to_be_processed", _asked_once()),
    ):
        yield


def _copied(node: Any, _: dict[int, Any]) -> Any:
    """A tree of its own, for moto to work on: pickled, in half of the time."""
    return pickle.loads(pickle.dumps(node, pickle.HIGHEST_PROTOCOL))  # noqa: S301 - just pickled


def _lexed_once() -> Callable[[ConditionExpressionParser], deque[Any]]:
    lexed = ConditionExpressionParser._lex_condition_expression

    @lru_cache(_REMEMBERED)
    def lex(text: str) -> tuple[Any, ...]:
        return tuple(lexed(ConditionExpressionParser(text, None, None)))

    return lambda parser: deque(lex(parser.condition_expression or ""))


def _asked_once() -> Callable[[Any], tuple[type, ...]]:
    asked = DepthFirstTraverser.nodes_to_be_processed

    def nodes(traverser: Any) -> tuple[type, ...]:
        if not hasattr(traverser, "_nodes"):
            traverser._nodes = asked(traverser)
        known: tuple[type, ...] = traverser._nodes
        return known

    return nodes
