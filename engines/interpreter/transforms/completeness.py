"""Is there more to come? What Enter does in a prompt depends on the answer.

    incomplete   a bracket or a string is open, a block may go on: a new line is wanted
    complete     it can run
    invalid      it can not, and no further line mends that: run it to see the error

A block at the end goes on until a line is left empty. A cell magic does, too. Nothing
is run to find out, and no warning is shown.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.transforms.manager import TransformerManager
    from ipcluster.engines.interpreter.transforms.scanning import Line, Scanner

    Answer = tuple[str, int | None]

COMPLETE: Answer = ("complete", None)
INVALID: Answer = ("invalid", None)

# Spaces that a block is indented by.
INDENT = 4
# As CPython's `codeop` has it: the parser tells an end too soon from an error.
ALLOW_INCOMPLETE = 0x4000
# Characters up to which a cell is compiled, to find what the parser does not (`return`
# outside a function). More takes longer than a key press should.
COMPILED_UP_TO = 20_000


def check(manager: TransformerManager, cell: str) -> Answer:
    """Whether a cell is complete, and how many spaces the next line begins with."""
    from ipcluster.engines.interpreter.transforms.manager import lines_of, run_quietly

    try:
        lines = run_quietly(manager.cleanup_transforms, lines_of(cell))
        first = next((line for line in lines if not line.isspace()), None)
        if first is None:
            return COMPLETE
        if first.startswith("%%"):
            return _cell_magic(first, lines)
        lines = run_quietly(manager.line_transforms, lines)
        return _code(manager, lines, _ends_in_empty_line(cell))
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return INVALID


def _ends_in_empty_line(cell: str) -> bool:
    return cell.rstrip(" \t").endswith(("\n", "\r"))


def _cell_magic(first: str, lines: list[str]) -> Answer:
    asks_for_help = first.rstrip().endswith("?") and " " not in first.strip()
    if asks_for_help or lines[-1].isspace():
        return COMPLETE
    return _more(lines)


def _code(manager: TransformerManager, lines: list[str], is_ended: bool) -> Answer:
    from ipcluster.engines.interpreter.transforms import scanning

    scanner = scanning.Scanner("".join(lines))
    last: Line | None = None
    for line in scanner.lines():
        if line.kind != scanning.BLANK:
            last = line
    if scanner.is_continued:
        return _more(lines)
    is_open = bool(scanner.open) or scanner.in_string
    is_block = last is not None and last.begin > last.start
    if last is not None and not is_open and _opens_block(scanner, last):
        indent = scanner.text[last.start : last.begin]
        return "incomplete", len(indent.expandtabs(INDENT)) + INDENT
    python = "".join(manager.do_token_transforms(lines, quietly=True))
    if not _is_whole(python, _flags(manager)):
        return _more(lines)
    if is_open:  # the parser knows better: a bracket within a template, for one
        return COMPLETE
    return _more(lines) if is_block and not is_ended else COMPLETE


def _opens_block(scanner: Scanner, line: Line) -> bool:
    from ipcluster.engines.interpreter.transforms.scanning import PYTHON

    return line.kind == PYTHON and scanner.text[line.mark - 1] == ":"


def _more(lines: list[str]) -> Answer:
    """Incomplete; the next line is indented as the last one is."""
    last = lines[-1].rstrip("\n").expandtabs(INDENT)
    return "incomplete", len(last) - len(last.lstrip(" "))


def _flags(manager: TransformerManager) -> int:
    """The compiler flags of the session: features of the future that are on."""
    from ipcluster.engines.interpreter.compilation import TOP_LEVEL_AWAIT

    return TOP_LEVEL_AWAIT if manager.shell is None else manager.shell.compile.flags


def _is_whole(text: str, flags: int) -> bool:
    """Whether text is all of a Python program; False: it may become one.

    Raises:
        SyntaxError and others of the compiler: it is none.
    """
    import warnings

    from ipcluster.engines.interpreter.compilation import ONLY_AST, compile_steadily

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = compile_steadily(
                text, "<input>", "exec", flags | ONLY_AST | ALLOW_INCOMPLETE
            )
        except SyntaxError as error:
            if "incomplete input" in str(error.msg):
                return False
            raise
        if len(text) <= COMPILED_UP_TO:
            compile_steadily(tree, "<input>", "exec", flags)
    return True
