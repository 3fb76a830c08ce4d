"""Questions that front ends ask: the part of `InteractiveShell` that answers them.

These are the requests of every front end, terminal, kernel or cluster, in one place:
what could stand here, what is this, what was typed before, what are these worth.
"""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from types import FrameType
    from typing import Any

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.custom import StrDispatch
    from ipcluster.engines.interpreter.completion.results import Completions
    from ipcluster.engines.interpreter.display.formatters import DisplayFormatter
    from ipcluster.engines.interpreter.history.manager import HistoryManager
    from ipcluster.engines.interpreter.introspection.finding import OInfo
    from ipcluster.engines.interpreter.introspection.inspector import Inspector


class AnswersQuestions:
    """Methods of `InteractiveShell` that answer front ends."""

    Completer: IPCompleter
    inspector: Inspector
    display_formatter: DisplayFormatter
    history_manager: HistoryManager

    def complete_code(self, code: str, cursor: int | None = None) -> Completions:
        """What could stand at the cursor (a count of characters; None: the end)."""
        return self.Completer.complete_code(
            code, len(code) if cursor is None else cursor
        )

    def complete(
        self, text: str | None, line: str | None = None, cursor_pos: int | None = None
    ) -> tuple[str, list[str]]:
        """What stands before the cursor of a line, and what could stand there."""
        return self.Completer.complete(text, line, cursor_pos)

    def set_custom_completer(self, completer: Callable[..., Any], pos: int = 0) -> None:
        """Ask `completer(shell.Completer, text)` for completions of any text."""
        from types import MethodType

        self.Completer.custom_matchers.insert(
            pos, MethodType(completer, self.Completer)
        )

    def set_completer_frame(self, frame: FrameType | None = None) -> None:
        """Complete the names of a frame; None: the session's again."""
        self.Completer.use_frame(frame)

    @property
    def strdispatchers(self) -> dict[str, StrDispatch]:
        """Hooks that are for lines with a certain word or pattern only."""
        found: dict[str, StrDispatch] | None = self.__dict__.get("_line_hooks")
        if found is None:
            from ipcluster.engines.interpreter.completion.custom import StrDispatch

            found = self.__dict__["_line_hooks"] = {"complete_command": StrDispatch()}
        return found

    def set_line_hook(
        self,
        name: str,
        hook: Callable[..., Any],
        priority: int,
        str_key: str | None,
        re_key: str | None,
    ) -> None:
        """`set_hook` with a key."""
        from types import MethodType

        from ipcluster.engines.interpreter.completion.custom import StrDispatch

        dispatch = self.strdispatchers.setdefault(name, StrDispatch())
        method = MethodType(hook, self)
        if str_key is not None:
            dispatch.add_s(str_key, method, priority)
        else:
            dispatch.add_re(re_key, method, priority)

    def inspect_code(
        self, code: str, cursor: int | None = None, detail_level: int = 0
    ) -> tuple[bool, dict[str, Any]]:
        """What is known of the name at the cursor: whether it was found, a bundle."""
        return self.inspector.inspect_code(
            code, len(code) if cursor is None else cursor, detail_level
        )

    def object_inspect(self, oname: str, detail_level: int = 0) -> dict[str, Any]:
        """All that is known of a name, field by field; "found" says whether it is."""
        from ipcluster.engines.interpreter.introspection.facts import no_facts

        info = self._ofind(oname)
        if not info.found:
            return no_facts(oname)
        return self.inspector.info(info.obj, oname, info, detail_level)

    def object_inspect_text(self, oname: str, detail_level: int = 0) -> str:
        """The same as text.

        Raises:
            KeyError: there is nothing of this name.
        """
        text: str = self.object_inspect_mime(oname, detail_level)["text/plain"]
        return text

    def object_inspect_mime(
        self, oname: str, detail_level: int = 0, omit_sections: Collection[str] = ()
    ) -> dict[str, Any]:
        """The same as text and HTML.

        Raises:
            KeyError: there is nothing of this name.
        """
        info = self._ofind(oname)
        if not info.found:
            raise KeyError(oname)
        return self.inspector.bundle(info.obj, oname, info, detail_level, omit_sections)

    def _ofind(
        self,
        oname: str,
        namespaces: Iterable[tuple[str, Mapping[str, Any]]] | None = None,
    ) -> OInfo:
        """What a name means."""
        if namespaces is None:
            return self.inspector.find(oname)
        from ipcluster.engines.interpreter.introspection.finding import find_object

        return find_object(self.inspector.shell, oname, namespaces)

    def _inspect(
        self,
        meth: str,
        oname: str,
        namespaces: Iterable[tuple[str, Mapping[str, Any]]] | None = None,
        **keywords: Any,
    ) -> str | None:
        """Call a method of the inspector's, such as "pdoc", for what a name means."""
        info = self._ofind(oname, namespaces)
        if not info.found:
            print(f"Object `{oname}` not found.{self._nearest(oname)}")
            return "not found"
        if meth == "pinfo":
            self.inspector.pinfo(info.obj, oname, None, info, **keywords)
        else:
            getattr(self.inspector, meth)(info.obj, oname)
        return None

    def show_usage(self) -> None:
        """Show what the shell can do: what `?` alone is."""
        from ipcluster.engines.interpreter.introspection.paging import page
        from ipcluster.engines.interpreter.introspection.usage import USAGE

        page(self.inspector.shell, USAGE)

    def _nearest(self, oname: str) -> str:
        """A hint at a name that may have been meant."""
        from difflib import get_close_matches

        names = [*self.Completer.namespace, *vars(builtins)]
        near = get_close_matches(oname, [n for n in names if isinstance(n, str)], 1)
        return f" Did you mean `{near[0]}`?" if near else ""

    def history_request(
        self,
        hist_access_type: str,
        *,
        output: bool = False,
        raw: bool = True,
        session: int = 0,
        start: int = 1,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,
    ) -> list[Any]:
        """Inputs of this session and others.

        `hist_access_type` is "range" (lines `start` to `stop` of a session, 0 being
        this one, negative ones counted back), "tail" (the last `n`) or "search" (those
        that the glob `pattern` matches). With `output` entries are `(input, output)`
        pairs; with `raw` off, inputs are the Python that was run.

        Returns:
            `(session, line, entry)` each, the oldest first.
        """
        manager = self.history_manager
        if hist_access_type == "range":
            found = manager.get_range(session, start, stop, raw=raw, output=output)
            if session > 0:  # who asks by number gets it, this session's as well
                found = ((session, line, entry) for _, line, entry in found)
        elif hist_access_type == "tail":
            found = manager.get_tail(
                n or 10, raw=raw, output=output, include_latest=True
            )
        elif hist_access_type == "search":
            found = manager.search(
                pattern or "*", raw=raw, output=output, n=n, unique=unique
            )
        else:
            raise ValueError(f"range, tail or search; not {hist_access_type!r}")
        return list(found)

    def user_expressions(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """Values of expressions, each as a bundle or as the error it raised."""
        return {name: self._value_of(text) for name, text in expressions.items()}

    def _value_of(self, text: str) -> dict[str, Any]:
        names: Any = self
        try:
            value = eval(text, names.user_global_ns, names.user_ns)
            data, metadata = self.display_formatter.format(value)
        except BaseException as error:
            from ipcluster.engines.interpreter.showing import describe

            ename, evalue = describe(type(error), error)
            lines = names.InteractiveTB.structured_traceback(*sys.exc_info())
            return {
                "status": "error",
                "ename": ename,
                "evalue": evalue,
                "traceback": lines,
            }
        return {"status": "ok", "data": data, "metadata": metadata}
