"""The subcommands: each file adds one to the parser (`add`), and runs it; `show` says how results look."""
