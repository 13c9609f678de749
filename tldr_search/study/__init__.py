"""The search: known shapes, shares on a budget, trials that survive a kill. Never imports torch."""
