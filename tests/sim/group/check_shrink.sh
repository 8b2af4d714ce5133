#!/bin/sh
# check_shrink.sh SIM FAULT FIRST: of the first seed that finds FAULT, little is left when it is shrunk, the
# command that is printed fails by the same rule, and without the fault it fails by none.
set -eu
sim=$1 fault=$2 first=$3
seed=$first
while "$sim" --seed "$seed" --fault "$fault" >/dev/null; do
  seed=$((seed + 1))
  [ $seed -lt $((first + 50)) ] || { echo "$fault: not found from seed $first"; exit 1; }
done
text=$("$sim" --seed "$seed" --fault "$fault" --shrink) && { echo "shrunk, it does not fail"; exit 1; }
rule=$(printf '%s\n' "$text" | sed -n '1s/:.*//p')
command=$(printf '%s\n' "$text" | sed -n 's/^  \.\/dev sim \(.*\) --trace$/\1/p')
troubles=$(printf '%s\n' "$text" | sed -n 's/^.*members, .* troubles://p' | wc -w)
span=$(printf '%s\n' "$command" | sed 's/.*--span-ms \([0-9]*\).*/\1/')
printf '%s\n' "$text"
[ -n "$rule" ] && [ -n "$command" ]
[ "$troubles" -le 3 ] || { echo "$troubles kinds of trouble are left"; exit 1; }
[ "$span" -le 60000 ] || { echo "$span ms are left"; exit 1; }
# shellcheck disable=SC2086
again=$("$sim" $command) && { echo "the command does not fail"; exit 1; }
printf '%s\n' "$again" | grep -q "^seed $seed: $rule" || { echo "the command fails otherwise: $again"; exit 1; }
# shellcheck disable=SC2086
"$sim" $(printf '%s\n' "$command" | sed "s/ --fault $fault//") >/dev/null || { echo "it fails without the fault"; exit 1; }
