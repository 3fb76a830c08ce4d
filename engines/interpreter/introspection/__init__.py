"""`obj?`, wildcards, sources: what an object is.

inspector.py   what is asked, under the field's names. Read it first
finding.py     what a name means; cursor.py, which name a cursor is at
facts.py       what there is to say; rendering.py makes text and HTML of it
signatures.py  how things are called
sources.py     the text that defined them; classes.py, of classes typed at a prompt
searching.py   names by wildcards
colouring.py   colours of Python text
paging.py      showing something long
"""
