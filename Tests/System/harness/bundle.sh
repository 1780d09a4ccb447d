# shellcheck shell=bash
# What the tests bundle and systemd share. Source it first: it goes to the root of the repository.
self=$(realpath "$0")
[[ ${TRAWL:-} != */* ]] || TRAWL=$(realpath -m "$TRAWL")
bundle=${TRAWL_BUNDLE:+$(realpath -m "$TRAWL_BUNDLE")}
cd "$(dirname "$0")/../.." || exit

fail() {
  echo "${self##*/} test: $*" >&2
  exit 1
}

skip() {
  echo "${self##*/} test: skipped: $*" >&2
  exit 0
}

# Builds $bundle as the current user unless it exists, then restarts the script as root: REASON [ARGUMENT...]
# Without the right to do so, skips the test for the reason.
become_root() {
  local reason=$1
  shift
  bundle=${bundle:-$(deploy/bundle)}
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skip "$reason"
    TRAWL_BUNDLE=$bundle exec sudo --preserve-env=TRAWL,TRAWL_BUNDLE "$self" "$@"
  fi
  command -v apt-get >/dev/null || skip "no apt, which provides the mirror for bare roots"
}

# Writes the file of a short search.
write_search() {
  cat >"$1" <<'YAML'
name: bundle
seed: 3
dataset: { name: digits, subset: 0.2, validation: 0.25 }
model: { hidden: [{ int: [16, 48] }] }
train: { epochs: 3, lr: { log_uniform: [0.01, 0.5] } }
search: { trials: 6, halving: { min_epochs: 1, factor: 2 } }
YAML
}
