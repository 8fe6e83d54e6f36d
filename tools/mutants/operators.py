"""Faults made from the syntax tree of a function: each kind is one small function.

A kind takes a function's tree and yields pairs: the node whose text is replaced, and the text that
stands there instead.
"""

import ast
import copy
from collections.abc import Callable, Iterator

from tools.mutants.tables import OPPOSITES, RELATED, SYMMETRIC, UNLIKE
from tools.mutants.tree import called, calls, is_sum, read, text, walk

Made = Iterator[tuple[ast.AST, str]]


def sign(tree: ast.AST) -> Made:
    """A plus for a minus, a minus for a plus; a minus left out."""
    for node in walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            turned = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield node, text(ast.BinOp(node.left, turned, node.right))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            if not isinstance(node.operand, ast.Constant):
                yield node, text(node.operand)


def drop(tree: ast.AST) -> Made:
    """The first term of a sum left out; `sign` tells of gradients whether a further one counts."""
    for node in walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            if not is_sum(node.left):
                minus = isinstance(node.op, ast.Sub)
                yield node, text(ast.UnaryOp(ast.USub(), node.right) if minus else node.right)
        elif called(node) == "tf.add_n":
            assert isinstance(node, ast.Call)
            for part in ("[:1]", "[-1:]"):
                yield node, f"tf.add_n(list({ast.unparse(node.args[0])}){part})"
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            yield node, "pass"


def drop_last(tree: ast.AST) -> Made:
    """The last term of a sum left out: a value may be right by chance where only signs turn."""
    for node in walk(tree):
        if is_sum(node):
            assert isinstance(node, ast.BinOp)
            yield node, text(node.left)


def factor(tree: ast.AST) -> Made:
    """A weight or a divisor ignored."""
    for node in walk(tree):
        if not isinstance(node, ast.BinOp):
            continue
        if isinstance(node.op, ast.Mult):
            yield node, text(node.right)
            if not isinstance(node.left, ast.Constant | ast.Attribute):
                yield node, text(node.left)
        elif isinstance(node.op, ast.Div):
            yield node, text(node.left)


def constant(tree: ast.AST) -> Made:
    """Another number: twice the number, or one for zero."""
    multiplied = {
        id(side)
        for node in walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
        for side in (node.left, node.right)
    }
    for node in walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            if id(node) not in multiplied:
                yield node, repr(2 * node.value or 1.0)


def weight(tree: ast.AST) -> Made:
    """A setting of the model that is not asked: 1 stands for it, wherever no factor is dropped."""
    dropped = {
        id(side)
        for node in walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
        for side in (node.left, node.right)
    }
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in dropped and read(node):
            words = node.attr.split("_")
            if ast.unparse(node.value) == "self" and words[-1] in (
                "weight", "rate", "margin", "limit", "length", "update", "updates",
            ):  # fmt: skip
                yield node, "1.0"


def swap(tree: ast.AST) -> Made:
    """Two inputs of one call exchanged, two parts of a list, two results."""
    for node in walk(tree):
        if isinstance(node, ast.Call) and called(node).split(".")[-1] not in SYMMETRIC | UNLIKE:
            exchanged = _exchanged(node.args)
            if exchanged and not called(node).startswith("tf."):
                yield node, ast.unparse(ast.Call(node.func, exchanged, node.keywords))
        elif isinstance(node, ast.List) and len(node.elts) == 2:
            if all(isinstance(one, ast.Name) for one in node.elts):
                yield node, ast.unparse(ast.List(node.elts[::-1], node.ctx))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = node.targets[0].elts
            if len(names) >= 2 and all(isinstance(one, ast.Name) for one in names):
                if not any(ast.unparse(one).startswith("_") for one in names):
                    exchanged = (names[1], names[0], *names[2:])
                    yield node.targets[0], ", ".join(map(ast.unparse, exchanged))


def twin(tree: ast.AST) -> Made:
    """Another of the function's values: the other domain's, the fake one for the real one."""
    known = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute)}
    known |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    # A log is no objective, and both domains' batches have one size.
    left = {id(n) for call in calls(tree, "report") for n in ast.walk(call)}
    left |= {id(n.value) for n in walk(tree) if isinstance(n, ast.Attribute) and n.attr == "shape"}
    for node in walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute) or id(node) in left:
            continue
        if not read(node):
            continue
        for other in _opposites(ast.unparse(node)):
            if other in known:
                yield node, other


def statement(tree: ast.AST) -> Made:
    """A call for its effect left out: an update, a clipping, an assignment."""
    for node in walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield node, "pass"


def player(tree: ast.AST) -> Made:
    """A player that minimises the loss of another."""
    losses = [call.args[0] for call in calls(tree, "minimize")]
    for one, other in zip(losses, losses[1:] + losses[:1], strict=True):
        if ast.unparse(one) != ast.unparse(other):
            yield one, ast.unparse(other)


def condition(tree: ast.AST) -> Made:
    """The other branch."""
    for node in walk(tree):
        if isinstance(node, ast.If | ast.IfExp):
            if not (isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise)):
                yield node.test, f"not ({ast.unparse(node.test)})"
        elif called(node) == "tf.where" and len(node.args) == 3:  # type: ignore[attr-defined]
            first, *rest = node.args  # type: ignore[attr-defined]
            yield node, f"tf.where({ast.unparse(first)}, {', '.join(map(ast.unparse, rest[::-1]))})"


def boundary(tree: ast.AST) -> Made:
    """A limit that counts, or does not: `<` for `<=`."""
    other = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
    for node in walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in other:
            turned = copy.copy(node)
            turned.ops = [other[type(node.ops[0])](), *node.ops[1:]]
            yield node, text(turned)


def related(tree: ast.AST) -> Made:
    """Another function for one of the same arguments: a sum for a mean, l2 for l1."""
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in RELATED:
            yield node, RELATED[ast.unparse(node)]


def repeat(tree: ast.AST) -> Made:
    """Once instead of several times."""
    for node in walk(tree):
        if called(node) == "range" and not isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
            yield node, "range(1)"


def stop(tree: ast.AST) -> Made:
    """A gradient that is not stopped."""
    for node in walk(tree):
        if called(node) == "tf.stop_gradient":
            yield node, ast.unparse(node.args[0])  # type: ignore[attr-defined]


def networks(tree: ast.AST) -> Made:
    """A network that no player owns: left out of a list of networks."""
    for node in walk(tree):
        if isinstance(node, ast.List) and len(node.elts) > 1:
            if all(ast.unparse(one).startswith("self.") for one in node.elts):
                for left_out in range(len(node.elts)):
                    kept = [one for i, one in enumerate(node.elts) if i != left_out]
                    yield node, ast.unparse(ast.List(kept, ast.Load()))


def rates(tree: ast.AST) -> Made:
    """The learning rate of another player."""
    names = [n for n in walk(tree) if isinstance(n, ast.Name) and n.id.endswith("learning_rate")]
    for one, other in zip(names, names[1:] + names[:1], strict=True):
        if one.id != other.id:
            yield one, other.id


OBJECTIVE: tuple[Callable[[ast.AST], Made], ...] = (
    sign, drop, factor, constant, weight, swap, twin, statement, player, condition, related, repeat,
    stop,
)  # fmt: skip
LOSS = (sign, drop, drop_last, factor, constant, swap, condition, related, stop)
MECHANISM = (
    sign,
    drop,
    drop_last,
    factor,
    constant,
    weight,
    statement,
    condition,
    boundary,
    related,
    stop,
)


def _exchanged(arguments: list[ast.expr]) -> list[ast.expr] | None:
    """The first two neighbours that may be tensors, exchanged."""
    for place, (one, other) in enumerate(zip(arguments, arguments[1:], strict=False)):
        if all(isinstance(x, ast.Name | ast.Subscript) for x in (one, other)):
            return [*arguments[:place], other, one, *arguments[place + 2 :]]
    return None


def _opposites(name: str) -> Iterator[str]:
    """`fake_a` for `fake_b`, `self.generator_ba` for `self.generator_ab`."""
    prefix, dot, last = name.rpartition(".")
    words = last.split("_")
    for place, word in enumerate(words):
        if word in OPPOSITES:
            yield prefix + dot + "_".join([*words[:place], OPPOSITES[word], *words[place + 1 :]])
