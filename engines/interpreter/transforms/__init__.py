"""From what was typed to Python: prompts stripped, magics and `!` made into calls.

manager.py       the steps, in order. Read it first
cleanup.py       indentation and prompts that were pasted; cell magics
scanning.py      where statements begin and end, in what is not all Python
escapes.py       the calls that `%name`, `!cmd`, `name?`, `,f a` become
tokens.py        transformers of extensions that look at tokens
names.py         lines that begin with a name: macros, automagic, autocall
prefilter.py     what extensions may add to those
wrapping.py      trees of cells put into a template
completeness.py  is there more to come?

Every step keeps the number of lines, so all line numbers are those of the input.
"""
