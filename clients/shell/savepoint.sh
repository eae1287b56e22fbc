# Ask Savepoint for a training checkpoint from a shell script. One file, POSIX sh, no dependency.
#
# Copy this file beside your script. When the files to keep are written:
#
#     . ./savepoint.sh
#     savepoint_make_checkpoint --step 12 --total 40
#
# The call returns as soon as Savepoint holds a consistent copy of the stage's outputs. Outside Savepoint it returns at
# once and does nothing. What goes wrong is said on stderr; the status is 0 all the same, so that `set -e` never ends
# hours of work here.
#
# Options: --step N, --total N, --name TEXT, --metric KEY=VALUE and --metadata KEY=VALUE (any number of them),
# --when now|stage-end, --not-latest (a retry should not continue from it), --again (run the stage once more when it has
# ended, as a state machine does; $SAVEPOINT_ITERATION counts from 1), --timeout SECONDS (whole ones; default:
# wait until Savepoint answers). A VALUE that is a number is sent as one, anything else (NaN too) as text.
#
# savepoint_resumed_step prints the step that this run continues from, and fails on a fresh start;
# savepoint_is_resumed only tells.
#
# Work that must not be done twice is a step with a key:
#
#     savepoint_once tokenize --input corpus.txt --output tokens.bin -- ./tokenize corpus.txt tokens.bin
#
# A step that ended with status 0 is written down in a folder, which dvc.yaml must name as an output of the stage:
# `- steps: {checkpoint: true}`. So the steps that are done belong to each training checkpoint, and go back with it. A
# fresh run starts with none; with `{persist: true}` instead they are kept from run to run. Options, any number of the
# first three: --input PATH (a file or folder that the command reads), --value TEXT (what else it depends on: a parameter,
# a version of its code), --output PATH (what it writes), --folder PATH (default: steps), --no-checkpoint (don't record
# the step's end; it is safe at the next checkpoint). The step is done again when one of these or the content of a file
# changed. Of several processes that come to a step at the same time one does it, and the others wait. The command runs in
# a subshell; its status is that of savepoint_once. Outside of a stage it is simply run.
#
# A decision that a person takes, now or days later:
#
#     if savepoint_ask "Accuracy is 0.71. Go on?" --id go-on; then …
#     savepoint_ask "Which model?" --choice small --choice large && echo "$savepoint_answer"
#
# The state of the stage is recorded first, so write all outputs before. Whoever answers when this process is gone resumes
# the run from there, on any machine: the script runs up to this call again, which has the answer at once. The answer is in
# $savepoint_answer: true or false, one of the choices (with --multiple some of them, one a line), or with --text any text.
# The status is 0 unless that is empty or false. Options: --choice TEXT (any number of them), --multiple, --text, --id ID
# (the question's name, the same each time that the script asks), --default TEXT (the answer where nobody can be asked),
# --exit-after SECONDS (then the script ends with status 75, and the run goes on when somebody has answered; default: wait
# as long as it takes), and --step, --total, --metric, --metadata as above.

savepoint_is_resumed() {
  [ "${DVCLIVE_RESUME-}" = 1 ] || savepoint_resumed_step >/dev/null
}

savepoint_resumed_step() {
  case "${SAVEPOINT_RESUMED_STEP-}" in
    '' | *[!0-9]*) return 1 ;;
    *) printf '%s\n' "$SAVEPOINT_RESUMED_STEP" ;;
  esac
}

# The bodies in parentheses are subshells: their variables, traps and options are their own.
savepoint_make_checkpoint() (
  set +eu
  _savepoint_is_listened_to || exit 0
  request='' metrics='' metadata='' timeout=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --step | --total) request="$request,\"${1#--}\":$(_savepoint_json "$2")" && shift ;;
      --name | --when) request="$request,\"${1#--}\":$(_savepoint_json_text "$2")" && shift ;;
      --metric) metrics="$metrics,$(_savepoint_json_pair "$2")" && shift ;;
      --metadata) metadata="$metadata,$(_savepoint_json_pair "$2")" && shift ;;
      --not-latest) request="$request,\"latest\":false" ;;
      --again) request="$request,\"again\":true" ;;
      --timeout) timeout=$(_savepoint_seconds "$1" "$2") && shift ;;
      *) _savepoint_ignore "$1" ;;
    esac
    [ $# -eq 0 ] || shift
  done
  request="$request${metrics:+,\"metrics\":{${metrics#,}\}}${metadata:+,\"metadata\":{${metadata#,}\}}"
  answer=$(_savepoint_exchange "$request" "$timeout")
  case $? in
    1) error="can't write to $DVC_ROOT/.dvc/tmp" ;;
    2) error="nobody answered within $timeout s" ;;
    *)
      # The signal is gone, so the work is safe unless the answer says otherwise.
      [ "$(printf '%s' "$answer" | _savepoint_value ok)" = false ] || exit 0
      error=$(printf '%s' "$answer" | _savepoint_value error)
      ;;
  esac
  _savepoint_say "training checkpoint not recorded: ${error:-no reason was given}"
  exit 0
)

savepoint_ask() {
  savepoint_answer=$(_savepoint_ask "$@") && set -- 0 || set -- $?
  case $1 in
    # The answer that the run was resumed with counts once.
    3) unset SAVEPOINT_ANSWER ;;
    # What sysexits.h calls a temporary failure: Savepoint takes it for a question that waits for its answer.
    75) exit 75 ;;
  esac
  [ -n "$savepoint_answer" ] && [ "$savepoint_answer" != false ]
}

# Prints the answer. The status is 3 when the run was resumed with it, and 75 when the script is to end.
_savepoint_ask() (
  set +eu
  question=$1 id='' kind=approve choices='' multiple='' otherwise='' patience='' request='' metrics='' metadata=''
  [ $# -eq 0 ] || shift
  while [ $# -gt 0 ]; do
    case "$1" in
      --choice) kind=choose choices="$choices,$(_savepoint_json_text "$2")" && shift ;;
      --multiple) multiple=',"multiple":true' ;;
      --text) kind=text ;;
      --id) id=$2 && shift ;;
      --default) otherwise=$2 && shift ;;
      --exit-after) patience=$(_savepoint_seconds "$1" "$2") && shift ;;
      --step | --total) request="$request,\"${1#--}\":$(_savepoint_json "$2")" && shift ;;
      --metric) metrics="$metrics,$(_savepoint_json_pair "$2")" && shift ;;
      --metadata) metadata="$metadata,$(_savepoint_json_pair "$2")" && shift ;;
      *) _savepoint_ignore "$1" ;;
    esac
    [ $# -eq 0 ] || shift
  done
  if [ -n "$SAVEPOINT_ANSWER" ] &&
    [ "$(printf '%s' "$SAVEPOINT_ANSWER" | _savepoint_value id)" = "${id:-$question}" ]; then
    printf '%s' "$SAVEPOINT_ANSWER" | _savepoint_value answer
    exit 3
  fi
  if ! _savepoint_is_listened_to; then
    printf '%s' "$otherwise"
    exit 0
  fi
  ask="\"question\":$(_savepoint_json_text "$question"),\"kind\":\"$kind\"${id:+,\"id\":$(_savepoint_json_text "$id")}"
  ask="$ask${choices:+,\"choices\":[${choices#,}]}$multiple"
  request="$request${metrics:+,\"metrics\":{${metrics#,}\}}${metadata:+,\"metadata\":{${metadata#,}\}}"
  answer=$(_savepoint_exchange "$request,\"ask\":{$ask}" "$patience")
  case $? in
    1) _savepoint_say "the question could not be asked: can't write to $DVC_ROOT/.dvc/tmp" ;;
    2)
      _savepoint_say "nobody answered yet, so this script ends. The run goes on from here when somebody has answered."
      exit 75
      ;;
    *)
      ! printf '%s' "$answer" | _savepoint_value answer || exit 0
      error=$(printf '%s' "$answer" | _savepoint_value error)
      _savepoint_say "the question was not answered${error:+: $error}"
      ;;
  esac
  printf '%s' "$otherwise"
  exit 0
)

savepoint_once() (
  flags=$-
  set +eu
  key=$1 inputs='' values='' outputs='' folder=steps checkpoint=1
  [ $# -eq 0 ] || shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case "$1" in
      --input) inputs="$inputs$2$_savepoint_newline" && shift ;;
      --value) values="$values,$(_savepoint_json_text "$2")" && shift ;;
      --output) outputs="$outputs$2$_savepoint_newline" && shift ;;
      --folder) folder=$2 && shift ;;
      --no-checkpoint) checkpoint='' ;;
      *) _savepoint_ignore "$1" ;;
    esac
    [ $# -eq 0 ] || shift
  done
  [ $# -eq 0 ] || shift
  name=$(_savepoint_percent "$key").step.json
  if [ -z "$key" ] || [ ${#name} -gt 180 ]; then
    _savepoint_say "the key of a step must be short and not empty, but is \"$key\""
    exit 2
  fi
  if [ -z "$DVC_ROOT" ] || ! _savepoint_is_output "$folder"; then
    _savepoint_run "$flags" "$@"
    exit
  fi
  mkdir -p "$folder"
  path=$folder/$name
  held=0 ticket=''
  trap '_savepoint_unlock; [ -z "$ticket" ] || rm -f "$ticket"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  _savepoint_lock "$path" "$key"
  # Each on its own line, so that they can be compared without reading JSON.
  key_line="  \"key\": $(_savepoint_json_text "$key"),"
  values_line="  \"values\": [${values#,}],"
  inputs_line="  \"inputs\": {$(_savepoint_hash_all "$inputs")},"
  if [ -e "$path" ]; then
    changed=''
    grep -qxF -e "$values_line" "$path" || changed='its values changed'
    grep -qxF -e "$inputs_line" "$path" || changed='its inputs changed'
    grep -qxF -e "  \"outputs\": {$(_savepoint_hash_all "$outputs")}," "$path" || changed='its outputs are not as it left them'
    grep -qxF -e "$key_line" "$path" || changed="its record can't be read"
    if [ -z "$changed" ]; then
      _savepoint_say "step \"$key\" is done already"
      exit 0
    fi
    _savepoint_say "step \"$key\" is done again: $changed"
    # What is begun again is not done, whatever becomes of it.
    rm -f "$path"
  fi
  started=$(date +%s)
  _savepoint_run "$flags" "$@"
  status=$?
  [ $status -eq 0 ] || exit $status
  made=$(_savepoint_hash_all "$outputs")
  case ",$made" in
    *':null'*)
      _savepoint_say "step \"$key\" can't be kept, so it will be done again: it did not make all its outputs"
      exit 0
      ;;
  esac
  # Whole or not at all, whoever dies meanwhile. Only one process writes to a path at a time.
  if ! {
    printf '{\n  "savepoint": "step",\n  "version": 1,\n%s\n' "$key_line" &&
      printf '  "where": %s,\n%s\n%s\n' "$(_savepoint_json_text "${0##*/}")" "$values_line" "$inputs_line" &&
      printf '  "outputs": {%s},\n  "finishedAt": "%s",\n' "$made" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" &&
      printf '  "seconds": %s,\n  "result": null\n}\n' "$(($(date +%s) - started))"
  } >"$path.tmp" || ! mv -f "$path.tmp" "$path"; then
    _savepoint_say "step \"$key\" can't be kept, so it will be done again: can't write to $folder"
    exit 0
  fi
  _savepoint_unlock
  [ -z "$checkpoint" ] || savepoint_make_checkpoint --name "$key"
  exit 0
)

# Runs a command under the options that the script has set.
_savepoint_run() (
  trap - INT TERM
  case $1 in *e*) set -e ;; esac
  case $1 in *u*) set -u ;; esac
  shift
  "$@"
)

# Whether the folder goes back with a checkpoint. If not, steps in it would be believed that were never done.
_savepoint_is_output() {
  [ -n "${SAVEPOINT_OUTPUTS+set}" ] || return 0
  place=$(cd "$(dirname "$1")" 2>/dev/null && pwd -P)/${1##*/}
  while IFS= read -r output; do
    case "$place/" in "$output"/*) return 0 ;; esac
  done <<END
$SAVEPOINT_OUTPUTS
END
  _savepoint_say "no step is skipped, since dvc.yaml does not name the folder of steps as an output of this stage." \
    "Add to its outs:  - $1: {checkpoint: true}"
  return 1
}

# Lets one process at a time into a step. Locks are numbered: whoever makes the one after the last has it, if the owner of
# the last is gone. So the lock of a process that was killed is never removed from under one that took it over.
_savepoint_lock() {
  place=$DVC_ROOT/.dvc/tmp/savepoint/steps
  mkdir -p "$place"
  identity=$(printf '%s' "$(cd "${1%/*}" && pwd -P)/${1##*/}" | cksum)
  lock=$place/${identity%% *}-${identity##* }.lock
  # The process of this subshell, which $$ is not.
  self=$(exec sh -c 'printf %s "$PPID"')
  ticket=$lock.$self.tmp
  printf '%s %s\n' "$SAVEPOINT_RUN" "$self" >"$ticket"
  noticed=''
  while :; do
    last=0 owner=''
    while [ -e "$lock.$((last + 1))" ]; do last=$((last + 1)); done
    [ $last -eq 0 ] || owner=$(cat "$lock.$last" 2>/dev/null)
    if [ $last -eq 0 ] || { [ -n "$owner" ] && ! _savepoint_is_alive "$owner"; }; then
      # A hard link appears complete, and never over another one. Where there are none, a rename has to do.
      if ln "$ticket" "$lock.$((last + 1))" 2>/dev/null; then break; fi
      if ! [ -e "$lock.$((last + 1))" ] && mv "$ticket" "$lock.$((last + 1))"; then break; fi
    fi
    if [ -n "$owner" ] && [ -z "$noticed" ]; then
      noticed=1
      _savepoint_say "process ${owner##* } does step \"$2\"; waiting"
    fi
    sleep 0.02 2>/dev/null || sleep 1
  done
  held=$((last + 1))
  rm -f "$ticket"
}

_savepoint_unlock() {
  number=1
  while [ "$number" -le "$held" ]; do
    rm -f "$lock.$number"
    number=$((number + 1))
  done
  held=0
}

# Whether the owner of a lock is at work. One of an earlier run is not, even if its number was given to another process.
_savepoint_is_alive() {
  [ "${1% *}" = "$SAVEPOINT_RUN" ] && kill -0 "${1##* }" 2>/dev/null || return 1
  # One that was killed is listed until somebody asks how it ended, which in a container may be never.
  ! grep -q '^State:[[:space:]]*Z' "/proc/${1##* }/status" 2>/dev/null
}

# The members of a JSON object: each line's path with the hash of what is there.
_savepoint_hash_all() {
  separator=''
  printf '%s' "$1" | while IFS= read -r file; do
    printf '%s%s:%s' "$separator" "$(_savepoint_json_text "$file")" "$(_savepoint_hash "$file")"
    separator=','
  done
}

# Of a file's content, or of the names and contents in a folder, as JSON.
_savepoint_hash() {
  if [ -d "$1" ]; then
    printf '"%s.dir"' "$(cd "$1" && find . -type f | LC_ALL=C sort | while IFS= read -r below; do
      printf '%s %s\n' "$(_savepoint_digest <"$below")" "$below"
    done | _savepoint_digest)"
  elif [ -f "$1" ]; then
    printf '"%s"' "$(_savepoint_digest <"$1")"
  else
    printf null
  fi
}

_savepoint_digest() {
  if command -v sha256sum >/dev/null; then
    digest=$(sha256sum) && printf 'sha256:%s' "${digest%% *}"
  elif command -v shasum >/dev/null; then
    digest=$(shasum -a 256) && printf 'sha256:%s' "${digest%% *}"
  else
    digest=$(cksum) && printf 'cksum:%s' "$digest" | tr ' ' -
  fi
}

# A text as a file's name: what could be special in one is written as %XX.
_savepoint_percent() {
  printf '%s' "$1" | LC_ALL=C od -An -v -tu1 | LC_ALL=C awk '{
    for (i = 1; i <= NF; i++) {
      character = $i < 128 ? sprintf("%c", $i + 0) : ""
      if (character ~ /^[A-Za-z0-9._~-]$/) printf "%s", character
      else printf "%%%02X", $i
    }
  }'
}

_savepoint_is_listened_to() {
  [ -n "$DVC_ROOT" ] && [ -n "${DVC_CHECKPOINT+set}" ]
}

# Leaves a request (members of a JSON object, each after a comma), waits until Savepoint has removed it, and prints the
# answer. The status is 1 when the request can't be left, and 2 when nobody answered in so many seconds.
_savepoint_exchange() (
  timeout=$2
  id=$$-$(date +%s)-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
  signal=$DVC_ROOT/.dvc/tmp/DVC_CHECKPOINT
  temporary=$signal.$id.tmp
  # Its time says when the heartbeat was last looked at.
  look=$signal.$id.look.tmp
  trap 'rm -f "$temporary" "$look"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # An empty request fits on a full disk, and Savepoint can tell the user.
  { printf '{"v":1,"id":"%s"%s}\n' "$id" "$1" >"$temporary" || true >"$temporary"; } 2>/dev/null
  [ -f "$temporary" ] || exit 1
  true >"$look"

  started=$(date +%s) pause=0.002 looked=$started heard=$started published='' noticed=''
  while :; do
    if [ -z "$published" ]; then
      # A hard link appears complete, and never over the request of another process: after you.
      if ln "$temporary" "$signal" 2>/dev/null; then
        published=1
      elif ! [ -e "$signal" ]; then
        # A file system without hard links.
        mv "$temporary" "$signal" || exit 1
        published=1
      fi
    elif ! [ -e "$signal" ]; then
      break
    fi
    sleep "$pause" 2>/dev/null || sleep 1
    [ "$pause" = 0.02 ] || { [ "$pause" = 0.01 ] && pause=0.02; } || pause=0.01
    now=$(date +%s)
    if [ -n "$timeout" ] && [ $((now - started)) -ge "$timeout" ]; then
      # Taken later, it would show files that the script is writing by then.
      [ -z "$published" ] || rm -f "$signal"
      exit 2
    fi
    [ "$now" != "$looked" ] || continue
    looked=$now
    # This subshell must not outlive a script that was killed.
    kill -0 $$ 2>/dev/null || exit 0
    if [ -n "$(find "$SAVEPOINT_HEARTBEAT" -newer "$look" 2>/dev/null)" ]; then
      heard=$now
      true >"$look"
    elif [ -n "$SAVEPOINT_HEARTBEAT" ] && [ -z "$noticed" ] && [ $((now - heard)) -ge 5 ]; then
      noticed=1
      _savepoint_say "nobody listens for training checkpoints, so the training waits. Reopen the project in VS Code:" \
        "the checkpoint is taken and the training goes on. (Ctrl-C ends it; what is recorded is safe.)"
    fi
  done
  [ -z "$noticed" ] || _savepoint_say "Savepoint listens again; training goes on."

  answer=$(cat "$signal.result" 2>/dev/null)
  answered=$(printf '%s' "$answer" | _savepoint_value id)
  # That to another request is none.
  [ "${answered:-$id}" != "$id" ] || printf '%s' "$answer"
  exit 0
)

_savepoint_newline='
'

_savepoint_ignore() {
  _savepoint_say "unknown option \"$1\" ignored; see the top of savepoint.sh"
}

_savepoint_seconds() {
  case "$2" in
    *[!0-9]*) _savepoint_say "$1 $2 ignored: it takes whole seconds" ;;
    *) printf '%s' "$2" ;;
  esac
}

# Prints the value of a key of the JSON object on stdin: texts without quotes, of an array one a line, nothing for null.
# The status is 1 when the object does not have the key.
_savepoint_value() {
  LC_ALL=C awk -v key="$1" '
    { json = json $0 "\n" }
    function skip() { while (substr(json, at, 1) ~ /[ \t\r\n]/) at++ }
    function text(  c, found) {
      for (at++; at <= length(json); at++) {
        c = substr(json, at, 1)
        if (c == "\"") { at++; return found }
        if (c == "\\") {
          c = substr(json, ++at, 1)
          if (c in escapes) c = escapes[c]
          else if (c == "u") { c = "?"; at += 4 }
        }
        found = found c
      }
      return found
    }
    function print_or_not(value, is_shown) { if (is_shown) printf "%s\n", value }
    function value(is_shown,  c, word) {
      skip()
      c = substr(json, at, 1)
      if (c == "\"") { print_or_not(text(), is_shown); return }
      if (c == "{" || c == "[") {
        at++
        for (skip(); at <= length(json) && substr(json, at, 1) !~ /[]}]/; skip()) {
          if (c == "{") { text(); skip(); at++ }
          value(is_shown && c == "[")
          skip()
          if (substr(json, at, 1) == ",") at++
        }
        at++
        return
      }
      while (at <= length(json) && substr(json, at, 1) !~ /[],} \t\r\n]/) word = word substr(json, at++, 1)
      if (word == "") at++
      print_or_not(word, is_shown && word != "null")
    }
    END {
      escapes["n"] = "\n"; escapes["t"] = "\t"; escapes["r"] = "\r"; escapes["b"] = "\b"; escapes["f"] = "\f"
      at = 1
      skip()
      if (substr(json, at, 1) != "{") exit 1
      for (at++; at <= length(json); ) {
        skip()
        if (substr(json, at, 1) != "\"") exit 1
        name = text()
        skip()
        at++
        value(name == key)
        if (name == key) exit 0
        skip()
        at++
      }
      exit 1
    }'
}

_savepoint_say() {
  # In a subshell: where nobody reads any more, a broken pipe must not end the script.
  (printf 'savepoint: %s\n' "$*" >&2) || :
}

_savepoint_json_pair() {
  printf '%s:%s' "$(_savepoint_json_text "${1%%=*}")" "$(_savepoint_json "${1#*=}")"
}

# A number as it is; anything else as text.
_savepoint_json() {
  case "$1" in
    '' | *[!0-9.eE+-]*) _savepoint_json_text "$1" ;;
    *)
      if printf '%s\n' "$1" | grep -Eq '^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$'; then
        printf '%s' "$1"
      else
        _savepoint_json_text "$1"
      fi
      ;;
  esac
}

_savepoint_json_text() {
  printf '"%s"' "$(
    printf '%s' "$1" |
      LC_ALL=C sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$(printf '\t')/\\\\t/g" |
      LC_ALL=C awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }' |
      LC_ALL=C tr -d '\001-\037'
  )"
}
