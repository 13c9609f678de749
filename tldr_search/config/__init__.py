"""Typed settings of the commands. Field docstrings are the text of `--help`; all mistakes are told at once, before any work."""

from tldr_search.config.answer import AnswerConfig
from tldr_search.config.evaluation import EvaluateConfig
from tldr_search.config.fields import help_texts, is_number, is_switch
from tldr_search.config.files import default_evaluation, default_study, from_mapping, load, load_any, one_video, to_mapping, to_yaml
from tldr_search.config.settings import HOW, OBJECTIVES, ConfigError, Settings
from tldr_search.config.study import SHAPES, StudyConfig

__all__ = [
    "HOW",
    "OBJECTIVES",
    "SHAPES",
    "AnswerConfig",
    "ConfigError",
    "EvaluateConfig",
    "Settings",
    "StudyConfig",
    "default_evaluation",
    "default_study",
    "from_mapping",
    "help_texts",
    "is_number",
    "is_switch",
    "load",
    "load_any",
    "one_video",
    "to_mapping",
    "to_yaml",
]
