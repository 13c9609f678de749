"""What was removed, for people: tokens on the frames, what the model attends to, and the share of each frame. Never imports torch."""

from tldr_search.report.removed.album import Printed, Shown, printed, shown

__all__ = ["Printed", "Shown", "printed", "shown"]
