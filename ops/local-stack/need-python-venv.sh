#!/usr/bin/env bash
# need-python-venv.sh FOLDER: makes a virtual environment of Python there, for tools that only Python has.
set -euo pipefail
stack_source=$(cd "$(dirname "$0")" && pwd)
for part in settings processes packages; do . "$stack_source/$part.sh"; done
python3 -m venv "$1" 2>/dev/null && exit
mkdir -p "$stack_dir"
require_packages python3 python3 python3-venv ca-certificates
python3 -m venv --clear "$1"
