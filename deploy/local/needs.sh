#!/usr/bin/env bash
# needs.sh python | java: prints what `make setup` may use, or says in one line what to install and fails.
set -euo pipefail

fail() { echo "setup: $1" >&2; exit 1; }

case "${1:-}" in
  python)
    for name in ${PYTHON3:-} python3.13 python3.12 python3.11 python3 python; do
      if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$name"
        exit 0
      fi
    done
    fail "no Python 3.11 or newer with its venv module on PATH: install python3.11 and python3.11-venv (or set PYTHON3)"
    ;;
  java)
    command -v java >/dev/null || fail "no java on PATH: install a Java runtime, version 17 or newer (openjdk-17-jre-headless)"
    version=$(java -version 2>&1 | sed -nE 's/.*version "([0-9]+).*/\1/p' | head -n 1)
    [ "${version:-0}" -ge 17 ] || fail "java on PATH is version ${version:-unknown}: install version 17 or newer"
    command -v mvn >/dev/null || fail "no mvn on PATH: install Maven (maven), which fetches Apache Kafka"
    ;;
  *) fail "usage: needs.sh python | java" ;;
esac
