"""Code from before: the part of `InteractiveShell` that finds it again."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.history.macro import Macro
    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.shell import InteractiveShell


class RecallsCode:
    """Methods of `InteractiveShell` about inputs, files and macros as code."""

    history_manager: HistoryManager
    user_ns: dict[str, Any]
    _temporary: list[str]

    @property
    def _whole(self) -> InteractiveShell:
        """The shell that this is a part of."""
        return self  # type: ignore[return-value]  # every one of us is one

    def extract_input_lines(self, range_str: str, raw: bool = False) -> str:
        """Inputs by ranges as in `%history`, as one text; "" is this session's so far.

        With `raw` as they were typed, else as the Python that they were made into.
        """
        found = self.history_manager.get_range_by_str(range_str, raw=raw)
        texts = [text for _, _, text in found]
        if not range_str.strip():
            texts = texts[:-1]  # not the cell that asks
        return "\n".join(texts)

    def find_user_code(
        self,
        target: str,
        raw: bool = True,
        py_only: bool = False,
        skip_encoding_cookie: bool = True,
        search_ns: bool = False,
    ) -> str:
        """The code that `target` names.

        That is, whatever it names first of these: ranges of inputs, a URL, a file
        (without its `.py`, too), with `search_ns` anything with a source, and a text or
        a macro of the namespace.

        Args:
            target: what to find; "" is this session's inputs so far.
            raw: inputs as they were typed.
            py_only: a file or URL has to have text in it, no other bytes.
            skip_encoding_cookie: leave out the line that says how a file is encoded.
            search_ns: find sources of functions, classes and modules.

        Raises:
            ValueError: there is nothing of that name, or it cannot be read.
            TypeError: it names a value that is no code.
        """
        from ipcluster.engines.interpreter.usercode import find

        return find(
            self._whole,
            target,
            raw=raw,
            py_only=py_only,
            skip_encoding_cookie=skip_encoding_cookie,
            search_ns=search_ns,
        )

    def define_macro(self, name: str, themacro: Macro | str) -> None:
        """Make `name` run this code when it is typed alone.

        Raises:
            ValueError: it is code or a keyword, no name.
        """
        from keyword import iskeyword

        from ipcluster.engines.interpreter.history.macro import Macro

        if not name.isidentifier() or iskeyword(name):
            raise ValueError(f"{name!r} cannot be the name of a macro")
        macro = Macro(themacro) if isinstance(themacro, str) else themacro
        if not isinstance(macro, Macro):
            raise ValueError("a macro is made of text, or is a Macro")
        self.user_ns[name] = macro

    def mktempfile(self, data: str | None = None, prefix: str = "ipython_edit_") -> str:
        """A new file for code, gone when the session ends; its path."""
        import os
        import tempfile

        folder = tempfile.mkdtemp(prefix=prefix)
        self._temporary.append(folder)
        fd, path = tempfile.mkstemp(".py", prefix, folder)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(data or "")
        return path

    def remove_tempfiles(self) -> None:
        """Remove what `mktempfile` has made."""
        if self._temporary:
            import shutil

            for folder in self._temporary:
                shutil.rmtree(folder, ignore_errors=True)
            self._temporary.clear()

    def init_logstart(self) -> None:
        """Start the log that the options ask for; `logappend` runs it first."""
        from ipcluster.engines.interpreter.logger import start_as_configured

        start_as_configured(self._whole)

    def switch_doctest_mode(self, mode: bool) -> None:
        """Look like the plain prompt, or no longer: for those who show prompts."""
