"""What lies where: the modules of the field's names, and whose of ours theirs are.

For each module, homes and the names in them. A home that begins with "." is a module of
the interpreter; others are anywhere. `theirs=ours` is a name that is another one here,
and `theirs=*` is the home itself. A test looks up every one of them.
"""

from __future__ import annotations

HOME = "ipcluster.engines.interpreter"

_THINGS = ".ecosystem.things"

_DISPLAY_OBJECTS = (
    "Audio Code DisplayObject FileLink FileLinks GeoJSON HTML IFrame Image JSON "
    "Javascript Latex Markdown Math Pretty ProgressBar SVG ScribdDocument "
    "TextDisplayObject Video VimeoVideo YouTubeVideo"
)
_DISPLAY_KINDS = (
    "display_html display_javascript display_jpeg display_json display_latex "
    "display_markdown display_pdf display_png display_pretty display_svg display_webp"
)
_DISPLAY_FUNCTIONS = "DisplayHandle clear_output display update_display"
_MATPLOTLIB = "set_matplotlib_close set_matplotlib_formats"
_MAGIC = (
    "MagicAlias Magics MagicsManager cell_magic line_cell_magic line_magic "
    "magics_class needs_local_scope no_var_expand output_can_be_silenced "
    "register_cell_magic register_line_cell_magic register_line_magic"
)
_INTERACTIVE_SHELL = {
    ".shell": "InteractiveShell InteractiveShellABC=InteractiveShell get_ipython",
    ".cells": "ExecutionInfo ExecutionResult",
    ".errors": "UsageError",
}
_TRACEBACKS = "AutoFormattedTB ColorTB FormattedTB ListTB SyntaxTB VerboseTB"

MODULES: dict[str, dict[str, str]] = {
    "IPython": {
        ".shell": "InteractiveShell get_ipython",
        ".ecosystem.standing": "__version__=VERSION_TEXT version_info=VERSION_INFO",
        ".display.functions": "display",
        _THINGS: "extract_module_locals sys_info",
        "ipcluster": "embed embed_kernel start_ipython",
    },
    "IPython.display": {
        ".display.objects": _DISPLAY_OBJECTS,
        ".display.functions": f"{_DISPLAY_FUNCTIONS} {_DISPLAY_KINDS}",
        ".display.publish": "publish_display_data",
        ".display.figures": _MATPLOTLIB,
    },
    "IPython.paths": {
        _THINGS: "get_ipython_cache_dir get_ipython_dir get_ipython_package_dir",
    },
    # --- core -------------------------------------------------------------------------
    "IPython.core": {},
    "IPython.core.alias": {
        ".aliases": "Alias AliasError AliasManager InvalidAliasError default_aliases",
    },
    "IPython.core.autocall": {
        ".autocall": "ExitAutocall IPyAutocall ZMQExitAutocall",
    },
    "IPython.core.completer": {
        ".completion.completer": "Completer IPCompleter",
        ".completion.results": (
            "Completion CompletionContext ProvisionalCompleterWarning "
            "SimpleCompletion SimpleMatcherResult completion_matcher context_matcher "
            "provisionalcompleter rectify_completions"
        ),
    },
    "IPython.core.debugger": {
        ".debugger": "set_trace",
        ".debugger.debugger": "InterruptiblePdb=Debugger Pdb=Debugger",
        "bdb": "BdbQuit",
    },
    "IPython.core.display": {
        ".display.objects": _DISPLAY_OBJECTS,
        ".display.functions": f"{_DISPLAY_FUNCTIONS} {_DISPLAY_KINDS}",
        ".display.publish": "publish_display_data",
        ".display.figures": _MATPLOTLIB,
    },
    "IPython.core.display_functions": {
        ".display.functions": _DISPLAY_FUNCTIONS,
        ".display.publish": "publish_display_data",
    },
    "IPython.core.displayhook": {
        ".display.capture": "CapturingDisplayHook",
        ".display.hook": "DisplayHook",
    },
    "IPython.core.displaypub": {
        ".display.publish": (
            "CapturingDisplayPublisher DisplayPublisher publish_display_data"
        ),
    },
    "IPython.core.error": {
        ".errors": "TryNext UsageError",
        _THINGS: "IPythonCoreError InputRejected StdinNotImplementedError",
    },
    "IPython.core.events": {".hooks": "EventManager"},
    "IPython.core.formatters": {
        ".display.formatters": (
            "DisplayFormatter HTMLFormatter IPythonDisplayFormatter JPEGFormatter "
            "JSONFormatter JavascriptFormatter LatexFormatter MarkdownFormatter "
            "MimeBundleFormatter PDFFormatter PNGFormatter SVGFormatter "
            "format_display_data"
        ),
        ".display.formatter": (
            "BaseFormatter FormatterABC=BaseFormatter FormatterWarning"
        ),
        ".display.plaintext": "PlainTextFormatter",
    },
    "IPython.core.getipython": {".shell": "get_ipython"},
    "IPython.core.history": {
        ".history.accessor": "HistoryAccessor HistoryAccessorBase=HistoryAccessor",
        ".history.manager": "HistoryManager",
        ".history.ranges": "extract_hist_ranges",
    },
    "IPython.core.hooks": {
        ".errors": "TryNext",
        ".hooks": "CommandChainDispatcher=CommandChain",
    },
    "IPython.core.inputtransformer2": {
        ".transforms.manager": "TransformerManager",
        ".transforms.tokens": "TokenTransformBase make_tokens_by_line",
        ".transforms.cleanup": (
            "cell_magic classic_prompt ipython_prompt leading_indent"
        ),
    },
    "IPython.core.interactiveshell": _INTERACTIVE_SHELL,
    "IPython.core.logger": {".logger": "Logger"},
    "IPython.core.macro": {".history.macro": "Macro"},
    "IPython.core.magic": {
        ".magics.registry": _MAGIC,
        ".errors": "UsageError",
        ".shell": "get_ipython",
    },
    "IPython.core.magic_arguments": {
        ".magics.arguments": (
            "MagicArgumentParser MagicHelpFormatter argument argument_group "
            "construct_parser defaults kwds magic_arguments parse_argstring real_name"
        ),
        ".errors": "UsageError",
    },
    "IPython.core.magics": {},
    "IPython.core.magics.ast_mod": {
        ".transforms.wrapping": "Mangler ReplaceCodeTransformer",
    },
    "IPython.core.magics.config": {".magics.config": "ConfigMagics"},
    "IPython.core.magics.display": {".magics.displaying": "DisplayMagics"},
    "IPython.core.magics.history": {".magics.history": "HistoryMagics"},
    "IPython.core.magics.logging": {".magics.logs": "LoggingMagics"},
    "IPython.core.magics.namespace": {".magics.namespace": "NamespaceMagics"},
    "IPython.core.magics.osm": {".magics.directories": "OSMagics"},
    "IPython.core.magics.packaging": {
        ".magics.packages": "PackagingMagics=PackageMagics",
    },
    "IPython.core.magics.pylab": {".magics.plotting": "PylabMagics"},
    "IPython.core.magics.script": {".magics.script": "ScriptMagics"},
    "IPython.core.oinspect": {
        ".introspection.finding": "OInfo",
        ".introspection.inspector": "Inspector",
    },
    "IPython.core.page": {".display.paging": "page page_file"},
    "IPython.core.prefilter": {
        ".transforms.prefilter": (
            "PrefilterChecker PrefilterHandler PrefilterManager PrefilterTransformer"
        ),
    },
    "IPython.core.pylabtools": {
        ".display.pylab": (
            "activate_matplotlib figsize find_gui_and_backend getfigs import_pylab"
        ),
        ".display.figures": "print_figure retina_figure select_figure_formats",
        _THINGS: "backend2gui backends",
    },
    "IPython.core.release": {
        ".ecosystem.standing": "version=VERSION_TEXT version_info=VERSION_INFO",
    },
    "IPython.core.splitinput": {".transforms.prefilter": "LineInfo"},
    "IPython.core.ultratb": {".tracebacks.field": _TRACEBACKS},
    # --- extensions, lib --------------------------------------------------------------
    "IPython.extensions": {},
    "IPython.extensions.storemagic": {
        ".magics.storing": "StoreMagics",
        _THINGS: "load_ipython_extension=is_there_already",
    },
    "IPython.lib": {},
    "IPython.lib.display": {".display.objects": _DISPLAY_OBJECTS},
    "IPython.lib.guisupport": {
        ".gui.support": (
            "get_app_qt get_app_qt4=get_app_qt get_app_wx is_event_loop_running_qt "
            "is_event_loop_running_qt4=is_event_loop_running_qt "
            "is_event_loop_running_wx start_event_loop_qt "
            "start_event_loop_qt4=start_event_loop_qt start_event_loop_wx"
        ),
    },
    "IPython.lib.pretty": {
        ".display.pretty": (
            "RepresentationPrinter for_type for_type_by_name pprint pretty"
        ),
        ".display.layout": "PrettyPrinter",
        ".display.expressions": "CallExpression RawStringLiteral RawText",
    },
    # --- terminal ---------------------------------------------------------------------
    "IPython.terminal": {},
    "IPython.terminal.debugger": {
        ".debugger": "set_trace",
        ".debugger.debugger": "TerminalPdb=Debugger",
    },
    "IPython.terminal.embed": {
        "ipcluster.shell.terminal.embed": "InteractiveShellEmbed KillEmbedded embed",
    },
    "IPython.terminal.interactiveshell": {
        "ipcluster.shell.terminal.shell": "TerminalInteractiveShell",
    },
    "IPython.terminal.prompts": {
        "ipcluster.shell.terminal.prompts": "ClassicPrompts Prompts Token",
    },
    "IPython.terminal.pt_inputhooks": {
        ".gui.hooks": "UnknownBackend get_inputhook_name_and_func register registered",
    },
    # --- utils ------------------------------------------------------------------------
    "IPython.utils": {},
    "IPython.utils.capture": {
        ".display.capture": "CapturedIO RichOutput capture_output",
    },
    "IPython.utils.coloransi": {_THINGS: "TermColors"},
    "IPython.utils.contexts": {_THINGS: "preserve_keys"},
    "IPython.utils.encoding": {_THINGS: "DEFAULT_ENCODING get_stream_enc"},
    "IPython.utils.frame": {_THINGS: "extract_module_locals"},
    "IPython.utils.generics": {".completion.generics": "complete_object"},
    "IPython.utils.importstring": {_THINGS: "import_item"},
    "IPython.utils.io": {
        ".display.capture": "capture_output",
        _THINGS: "Tee ask_yes_no temp_pyfile",
    },
    "IPython.utils.ipstruct": {_THINGS: "Struct"},
    "IPython.utils.path": {
        _THINGS: (
            "compress_user ensure_dir_exists expand_path get_home_dir "
            "get_ipython_cache_dir get_ipython_dir get_py_filename"
        ),
    },
    "IPython.utils.process": {
        _THINGS: "FindCmdError arg_split find_cmd getoutput getoutputerror system",
    },
    "IPython.utils.strdispatch": {".completion.custom": "StrDispatch"},
    "IPython.utils.sysinfo": {_THINGS: "get_sys_info sys_info"},
    "IPython.utils.syspathcontext": {_THINGS: "prepended_to_syspath"},
    "IPython.utils.tempdir": {
        "tempfile": "TemporaryDirectory",
        _THINGS: "TemporaryWorkingDirectory",
    },
    "IPython.utils.terminal": {_THINGS: "get_terminal_size set_term_title"},
    "IPython.utils.text": {
        ".slist": "LSString SList",
        _THINGS: "columnize dedent indent list_strings marquee",
    },
    "IPython.utils.timing": {_THINGS: "clock clock2 clocks clocku timing timings"},
    "IPython.utils.tokenutil": {".introspection.cursor": "token_at_cursor"},
    # --- in a kernel ------------------------------------------------------------------
    "ipykernel": {
        ".ecosystem.standing": (
            "__version__=KERNEL_VERSION_TEXT version_info=KERNEL_VERSION_INFO"
        ),
        "ipcluster.shell.kernel.field": "get_connection_file get_connection_info",
    },
    "ipykernel.comm": {"ipcluster.shell.kernel.field": "Comm CommManager"},
    "ipykernel.connect": {
        "ipcluster.shell.kernel.field": "get_connection_file get_connection_info",
    },
    "ipykernel.kernelapp": {"ipcluster.shell.kernel.field": "IPKernelApp"},
    "ipykernel.zmqshell": {
        ".ecosystem.notebook": "ZMQInteractiveShell",
    },
}
