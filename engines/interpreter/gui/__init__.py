"""GUI loops that stay live while the shell waits: for keys, requests, or coroutines.

    %gui tk --> loops.py --> a toolkit's `hook` --> `shell.inputhook`
                                                          ^
    asyncio waits --> hooking.py: HookedSelector ---------'   once per wait

A *hook* is a function that runs the loop of its toolkit until there is something to do
elsewhere. It is called with one argument (waiting.py): `input_is_ready()` says that it
is over, `fileno()` is readable then. Hooks of prompt_toolkit's and of IPython's are of
this form, and users register theirs.

loops.py    `%gui NAME`, `shell.enable_gui`: which loop is kept alive. Read it first
hooks.py    which hooks there are; `register`
hooking.py  the asyncio loop of a shell, which calls the hook while it waits
waiting.py  what a hook is told, and how toolkits without file descriptors wait
tk.py  qt.py  gtk.py  wx.py  glut.py  pyglet.py  cocoa.py
            a toolkit each: `start` imports it, `hook` runs its loop
guest.py    trio, as a guest on the asyncio loop
support.py  what programs ask that start loops themselves

No toolkit is imported before somebody asks for it.
"""
