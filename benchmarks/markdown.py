"""Tables in Markdown."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table whose first column stands to the left and the others to the right."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
