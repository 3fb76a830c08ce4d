"""The prompt in a terminal: `ipshell`.

app.py        the command: what it is told, what it starts; flags.py, helping.py,
              commands.py for its flags, its help, `profile`, `locate`, `history`
shell.py      `TerminalInteractiveShell`: the interpreter with a terminal's options
session.py    prompt, read, run, until the person leaves; hangup.py: or is cut off;
              presses.py: when Ctrl-C raises
reader.py     cells: from early.py before the line editor is there, then from editor.py,
              or plain.py without one
editor.py     the line editor; keys/, completing.py, lexing.py, recalling.py, finder.py
              and looks.py are what it is made of
looping.py    the loop it waits on, which is the cells' own; above.py: what is printed
              meanwhile; stuck.py: Ctrl-C meanwhile
frontend.py   events on the screen; bundles.py, pager.py, asking.py, running.py,
              editing.py, clipboards.py, reformatting.py do the single things
prompts.py    what stands before inputs and values; themes.py: what it looks like
banner.py     what is said first; tips.py: and one thing worth knowing
embed.py      a prompt in the midst of a program; frames.py: with its names

It is a client of one engine in the same process; what an input means, and when it is
complete, is the interpreter's to say. Until the first prompt nothing of prompt_toolkit
or pygments is imported: see early.py.
"""
