# shellcheck shell=bash disable=SC2154
# Sourced by up and check: how a step is shown, timed, logged and failed.
#
# Before sourcing, nothing; after sourcing, set `log` (a file) before the first step.
# What a person reads goes to fd 3, which ./up --env points at stderr.

exec 3>&1

say() { printf '%s\n' "$*" >&3; }

now_ms() { date +%s%3N; }

# step "what it does" "what to do when it fails" command...
# Runs the command with its output in the log; on failure shows the end of it and the remedy.
step() {
  local title=$1 remedy=$2 started status=0 lines_before
  shift 2
  started=$(now_ms)
  lines_before=$(wc -l 2>/dev/null <"$log" || echo 0)
  printf '%-52s ' "$title" >&3
  printf '\n== %s: %s\n' "$(date -u +%FT%TZ)" "$title" >>"$log"
  "$@" >>"$log" 2>&1 </dev/null || status=$?
  local outcome="done"
  [ $status -eq 0 ] || outcome="FAILED ($status)"
  printf '%8s  %s\n' "$(seconds $(($(now_ms) - started)))" "$outcome" >&3
  [ $status -eq 0 ] && return 0
  {
    echo "---- the end of $log"
    tail -n "+$((lines_before + 3))" "$log" | tail -n "${CANDID_LOG_TAIL:-25}"
    echo "----"
    echo "What to do: $remedy"
  } >&3
  return $status
}

seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

# As many jobs as there are cores, but no more than memory allows (about 1.2 GB a compiler).
build_jobs() {
  local by_memory
  by_memory=$(($(awk '/^MemAvailable/ {print $2}' /proc/meminfo) / 1200000))
  [ "$by_memory" -ge 1 ] || by_memory=1
  local cores
  cores=$(nproc)
  echo $((cores < by_memory ? cores : by_memory))
}
