"""Word count: which words are the commonest in a text?

    ipcluster start -n 4 --daemonize
    python examples/word_count.py [FILE]

Each engine counts the words in its part of the lines, and the counts are added up here.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import ipcluster as ipp

TEXT = Path(__file__).with_name("light.txt")


def count_words(lines: list[str]) -> Counter[str]:
    """How often each word is in these lines."""
    words: Counter[str] = Counter()
    for line in lines:
        words.update(re.findall(r"[a-z]+", line.lower()))
    return words


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TEXT
    lines = path.read_text(encoding="utf-8").splitlines()
    with ipp.Client() as rc:
        rc.wait_for_engines(1, timeout=30)
        view = rc[:]
        view.scatter("lines", lines, block=True)
        partial = view.apply_sync(count_words, ipp.Reference("lines"))

    total: Counter[str] = sum(partial, Counter())
    assert total == count_words(lines)
    print(f"{total.total():,} words, {len(total):,} different ones, in {path.name}")
    for word, count in total.most_common(8):
        print(f"{count:5} {word}")


if __name__ == "__main__":
    main()
