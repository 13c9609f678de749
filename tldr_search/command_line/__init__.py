"""The subcommands, one a file: `add` gives a parser its options, `run` runs it; `show` says how results look."""
