"""Typed settings of the commands. Field docstrings are the text of `--help`; all mistakes are told at once, before any work."""

from tldr_search.config.ablation import AblationConfig, to_ablate
from tldr_search.config.answer import AnswerConfig
from tldr_search.config.budgeted import SHAPES
from tldr_search.config.evaluation import EvaluateConfig
from tldr_search.config.fields import help_texts, is_number, is_real, is_switch
from tldr_search.config.files import (
    default_evaluation,
    default_study,
    default_texts,
    from_mapping,
    load,
    load_any,
    one_video,
    to_mapping,
    to_visualize,
    to_yaml,
)
from tldr_search.config.objectives import LABEL_FREE, OBJECTIVES, task_of
from tldr_search.config.settings import HOW, ConfigError, Settings
from tldr_search.config.study import SAMPLERS, StudyConfig
from tldr_search.config.visualize import VisualizeConfig

__all__ = [
    "HOW",
    "LABEL_FREE",
    "OBJECTIVES",
    "SAMPLERS",
    "SHAPES",
    "AblationConfig",
    "AnswerConfig",
    "ConfigError",
    "EvaluateConfig",
    "Settings",
    "StudyConfig",
    "VisualizeConfig",
    "default_evaluation",
    "default_study",
    "default_texts",
    "from_mapping",
    "help_texts",
    "is_number",
    "is_real",
    "is_switch",
    "load",
    "load_any",
    "one_video",
    "task_of",
    "to_ablate",
    "to_mapping",
    "to_visualize",
    "to_yaml",
]
