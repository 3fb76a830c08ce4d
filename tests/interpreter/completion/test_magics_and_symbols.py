"""Names of magics and their options, symbols by name, completers of the user's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from ipcluster.engines.interpreter.completion.results import (
    Completion,
    CompletionContext,
    SimpleCompletion,
    completion_matcher,
    context_matcher,
    provisionalcompleter,
    rectify_completions,
)
from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.errors import TryNext
from ipcluster.engines.interpreter.shell import InteractiveShell

Offers = Callable[[str], list[str]]


# --- magics ---------------------------------------------------------------------------


def frobnicate(line: str, cell: str = "") -> None:
    """Frobnicate.

    -n N     so many times
    -q       say nothing
    --loud   say all
    """


def test_names_of_magics(shell: InteractiveShell, offers: Offers) -> None:
    shell.register_magic_function(frobnicate, "line_cell")

    assert offers("%frob") == ["%frobnicate", "%%frobnicate"]
    assert offers("%%frob") == ["%%frobnicate"]
    assert offers("frob") == ["%frobnicate", "%%frobnicate"]
    assert offers("for i in x:\n    %frob") == ["for i in x:\n    %frobnicate"]
    assert offers("x = %frob") == ["x = %frobnicate"]
    assert offers("x = frob") == []
    assert offers("a\nfrob") == []


def test_names_win_over_magics_without_a_sign(
    shell: InteractiveShell, offers: Offers
) -> None:
    shell.register_magic_function(frobnicate)
    shell.user_ns["frob_x"] = 3

    assert offers("frob") == ["frob_x", "%frobnicate"]
    assert offers("frob_") == ["frob_x"]
    shell.automagic = False
    assert offers("frob") == ["frob_x"]


def test_options_of_magics(shell: InteractiveShell, offers: Offers) -> None:
    shell.register_magic_function(frobnicate, "line_cell")

    assert offers("%frobnicate -") == [
        f"%frobnicate {option}" for option in ("--loud", "-n", "-q")
    ]
    assert offers("%%frobnicate --l") == ["%%frobnicate --loud"]


def test_cells_of_magics(shell: InteractiveShell, offers: Offers) -> None:
    shell.register_magic_function(frobnicate, "cell")
    shell.user_ns["some_name"] = 3

    assert offers("%%frobnicate\nsome_") == ["%%frobnicate\nsome_name"]
    assert offers("%%javascript\nsome_") == []


def test_config_completes_classes_options_and_values(offers: Offers) -> None:
    assert offers("%config IPComp") == ["%config IPCompleter"]
    assert offers("%config IPCompleter.gre") == ["%config IPCompleter.greedy"]
    assert offers("%config IPCompleter.greedy=") == [
        "%config IPCompleter.greedy=False",
        "%config IPCompleter.greedy=True",
    ]
    assert offers("%config InteractiveShell.xmode = 'V") == [
        "%config InteractiveShell.xmode = 'Verbose'"
    ]


def test_colors(shell: InteractiveShell, offers: Offers) -> None:
    shell.register_magic_function(frobnicate, magic_name="colors")

    assert "%colors nocolor" in offers("%colors no")


# --- symbols --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\alpha", ["α"]),  # noqa: RUF001  (the letter that is meant)
        (r"\alph", [r"\alpha"]),
        (r"x = 'in \alpha", [r"x = 'in α"]),  # noqa: RUF001  (the same)
        (r"x\hat", ["x\N{COMBINING CIRCUMFLEX ACCENT}"]),
        (r"\bfA", ["\N{MATHEMATICAL BOLD CAPITAL A}"]),
        (r"\bbR", ["\N{DOUBLE-STRUCK CAPITAL R}"]),
        (r"x\_1", ["x\N{SUBSCRIPT ONE}"]),
        (r"\GREEK SMALL LETTER ALPHA", ["\N{GREEK SMALL LETTER ALPHA}"]),
        (r"\ROMAN NUMERAL NIN", [r"\ROMAN NUMERAL NINE"]),
        ("'\\N{ROMAN NUMERAL NIN", ["'\\N{ROMAN NUMERAL NINE}"]),
        ("\\\N{GREEK SMALL LETTER ALPHA}", [r"\alpha"]),
        ("\\\N{CYRILLIC SMALL LETTER ZHE}", [r"\CYRILLIC SMALL LETTER ZHE"]),
        ("'\\n", []),
        ("!a\\alpha", []),
    ],
)
def test_symbols(offers: Offers, text: str, expected: list[str]) -> None:
    assert offers(text) == expected


def test_symbols_can_be_switched_off(shell: InteractiveShell, offers: Offers) -> None:
    shell.Completer.backslash_combining_completions = False

    assert offers(r"\alpha") == []
    assert offers("\\\N{GREEK SMALL LETTER ALPHA}") == []


# --- the user's -----------------------------------------------------------------------


def test_completers_of_commands(shell: InteractiveShell, offers: Offers) -> None:
    events: list[Any] = []

    def apples(self: InteractiveShell, event: Any) -> list[str]:
        assert self is shell
        events.append((event.line, event.command, event.symbol))
        return ["golden", "russet", "Gala"]

    def passes(self: InteractiveShell, event: Any) -> list[str]:
        raise TryNext

    shell.set_hook("complete_command", passes, priority=1, str_key="%pick")
    shell.set_hook("complete_command", apples, str_key="%pick")
    shell.set_hook("complete_command", apples, re_key=r"choose\s.*")

    assert offers("%pick go") == ["%pick golden"]
    assert events == [("%pick go", "%pick", "go")]
    assert offers("pick GA") == ["pick Gala"]
    assert offers("choose an ") == ["choose an golden", *offers("choose an ")[1:]]
    assert len(offers("choose an ")) == 3


def test_matchers_of_both_versions(shell: InteractiveShell, offers: Offers) -> None:
    seen: list[CompletionContext] = []

    @context_matcher(priority=60, identifier="mine")
    def second(context: CompletionContext) -> dict[str, Any]:
        seen.append(context)
        return {
            "completions": [SimpleCompletion("zebra", type="animal")],
            "matched_fragment": "ze",
            "suppress": True,
        }

    shell.Completer.custom_matchers = [lambda token: [token + "_first"], second]
    shell.user_ns["zero"] = 1

    assert offers("a\nx.y; ze") == ["a\nx.y; zebra"]
    assert (seen[0].cursor_line, seen[0].cursor_position, seen[0].token) == (1, 7, "ze")
    assert seen[0].line_with_cursor == "x.y; ze"
    shell.Completer.disable_matchers = ["mine"]
    assert offers("ze") == ["zero", "ze_first"]


def test_which_matchers_silence_others(shell: InteractiveShell, offers: Offers) -> None:
    @completion_matcher(priority=1, identifier="late")
    def late(_text: str) -> list[str]:
        return ["zebra"]

    shell.Completer.custom_matchers.append(late)
    shell.user_ns["zero"] = 1
    assert offers("ze") == ["zero", "zebra"]

    shell.Completer.suppress_competing_matchers = True
    assert offers("ze") == ["zero"]
    shell.Completer.suppress_competing_matchers = {"late": True}
    assert offers("ze") == ["zebra"]
    shell.Completer.suppress_competing_matchers = None
    shell.Completer.merge_completions = False
    assert offers("ze") == ["zero"]
    with pytest.raises(OptionError, match="wants None, True, False"):
        shell.Completer.suppress_competing_matchers = "yes"


def test_a_broken_matcher_is_said_to_be_so_once(
    shell: InteractiveShell, offers: Offers, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_text: str) -> list[str]:
        raise OSError("no disk")

    shell.Completer.custom_matchers.append(broken)
    shell.user_ns["zero"] = 1

    assert offers("ze") == ["zero"] == offers("ze")
    said = capsys.readouterr().err
    assert len(re.findall("OSError: no disk", said)) == 1


def test_a_custom_completer_and_a_frame(shell: InteractiveShell) -> None:
    import sys

    local_name = 3
    shell.set_custom_completer(lambda completer, text: [text + "!"])
    assert shell.complete("abq") == ("abq", ["abq!"])

    shell.set_completer_frame(sys._getframe())
    assert local_name == 3
    assert "local_name" in shell.complete("local_n")[1]
    shell.set_completer_frame()
    assert shell.complete("local_n")[1] == ["local_n!"]


def test_the_fields_api(shell: InteractiveShell) -> None:
    shell.user_ns["value_a"] = 1
    with provisionalcompleter():
        (found,) = shell.Completer.completions("print(value_", 12)

    assert found == Completion(6, 12, "value_a", type="instance")
    assert shell.complete(None, "print(value_)", 12) == ("value_", ["value_a"])
    assert shell.Completer.all_completions("value_") == ["value_a"]
    two = [Completion(2, 4, "ab"), Completion(1, 4, "xab")]
    assert [*rectify_completions("wxyz", two)] == [Completion(1, 4, "xab")] * 2
    matcher = shell.Completer.dict_key_matcher
    assert matcher.matcher_identifier == "IPCompleter.dict_key_matcher"
    shell.user_ns["d"] = {"key": 1}
    context = CompletionContext("k", "x\nd['k", 4, 1)
    assert [one.text for one in matcher(context)["completions"]] == ["key"]


def test_greedy_evaluates_and_closes(shell: InteractiveShell, offers: Offers) -> None:
    shell.user_ns["f"] = lambda: {"key": [1]}
    assert offers("f()['k") == []

    shell.Completer.greedy = True

    assert offers("f()['k") == ["f()['key']"]
    assert offers("f()['key'].inde") == ["f()['key'].index"]


def test_modules_can_be_imported_on_the_way(
    shell: InteractiveShell, offers: Offers
) -> None:
    assert offers("json.dum") == []

    shell.Completer.policy_overrides = {"allow_auto_import": True}

    assert offers("json.dum") == ["json.dump", "json.dumps"]
    with pytest.raises(OptionError, match="allow_auto_import"):
        shell.Completer.policy_overrides = {"allow": True}
