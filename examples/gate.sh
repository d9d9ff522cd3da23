#!/bin/sh
# gate.sh CLUSTER COMMAND [ARGUMENT...]: runs a batch job only when the cluster's accounts are fresh and ok.
#
#   ./gate.sh CLUSTER ./nightly-load --date yesterday
#
# Ends with the job's own status when it ran; 75 try again later; 69 refused, a person must look first; 78 wrong usage
# or configuration (the numbers of sysexits.h). Says why on stderr; stdout is the job's.
# To change: how old the last synchronisation may be, how long to wait for a newer one, the worst verdict to accept:
FRESH=${FRESH:-6h}
TIMEOUT=${TIMEOUT:-10m}
ACCEPT=${ACCEPT:-ok} # or warning
set -eu

say() { printf 'gate.sh: %s\n' "$*" >&2; }

if [ $# -lt 2 ]; then
    say "usage: gate.sh CLUSTER COMMAND [ARGUMENT...]"
    exit 78
fi
cluster=$1
shift

status=0
dwsync wait "$cluster" --fresh "$FRESH" --timeout "$TIMEOUT" --accept "$ACCEPT" >&2 || status=$?

case $status in
0)
    exec "$@"
    ;;
1) # The last run failed, or a verdict is worse than accepted, or the service refused to answer: waiting does not help.
    say "$1 was not started. What is wrong, and what to do: dwsync health $cluster"
    exit 69
    ;;
3) # Nothing is known to be wrong, but no run has finished in time: the scheduler may try again.
    say "$1 was not started: no fresh synchronisation within $TIMEOUT. Try again later; see dwsync health $cluster"
    exit 75
    ;;
2) # No request was made: a mistake in this job, not in the warehouse.
    say "$1 was not started: correct the configuration. What is wrong: dwsync doctor $cluster"
    exit 78
    ;;
*) # 130 and the like: the gate was interrupted.
    exit "$status"
    ;;
esac
