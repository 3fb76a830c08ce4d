"""What keys do at the prompt, beyond what the line editor's library has them do.

table.py        every key: its command, and when it counts; read this first
shortcuts.py    changes to the table: the option of that name in people's config
filters.py      conditions by name, such as `has_suggestion`
entering.py     Enter, indentation, the editor, leaving
auto_match.py   brackets and quotes in pairs
auto_suggest.py what was typed before, offered in grey

Commands, filters and their names are those that IPython's users have in their files:
`IPython:auto_suggest.accept_token` is `auto_suggest.accept_token` here.
"""
