"""The enhanced Python of interactive sessions: free of any terminal and of any socket.

What a person types goes in as text; what there is to see comes out as events. So a
prompt in this process, a notebook, and a console on a far engine run the same code.

    text --> transforms/ --> compilation.py --> cells.py --> events.py --> a front end
             magics, !, ?    names, linecache   runs it     display, result, error, page

shell.py        `InteractiveShell`: holds the parts, and the attributes that extensions
                in the field rely on. Read it first, then cells.py
frontend.py     what a front end has to offer; the plain one writes to `sys.stdout`
namespace.py    `__main__`, In and Out, the names that are ours
system.py       `!cmd`; expansion.py puts `$values` in, slist.py is what it prints
aliases.py      commands that are called as magics
autocall.py     objects that are called when their name is typed
asynchrony.py   `await`; runners.py has what runs coroutines instead of asyncio
store.py        `shell.db`: what outlives a session
extensions.py   modules that are loaded to register magics, callbacks, formatters
transforms/     from what was typed to Python; is it complete?
display/        objects to MIME bundles; `display()`, the pretty printer
plotting.py     which backend matplotlib draws with, which GUI's loop is kept alive
tracebacks/     exceptions to text
catching.py     errors and breakpoints that reach the process
colours.py      themes
introspection/  `obj?`, wildcards, sources
completion/     what could stand at the cursor
history/        every session's inputs, in SQLite
recalling.py    inputs, files and macros as code again
programs.py     files and modules that run; running.py is their part of the shell
snippets.py     pieces of code that a magic is given
logger.py       the session's log, and running one
store.py        `shell.db`: values that outlive the session, in the profile's folder
saved/          whole sessions in a file
magics/         one file per subject; its registry knows all without importing them
debugger/       pdb with the prompt's comforts
configuration/  options of classes, profiles, config files
ecosystem/      libraries that look for IPython by name find this shell
gui/            GUI loops that stay live while the prompt waits
reloading/      changed modules, patched while they are in use

An engine that only serves function calls never imports this folder: it starts fast
and stays small. Nothing here imports what a first prompt does not need.
"""
