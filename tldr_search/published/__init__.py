"""What the papers print, as data: schedules with their costs, and accuracies. Never imports torch.

Papers: vid-TLDR (CVPR 2024, arXiv 2403.13347), ToMe (ICLR 2023), STA (ICCV 2023), Representation Shift (ICCV 2025, which prints
the UMT rows of vid-TLDR and of attentiveness again), and the UMT model zoo. Numbers are as printed; what was found by its
cost is marked as inferred, and what nothing reproduces is listed as such.
"""

from tldr_search.published.results import RESULTS, Point, Result, leading, published_points
from tldr_search.published.row import BENCHMARKS, Published, Status
from tldr_search.published.schedules import PUBLISHED

__all__ = ["BENCHMARKS", "PUBLISHED", "RESULTS", "Point", "Published", "Result", "Status", "leading", "published_points"]
