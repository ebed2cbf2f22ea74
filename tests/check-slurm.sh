#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The files for Slurm in docs/cluster, on a slurmctld and two slurmd of this machine, on loopback:
# a share without findings; one with findings, while a shard and a node are killed.
# $1: build folder.  Debian packages: slurmctld slurmd slurm-client munge.
set -u
build=$PWD/$1
xfdtriage=$build/xfdtriage
. tests/checks.sh slurm
PATH=$PATH:/usr/sbin

if [ "$(id -u)" != 0 ] || ! command -v slurmctld slurmd sbatch munged >/dev/null; then
	echo "skip slurm: root, and slurmctld, slurmd, slurm-client and munge are needed"
	exit 77
fi
chmod 755 "$work"
host=$(hostname -s)
first_port=$((20000 + $$ % 20000))
export SLURM_CONF=$work/slurm.conf
declare -A daemons=()

# descendants PID: it and what it started, where sessions do not hide them
descendants() {
	local child
	echo "$1"
	# shellcheck disable=SC2013 # numbers
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		descendants "$child"
	done
}

# of_us WORDS: the processes of xfdtriage that have WORDS and the work folder on their command line
of_us() {
	local process line
	# shellcheck disable=SC2013 # paths without blanks
	for process in $(grep -lF "$work" /proc/[0-9]*/cmdline 2>/dev/null); do
		line=$({ tr '\0' ' ' <"$process"; } 2>/dev/null)
		process=${process#/proc/}
		case $line in
		*"$1"*) echo "${process%/cmdline}" ;;
		esac
	done
}

# environment PID NAME: the value of NAME there
environment() {
	{ tr '\0' '\n' <"/proc/$1/environ"; } 2>/dev/null | sed -n "s/^$2=//p"
}

start_node() {
	slurmd -D -N "$1" >>"$work/$1.log" 2>&1 &
	daemons[$1]=$!
}

# Kill the node: slurmd, the steps it started, and what runs in them.
kill_node() {
	local pid
	kill -KILL "${daemons[$1]}"
	for pid in $(of_us "xfdtriage batch"); do
		if [ "$(environment "$pid" SLURMD_NODENAME)" = "$1" ]; then
			kill -KILL "$pid" "$(awk '{ print $4 }' "/proc/$pid/stat")" 2>/dev/null
		fi
	done
}

stop_all() {
	local pid daemon
	scancel --full -u "$(id -un)" 2>/dev/null
	for daemon in "${!daemons[@]}"; do
		for pid in $(descendants "${daemons[$daemon]}"); do
			kill -TERM "$pid" 2>/dev/null
		done
	done
	for pid in $(of_us xfdtriage); do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap stop_all EXIT

# until SECONDS COMMAND...: it succeeds in that time
until_true() {
	local i limit=$((10 * $1))
	shift
	for ((i = 0; i < limit; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

# A cluster of two nodes with two CPUs each.

mkdir "$work/state" "$work/node1" "$work/node2"
dd if=/dev/urandom of="$work/munge.key" bs=128 count=1 status=none
chmod 600 "$work/munge.key"
munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge.key" --pid-file="$work/munge.pid" \
	--log-file="$work/munge.log" --seed-file="$work/munge.seed" >"$work/munged.out" 2>&1 &
daemons[munged]=$!
cat >"$SLURM_CONF" <<END
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$first_port
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket=$work/munge.socket,cred_expire=5
StateSaveLocation=$work/state
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/%n/slurmd.pid
SlurmdSpoolDir=$work/%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
SlurmdTimeout=6
KillWait=2
ReturnToService=2
JobRequeue=1
SchedulerParameters=batch_sched_delay=1,sched_interval=2
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((first_port + 1)) CPUs=2 RealMemory=16000
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((first_port + 2)) CPUs=2 RealMemory=16000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
until_true 10 test -S "$work/munge.socket"
report $? munged "$(tail -n 3 "$work/munge.log" 2>&1)"
slurmctld -D >"$work/slurmctld.log" 2>&1 &
daemons[slurmctld]=$!
start_node node1
start_node node2
nodes_idle() { [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c idle)" = 2 ]; }
until_true 30 nodes_idle
report $? cluster "$(sinfo 2>&1; tail -n 5 "$work"/*.log)"
[ $failed = 0 ] || { finish; exit 1; }

# submit FILE RESULTS ARGUMENT...: the job's number
submit() {
	(cd "$work" && RESULTS=$2 XFDTRIAGE=$xfdtriage sbatch --parsable --cpus-per-task=1 "${array[@]}" \
		--output="$work/%x-%A-%a.out" "$1" "${@:3}")
}

# states JOB: how many tasks are in which state
states() {
	scontrol -o show job "$1" 2>/dev/null | grep -o 'JobState=[A-Z_]*' | sort | uniq -c | tr -s ' \n' ' '
}
ended() { ! states "$1" | grep -q 'PENDING\|RUNNING\|COMPLETING\|REQUEUE'; }

# rows STORE...: what was found, without times
rows() {
	"$xfdtriage" report --format jsonl "$@" 2>>"$work/err" |
		jq -S -c 'del(.batch.finished, .batch.wall_ms, .batch.tries)' | sort
}

# a share without findings: no task fails, though one is without a dump

share=$work/clean
mkdir "$share"
cp dumps/no-kvm-7.2.12.vmcore "$share/host1"
cp dumps/fixed-6.18.9.vmcore "$share/host2"
array=(--array=0-3)
job=$(submit "$PWD/docs/cluster/slurm-batch.sbatch" "$work/clean-results" "$share")
array=(--dependency="afterany:$job")
merge=$(submit "$PWD/docs/cluster/slurm-report.sbatch" "$work/clean-results")
until_true 60 ended "$merge"
report $? clean-ends "$(squeue)"
[ "$(states "$job")" = " 4 JobState=COMPLETED " ]
report $? clean-completed "$(states "$job"): $(head -c 300 "$work"/xfdtriage-"$job"-*.out)"
[ "$(states "$merge")" = " 1 JobState=COMPLETED " ]
report $? clean-merged "$(states "$merge"): $(cat "$work"/xfdtriage-report-"$merge"-*.out)"
cat "$work"/xfdtriage-report-"$merge"-*.out >"$work/out"
says clean-total out '^2 dumps in 4 stores'

# one with findings: a shard and a node are killed in the middle

share=$work/share
mkdir "$share"
for dump in dumps/*.vmcore; do
	for copy in 1 2 3 4 5 6; do
		cp "$dump" "$share/host-$copy-${dump##*/}"
	done
done
head -c 60000 dumps/clean-6.1.192.vmcore >"$share/cut"
check undisturbed test ! -e "$work/whole.sqlite"
"$xfdtriage" batch -q --store "$work/whole.sqlite" "$share" 2>"$work/err"
rows "$work/whole.sqlite" >"$work/whole.rows"
array=(--array=0-7)
results=$work/results
job=$(submit "$PWD/docs/cluster/slurm-batch.sbatch" "$results" "$share")
# at_work NODE: a shard has results, and runs on NODE; its process
at_work() {
	local pid
	for pid in $(of_us "xfdtriage batch --shard-index"); do
		[ "$(environment "$pid" SLURMD_NODENAME)" = "$1" ] || continue
		shard=$(environment "$pid" SLURM_ARRAY_TASK_ID)
		[ -n "$shard" ] && [ -s "$results/shard-$shard.sqlite" ] || continue
		[ "$("$xfdtriage" report --format csv "$results/shard-$shard.sqlite" 2>/dev/null | wc -l)" -gt 1 ] && return 0
	done
	return 1
}
until_true 30 at_work node1
report $? shard-at-work "$(squeue)"
for pid in $(of_us "xfdtriage batch --shard-index $shard "); do
	kill -KILL "$pid"
done
killed=$shard
"$xfdtriage" report "$results"/shard-*.sqlite >"$work/out" 2>"$work/err"
says middle-said err "incomplete: shards\\? .* missing\\|incomplete: shard .* did not end"
until_true 30 at_work node2
report $? node-at-work "$(squeue)"
kill_node node2
until_true 60 sh -c 'sinfo -h -n node2 -o %t | grep -q down'
report $? node-down "$(sinfo)"
start_node node2
# what failed is run again, as an administrator would
failed_task() { scontrol -o show job "$job" 2>/dev/null | grep -q "ArrayTaskId=$killed .*JobState=FAILED"; }
until_true 30 failed_task
report $? shard-failed "$(states "$job")"
scontrol requeue "${job}_$killed"
array=(--dependency="afterany:$job")
merge=$(submit "$PWD/docs/cluster/slurm-report.sbatch" "$results")
until_true 120 ended "$merge"
report $? ends "$(squeue; tail -n 5 "$work/slurmctld.log")"
# the cut dump has no verdict: its shard exits with 2, and no other
[ "$(states "$job")" = " 7 JobState=COMPLETED 1 JobState=FAILED " ]
report $? one-error "$(states "$job"): $(tail -n 2 "$work"/xfdtriage-"$job"-*.out)"
[ "$(states "$merge")" = " 1 JobState=COMPLETED " ]
report $? merged "$(states "$merge"): $(cat "$work"/xfdtriage-report-"$merge"-*.out)"
rows "$results"/shard-*.sqlite >"$work/merged.rows"
same same-rows "$work/whole.rows" "$work/merged.rows"
[ "$(wc -l <"$work/whole.rows")" = "$(find "$share" -type f | wc -l)" ]
report $? all-rows "$(wc -l <"$work/whole.rows")"
test -s "$results/report.html"
report $? page "there is none"

# a shard that is missing is noticed
rm "$results/shard-$killed.sqlite"
array=()
merge=$(submit "$PWD/docs/cluster/slurm-report.sbatch" "$results")
until_true 60 ended "$merge"
[ "$(states "$merge")" = " 1 JobState=FAILED " ]
report $? missing "$(states "$merge")"
cat "$work"/xfdtriage-report-"$merge"-*.out >"$work/out"
says missing-said out "incomplete: shard $((killed + 1)) of 8 is missing"
finish
