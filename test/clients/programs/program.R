# Training code of the tests: calls the R client as the first argument says, and prints what it returns.
arguments <- commandArgs(trailingOnly = TRUE)
this_file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(this_file), "..", "..", "..", "clients", "r", "savepoint.R"), encoding = "UTF-8")

quoted <- function(text) if (is.null(text)) "null" else paste0('"', gsub('"', '\\\\"', text), '"')
show <- function(result) {
  cat(sprintf(
    '{"ok":%s,"checkpoint":%s,"error":%s}\n',
    tolower(result$ok), quoted(result$checkpoint), quoted(result$error)
  ))
}

# Writes an output in two parts, and can be held between them or made to fail.
work <- function() {
  cat("begun\n", file = "log", append = TRUE)
  cat("half", file = "output")
  while (file.exists("hold")) Sys.sleep(0.01)
  if (file.exists("fail")) quit(save = "no", status = 3)
  cat("whole", file = "output")
  cat("ended\n", file = "log", append = TRUE)
  list(tuple = c(1, 2.5), text = "na\u00efve \"x\"\n", nothing = NULL)
}
json <- function(value) cat(.savepoint_json(value), "\n", sep = "")

switch(arguments[1],
  once = json(once(arguments[2], work, inputs = "input", values = list(v = arguments[3]), outputs = "output")),
  unkept = {
    once("model", function() lm(c(1, 2, 4) ~ c(1, 2, 3)))
    once("nan", function() NaN)
    json(once("nothing", function() NULL))
  },
  long = once(strrep("k", 200), work),
  ask = {
    answers <- lapply(1:2, function(time) {
      ask("Go on?", id = "go-on", step = 10, exit_after = as.numeric(arguments[2]), default = "none")
    })
    json(answers)
  },
  story = {
    once("prepare", work, outputs = "output")
    answer <- ask("Go on?", exit_after = 1)
    cat(.savepoint_json(answer), file = "answer")
  },
  choose = json(as.list(ask("Which \"models\"?", c("small", "large one"), multiple = TRUE))),
  text = json(ask("Why?", kind = "text")),
  plain = show(make_checkpoint()),
  full = show(make_checkpoint(
    step = 12, total = 40, name = "Epoche \"f\u00fcnf\" \\ \u732b\n\tEnde",
    metrics = list(accuracy = 0.914, count = 3L, loss = NaN, up = Inf, down = -Inf),
    metadata = list("two words" = "na\u00efve"),
    when = "stage-end", latest = FALSE, again = TRUE
  )),
  types = {
    set.seed(1)
    seed_before <- .Random.seed
    show(make_checkpoint(
      step = 7L,
      metrics = c(a = 0.1, b = NA),
      metadata = list(
        vector = 1:3, flag = TRUE, day = as.Date("2024-02-29"), level = factor("low"), nested = list(1, list(x = NULL)),
        control = "bell\a", complex = 1i
      )
    ))
    stopifnot(identical(seed_before, .Random.seed))
  },
  loop = for (step in seq_len(as.integer(arguments[3])) - 1) show(make_checkpoint(step = step, name = arguments[2])),
  timeout = show(make_checkpoint(timeout = 1)),
  iteration = json(iteration()),
  resumed = cat(sprintf(
    '{"resumed":%s,"step":%s}\n', tolower(is_resumed()), if (is.na(resumed_step())) "null" else resumed_step()
  ))
)
