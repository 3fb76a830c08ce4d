"""A prompt in the midst of a program, at a terminal."""

from __future__ import annotations

import sys
from typing import Any


def start(shells: Any, text: str) -> Any:
    (shells.work / "program.py").write_text(text)
    return shells.run([sys.executable, "program.py"])


def test_a_function_goes_on_with_what_was_bound(shells: Any) -> None:
    terminal = start(
        shells,
        "from ipcluster import embed\n"
        "def f(a):\n"
        "    b = [1, 2]\n"
        "    embed()\n"
        "    print('after', a, b)\n"
        "f(5)\n",
    )
    terminal.wait_for("ipshell in f, ")
    terminal.wait_for("program.py:4; exit or Ctrl-D goes on there")
    terminal.wait_for_prompt(1)
    terminal.enter("[a + i for i in b]")
    terminal.wait_for("Out[1]: [6, 7]")
    terminal.enter("a = 'new'; b.append(3)")
    terminal.wait_for_prompt(3)
    terminal.enter("exit()")

    terminal.wait_for("after new [1, 2, 3]")
    assert terminal.wait_for_end() == 0


def test_a_function_in_a_function_sees_the_locals_of_both(shells: Any) -> None:
    terminal = start(
        shells,
        "from ipcluster import embed\n"
        "def f(a, b):\n"
        "    def g(b):\n"
        "        embed()\n"
        "    [g(3) for _ in range(1)]\n"
        "    print('after', a, b)\n"
        "f(1, 2)\n",
    )
    terminal.wait_for_prompt(1)
    terminal.enter("a, b, [a for _ in range(2)]")
    terminal.wait_for("Out[1]: (1, 3, [1, 1])")
    terminal.enter("a = b = 0; exit()")

    terminal.wait_for("after 1 2")
    assert terminal.wait_for_end() == 0


def test_a_loop_opens_it_until_it_is_killed(shells: Any) -> None:
    terminal = start(
        shells,
        "from ipcluster import embed\n"
        "for i in range(5):\n"
        "    embed(banner1=f'round {i}')\n"
        "print('over')\n",
    )
    terminal.wait_for("round 0")
    terminal.wait_for_prompt(1)
    terminal.enter("exit()")
    terminal.wait_for("round 1")
    terminal.wait_until(lambda: terminal.line == "In [1]:", "a prompt")
    terminal.enter("get_ipython().run_line_magic('kill_embedded', '-x')")
    terminal.wait_for("any more? [y/N]")
    terminal.enter("y")

    terminal.wait_for("\nover")
    assert "round 2" not in terminal.text


def test_it_opens_within_a_coroutine(shells: Any) -> None:
    terminal = start(
        shells,
        "import asyncio\n"
        "from ipcluster import embed\n"
        "async def f():\n"
        "    x = 5\n"
        "    await asyncio.sleep(0)\n"
        "    embed()\n"
        "    print('after', x)\n"
        "asyncio.run(f())\n",
    )
    terminal.wait_for_prompt(1)
    terminal.enter("x += 1; x")
    terminal.wait_for("Out[1]: 6")
    terminal.wait_for_prompt(2)
    terminal.press("c-d")
    terminal.wait_for("exit [Y/n]")
    terminal.press("enter")

    terminal.wait_for("after 6")


def test_ctrl_c_within_a_coroutine_ends_the_cell_and_not_the_program(
    shells: Any,
) -> None:
    terminal = start(
        shells,
        "import asyncio\n"
        "from ipcluster import embed\n"
        "async def main():\n"
        "    embed()\n"
        "    await asyncio.sleep(0)\n"
        "    print('has left')\n"
        "    try:\n"
        "        await asyncio.sleep(60)\n"
        "    except asyncio.CancelledError:\n"
        "        print('cancelled')\n"
        "        raise\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except KeyboardInterrupt:\n"
        "    print('at last')\n",
    )
    terminal.wait_for_prompt(1)
    terminal.enter("import time; print('asl' + 'eep'); time.sleep(60)")
    terminal.wait_for("asleep")
    terminal.press("c-c")
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for_prompt(2)
    terminal.enter("exit()")
    terminal.wait_for("has left")
    terminal.press("c-c")  # asyncio's own handler is back

    terminal.wait_for("cancelled")
    terminal.wait_for("at last")
    assert terminal.wait_for_end() == 0


def test_one_opens_within_another(shells: Any) -> None:
    terminal = start(
        shells,
        "from ipcluster import embed\n"
        "def inner(n):\n"
        "    embed(banner1='inner')\n"
        "def outer():\n"
        "    embed(banner1='outer')\n"
        "outer()\n"
        "print('over')\n",
    )
    terminal.wait_for("outer")
    terminal.wait_for_prompt(1)
    terminal.enter("inner(7)")
    terminal.wait_for("inner\n")
    terminal.wait_until(lambda: terminal.text.count("In [1]:") == 2, "a prompt")
    terminal.enter("n")
    terminal.wait_for("Out[1]: 7")
    terminal.enter("exit()")
    terminal.wait_until(lambda: terminal.line == "In [2]:", "the outer prompt")
    terminal.enter("n")
    terminal.wait_for("NameError")
    terminal.enter("exit()")

    terminal.wait_for("\nover")


def test_a_whole_shell_starts_with_given_names(shells: Any) -> None:
    terminal = start(
        shells,
        "from ipcluster import start_shell\n"
        "names = {'x': 5}\n"
        "status = start_shell(['--no-banner'], user_ns=names, autocall=1)\n"
        "print('status', status, names['x'], __name__)\n",
    )
    terminal.wait_for_prompt(1)
    terminal.enter("x += get_ipython().autocall")
    terminal.wait_for_prompt(2)
    terminal.enter("exit()")

    terminal.wait_for("status 0 6 __main__")
