"""Typed settings of the commands. Field docstrings are the text of `--help`; all mistakes are told at once, before any work."""

from tldr_search.config.evaluation import EvaluateConfig
from tldr_search.config.fields import help_texts, is_number
from tldr_search.config.files import default_evaluation, default_study, from_mapping, load, load_any, to_mapping, to_yaml
from tldr_search.config.settings import OBJECTIVES, ConfigError, Settings
from tldr_search.config.study import SHAPES, StudyConfig

__all__ = [
    "OBJECTIVES",
    "SHAPES",
    "ConfigError",
    "EvaluateConfig",
    "Settings",
    "StudyConfig",
    "default_evaluation",
    "default_study",
    "from_mapping",
    "help_texts",
    "is_number",
    "load",
    "load_any",
    "to_mapping",
    "to_yaml",
]
