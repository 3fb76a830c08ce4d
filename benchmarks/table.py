"""The table: a row's systems one under the other, with ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rounds import Samples
from benchmarks.row import Row

HEAD = ("system", "median", "range", "ours is", "note")


@dataclass(frozen=True)
class Result:
    """A row, and what was measured for it."""

    row: Row
    samples: Sequence[Samples]

    def median_of(self, system: str) -> float | None:
        return next((s.median for s in self.samples if s.system == system), None)

    @property
    def verdict(self) -> str:
        """Whether the target, and the ratios that go with it, are reached."""
        row, ours = self.row, self.median_of(self.row.judged)
        bound = "at least" if row.more_is_better else "at most"
        target = f"{bound} {shown(row.target)} {row.unit}"
        if ours is None:
            return f"{target}: NOT MEASURED"
        parts = [f"{target}: {'reached' if row.is_reached(ours) else 'MISSED'}"]
        for peer, factor in row.factors.items():
            theirs = self.median_of(peer)
            if theirs is None:
                parts.append(f"{peer} was not measured")
                continue
            gain = row.gain(ours, theirs)
            reached = "reached" if gain >= factor else "MISSED"
            parts.append(f"{factor:.2f} x {peer}: {gain:.2f}, {reached}")
        return "; ".join(parts)

    def lines(self) -> list[tuple[str, ...]]:
        ours = self.median_of(self.row.judged)
        found: list[tuple[str, ...]] = []
        for sample in self.samples:
            median = sample.median
            if median is None:
                found.append((sample.system, "-", "", "", sample.note))
                continue
            spread = f"{shown(min(sample.values))} - {shown(max(sample.values))}"
            gain = ""
            if ours is not None and sample.system != self.row.judged:
                gain = f"{self.row.gain(ours, median):,.2f} x"
            found.append((sample.system, shown(median), spread, gain, sample.note))
        return found


def shown(value: float) -> str:
    """Three digits are all that such a measurement has."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def as_text(result: Result) -> str:
    row = result.row
    lines = [HEAD, *result.lines()]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    rows = [
        "  ".join(
            cell.rjust(width) if 1 <= i <= 3 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    title = f"{row.name}: {row.what} [{row.unit}]"
    return "\n".join(
        [title, f"  {result.verdict}", *[f"    {one}" for one in rows], ""]
    )


def as_markdown(result: Result) -> str:
    row = result.row
    lines = [f"### {row.name}", "", f"{row.what}; {row.unit}. {result.verdict}.", ""]
    lines.append("| " + " | ".join(HEAD) + " |")
    lines.append("|---|--:|--:|--:|---|")
    for line in result.lines():
        lines.append("| " + " | ".join(line).replace("  ", " ") + " |")
    return "\n".join([*lines, ""])


def summary(results: Sequence[Result]) -> str:
    """One line for each row: what was asked, what was measured."""
    lines = []
    for result in results:
        ours = result.median_of(result.row.judged)
        value = "-" if ours is None else f"{shown(ours)} {result.row.unit}"
        lines.append((result.row.name, value, result.verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )
