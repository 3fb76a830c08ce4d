"""How much a command's processes write to their logs: one option, the same for all."""

from __future__ import annotations

import argparse

LEVELS = {"10": "DEBUG", "20": "INFO", "30": "WARNING", "40": "ERROR", "50": "CRITICAL"}


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """Give a command `--log-level` and `--debug`."""
    parser.add_argument(
        "--log-level",
        type=log_level,
        default="INFO",
        metavar="LEVEL",
        help="DEBUG, INFO, WARNING, ERROR or CRITICAL; default: INFO",
    )
    parser.add_argument(
        "--debug",
        dest="log_level",
        action="store_const",
        const="DEBUG",
        help="log every message: --log-level DEBUG",
    )


def log_level(text: str) -> str:
    """A level by its name, in any case, or by its number."""
    level = LEVELS.get(text, text.upper())
    if level not in LEVELS.values():
        raise argparse.ArgumentTypeError(
            f"{text!r} is none of {', '.join(LEVELS.values())}"
        )
    return level
