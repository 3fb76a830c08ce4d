"""Options of classes, and what sets them: files, command lines, people at the prompt.

    /etc, prefix, ~/.ipcluster, profile --> files.py --> config.py --> options.py
    command line --> arguments.py ------------------------^          of each object

options.py       `Option`, `Configurable`: what a class can be told, how it is checked
config.py        `Config`: what was said of which class, where, and in which order
files.py         config files: Python and JSON, which include others
profiles.py      a folder each for settings, startup files and history
arguments.py     a command line: options of any class, flags, aliases
application.py   the options of programs that carry a shell; `Settings` joins all
startup.py       what runs before the first prompt, and instead of it
virtualenv.py    an environment that the shell is started in
checking.py      names that nobody knows, with the nearest there is
classes.py       where all classes with options are
defaults.py      all options as a config file of comments, and as help

Read options.py first, then config.py. A plain start imports five of these.
"""
