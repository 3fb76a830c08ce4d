"""The magics, one file per subject.

registry.py        which there are, without importing them; `Magics`, its decorators
options.py         the options of a magic's line

arguments.py       arguments of a magic as decorators: `@argument(...)`
aliases.py         `%alias`, `%rehashx`, `%alias_magic`
autoawait.py       `%autoawait`
automagic.py       `%automagic`, `%autocall`
autoreload.py      `%autoreload`, `%aimport`; awaiting.py lets magics await
capturing.py       `%%capture`
code_wrap.py       `%%code_wrap`
config.py          `%config`
connecting.py      `%connect_info`
directories.py     `%cd`, `%pushd`, `%dhist`, `%bookmark`
displaying.py      `%%html`, `%%svg`, `%%latex`, `%%markdown`, `%%javascript`
doctests.py        `%doctest_mode`
editing.py         `%edit`
environment.py     `%env`, `%set_env`
errors.py          `%xmode`, `%tb`, `%pdb`, `%debug`, `%colors`
files.py           `%%writefile`
gui.py             `%gui`
help.py            `%lsmagic`, `%magic`, `%quickref`
history.py         `%history`, `%recall`, `%rerun`
historyoptions.py  what `%history` is told, and finds
inspection.py      `%pinfo` and its kin, `%psearch`
logs.py            `%logstart` and its kin
namespace.py       `%who`, `%xdel`, `%reset`
notebooks.py       `%notebook`
packages.py        `%pip`, `%conda`, `%uv`
paging.py          `%page`, `%pycat`, `%less`, `%man`, `%clear`
plotting.py        `%matplotlib`, `%pylab`
printing.py        `%pprint`, `%precision`
prun.py            `%prun`
run.py             `%run`
script.py          `%%script`, `%%bash` and its kin
sessions.py        `%session`
sources.py         `%save`, `%macro`, `%load`
storing.py         `%store`
system.py          `%sx`, `%sc`, `%%!`
system_aliases.py  `%ls`, `%cat` and other aliases that are there from the start
timing.py          `%time`, `%timeit`, whose loops are in repetition.py
"""
