"""Every magic that users know from IPython is there.

The names are those of `shared/reference/shell.md`, part T, which lies beside the
checkout; this list holds where it is not at hand.
"""

from __future__ import annotations

import sys

import pytest

from ipcluster.engines.interpreter.magics.registry import TABLE

LINE = """
    alias alias_magic aimport autoawait autocall autoindent automagic autoreload
    autosave bookmark cd clear code_wrap colors conda config connect_info cpaste
    debug dhist dirs doctest_mode ed edit env gui hist history killbgscripts less
    load load_ext loadpy logoff logon logstart logstate logstop lsmagic macro magic
    mamba man matplotlib micromamba more notebook page paste pastebin pdb pdef pdoc
    pfile pinfo pinfo2 pip popd pprint precision prun psearch psource pushd pwd
    pycat pylab qtconsole quickref recall rehashx reload_ext rep rerun reset
    reset_selective run save sc set_env store subshell sx system tb time timeit
    unalias unload_ext uv who who_ls whos xdel xmode
"""
COMMANDS = "cat cp ldir lf lk ll ls lx mkdir mv rm rmdir"
CELL = """
    ! HTML SVG bash capture code_wrap debug file html javascript js latex markdown
    perl prun pypy python python2 python3 ruby script sh svg sx system time timeit
    writefile
"""

# Why a magic is not in the table. It sends what was typed to a web service:
NOT_WANTED = {"pastebin"}
# A kernel registers it, as it is about its front end:
OF_KERNELS = {"autosave", "qtconsole", "subshell"}


def names(number: int) -> set[str]:
    return {name for both in TABLE.values() for name in both[number].split()}


def test_line_magics_of_the_field_are_there() -> None:
    wanted = set(LINE.split())
    if sys.platform != "win32":
        wanted |= set(COMMANDS.split())

    assert wanted - names(0) == NOT_WANTED | OF_KERNELS


def test_cell_magics_of_the_field_are_there() -> None:
    assert set(CELL.split()) - names(1) == set()


def test_this_list_is_that_of_the_reference() -> None:
    text = _reference()
    rows = [
        [part.strip() for part in row.split("|")[1:3]]
        for row in text.split("### T.")[1].split("### Q.")[0].splitlines()
        if row.startswith("| `")
    ]
    line = {name.strip("`") for name, kind in rows if "L" in kind.split()[0]}
    cell = {name.strip("`") for name, kind in rows if "C" in kind.split()[0]}

    assert line == set(LINE.split()) | set(COMMANDS.split())
    assert cell == set(CELL.split())


def _reference() -> str:
    from pathlib import Path

    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "reference" / "shell.md"
        if path.exists():
            return path.read_text()
    pytest.skip("no shared/reference/shell.md beside the checkout")
