"""A command line: options of any class, and the flags and aliases in front of them.

    ipshell [options] [-c CELL | -m MODULE | FILE] [--] [words of the program's own]

Every option of every class is `--Class.option=value`. Flags set some of them to fixed
values (`--no-banner`), aliases give one a short name (`--profile=x`, `--profile x`).
What is not known is an error that names the nearest; behind `-c`, `-m` and a file's
name it is a word of the program's, and so is all that follows it.

By hand, for argparse costs as much as a third of a start, and knows no such grammar.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.config import Config, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Flags = Mapping[str, tuple[Mapping[str, Mapping[str, Any]], str]]
    """Name to (what it sets, help)."""
    Aliases = Mapping[str, tuple[str, str]]
    """Name to ("Class.option", help)."""

# What runs and then ends, unless -i says to stay. In a command line at most once.
PROGRAMS = ("code_to_run", "module_to_run", "file_to_run")


class CommandLineError(ValueError):
    """A command line that says nothing sensible: one line, for the person."""


class CommandLine:
    """What a command line says: a config, the program to run and its words.

    `wants` is what is asked for instead of a start: "help", "help-all", "version",
    "show-config", or "".
    """

    def __init__(self, flags: Flags, aliases: Aliases, app: str) -> None:
        self.flags = flags
        self.aliases = aliases
        self.app = app  # the section of `code_to_run` and its kin
        self.config = Config()
        self.words: list[str] = []
        self.program = ""
        self.wants = ""

    def read(self, words: Sequence[str]) -> CommandLine:
        """Take in a command line.

        Raises:
            CommandLineError: it has an option that there is not, or without a value.
        """
        left = list(words)
        while left:
            word = left.pop(0)
            if word == "--":
                break
            if not word.startswith("-") or word == "-":
                if self.program:
                    left.insert(0, word)
                    break
                self._set_program("file_to_run", word)
                left = self._behind_file(left)
                break
            if not self._read_option(word, left):
                if self.program:
                    left.insert(0, word)
                    break
                raise CommandLineError(self._unknown(word))
        self.words += left
        return self

    def _behind_file(self, left: list[str]) -> list[str]:
        """`FILE -i`: the one option that may come behind its name."""
        while left and left[0] in ("-i", "--"):
            if left.pop(0) == "--":
                break
            self._apply_flag("i")
        return left

    def _set_program(self, kind: str, text: str) -> None:
        self.program = kind
        dict.__setitem__(self.config[self.app], kind, text)

    def _read_option(self, word: str, left: list[str]) -> bool:
        """Take in one option; False: it is not known."""
        name, equals, value = word.lstrip("-").partition("=")
        if name in ("h", "help", "help-all", "version", "V"):
            self.wants = {"h": "help", "V": "version"}.get(name, name)
            return True
        if name in ("c", "m") and not word.startswith("--"):
            self._set_program(
                "code_to_run" if name == "c" else "module_to_run",
                value if equals else self._value(word, left),
            )
            if name == "m":
                left[:] = ["--", *self._behind_file(left)]
            return True
        if name in self.flags and not equals:
            self._apply_flag(name)
            return True
        if name in self.aliases:
            section, _, option = self.aliases[name][0].partition(".")
        elif "." in name and name[0].isupper() and word.startswith("--"):
            section, _, option = name.rpartition(".")
        else:
            return False
        self._set(section, option, value if equals else self._value(word, left))
        return True

    def _value(self, word: str, left: list[str]) -> str:
        if not left:
            raise CommandLineError(f"{word} wants a value: {word}=...")
        return left.pop(0)

    def _apply_flag(self, name: str) -> None:
        for section, options in self.flags[name][0].items():
            for option, value in options.items():
                dict.__setitem__(self.config[section], option, value)
                self.config[section].origins[option] = f"--{name}"

    def _set(self, section: str, option: str, text: str) -> None:
        there = dict.get(self.config[section], option)
        new = there.and_more(text) if isinstance(there, Text) else Text(text)
        dict.__setitem__(self.config[section], option, new)
        self.config[section].origins[option] = "command line"

    def _unknown(self, word: str) -> str:
        from difflib import get_close_matches

        name = word.lstrip("-").partition("=")[0]
        near = get_close_matches(name, [*self.flags, *self.aliases], 1)
        if near:
            dashes = "-" if len(near[0]) == 1 else "--"
            return f"no option {word}; did you mean {dashes}{near[0]}?"
        return f"no option {word}; --help lists them"
