#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The files in docs/cluster, with the tools that are here; check-slurm.sh runs those for Slurm.  $1: build folder.
set -u
build=$PWD/$1
. tests/checks.sh cluster
PATH=$PATH:/usr/sbin

for script in docs/cluster/*.sbatch docs/cluster/*.sh; do
	check "${script##*/}" bash -n "$script"
done

# every option in these files is one that there is
grep -ho -e ' --[a-z][a-z-]*' docs/cluster/*.service docs/cluster/kubernetes.yaml docs/cluster/slurm-*.sbatch docs/cluster/ssh.sh |
	grep -v -e '--array' -e '--dependency' -e '--sshloginfile' -e '--will-cite' -e '--retries' -e '--joblog' | sort -u >"$work/options"
{ "$build/xfdtriage" batch --help; "$build/xfdtriage" report --help; } >"$work/help"
while read -r option; do
	grep -q -e "$option" "$work/help"
	report $? "option $option" "no command takes it"
done < <(tr -d ' ' <"$work/options" | grep -vx -e '--ntasks' -e '--mem' -e '--requeue' -e '--job-name' -e '--open-mode' -e '--cpus-per-task')

if command -v systemd-analyze >/dev/null; then
	sed "s|/usr/bin/xfdtriage|$build/xfdtriage|" docs/cluster/xfdtriage.service >"$work/xfdtriage.service"
	cp docs/cluster/xfdtriage.timer "$work"
	systemd-analyze verify --man=no "$work/xfdtriage.service" "$work/xfdtriage.timer" >"$work/log" 2>&1 && [ ! -s "$work/log" ]
	report $? units "$(head -c 300 "$work/log")"
else
	report skip units "there is no systemd-analyze"
fi

# its own words, without systemd
mkdir "$work/vmcores" "$work/state"
cp dumps/fixed-6.18.9.vmcore "$work/vmcores/a"
head -c 300 dumps/fixed-6.18.9.vmcore >"$work/vmcores/cut"
touch -d '1 hour ago' "$work/vmcores"/*
while read -r line; do
	line=${line//\$\{STATE_DIRECTORY\}/$work/state}
	line=${line//\$\{VMCORES\}/$work/vmcores}
	line=${line//\/usr\/bin\/xfdtriage/$build\/xfdtriage}
	# shellcheck disable=SC2086 # one word an argument, as systemd splits it
	timeout 60 $line >"$work/out" 2>"$work/err"
	code=$?
	[ $code = 0 ] || { [ $code = 2 ] && grep -qx 'SuccessExitStatus=2' docs/cluster/xfdtriage.service; }
	report $? "the service's command" "exit $code: $line: $(head -c 300 "$work/err")"
done < <(sed -n 's/^ExecStart[A-Za-z]*=//p' docs/cluster/xfdtriage.service)
check "the service's metrics" grep -q '^xfdtriage_dumps{verdict="not-this-bug"} 1$' "$work/state/xfdtriage.prom"

if command -v parallel >/dev/null; then
	echo : >"$work/hosts"
	XFDTRIAGE=$build/xfdtriage timeout 120 docs/cluster/ssh.sh "$work/hosts" 3 "$work/results" "$work/vmcores" >"$work/out" 2>"$work/err" </dev/null
	report $? ssh.sh "$(head -c 300 "$work/err")"
	says ssh.sh-total out '^2 dumps in 3 stores'
	[ -s "$work/results/report.html" ]
	report $? ssh.sh-page
else
	report skip ssh.sh "there is no GNU parallel"
fi

# all keys are those of the API, with values of its types; no server saw it
if /usr/bin/python3 -c 'import kubernetes, yaml' 2>/dev/null; then
	/usr/bin/python3 - docs/cluster/kubernetes.yaml >"$work/log" 2>&1 <<'END'
import json, sys, yaml
from kubernetes import client

def keys(model, value, path):
    """Every key of value has to be one of model's."""
    if model.startswith("list["):
        for i, item in enumerate(value):
            keys(model[5:-1], item, f"{path}[{i}]")
    elif hasattr(client.models, model):
        kind = getattr(client.models, model)
        names = {json_name: name for name, json_name in kind.attribute_map.items()}
        for key in value:
            if key not in names:
                sys.exit(f"{path}.{key}: {model} has no such key")
            keys(kind.openapi_types[names[key]], value[key], f"{path}.{key}")

class Response:
    def __init__(self, value):
        self.data = json.dumps(value)

documents = list(yaml.safe_load_all(open(sys.argv[1])))
for document in documents:
    keys("V1Job", document, document["metadata"]["name"])
    client.ApiClient().deserialize(Response(document), "V1Job")
assert [d["metadata"]["name"] for d in documents] == ["xfdtriage", "xfdtriage-report"]
assert str(documents[0]["spec"]["completions"]) == documents[1]["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
END
	report $? kubernetes.yaml "$(tail -n 1 "$work/log")"
else
	report skip kubernetes.yaml "there is no python3-kubernetes"
fi
finish
