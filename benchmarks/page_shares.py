"""The section of docs/speed.md on where the time goes."""

from typing import Any

from benchmarks.markdown import table


def shares_section(shares: dict[str, Any]) -> str:
    """Shares of the peak, and the kernels that lose most; `shares` is that part of the results."""
    peak = shares["peak_gflops"]["bfloat16"]
    works = {name: work for name, work in shares.items() if name != "peak_gflops"}
    rows = [
        [
            name,
            f"{work['gflop']:,.0f}",
            f"{work['unit_ms']:.0f}",
            f"{work['gflop'] / peak * 1000:.0f}",
            f"{100 * work['share_of_peak']:.0f} %",
            f"{work['unit_ms'] - work['kernels_ms']:.0f}",
        ]
        for name, work in works.items()
    ]
    head = [
        "in bfloat16",
        "GFLOP",
        "ms",
        "ms at the peak",
        "share of the peak",
        "ms outside oneDNN",
    ]
    text = [
        f"The peak is that of a large matrix product in the same run: {peak} GFLOP/s. The kernels "
        "are those that oneDNN reports, one operator at a time.",
        table(head, rows),
    ]
    for name, work in works.items():
        losses = [
            [
                row["kind"],
                f"`{row['problem']}`",
                f"{row['times']:g}",
                f"{row['ms']:.1f}",
                f"{row['gflops']:,}" if row["gflop"] else "",
                f"{row['lost_ms']:.1f}",
            ]
            for row in work["losses"]
        ]
        kinds = ", ".join(f"{kind} {ms:.0f} ms" for kind, ms in work["by_kind"].items())
        text += [
            f"The largest losses of {name}. All its kernels take: {kinds}.",
            table(["kernel", "problem", "times", "ms", "GFLOP/s", "ms lost"], losses),
        ]
    return "\n\n".join(text)
