"""Tasks that look at a video once."""

from __future__ import annotations

from tldr_search.data.protocols import Protocol


def check_single_view(protocol: Protocol) -> None:
    """`ValueError` for a protocol of several views: retrieval and question answering have no rule for them."""
    if protocol.num_views != 1:
        accepted = "one of a single view, as umt or vifi-clip, would be accepted for this task"
        raise ValueError(f"protocol {protocol.name} cuts {protocol.num_views} views out of a video; {accepted}")
