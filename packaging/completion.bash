# Completion of azimuth for bash. It knows nothing by itself: commands and options are asked of `--help`, so there is one
# table of them, the program's.
_azimuth()
{
    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} i
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')" -- "$word"))
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        [ "${COMP_WORDS[i]}" != -- ] && continue
        ((i + 1 == COMP_CWORD)) && COMPREPLY=($(compgen -c -- "$word")) # azimuth run -- COMMAND
        return
    done
    case $word in
    -*) COMPREPLY=($(compgen -W "--help $("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
        sed -n 's/^  \(--[a-z-]*\) .*/\1/p')" -- "$word")) ;;
    esac # anything else is a file, see -o default
}
complete -o default -F _azimuth azimuth
