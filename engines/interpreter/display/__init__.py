"""From objects to what a front end can show.

An object becomes text, or a bundle of content by MIME type:

formatters.py      all formatters of a shell; read it first
formatter.py       one of them: functions for classes, the object's own method
plaintext.py       the one for text, with its options
methods.py         asking classes and objects, whatever they do to prevent it
pretty.py          the pretty printer
layout.py          its half that breaks lines
printers.py        its half that knows Python's own types
expressions.py     what `_repr_pretty_` methods print calls with

and is shown, or kept:

hook.py            `sys.displayhook`: the value of a cell, and `Out`
functions.py       `display()` and its kin
publish.py         the publisher that they go through, and that extensions replace
capture.py         what was printed and displayed, kept instead
paging.py          long text, for a pager
objects/           things to show: `HTML`, `Image`, `Audio`, ...

Figures of matplotlib:

figures.py         a figure as an image
inline.py          options of the backend that shows them after each cell
inline_backend.py  that backend; matplotlib imports it
pylab.py           selecting backends

An object's methods (`_repr_html_`, `_repr_mimebundle_`, `_ipython_display_`,
`_repr_pretty_`) are the ecosystem's, as is the order in which they are asked.
"""
