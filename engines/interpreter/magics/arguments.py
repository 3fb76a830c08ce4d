"""Arguments of a magic, declared above it: argparse as decorators.

    @magic_arguments()
    @argument("-n", "--times", type=int, default=1, help="How often.")
    @argument("words", nargs="*", help="What to say.")
    @line_magic
    def say(self, line):
        options = parse_argstring(self.say, line)

The magic's docstring becomes the description in its help. A wrong argument is a
`UsageError`: one line, and no shell that ends.
"""

from __future__ import annotations

import argparse
import re

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])


class MagicHelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help as `%magic?` shows it."""

    def add_usage(
        self, usage: Any, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, "" if prefix is None else prefix)


class MagicArgumentParser(argparse.ArgumentParser):
    """A parser that raises `UsageError`, and never leaves the process."""

    def __init__(
        self,
        prog: str | None = None,
        *,
        formatter_class: Any = MagicHelpFormatter,
        add_help: bool = False,
        conflict_handler: str = "error",
        **keywords: Any,
    ) -> None:
        super().__init__(
            prog,
            formatter_class=formatter_class,
            add_help=add_help,
            conflict_handler=conflict_handler,
            **keywords,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """After `--help`: the magic does nothing else."""
        raise UsageError(message or "this help is all that was asked for")

    def parse_argstring(self, argstring: str, *, partial: bool = False) -> Any:
        """The arguments of a line; with `partial`, also the words left over.

        Words are split as by a shell, but keep their quotes.
        """
        try:
            words = split(argstring, posix=False, strict=not partial)
        except ValueError as error:  # a quote that is not closed
            self.error(str(error))
        return self.parse_known_args(words) if partial else self.parse_args(words)


def real_name(magic_func: Callable[..., Any]) -> str:
    """The name of a magic, from its function."""
    name: str = getattr(magic_func, "argcmd_name", None) or magic_func.__name__
    return name.removeprefix("magic_")


def construct_parser(magic_func: Callable[..., Any]) -> MagicArgumentParser:
    """The parser that a magic's decorators describe; its help becomes the docstring."""
    import inspect

    keywords = dict(getattr(magic_func, "argcmd_kwds", {}))
    if "description" not in keywords:
        keywords["description"] = inspect.cleandoc(magic_func.__doc__ or "") or None
    parser = MagicArgumentParser(real_name(magic_func), **keywords)
    place: Any = parser
    # The lowest decorator ran first, and is to come last.
    for step in reversed(getattr(magic_func, "decorators", [])):
        place = step.add_to_parser(parser, place) or place
    magic_func.__doc__ = _help(parser)
    return parser


def _help(parser: MagicArgumentParser) -> str:
    text = re.sub(r"\Ausage: ", "", parser.format_help())
    return f"    %{text}" if text else text


def parse_argstring(
    magic_func: Callable[..., Any], argstring: str, *, partial: bool = False
) -> Any:
    """The arguments that a magic was given.

    Raises:
        UsageError: it does not take these.
    """
    parser: MagicArgumentParser = magic_func.parser  # type: ignore[attr-defined]  # `magic_arguments` has put it there
    return parser.parse_argstring(argstring, partial=partial)


class ArgDecorator:
    """Base of the decorators: each remembers itself at the function."""

    def __call__(self, func: Function) -> Function:
        marked: Any = func
        if not getattr(func, "has_arguments", False):
            marked.has_arguments = True
            marked.decorators = []
        marked.decorators.append(self)
        return func

    def add_to_parser(self, parser: MagicArgumentParser, group: Any) -> Any:
        """Do to the parser what was said; a group that what follows belongs to."""
        return None


class magic_arguments(ArgDecorator):
    """The uppermost: makes the parser. `name` is the magic's, if not the function's."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def __call__(self, func: Function) -> Function:
        marked: Any = func
        if not getattr(func, "has_arguments", False):
            marked.has_arguments = True
            marked.decorators = []
        if self.name is not None:
            marked.argcmd_name = self.name
        marked.parser = construct_parser(func)
        return func


class _Arguments(ArgDecorator):
    """What was given to a decorator, for a method of the parser's."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.args = args
        self.kwds = keywords


class argument(_Arguments):
    """An argument, as `ArgumentParser.add_argument` takes it."""

    def add_to_parser(self, parser: MagicArgumentParser, group: Any) -> Any:
        group.add_argument(*self.args, **self.kwds)
        return None


class defaults(_Arguments):
    """Defaults, as `ArgumentParser.set_defaults` takes them."""

    def add_to_parser(self, parser: MagicArgumentParser, group: Any) -> Any:
        parser.set_defaults(*self.args, **self.kwds)
        return None


class argument_group(_Arguments):
    """What is below this belongs to a group with a title."""

    def add_to_parser(self, parser: MagicArgumentParser, group: Any) -> Any:
        return parser.add_argument_group(*self.args, **self.kwds)


class kwds(_Arguments):
    """Keywords for the parser itself, such as `description`."""

    def __call__(self, func: Function) -> Function:
        marked: Any = func
        marked.argcmd_kwds = self.kwds
        return func
