"""Looking into syntax trees: what is walked through, and what stands where."""

import ast
from collections.abc import Iterator

# Numbers of draws, axes and names decide nothing that is optimised.
SKIPPED_KEYWORDS = {"site", "axis", "name", "strict", "dtype", "aggregation", "shape"}


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function's body in reading order, without annotations and some keywords."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "args") and isinstance(
            tree, ast.FunctionDef | ast.arg | ast.AnnAssign
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST):
                continue
            if isinstance(child, ast.keyword) and child.arg in SKIPPED_KEYWORDS:
                continue
            if isinstance(child, ast.Raise):
                continue
            yield child
            yield from walk(child)


def text(node: ast.AST) -> str:
    """An expression that may stand wherever another stood."""
    return f"({ast.unparse(ast.fix_missing_locations(node))})"


def read(node: ast.Name | ast.Attribute) -> bool:
    """Whether a name is asked for its value, not given one."""
    return isinstance(node.ctx, ast.Load)


def is_sum(node: ast.AST) -> bool:
    """Whether it is a sum or a difference."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def called(node: ast.AST) -> str:
    """The function that a call calls, as it is written; "" for all that is no call."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def calls(tree: ast.AST, method: str) -> list[ast.Call]:
    """All calls of a method or function of this name, whatever it belongs to."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node).split(".")[-1] == method
    ]


def named_functions(module: ast.Module) -> dict[str, ast.FunctionDef]:
    """`function` and `Class.method` to their trees."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    found[f"{node.name}.{method.name}"] = method
    return found


def reached(names: list[str], functions: dict[str, ast.FunctionDef]) -> list[str]:
    """The functions of these names, and all that they call in their file."""
    found: list[str] = []
    while names:
        name = names.pop(0)
        found.append(name)
        called = {ast.unparse(n) for n in ast.walk(functions[name]) if isinstance(n, ast.Name)}
        attributes = {
            n.attr
            for n in ast.walk(functions[name])
            if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"
        }
        for other in functions:
            owner, _, method = other.rpartition(".")
            if other not in (*found, *names) and method in (attributes if owner else called):
                names.append(other)
    return found


def piece(source: bytes, node: ast.AST) -> tuple[int, str]:
    """Where a node's text begins, and the text."""
    lines = source.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column

    start = offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
    end = offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
    return start, source[start:end].decode()
