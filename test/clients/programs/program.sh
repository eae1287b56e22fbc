# Training code of the tests: calls the shell client as the first argument says, under the strictest options.
set -eu
. "$(dirname "$0")/../../../clients/shell/savepoint.sh"

# Writes an output in two parts, and can be held between them or made to fail.
work() {
  echo begun >>log
  printf half >output
  while [ -e hold ]; do sleep 0.01; done
  if [ -e fail ]; then return 3; fi
  printf whole >output
  echo ended >>log
}

case "$1" in
  once) savepoint_once "$2" --input input --value "$3" --output output -- work ;;
  long) savepoint_once "$(printf '%0200d' 0)" -- work ;;
  ask)
    for _ in 1 2; do
      if savepoint_ask "Go on?" --id go-on --step 10 --exit-after "$2" --default none; then echo yes; else echo no; fi
      echo "$savepoint_answer"
    done
    ;;
  story)
    savepoint_once prepare --output output -- work
    savepoint_ask "Go on?" --exit-after 1
    printf %s "$savepoint_answer" >answer
    ;;
  choose)
    savepoint_ask 'Which "models"?' --choice small --choice 'large one' --multiple
    echo "$savepoint_answer"
    ;;
  text)
    savepoint_ask "Why?" --text
    echo "$savepoint_answer"
    ;;
  plain) savepoint_make_checkpoint ;;
  full)
    savepoint_make_checkpoint --step 12 --total 40 --name 'Epoche "fünf" \ 猫
	Ende' --metric accuracy=0.914 --metric count=3 --metric loss=NaN --metric up=Infinity --metric down=-Infinity \
      --metadata 'two words=naïve' --when stage-end --not-latest --again
    ;;
  types) savepoint_make_checkpoint --step 07 --metric a=1e-3 --metric b=-.5 --metric 'c=1
2' --metadata "d=x=y" --metadata "e=$(printf 'bell\007')" --unknown ;;
  loop)
    step=0
    while [ "$step" -lt "$3" ]; do
      savepoint_make_checkpoint --step "$step" --name "$2"
      step=$((step + 1))
    done
    ;;
  timeout) savepoint_make_checkpoint --timeout 1 ;;
  resumed)
    if savepoint_is_resumed; then resumed=true; else resumed=false; fi
    printf '{"resumed":%s,"step":%s}\n' "$resumed" "$(savepoint_resumed_step || echo null)"
    ;;
esac
