# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for xfdtriage

_xfdtriage()
{
	local current previous
	current=${COMP_WORDS[COMP_CWORD]}
	previous=${COMP_WORDS[COMP_CWORD-1]}
	case $previous in
	-f | --format)
		mapfile -t COMPREPLY < <(compgen -W "text json html csv jsonl" -- "$current")
		return
		;;
	-t | --types)
		mapfile -t COMPREPLY < <(compgen -W "auto dwarf btf" -- "$current")
		return
		;;
	-d | --debuginfo | -o | --output | --store | --jsonl)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	esac
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--format --verbose --quiet --split --debuginfo --types --no-cache --kdump --keep-types --keep-log --output --jobs --store --jsonl --shard --timeout --memory --retry-failed --force --help --version" -- "$current")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$current")
	if [[ $COMP_CWORD == 1 ]]; then
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "triage show batch distill report" -- "$current")
	fi
}

complete -o filenames -F _xfdtriage xfdtriage
