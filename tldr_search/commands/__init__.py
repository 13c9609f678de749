"""What the command line does, as typed functions; each returns plain data, as `--json` prints it. Heavy imports stay inside."""

from tldr_search.commands.costs import bench, bench_reranking, flops
from tldr_search.commands.evaluations import answer, evaluate, tell_ranks
from tldr_search.commands.reports import report
from tldr_search.commands.studies import dry_run, study, study_summary

__all__ = ["answer", "bench", "bench_reranking", "dry_run", "evaluate", "flops", "report", "study", "study_summary", "tell_ranks"]
