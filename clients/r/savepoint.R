# Ask Savepoint for a training checkpoint from R. One file, base R only (3.5 or newer).
#
# Copy this file beside your training script. After each epoch, when the files to keep are written:
#
#     source("savepoint.R")
#     make_checkpoint(step = epoch, total = epochs)
#
# The call returns as soon as Savepoint holds a consistent copy of the stage's outputs. Outside Savepoint it returns at
# once and does nothing: the script runs unchanged anywhere. With several processes, call it in one of them.
#
# Work that must not be done twice is a step with a key, see `once`:
#
#     words <- once("tokenize", tokenize, inputs = "corpus.txt", outputs = "tokens.rds")
#
# A decision that a person takes, now or days later, see `ask`:
#
#     if (!ask("Accuracy is 0.71. Go on?", id = "go-on")) ...

# Whether this process continues from an earlier checkpoint.
is_resumed <- function() {
  Sys.getenv("DVCLIVE_RESUME") == "1" || !is.na(resumed_step())
}

# The step of the checkpoint that this process continues from; NA on a fresh start or when it had no step.
resumed_step <- function() {
  suppressWarnings(as.integer(Sys.getenv("SAVEPOINT_RESUMED_STEP")))
}

# Which time the stage's code runs in this run, counted from 1: see `again` of make_checkpoint.
iteration <- function() {
  number <- suppressWarnings(as.integer(Sys.getenv("SAVEPOINT_ITERATION")))
  if (is.na(number)) 1L else number
}

# Asks for a training checkpoint and waits until it is taken.
#
# step, total  where the training stands: 12 of 40
# name         a name for people, such as "warm-up done"
# metrics      a named list of numbers to show beside those of the stage's metrics files;
#              NaN and infinities are sent as "NaN", "Infinity" and "-Infinity", NA as null
# metadata     a named list of anything else
# when         "now", or "stage-end" to have it recorded when the stage has ended
# latest       FALSE for a checkpoint that a retry should not continue from
# again        TRUE to have the stage run once more when it has ended, as a state machine does: see iteration;
#              what was said last counts
# timeout      seconds to wait at most; Inf waits until Savepoint answers
#
# Returns, invisibly, a list: `ok` (FALSE when it was asked for and not recorded), `checkpoint` (what to call it, such as
# "amber-heron@12", or NULL) and `error` (why it was not recorded, or NULL). Never stops the training: what goes wrong is
# printed on stderr.
make_checkpoint <- function(step = NULL, total = NULL, name = NULL, metrics = NULL, metadata = NULL,
                            when = "now", latest = TRUE, again = NULL, timeout = Inf) {
  if (!.savepoint_is_listened_to()) return(invisible(.savepoint_result(TRUE)))
  result <- tryCatch(
    {
      wanted <- list(
        step = step, total = total, name = name,
        metrics = .savepoint_object(metrics), metadata = .savepoint_object(metadata),
        when = if (!identical(when, "now")) when,
        latest = if (identical(latest, FALSE)) FALSE,
        again = again
      )
      answer <- .savepoint_request(wanted, timeout)
      if (identical(answer$ok, FALSE)) {
        .savepoint_result(FALSE, error = if (is.null(answer$error)) "no reason was given" else answer$error)
      } else {
        .savepoint_result(TRUE, checkpoint = answer$checkpoint)
      }
    },
    error = function(condition) .savepoint_result(FALSE, error = conditionMessage(condition))
  )
  if (!result$ok) .savepoint_say("training checkpoint not recorded: ", result$error)
  invisible(result)
}

# Asks a person, and waits for the answer, which may come days later. The state of the stage is recorded first, so write
# all outputs before. Whoever answers when this process is gone resumes the run from there, on any machine: the code runs
# up to this call again, which returns the answer at once.
#
# question    what the person reads
# choices     the answer is one of these texts; with multiple = TRUE it is a vector of some of them, maybe empty
# kind        "text" for a free text; without it and without choices the answer is TRUE or FALSE
# id          the question's name, the same each time that the code asks; needed when its text changes
# default     what is returned where nobody can be asked: outside Savepoint, or when asking fails
# exit_after  seconds; then the process ends with status 75, and the run goes on when somebody has answered;
#             Inf waits as long as it takes
# step, total, metrics, metadata  as for make_checkpoint
ask <- function(question, choices = NULL, kind = if (is.null(choices)) "approve" else "choose", multiple = FALSE,
                id = NULL, default = NULL, exit_after = Inf, step = NULL, total = NULL, metrics = NULL,
                metadata = NULL) {
  answered <- tryCatch(.savepoint_parse(Sys.getenv("SAVEPOINT_ANSWER")), error = function(condition) NULL)
  if (is.list(answered) && identical(answered$id, if (is.null(id)) question else id)) {
    # It counts once.
    Sys.unsetenv("SAVEPOINT_ANSWER")
    return(answered$answer)
  }
  if (!.savepoint_is_listened_to()) return(default)
  answer <- tryCatch(
    {
      asked <- list(
        id = id, question = question, kind = kind, choices = if (!is.null(choices)) as.list(choices),
        multiple = if (multiple) TRUE
      )
      wanted <- list(
        step = step, total = total, metrics = .savepoint_object(metrics), metadata = .savepoint_object(metadata),
        ask = Filter(Negate(is.null), asked)
      )
      .savepoint_request(wanted, exit_after)
    },
    savepoint_timeout = function(condition) {
      .savepoint_say(
        "nobody answered yet, so this process ends. The run goes on from here when somebody has answered."
      )
      # What sysexits.h calls a temporary failure: Savepoint takes it for a question that waits for its answer.
      quit(save = "no", status = 75)
    },
    error = function(condition) {
      # The training goes on without.
      .savepoint_say("the question could not be asked: ", conditionMessage(condition))
      NULL
    }
  )
  if (is.null(answer)) return(default)
  if ("answer" %in% names(answer)) return(answer$answer)
  .savepoint_say("the question was not answered", if (!is.null(answer$error)) paste0(": ", answer$error))
  default
}

# Does a step of the stage's work, unless it is done already, and returns its result. A step that ended is written down in
# a folder, which dvc.yaml must name as an output of the stage:
#
#     outs:
#       - steps: {checkpoint: true}
#
# So the steps that are done belong to each training checkpoint, and go back with it. A fresh run starts with none; with
# `{persist: true}` instead they are kept from run to run. A step is done again when one of these changed:
#
# key         what the step is called, such as "fold-3/tokenize"; one step has one key
# work        what to do: a function without arguments. Its result must be something that JSON can hold: NULL, texts,
#             finite numbers, TRUE and FALSE, and lists of them. When it stops, the step is not done.
# inputs      files and folders that the step reads; their content counts
# values      what else it depends on: parameters, a version of its code. Anything that JSON can hold.
# outputs     files and folders that the step writes; if they are not there as they were, the step is done again
# folder      where the steps of this stage are written down
# checkpoint  FALSE to make no training checkpoint of the step's end: it is safe at the next one
#
# Of several processes that come to a step at the same time one does it, and the others get its result. Outside of a
# stage the work is simply done.
once <- function(key, work, inputs = character(), values = NULL, outputs = character(), folder = "steps",
                 checkpoint = TRUE) {
  name <- paste0(utils::URLencode(enc2utf8(key), reserved = TRUE, repeated = TRUE), ".step.json")
  if (key == "" || nchar(name) > 180) stop("the key of a step must be short and not empty, but is '", key, "'")
  if (Sys.getenv("DVC_ROOT") == "" || !.savepoint_is_output(folder)) return(work())
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  path <- file.path(folder, name)
  step <- .savepoint_alone(path, key, {
    needs <- list(
      savepoint = "step", version = 1L, key = key,
      where = basename(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))),
      values = .savepoint_parse(.savepoint_json(values)), inputs = .savepoint_hash_all(inputs)
    )
    record <- .savepoint_read(path)
    changed <- if (!is.null(record)) .savepoint_what_changed(record, needs, outputs)
    if (!is.null(record) && is.null(changed)) {
      .savepoint_say("step \"", key, "\" is done already")
      list(result = record$result, is_new = FALSE)
    } else {
      if (!is.null(changed)) .savepoint_say("step \"", key, "\" is done again: ", changed)
      # What is begun again is not done, whatever becomes of it.
      unlink(path)
      .savepoint_do(path, needs, work, outputs)
    }
  })
  if (step$is_new && checkpoint) make_checkpoint(name = key)
  step$result
}

# Does the work of a step, and writes it down.
.savepoint_do <- function(path, needs, work, outputs) {
  started <- proc.time()[["elapsed"]]
  result <- work()
  tryCatch(
    {
      made <- .savepoint_hash_all(outputs)
      missing <- names(made)[vapply(made, is.null, NA)]
      if (length(missing) > 0) stop("it made no ", missing[1], call. = FALSE)
      if (!.savepoint_is_plain(result)) {
        stop("its result holds what JSON can't; write it to an output", call. = FALSE)
      }
      record <- c(needs, list(
        outputs = made,
        finishedAt = format(Sys.time(), "%Y-%m-%dT%H:%M:%SZ", tz = "UTC"),
        seconds = round(max(0, proc.time()[["elapsed"]] - started), 3),
        result = result
      ))
      # Whole or not at all, whoever dies meanwhile. Only one process writes to a path at a time.
      temporary <- paste0(path, ".tmp")
      .savepoint_write(temporary, .savepoint_json(record))
      if (!suppressWarnings(file.rename(temporary, path))) stop("can't write to ", dirname(path), call. = FALSE)
      # As a later run will read it.
      list(result = .savepoint_parse(.savepoint_json(result)), is_new = TRUE)
    },
    error = function(condition) {
      # The work is done, and its result is needed.
      .savepoint_say(
        "step \"", needs$key, "\" can't be kept, so it will be done again: ", conditionMessage(condition)
      )
      list(result = result, is_new = FALSE)
    }
  )
}

# Whether the folder goes back with a checkpoint. If not, steps in it would be believed that were never done.
.savepoint_is_output <- function(folder) {
  known <- Sys.getenv("SAVEPOINT_OUTPUTS", unset = NA)
  if (is.na(known)) return(TRUE)
  # A folder that is not there yet has no real path.
  path <- file.path(normalizePath(dirname(folder), winslash = "/", mustWork = FALSE), basename(folder))
  outputs <- gsub("\\", "/", strsplit(known, "\n", fixed = TRUE)[[1]], fixed = TRUE)
  if (any(path == outputs | startsWith(path, paste0(outputs, "/")))) return(TRUE)
  .savepoint_say(
    "no step is skipped, since dvc.yaml does not name the folder of steps as an output of this stage. ",
    "Add to its outs:  - ", folder, ": {checkpoint: true}"
  )
  FALSE
}

# Why a step that was done must be done again, for people; NULL when it need not.
.savepoint_what_changed <- function(record, needs, outputs) {
  is_readable <- is.list(record) && identical(as.numeric(record$version), 1) && identical(record$key, needs$key)
  if (!is_readable || !("result" %in% names(record))) return("its record can't be read")
  if (!identical(record$values, needs$values)) return("its values changed")
  found <- list(inputs = needs$inputs, outputs = .savepoint_hash_all(outputs))
  for (kind in names(found)) {
    before <- record[[kind]]
    now <- found[[kind]]
    if (!setequal(names(before), names(now))) return(paste("it has other", kind))
    for (path in names(now)) {
      if (is.null(now[[path]])) {
        if (!is.null(before[[path]])) return(paste(path, "is missing"))
      } else if (!identical(before[[path]], now[[path]])) {
        return(paste(path, "changed"))
      }
    }
  }
  NULL
}

.savepoint_hash_all <- function(paths) {
  paths <- as.character(paths)
  hashes <- lapply(paths, .savepoint_hash)
  names(hashes) <- paths
  hashes
}

# Of a file's content, or of the names and contents in a folder; NULL when there is neither.
.savepoint_hash <- function(path) {
  if (!file.exists(path)) return(NULL)
  if (!dir.exists(path)) return(paste0("md5:", tools::md5sum(path)[[1]]))
  names <- sort(list.files(path, recursive = TRUE, all.files = TRUE), method = "radix")
  listing <- tempfile()
  on.exit(unlink(listing))
  writeLines(paste(tools::md5sum(file.path(path, names)), names), listing, useBytes = TRUE)
  paste0("md5:", tools::md5sum(listing)[[1]], ".dir")
}

# What is in a file of JSON: NULL when it is not there, NA when it can't be read.
.savepoint_read <- function(path) {
  if (!file.exists(path)) return(NULL)
  tryCatch(
    .savepoint_parse(paste(readLines(path, warn = FALSE, encoding = "UTF-8"), collapse = "\n")),
    error = function(condition) NA
  )
}

# Lets one process at a time into a step. Locks are numbered: whoever makes the one after the last has it, if the owner
# of the last is gone. So the lock of a process that was killed is never removed from under one that took it over.
.savepoint_alone <- function(path, key, work) {
  folder <- file.path(Sys.getenv("DVC_ROOT"), ".dvc", "tmp", "savepoint", "steps")
  dir.create(folder, showWarnings = FALSE, recursive = TRUE)
  identity <- gsub("[^A-Za-z0-9.-]", "_", file.path(normalizePath(dirname(path), winslash = "/"), basename(path)))
  lock <- file.path(folder, paste0(substr(identity, max(1, nchar(identity) - 150), nchar(identity)), ".lock"))
  ticket <- paste0(lock, ".", .savepoint_id(), ".tmp")
  .savepoint_write(ticket, paste(Sys.getenv("SAVEPOINT_RUN"), Sys.getpid()))
  on.exit(unlink(ticket))
  noticed <- FALSE
  repeat {
    last <- 0
    while (file.exists(paste0(lock, ".", last + 1))) last <- last + 1
    owner <- if (last > 0) .savepoint_owner(paste0(lock, ".", last))
    is_free <- last == 0 || (!is.null(owner) && !.savepoint_is_alive(owner))
    if (is_free && .savepoint_publish(ticket, paste0(lock, ".", last + 1))) break
    if (!is.null(owner) && !noticed) {
      noticed <- TRUE
      .savepoint_say("process ", owner[2], " does step \"", key, "\"; waiting")
    }
    Sys.sleep(0.02)
  }
  unlink(ticket)
  on.exit(for (number in seq_len(last + 1)) unlink(paste0(lock, ".", number)))
  work
}

# The run and the process that a lock belongs to; NULL when it is gone meanwhile.
.savepoint_owner <- function(path) {
  text <- tryCatch(suppressWarnings(readLines(path, warn = FALSE)), error = function(condition) character())
  if (length(text) == 1) strsplit(text, " ", fixed = TRUE)[[1]]
}

# Whether the owner of a lock is at work. One of an earlier run is not, even if its number was given to another process.
.savepoint_is_alive <- function(owner) {
  if (owner[1] != Sys.getenv("SAVEPOINT_RUN")) return(FALSE)
  if (.Platform$OS.type == "windows") {
    # There pskill ends the process whatever the signal is.
    return(any(grepl(owner[2], system2("tasklist", c("/FI", shQuote(paste("PID eq", owner[2]))), stdout = TRUE))))
  }
  tools::pskill(as.integer(owner[2]), 0)
}

.savepoint_is_listened_to <- function() {
  Sys.getenv("DVC_ROOT") != "" && !is.na(Sys.getenv("DVC_CHECKPOINT", unset = NA))
}

# Sends a request to Savepoint, and returns the answer, which is empty when there was none.
.savepoint_request <- function(wanted, timeout) {
  request <- Filter(Negate(is.null), c(list(v = 1L, id = .savepoint_id()), wanted))
  .savepoint_exchange(file.path(Sys.getenv("DVC_ROOT"), ".dvc", "tmp"), request, timeout)
}

# Leaves the request, waits until Savepoint has removed it, and reads the answer.
.savepoint_exchange <- function(folder, request, timeout) {
  signal <- file.path(folder, "DVC_CHECKPOINT")
  temporary <- paste0(signal, ".", request$id, ".tmp")
  on.exit(unlink(temporary))
  .savepoint_write(temporary, .savepoint_json(request))
  patience <- .savepoint_patience(timeout)
  # Another process of this project may be waiting for its own checkpoint: after you.
  while (!.savepoint_publish(temporary, signal)) patience$wait()
  unlink(temporary)
  tryCatch(
    while (file.exists(signal)) patience$wait(),
    error = function(condition) {
      # Taken later, it would show files that the training is writing by then.
      unlink(signal)
      stop(condition)
    }
  )
  patience$end()
  .savepoint_answer(paste0(signal, ".result"), request$id)
}

.savepoint_write <- function(path, text) {
  tryCatch(
    {
      connection <- file(path, open = "wb")
      on.exit(close(connection))
      writeBin(charToRaw(text), connection)
    },
    error = function(condition) {
      # An empty request fits on a full disk, and Savepoint can tell the user.
      if (!suppressWarnings(file.create(path))) stop("can't write to ", dirname(path), call. = FALSE)
    },
    warning = function(condition) stop("can't write to ", dirname(path), call. = FALSE)
  )
}

# Makes the complete request appear under the signal's name, unless another one is there.
.savepoint_publish <- function(temporary, signal) {
  if (suppressWarnings(file.link(temporary, signal))) return(TRUE)
  if (file.exists(signal)) return(FALSE)
  # A file system without hard links. Here two processes that start in the same instant could collide.
  if (!suppressWarnings(file.rename(temporary, signal))) stop("can't write to ", dirname(signal), call. = FALSE)
  TRUE
}

# The answer to a request. The signal is gone, so the work is safe unless it says otherwise. Empty when there is none, as
# with DVC 2, or only that to another request.
.savepoint_answer <- function(path, id) {
  answer <- .savepoint_read(path)
  if (!is.list(answer) || !(is.null(answer$id) || identical(answer$id, id))) return(list())
  answer
}

.savepoint_result <- function(ok, checkpoint = NULL, error = NULL) {
  list(ok = ok, checkpoint = checkpoint, error = error)
}

# Waits in small steps that grow, up to a limit; says so once when nobody seems to listen.
.savepoint_patience <- function(timeout) {
  now <- function() proc.time()[["elapsed"]]
  heartbeat_file <- Sys.getenv("SAVEPOINT_HEARTBEAT")
  last_heartbeat <- function() as.numeric(file.mtime(heartbeat_file))
  started <- now()
  heard <- started
  heartbeat <- last_heartbeat()
  noticed <- FALSE
  pause <- 0.001
  wait <- function() {
    if (now() - started >= timeout) {
      message <- paste("nobody answered within", timeout, "s")
      stop(structure(list(message = message, call = NULL), class = c("savepoint_timeout", "error", "condition")))
    }
    current <- last_heartbeat()
    # Whether it changes is looked at, not how old it is: clocks may differ, be set, or stop in a machine's sleep.
    if (!identical(current, heartbeat)) {
      heartbeat <<- current
      heard <<- now()
    } else if (!noticed && heartbeat_file != "" && now() - heard >= 5) {
      noticed <<- TRUE
      .savepoint_say(
        "nobody listens for training checkpoints, so the training waits. Reopen the project in VS Code: ",
        "the checkpoint is taken and the training goes on. (Ctrl-C ends it; what is recorded is safe.)"
      )
    }
    Sys.sleep(pause)
    pause <<- min(pause * 1.2, 0.02)
  }
  end <- function() if (noticed) .savepoint_say("Savepoint listens again; training goes on.")
  list(wait = wait, end = end)
}

# Unlike sample(), tempfile() leaves the training's random numbers as they are.
.savepoint_id <- function() {
  paste0(Sys.getpid(), "-", basename(tempfile("")))
}

# A list without names would become an array, and an empty one too.
.savepoint_object <- function(values) {
  if (length(values) == 0 || is.null(names(values))) NULL else as.list(values)
}

# Strict JSON. What it can't hold becomes text: a checkpoint is not lost to a type.
.savepoint_json <- function(value) {
  if (is.null(value)) return("null")
  if (is.list(value)) {
    items <- vapply(value, .savepoint_json, "", USE.NAMES = FALSE)
    if (is.null(names(value))) return(paste0("[", paste(items, collapse = ","), "]"))
    if (length(value) == 0) return("{}")
    keys <- vapply(names(value), .savepoint_json_text, "", USE.NAMES = FALSE)
    return(paste0("{", paste0(keys, ":", items, collapse = ","), "}"))
  }
  if (is.factor(value) || !is.atomic(value) || is.complex(value) || is.raw(value) || inherits(value, c("Date", "POSIXt"))) {
    value <- as.character(if (is.atomic(value)) value else paste(format(value), collapse = " "))
  }
  if (length(value) != 1 || !is.null(names(value))) return(.savepoint_json(as.list(value)))
  if (is.na(value) && !is.nan(value)) return("null")
  if (is.logical(value)) return(if (value) "true" else "false")
  if (is.numeric(value)) {
    if (is.nan(value)) return('"NaN"')
    if (is.infinite(value)) return(if (value > 0) '"Infinity"' else '"-Infinity"')
    return(format(as.numeric(value), digits = 17, trim = TRUE, decimal.mark = "."))
  }
  .savepoint_json_text(value)
}

.savepoint_json_text <- function(text) {
  text <- enc2utf8(as.character(text))
  text <- gsub("\\", "\\\\", text, fixed = TRUE)
  text <- gsub('"', '\\"', text, fixed = TRUE)
  text <- gsub("\n", "\\n", text, fixed = TRUE)
  text <- gsub("\r", "\\r", text, fixed = TRUE)
  text <- gsub("\t", "\\t", text, fixed = TRUE)
  paste0('"', gsub("[\001-\037]", "", text), '"')
}

# Whether a value comes back from JSON as it was.
.savepoint_is_plain <- function(value) {
  if (is.null(value)) return(TRUE)
  if (is.object(value)) return(FALSE)
  if (is.list(value)) return(all(vapply(value, .savepoint_is_plain, NA)))
  if (is.numeric(value)) return(all(is.finite(value)))
  (is.character(value) || is.logical(value)) && !anyNA(value)
}

# Base R reads no JSON. An array of values of one type becomes a vector, any other one a list.
.savepoint_parse <- function(text) {
  pattern <- '"(?:[^"\\\\]|\\\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[][{}:,]|[^[:space:]]'
  tokens <- regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]]
  position <- 0
  take <- function() {
    position <<- position + 1
    if (position > length(tokens)) stop("the JSON ends too early")
    tokens[position]
  }
  items <- function(end, read) {
    found <- list()
    if (position < length(tokens) && tokens[position + 1] == end) {
      take()
      return(found)
    }
    repeat {
      found <- c(found, read())
      token <- take()
      if (token == end) return(found)
      if (token != ",") stop("unexpected ", token)
    }
  }
  value <- function() {
    token <- take()
    if (token == "{") {
      return(items("}", function() {
        name <- .savepoint_parse_text(take())
        if (take() != ":") stop("a colon is missing")
        stats::setNames(list(value()), name)
      }))
    }
    if (token == "[") return(.savepoint_simplify(items("]", function() list(value()))))
    if (startsWith(token, '"')) return(.savepoint_parse_text(token))
    number <- suppressWarnings(as.numeric(token))
    if (!is.na(number)) return(number)
    switch(token, true = TRUE, false = FALSE, null = NULL, stop("unexpected ", token))
  }
  found <- value()
  if (position != length(tokens)) stop("unexpected ", tokens[position + 1])
  found
}

.savepoint_simplify <- function(items) {
  if (length(items) == 0) return(items)
  is_like_the_first <- function(item) is.atomic(item) && length(item) == 1 && identical(class(item), class(items[[1]]))
  if (all(vapply(items, is_like_the_first, NA))) unlist(items) else items
}

.savepoint_parse_text <- function(token) {
  if (!startsWith(token, '"')) stop("unexpected ", token)
  escapes <- c(n = "\n", t = "\t", r = "\r", b = "\b", f = "\f")
  body <- substr(token, 2, nchar(token) - 1)
  found <- gregexpr("\\\\(u[0-9a-fA-F]{4}|.)", body, perl = TRUE)
  regmatches(body, found) <- lapply(regmatches(body, found), function(sequences) {
    vapply(substring(sequences, 2), function(escape) {
      if (nchar(escape) == 5) return(intToUtf8(strtoi(substring(escape, 2), 16L)))
      if (escape %in% names(escapes)) escapes[[escape]] else escape
    }, "", USE.NAMES = FALSE)
  })
  body
}

.savepoint_say <- function(...) {
  # Where nobody reads any more, a broken pipe must not end the script.
  try(message("savepoint: ", ...), silent = TRUE)
}
