# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for xfdtriage; commands and options are those that its --help lists

# the command named so far; nothing: none
_xfdtriage_command()
{
	local word

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		triage | show | dmesg | distill | batch | report | live)
			echo "$word"
			return
			;;
		esac
	done
}

_xfdtriage()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
	local program=${COMP_WORDS[0]} command words=

	command=$(_xfdtriage_command)
	if [[ $COMP_CWORD == 2 && $previous == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "triage show dmesg batch distill live report" -- "$current")
		return
	fi
	case $previous in
	-f | --format)
		case $command in
		report) words="text html csv jsonl prometheus" ;;
		*) words="text json" ;;
		esac
		;;
	-t | --types)
		words="auto dwarf btf"
		;;
	--color)
		words="auto always never"
		;;
	--symbols)
		words="auto vmcoreinfo search"
		;;
	--by)
		words="release fix route rule host"
		;;
	--exit-code)
		words="findings ran"
		;;
	-j | --jobs | --shard | --shard-index | --shards | --settle | --since | --timeout | --memory | --unpack-size | --unpack-members | --unpack-depth | --unpack-time)
		return
		;;
	-d | --debuginfo | --vmcoreinfo | -o | --output | --store | --jsonl) ;;
	*)
		if [[ $current == -* ]]; then
			words=$("$program" ${command:+"$command"} --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*' | sort -u)
		elif [[ $COMP_CWORD == 1 ]]; then
			mapfile -t COMPREPLY < <(compgen -W "triage show dmesg distill batch report live help version" -- "$current"; compgen -f -- "$current")
			return
		fi
		;;
	esac
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}

complete -o filenames -F _xfdtriage xfdtriage
