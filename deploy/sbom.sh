#!/bin/sh
# Writes a CycloneDX document to standard output: every package of the lock file that runs in production.
#
# `npm sbom --omit dev` also omits packages that production and development share, so this script first removes the
# development dependencies from a copy of package.json and its lock file.
set -eu
root="$(cd "$(dirname "$0")/.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
cp "$root/package.json" "$root/package-lock.json" "$copy"
cd "$copy"
npm pkg delete devDependencies
npm install --package-lock-only --ignore-scripts --no-audit --no-fund > /dev/null
npm sbom --package-lock-only --sbom-format cyclonedx
