"""Reloading modules while their objects are in use: `%autoreload`.

    watching.py    whose files have changed since they were imported
    plans.py       what of a module has to run again: all of it, or some definitions
    reloader.py    `Reloader`: which modules, when, and what is said about it
    execution.py   runs new code; a class statement gives the class of before
    classes.py     classes take over what new ones have
    enums.py       the same for enumerations, whose members stay the same objects
    functions.py   functions take over what new ones do
    bindings.py    `from x import y`: who has a name of whose

Objects keep their identity: a class is the same class after its module was reloaded, so
instances of before are its instances and have its new methods, and whoever holds a
function calls the new code. Where that cannot be, it is said.

Read reloader.py first.
"""
