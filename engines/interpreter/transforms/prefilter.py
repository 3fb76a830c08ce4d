"""`get_ipython().prefilter_manager`: what extensions may add for single lines.

Names and signatures are those of IPython's prefilter. A *transformer* changes the line.
A *checker* looks at it (`check(line_info)`) and answers with a handler, or None; the
lowest priority is asked first, and the shell's own rules (names.py) come after all of
them. A *handler* makes Python of the line (`handle(line_info)`).

Nothing of this is made before somebody asks for it.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.transforms import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class LineInfo:
    """A line in its parts: `pre` space, `esc` mark, `ifun` name, `the_rest`."""

    def __init__(self, line: str, continue_prompt: bool = False) -> None:
        self.line = line
        self.continue_prompt = continue_prompt
        stripped = line.lstrip()
        self.pre = self.pre_whitespace = line[: len(line) - len(stripped)]
        self.esc = ""
        for mark in ("%%", "!!", "??", *"%!?,;/"):
            if stripped.startswith(mark):
                self.esc = mark
                break
        self.pre_char = self.esc[:1]
        self.ifun, self.raw_the_rest = names.split_name(stripped[len(self.esc) :])
        self.the_rest = self.raw_the_rest.lstrip()

    def ofind(self, ip: InteractiveShell) -> Any:
        """What the line's name stands for, as the shell's inspector finds it."""
        whole: Any = ip
        return whole._ofind(self.ifun)

    def __repr__(self) -> str:
        return f"LineInfo [{self.pre}|{self.esc}|{self.ifun}|{self.the_rest}]"


class _Part:
    """What a checker, a handler and a transformer have in common."""

    priority = 100
    enabled = True

    def __init__(
        self,
        shell: InteractiveShell | None = None,
        prefilter_manager: PrefilterManager | None = None,
        **_keywords: Any,
    ) -> None:
        self.shell = shell
        self.prefilter_manager = prefilter_manager
        if prefilter_manager is not None:
            self.register(prefilter_manager)

    def register(self, manager: PrefilterManager) -> None:
        """Be one of the manager's."""


class PrefilterChecker(_Part):
    """Says who handles a line."""

    def register(self, manager: PrefilterManager) -> None:
        manager.register_checker(self)

    def check(self, line_info: LineInfo) -> Any:
        """A handler for this line; None: it is somebody else's."""
        return None


class PrefilterTransformer(_Part):
    """Changes lines."""

    def register(self, manager: PrefilterManager) -> None:
        manager.register_transformer(self)

    def transform(self, line: str, continue_prompt: bool) -> str:
        """The line to go on with."""
        return line


class PrefilterHandler(_Part):
    """Makes Python of lines; this one, by the shell's own rules."""

    handler_name = "normal"
    esc_strings: tuple[str, ...] = ()

    def register(self, manager: PrefilterManager) -> None:
        manager.register_handler(self.handler_name, self, self.esc_strings)

    def handle(self, line_info: LineInfo) -> str:
        if self.shell is None:
            return line_info.line
        return names.rewritten(self.shell, line_info.line)


class PrefilterManager:
    """Checkers, handlers and transformers, in their order."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._checkers: list[Any] = []
        self._transformers: list[Any] = []
        self._handlers: dict[str, Any] = {}
        self._by_escape: dict[str, Any] = {}
        PrefilterHandler(shell, self)

    @property
    def checkers(self) -> list[Any]:
        return sorted(self._checkers, key=lambda one: one.priority)

    @property
    def transformers(self) -> list[Any]:
        return sorted(self._transformers, key=lambda one: one.priority)

    @property
    def handlers(self) -> dict[str, Any]:
        return self._handlers

    def register_checker(self, checker: Any) -> None:
        if checker not in self._checkers:
            self._checkers.append(checker)

    def unregister_checker(self, checker: Any) -> None:
        if checker in self._checkers:
            self._checkers.remove(checker)

    def register_transformer(self, transformer: Any) -> None:
        if transformer not in self._transformers:
            self._transformers.append(transformer)

    def unregister_transformer(self, transformer: Any) -> None:
        if transformer in self._transformers:
            self._transformers.remove(transformer)

    def register_handler(self, name: str, handler: Any, esc_strings: Any) -> None:
        self._handlers[name] = handler
        for mark in esc_strings:
            self._by_escape[mark] = handler

    def unregister_handler(self, name: str, handler: Any, esc_strings: Any) -> None:
        if self._handlers.get(name) is handler:
            del self._handlers[name]
        for mark in esc_strings:
            if self._by_escape.get(mark) is handler:
                del self._by_escape[mark]

    def get_handler_by_name(self, name: str) -> Any:
        return self._handlers.get(name)

    def get_handler_by_esc(self, esc_str: str) -> Any:
        return self._by_escape.get(esc_str)

    def prefilter_line_info(self, line_info: LineInfo) -> str:
        """What a line means, by the first checker that knows."""
        for checker in self.checkers:
            if getattr(checker, "enabled", True):
                handler = checker.check(line_info)
                if handler:
                    return str(handler.handle(line_info))
        handler = self._by_escape.get(line_info.esc) or self._handlers["normal"]
        return str(handler.handle(line_info))

    def prefilter_line(self, line: str, continue_prompt: bool = False) -> str:
        """A line of Python for a line that was typed."""
        if not line.strip():
            return ""
        for transformer in self.transformers:
            if getattr(transformer, "enabled", True):
                line = transformer.transform(line, continue_prompt)
        return self.prefilter_line_info(LineInfo(line, continue_prompt))

    def prefilter_lines(self, lines: str, continue_prompt: bool = False) -> str:
        """The same for several lines."""
        return "\n".join(
            self.prefilter_line(line, continue_prompt or number > 0)
            for number, line in enumerate(lines.rstrip("\n").split("\n"))
        )
