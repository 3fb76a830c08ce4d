"""`%config`, `%lsmagic`, `%magic`, `%quickref`."""

from __future__ import annotations

import json

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.configuration.options import Configurable, Option
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics import registry
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def config(shell: InteractiveShell, line: str) -> object:
    found: object = shell.run_line_magic("config", line)
    return found


def test_classes_are_listed_also_those_that_are_not_loaded(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Completer" not in vars(shell)

    config(shell, "")

    listed = capsys.readouterr().out.split()
    assert {"IPCompleter", "InteractiveShell", "MagicsManager"} <= set(listed)
    assert "Completer" not in vars(shell)  # listing makes nothing


def test_options_are_shown_and_set(shell: InteractiveShell) -> None:
    assert config(shell, "IPCompleter.greedy") is False
    assert config(shell, "IPCompleter.omit__names = 1") is None
    assert shell.Completer.omit__names == 1
    config(shell, "InteractiveShell.xmode='Verbose'")
    config(shell, "InteractiveShell.autocall = 1 + 1")
    assert (shell.xmode, shell.autocall) == ("Verbose", 2)
    config(shell, "InteractiveShell.xmode = Plain")
    assert shell.xmode == "Plain"
    shell.user_ns["mine"] = {"allow_any_calls": True}
    config(shell, "IPCompleter.policy_overrides = {**mine}")
    assert shell.Completer.policy_overrides == {"allow_any_calls": True}
    config(shell, "Completer.use_jedi = False")  # by the name of its base
    assert shell.Completer.use_jedi is False


def test_a_class_tells_of_its_options(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    config(shell, "IPCompleter")

    text = capsys.readouterr().out
    assert text.startswith("IPCompleter(Completer) options\n----")
    assert "IPCompleter.omit__names=<one of its choices>\n" in text
    assert "    Choices: 0, 1, 2\n    Current: 2\n" in text
    assert "IPCompleter.use_jedi=<bool>" in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("IPCompletr", "no class 'IPCompletr' .* mean 'IPCompleter'"),
        ("zork.x = 3", "no class 'zork' has options. %config lists all"),
        ("IPCompleter.gredy = 1", "no option 'gredy'.* mean 'greedy'"),
        ("IPCompleter.greedy = 45", "wants True or False; 45 is a whole number"),
        ("IPCompleter.omit__names = 7", "is one of 0, 1, 2; not 7"),
        ("InteractiveShell.autocall = 1/0", "1/0 raises ZeroDivisionError"),
        ("IPCompleter greedy", "not understood"),
    ],
)
def test_bad_input_gets_one_line(
    shell: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        config(shell, line)
    assert "\n" not in str(caught.value)


def test_magics_of_the_users_with_options_are_there(shell: InteractiveShell) -> None:
    @registry.magics_class
    class Fruit(registry.Magics):
        ripe = Option(False, "Whether it can be eaten.")

    shell.register_magics(Fruit)

    config(shell, "Fruit.ripe = True")

    assert config(shell, "Fruit.ripe") is True


def test_a_formatters_options_are_found(shell: InteractiveShell) -> None:
    class Printer(Configurable):
        width = Option(79, "Columns.")

    printer = Printer()
    vars(shell.display_formatter)["formatters"] = {"text/plain": printer}

    config(shell, "Printer.width = 20")

    assert printer.width == 20


# --- help -----------------------------------------------------------------------------


def test_lsmagic_lists_what_there_is(shell: InteractiveShell) -> None:
    listing = shell.run_line_magic("lsmagic", "")

    lines = str(listing).split("\n")
    assert lines[0] == "Available line magics:"
    assert {"%who", "%config"} <= set(lines[1].split())
    assert "Automagic is on" in lines[-1]
    assert shell.display_formatter.format(listing)[0]["text/plain"] == str(listing)


def test_lsmagic_as_data(shell: InteractiveShell) -> None:
    shell.register_magic_function(lambda line: None, magic_name="mine")

    found = shell.run_line_magic("lsmagic", "-j")

    assert found["line"]["who"] == "NamespaceMagics"
    assert found["line"]["mine"] == "Other"
    assert json.loads(json.dumps(found)) == found


def test_pages_of_help(shell: InteractiveShell, frontend: RecordingFrontEnd) -> None:
    for name, line in (("magic", ""), ("magic", "-brief"), ("quickref", "")):
        shell.run_line_magic(name, line)
    shell.show_usage()

    texts = [page.data["text/plain"] for page in frontend.of_kind(e.Page)]
    assert "%who:\n    Print the names" in texts[0]
    assert "%who: Print the names that you have bound.\n" in texts[1]
    assert len(texts[1]) < len(texts[0])
    assert "np.*load*?" in texts[2]
    assert "%cluster start" in texts[3]
    assert all(len(line) <= 90 for text in texts[2:] for line in text.split("\n"))


def test_every_magic_of_these_files_says_what_it_does(shell: InteractiveShell) -> None:
    names = "pinfo pinfo2 pdef pdoc psource pfile psearch who who_ls whos xdel reset"
    for name in [*names.split(), "reset_selective", "lsmagic", "magic", "config"]:
        assert f"%{name}" in shell.find_line_magic(name).__doc__
