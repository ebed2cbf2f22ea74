#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Triage the vmcores in PATH on several hosts with GNU parallel over ssh: ssh.sh HOSTS SHARDS RESULTS PATH...
# HOSTS is a file with a host a line, as parallel --sshloginfile takes it; ":" is this host, "1/HOST" runs one shard at a time there.
# PATH and RESULTS are shared, under the same names everywhere, and xfdtriage is installed on every host.
# The same command again runs what did not succeed.
set -u

if [ $# -lt 4 ]; then
	sed -n '3,6s/^# //p' "$0" >&2
	exit 2
fi
hosts=$1 shards=$2 results=$3
shift 3
xfdtriage=${XFDTRIAGE:-xfdtriage}
mkdir -p "$results"
# parallel quotes the words of a command itself (-q); {} is the shard
seq 0 $((shards - 1)) | parallel -q --will-cite --sshloginfile "$hosts" --retries 3 --joblog "$results/parallel.log" \
	"$xfdtriage" batch -q --shard-index {} --shards "$shards" --retry-failed --store "$results/shard-{}.sqlite" "$@"
"$xfdtriage" report --format html -o "$results/report.html" "$results"/shard-*.sqlite
exec "$xfdtriage" report --complete "$results"/shard-*.sqlite
