"""The first prompt: it comes before the line editor, and keys are kept meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.terminal.early import Echo

# Runs a shell up to its first prompt, and says what has been imported by then.
AT_PROMPT = """
import json, os, sys
from ipcluster.shell.terminal import early
def wait(self, prompt, columns):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
    sys.stdout.write("seen")
    sys.stdout.flush()
    os._exit(0)
early.EarlyPrompt.wait = wait
from ipcluster.shell.terminal.app import main
main([])
"""

# What a first prompt does not need. `typing` and `re` may come with a site's own code.
HEAVY = {
    "argparse",
    "ast",
    "asyncio",
    "dataclasses",
    "inspect",
    "json",
    "logging",
    "prompt_toolkit",
    "pygments",
    "sqlite3",
    "subprocess",
}


def test_few_modules_are_imported_at_the_first_prompt(shells: Any) -> None:
    terminal = shells.run([sys.executable, "-I", "-c", AT_PROMPT])
    terminal.wait_for("seen")

    modules = set(json.loads((shells.work / "modules.json").read_text()))
    bare = json.loads(
        subprocess.check_output(
            [
                sys.executable,
                "-I",
                "-c",
                "import sys, json; print(json.dumps([*sys.modules]))",
            ]
        )
    )

    assert not HEAVY & (modules - set(bare))
    assert len(modules) <= 150


def test_a_cell_from_the_command_line_imports_next_to_nothing(shells: Any) -> None:
    done = shells.call("-c", "import sys; print(*sys.modules)")

    assert not HEAVY & set(done.stdout.split())


def test_keys_typed_before_the_prompt_are_not_lost(shells: Any) -> None:
    terminal = shells.start()

    terminal.type("x = 'a' + '\N{LATIN SMALL LETTER E WITH ACUTE}'\r")
    terminal.type("len(x)\r")
    terminal.press("up", "left", "left")
    terminal.type("x + \r")

    terminal.wait_for("Out[2]: 2")
    terminal.wait_for("In [3]: len(x + x)\nOut[3]: 4")


def test_keys_typed_at_the_first_prompt_are_not_lost(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for("In [1]:")

    for letter in "1 + 22":
        terminal.type(letter)
    terminal.press("backspace", "enter")

    terminal.wait_for("In [1]: 1 + 2\nOut[1]: 3")


def test_ctrl_c_typed_early_is_a_key(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for("In [1]:")

    terminal.type("junk\x03'kept'\r")

    terminal.wait_for("In [1]: 'kept'\nOut[1]: 'kept'")


def test_a_paste_at_the_first_prompt_stays_whole(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for("In [1]:")

    terminal.paste("if 1:\n    a = 2\n\n    b = 3\n")
    terminal.type("\ra + b\r")

    terminal.wait_for("Out[2]: 5")


def test_the_prompt_is_there_once(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for("In [1]:")
    terminal.enter("1")
    terminal.wait_for_prompt(2)

    assert terminal.text.count("In [1]:") == 1
    assert terminal.text.count("In [2]:") == 1


def test_without_the_line_editor_lines_are_plain(shells: Any) -> None:
    (shells.work / "prompt_toolkit.py").write_text("raise ImportError('broken')\n")
    terminal = shells.start(PYTHONPATH=str(shells.work))
    terminal.type("1 + 2\r")

    terminal.wait_for("There is no line editor: ImportError: broken")
    terminal.wait_for("In [1]: 1 + 2\nOut[1]: 3")
    terminal.type("3 + 4\r")
    terminal.wait_for("Out[2]: 7")


# --- what is echoed -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([b"abc"], "abc"),
        ([b"a", b"\xc3", b"\xa9b"], "a\N{LATIN SMALL LETTER E WITH ACUTE}b"),
        ([b"ab\x7fc"], "ab\b \bc"),
        ([b"\x7fa"], "a"),
        ([b"a\rb"], "a"),
        ([b"a\x1b[Ab", b"c"], "a"),
        ([b"a\x03b"], "a"),
        ([b"123456789"], "12345678"),
    ],
)
def test_simple_keys_are_echoed(chunks: list[bytes], shown: str) -> None:
    echo = Echo(room=10)

    assert "".join(echo.take(chunk) for chunk in chunks) == shown


# --- settings that are broken ---------------------------------------------------------


def test_a_broken_config_and_startup_file_are_told_and_the_shell_works(
    shells: Any,
) -> None:
    shells.configure(
        "c.InteractiveShell.autocal = 1\nc.InteractiveShell.pdb = 'x'\n1/0"
    )
    startup = shells.root / "profile_default" / "startup"
    startup.mkdir()
    (startup / "00-bad.py").write_text("\n\nraise OSError('no')\n")

    terminal = shells.start(columns=200)

    terminal.wait_for_prompt(1)
    for told in (
        "ipshell_config.py:4: ZeroDivisionError: division by zero",
        "ipshell_config.py:2: InteractiveShell has no option autocal; did you mean "
        "InteractiveShell.autocall?",
        "ipshell_config.py:3: InteractiveShell.pdb wants True or False; 'x' is text",
        "00-bad.py:3: OSError: no; the rest of it was not run",
    ):
        assert terminal.text.count(told) == 1
    terminal.enter("6 * 7")
    terminal.wait_for("Out[1]: 42")


def test_a_home_that_cannot_be_written_to_is_no_reason_not_to_start(
    shells: Any,
) -> None:
    shells.root.write_text("a file in the place of the folder")

    terminal = shells.start()

    terminal.wait_for("In [1]:")
    terminal.enter("6 * 7")
    terminal.wait_for("Out[1]: 42")


def test_a_folder_that_is_gone_is_no_reason_either(shells: Any) -> None:
    gone = shells.work / "gone"
    gone.mkdir()
    code = (
        f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n"
        "from ipcluster.shell.terminal.app import main\n"
        "main(['--no-banner'])\n"
    )
    terminal = shells.run([sys.executable, "-c", code])

    terminal.wait_for("In [1]:")
    terminal.enter("6 * 7")
    terminal.wait_for("Out[1]: 42")


def test_the_banner_says_which_python_this_is(shells: Any) -> None:
    terminal = shells.start(banner=True)

    terminal.wait_for_prompt(1)

    lines = terminal.text.split("\n")
    assert lines[0].startswith(f"Python {sys.version.split()[0]}")
    assert "Type '?' for help" in terminal.text
    assert "Tip: " in terminal.text


def test_a_banner_of_ones_own(shells: Any) -> None:
    shells.configure("c.InteractiveShell.banner1 = 'mine'\n")
    terminal = shells.start(banner=True)

    terminal.wait_for_prompt(1)

    assert terminal.text.split("\n")[0] == "mine"
    assert "Tip: " not in terminal.text


def test_a_startup_file_may_add_keys(shells: Any) -> None:
    startup = shells.root / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-keys.py").write_text(
        "@get_ipython().pt_app.key_bindings.add('c-t')\n"
        "def _(event): event.current_buffer.insert_text('typed by a key')\n"
    )

    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.press("c-t")

    terminal.wait_for("In [1]: typed by a key")


def test_startup_files_and_exec_lines_have_run(shells: Any, tmp_path: Path) -> None:
    shells.configure("c.InteractiveShellApp.exec_lines = ['y = x + 1']")
    startup = shells.root / "profile_default" / "startup"
    startup.mkdir()
    (startup / "00-x.py").write_text("x = 41\n")

    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("y")

    terminal.wait_for("Out[1]: 42")
