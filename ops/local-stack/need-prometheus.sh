#!/usr/bin/env bash
# Sees that prometheus and promtool are there, for the test of dashboards and alerts. Prints nothing when they are.
set -euo pipefail
stack_source=$(cd "$(dirname "$0")" && pwd)
for part in settings processes packages; do . "$stack_source/$part.sh"; done
mkdir -p "$stack_dir"
command -v prometheus >/dev/null && command -v promtool >/dev/null || require_packages prometheus prometheus
