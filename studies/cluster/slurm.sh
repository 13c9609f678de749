#!/usr/bin/env bash
# Workers of one study, one per GPU: sbatch --array=0-7 studies/cluster/slurm.sh CONFIG --budget 180gflops
#SBATCH --job-name=tldr-search
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=INT@60     # a minute before the end: the worker gives its schedule up, another takes it at once
#SBATCH --requeue
#SBATCH --output=runs/slurm-%A-%a.log
set -euo pipefail
shared=${TLDR_SEARCH_SHARED:-$PWD/runs}     # a directory that all nodes see
storage=${TLDR_SEARCH_STORAGE:-journal:$shared/study.log}
srun python -m tldr_search study "$@" --storage "$storage" --workers 1 --out "$shared/worker-$SLURM_ARRAY_TASK_ID"
