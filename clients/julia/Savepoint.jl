"""
Ask Savepoint for a training checkpoint from Julia. One file, no package, Julia 1.8 or newer.

Copy this file beside your training script. After each epoch, when the files to keep are written:

    include("Savepoint.jl")
    Savepoint.make_checkpoint(step = epoch, total = epochs)

The call returns as soon as Savepoint holds a consistent copy of the stage's outputs. Outside Savepoint it returns at
once and does nothing: the script runs unchanged anywhere. With several processes, call it in one of them.

Work that must not be done twice is a step with a key, see `once`:

    words = Savepoint.once("tokenize"; inputs = ["corpus.txt"], outputs = ["tokens.bin"]) do
        tokenize()
    end

A decision that a person takes, now or days later, see `ask`:

    Savepoint.ask("Accuracy is 0.71. Go on?"; id = "go-on") || exit()
"""
module Savepoint

using Dates: UTC, now
using Random: RandomDevice
using SHA: sha256

export ask, is_resumed, iteration, make_checkpoint, once, resumed_step

const SHORTEST_PAUSE = 0.001
const LONGEST_PAUSE = 0.02
# A listener renews its heartbeat every second.
const SILENCE_BEFORE_NOTICE = 5.0
const LONGEST_FILE_NAME = 180
# What sysexits.h calls a temporary failure: Savepoint takes it for a question that waits for its answer.
const TRY_AGAIN_LATER = 75

"What became of a request: `ok` is false when the checkpoint was asked for and not recorded, for the reason in `error`."
struct CheckpointResult
    ok::Bool
    "What to call the checkpoint, such as \"amber-heron@12\"."
    checkpoint::Union{String,Nothing}
    error::Union{String,Nothing}
end

"Whether this process continues from an earlier checkpoint."
is_resumed() = get(ENV, "DVCLIVE_RESUME", "") == "1" || resumed_step() !== nothing

"The step of the checkpoint that this process continues from; nothing on a fresh start or when it had no step."
resumed_step() = tryparse(Int, get(ENV, "SAVEPOINT_RESUMED_STEP", ""))

"Which time the stage's code runs in this run, counted from 1: see `again` of `make_checkpoint`."
iteration() = something(tryparse(Int, get(ENV, "SAVEPOINT_ITERATION", "")), 1)

"""
    make_checkpoint(; step, total, name, metrics, metadata, when = "now", latest = true, again, timeout = Inf)

Asks for a training checkpoint and waits until it is taken. `metrics` and `metadata` are dictionaries or named tuples;
NaN and infinities are sent as "NaN", "Infinity" and "-Infinity". `when = "stage-end"` has it recorded when the stage has
ended; `latest = false` is for a checkpoint that a retry should not continue from; `again = true` has the stage run once more when it
has ended, as a state machine does (see `iteration`; what was said last counts); `timeout` is in seconds. Never throws
for what goes wrong in recording: that is printed, and returned as `error`.
"""
function make_checkpoint(; step = nothing, total = nothing, name = nothing, metrics = nothing, metadata = nothing,
                         when = "now", latest = true, again = nothing, timeout = Inf)
    is_listened_to() || return CheckpointResult(true, nothing, nothing)
    result = try
        answer = request(("step" => step, "total" => total, "name" => name, "metrics" => metrics,
                          "metadata" => metadata, "when" => when == "now" ? nothing : when,
                          "latest" => latest ? nothing : false, "again" => again), timeout)
        result_of(answer)
    catch error
        # Hours of training must not end here, whatever it is; but Ctrl-C may end it.
        error isa InterruptException && rethrow()
        CheckpointResult(false, nothing, sprint(showerror, error))
    end
    result.ok || say("training checkpoint not recorded: $(result.error)")
    return result
end

"""
    ask(question, choices = nothing; kind, multiple = false, id = nothing, default = nothing, exit_after = Inf,
        step, total, metrics, metadata)

Asks a person, and waits for the answer, which may come days later. The state of the stage is recorded first, so write all
outputs before. Whoever answers when this process is gone resumes the run from there, on any machine: the code runs up to
this call again, which returns the answer at once.

The answer is one of the choices (with `multiple = true` a vector of some of them, maybe empty), any text with
`kind = "text"`, else true or false. `id` is the question's name, the same each time that the code asks; needed when its
text changes. `default` is returned where nobody can be asked: outside Savepoint, or when asking fails. After `exit_after`
seconds the process ends with status 75, and the run goes on when somebody has answered. The rest is as for
`make_checkpoint`.
"""
function ask(question, choices = nothing; kind = choices === nothing ? "approve" : "choose", multiple = false,
             id = nothing, default = nothing, exit_after = Inf, step = nothing, total = nothing, metrics = nothing,
             metadata = nothing)
    answered = parse_json_or_nothing(get(ENV, "SAVEPOINT_ANSWER", ""))
    if answered isa AbstractDict && get(answered, "id", nothing) == something(id, question)
        # It counts once.
        delete!(ENV, "SAVEPOINT_ANSWER")
        return get(answered, "answer", default)
    end
    is_listened_to() || return default
    asked = present(("id" => id, "question" => question, "kind" => kind, "choices" => choices,
                     "multiple" => multiple ? true : nothing))
    answer = try
        request(("step" => step, "total" => total, "metrics" => metrics, "metadata" => metadata,
                 "ask" => Dict(asked)), exit_after)
    catch error
        error isa InterruptException && rethrow()
        if error isa NobodyAnswered
            say("nobody answered yet, so this process ends. The run goes on from here when somebody has answered.")
            exit(TRY_AGAIN_LATER)
        end
        # The training goes on without.
        say("the question could not be asked: " * sprint(showerror, error))
        return default
    end
    haskey(answer, "answer") && return answer["answer"]
    reason = get(answer, "error", nothing)
    say("the question was not answered" * (reason === nothing ? "" : ": $reason"))
    return default
end

"""
    once(work, key; inputs = [], values = nothing, outputs = [], folder = "steps", checkpoint = true)

Does a step of the stage's work, unless it is done already, and returns its result. A step that ended is written down in a
folder, which dvc.yaml must name as an output of the stage:

    outs:
      - steps: {checkpoint: true}

So the steps that are done belong to each training checkpoint, and go back with it. A fresh run starts with none; with
`{persist: true}` instead they are kept from run to run. A step is done again when one of these changed: `inputs` (files and
folders that it reads; their content counts), `values` (what else it depends on: parameters, a version of its code; anything
that JSON can hold), `outputs` (files and folders that it writes). `key` is what the step is called, such as
"fold-3/tokenize"; one step has one key. The result must be something that JSON can hold: nothing, texts, finite numbers,
booleans, and vectors, tuples, dictionaries or named tuples of them; it comes back as JSON has it. When the work throws, the
step is not done. With `checkpoint = false` no training checkpoint is made of the step's end: it is safe at the next one.

Of several processes that come to a step at the same time one does it, and the others get its result. Outside of a stage
the work is simply done.
"""
function once(work, key; inputs = String[], values = nothing, outputs = String[], folder = "steps", checkpoint = true)
    name = percent(key) * ".step.json"
    (isempty(key) || length(name) > LONGEST_FILE_NAME) &&
        throw(ArgumentError("the key of a step must be short and not empty, but is \"$key\""))
    (isempty(get(ENV, "DVC_ROOT", "")) || !is_output(folder)) && return work()
    mkpath(folder)
    path = joinpath(folder, name)
    is_new, result = alone(path, key) do
        needs = (values = parse_json(json(values)), inputs = hash_all(inputs))
        record = isfile(path) ? parse_json_or_nothing(read(path, String)) : nothing
        changed = isfile(path) ? what_changed(record, key, needs, outputs) : nothing
        if isfile(path) && changed === nothing
            say("step \"$key\" is done already")
            return false, record["result"]
        end
        changed === nothing || say("step \"$key\" is done again: $changed")
        # What is begun again is not done, whatever becomes of it.
        rm(path; force = true)
        return do_step(work, path, key, needs, outputs)
    end
    is_new && checkpoint && make_checkpoint(name = key)
    return result
end

# Does the work of a step, and writes it down.
function do_step(work, path, key, needs, outputs)
    started = seconds()
    result = work()
    try
        made = hash_all(outputs)
        for (output, hash) in made
            hash === nothing && error("it made no $output")
        end
        is_plain(result) || error("its result holds what JSON can't; write it to an output")
        record = Pair{String,Any}["savepoint" => "step", "version" => 1, "key" => key, "where" => basename(PROGRAM_FILE),
                                  "values" => needs.values, "inputs" => needs.inputs, "outputs" => made,
                                  "finishedAt" => first(string(now(UTC)), 19) * "Z",
                                  "seconds" => round(seconds() - started; digits = 3), "result" => result]
        # Whole or not at all, whoever dies meanwhile. Only one process writes to a path at a time.
        write(path * ".tmp", "{" * json_members(record) * "}\n")
        mv(path * ".tmp", path; force = true)
        # As a later run will read it.
        return true, parse_json(json(result))
    catch error
        error isa InterruptException && rethrow()
        # The work is done, and its result is needed.
        say("step \"$key\" can't be kept, so it will be done again: " * sprint(showerror, error))
        return false, result
    end
end

# Whether the folder goes back with a checkpoint. If not, steps in it would be believed that were never done.
function is_output(folder)
    haskey(ENV, "SAVEPOINT_OUTPUTS") || return true
    path = ispath(folder) ? realpath(folder) : joinpath(realpath("."), folder)
    for output in split(ENV["SAVEPOINT_OUTPUTS"], '\n')
        (path == output || startswith(path, joinpath(output, ""))) && return true
    end
    say("no step is skipped, since dvc.yaml does not name the folder of steps as an output of this stage. " *
        "Add to its outs:  - $folder: {checkpoint: true}")
    return false
end

# Why a step that was done must be done again, for people; nothing when it need not.
function what_changed(record, key, needs, outputs)
    is_readable = record isa AbstractDict && get(record, "version", 0) == 1 && get(record, "key", "") == key
    is_readable && haskey(record, "result") || return "its record can't be read"
    get(record, "values", nothing) == needs.values || return "its values changed"
    for (kind, found) in ("inputs" => needs.inputs, "outputs" => hash_all(outputs))
        before = get(record, kind, nothing)
        before isa AbstractDict && Set(keys(before)) == Set(keys(found)) || return "it has other $kind"
        for (path, hash) in found
            before[path] == hash || return path * (hash === nothing ? " is missing" : " changed")
        end
    end
    return nothing
end

hash_all(path::AbstractString) = hash_all([path])
hash_all(paths) = Dict{String,Any}(string(path) => hash_of(string(path)) for path in paths)

# Of a file's content, or of the names and contents in a folder; nothing when there is neither.
function hash_of(path)
    isfile(path) && return "sha256:" * bytes2hex(open(sha256, path))
    isdir(path) || return nothing
    names = String[]
    for (place, _, files) in walkdir(path), file in files
        push!(names, replace(relpath(joinpath(place, file), path), '\\' => '/'))
    end
    listing = join(("$name\0$(bytes2hex(open(sha256, joinpath(path, name))))\n" for name in sort(names)))
    return "sha256:" * bytes2hex(sha256(listing)) * ".dir"
end

# Lets one process at a time into a step. Locks are numbered: whoever makes the one after the last has it, if the owner of
# the last is gone. So the lock of a process that was killed is never removed from under one that took it over.
function alone(work, path, key)
    folder = mkpath(joinpath(ENV["DVC_ROOT"], ".dvc", "tmp", "savepoint", "steps"))
    identity = bytes2hex(sha256(joinpath(realpath(dirname(path)), basename(path))))
    lock = joinpath(folder, identity[1:32] * ".lock")
    ticket = "$lock.$(bytes2hex(rand(RandomDevice(), UInt8, 8))).tmp"
    write(ticket, "$(get(ENV, "SAVEPOINT_RUN", "")) $(getpid())")
    held = 0
    noticed = false
    try
        while held == 0
            last = 0
            while ispath("$lock.$(last + 1)")
                last += 1
            end
            owner = last == 0 ? nothing : owner_of("$lock.$last")
            is_free = last == 0 || (owner !== nothing && !is_alive(owner))
            if is_free && publish(ticket, "$lock.$(last + 1)")
                held = last + 1
                break
            end
            if owner !== nothing && !noticed
                noticed = true
                say("process $(owner[2]) does step \"$key\"; waiting")
            end
            sleep(LONGEST_PAUSE)
        end
        rm(ticket; force = true)
        return work()
    finally
        rm(ticket; force = true)
        for number in 1:held
            rm("$lock.$number"; force = true)
        end
    end
end

# The run and the process that a lock belongs to; nothing when it is gone meanwhile.
function owner_of(lock)
    try
        run, id = split(read(lock, String), ' ')
        return run, parse(Int32, id)
    catch
        return nothing
    end
end

# Whether the owner of a lock is at work. One of an earlier run is not, even if its number was given to another process.
is_alive((run, id)) = run == get(ENV, "SAVEPOINT_RUN", "") && ccall(:uv_kill, Cint, (Cint, Cint), id, 0) == 0

# A text as a file's name: what could be special in one is written as %XX.
percent(text) = join(Char(byte) in "._~-" || Char(byte) in 'A':'Z' || Char(byte) in 'a':'z' || Char(byte) in '0':'9' ?
                     Char(byte) : "%" * uppercase(string(byte; base = 16, pad = 2)) for byte in codeunits(text))

is_listened_to() = !isempty(get(ENV, "DVC_ROOT", "")) && haskey(ENV, "DVC_CHECKPOINT")

present(pairs) = Pair{String,Any}[key => value for (key, value) in pairs if value !== nothing]

# Sends a request to Savepoint, and returns the answer, which is empty when there was none.
function request(wanted, timeout)
    # The system's entropy: the training's random numbers stay as they are.
    id = bytes2hex(rand(RandomDevice(), UInt8, 16))
    members = [Pair{String,Any}["v" => 1, "id" => id]; present(wanted)]
    return exchange(joinpath(ENV["DVC_ROOT"], ".dvc", "tmp"), id, "{" * json_members(members) * "}", Patience(timeout))
end

# The signal is gone, so the work is safe unless the answer says otherwise.
function result_of(answer)
    get(answer, "ok", true) == false || return CheckpointResult(true, get(answer, "checkpoint", nothing), nothing)
    return CheckpointResult(false, nothing, something(get(answer, "error", nothing), "no reason was given"))
end

# Leaves the request, waits until Savepoint has removed it, and reads the answer.
function exchange(folder, id, text, patience)
    signal = joinpath(folder, "DVC_CHECKPOINT")
    temporary = "$signal.$id.tmp"
    local identity
    try
        try
            write(temporary, text)
        catch
            # An empty request fits on a full disk, and Savepoint can tell the user.
            write(temporary, "")
        end
        identity = stat(temporary).inode
        # Another process of this project may be waiting for its own checkpoint: after you.
        while !publish(temporary, signal)
            wait_a_little(patience)
        end
    finally
        rm(temporary; force = true)
    end
    try
        while (status = stat(signal); ispath(status) && status.inode == identity)
            wait_a_little(patience)
        end
    catch error
        # Taken later, it would show files that the training is writing by then.
        error isa InterruptException || rm(signal; force = true)
        rethrow()
    end
    patience.noticed && say("Savepoint listens again; training goes on.")
    return read_answer(signal * ".result", id)
end

# Makes the complete request appear under the signal's name, unless another one is there.
function publish(temporary, signal)
    try
        Base.Filesystem.hardlink(temporary, signal)
    catch
        ispath(signal) && return false
        # A file system without hard links. Here two processes that start in the same instant could collide.
        mv(temporary, signal)
    end
    return true
end

# The answer to a request; empty when there is none, as with DVC 2, or only that to another one.
function read_answer(path, id)
    answer = isfile(path) ? parse_json_or_nothing(read(path, String)) : nothing
    return answer isa AbstractDict && get(answer, "id", id) == id ? answer : Dict{String,Any}()
end

"Nobody answered in so many seconds."
struct NobodyAnswered <: Exception
    timeout::Float64
end

function Base.showerror(io::IO, error::NobodyAnswered)
    timeout = error.timeout
    print(io, "nobody answered within ", isinteger(timeout) ? Int(timeout) : timeout, " s")
end

# Waits in small steps that grow, up to a limit; says so once when nobody seems to listen.
mutable struct Patience
    timeout::Float64
    started::Float64
    pause::Float64
    heartbeat::Float64
    heard::Float64
    noticed::Bool
end

seconds() = time_ns() / 1e9

Patience(timeout) = Patience(timeout, seconds(), SHORTEST_PAUSE, last_heartbeat(), seconds(), false)

last_heartbeat() = mtime(get(ENV, "SAVEPOINT_HEARTBEAT", ""))

function wait_a_little(patience)
    now = seconds()
    now - patience.started < patience.timeout || throw(NobodyAnswered(patience.timeout))
    heartbeat = last_heartbeat()
    # Whether it changes is looked at, not how old it is: clocks may differ, be set, or stop in a machine's sleep.
    if heartbeat != patience.heartbeat
        patience.heartbeat = heartbeat
        patience.heard = now
    elseif !patience.noticed && haskey(ENV, "SAVEPOINT_HEARTBEAT") && now - patience.heard >= SILENCE_BEFORE_NOTICE
        patience.noticed = true
        say("nobody listens for training checkpoints, so the training waits. Reopen the project in VS Code: " *
            "the checkpoint is taken and the training goes on. (Ctrl-C ends it; what is recorded is safe.)")
    end
    sleep(patience.pause)
    patience.pause = min(patience.pause * 1.2, LONGEST_PAUSE)
end

# Strict JSON. What it can't hold becomes text: a checkpoint is not lost to a type.
json(::Union{Nothing,Missing}) = "null"
json(value::Bool) = string(value)
json(value::Integer) = string(value)
json(value::Real) = isnan(value) ? "\"NaN\"" : isinf(value) ? (value > 0 ? "\"Infinity\"" : "\"-Infinity\"") : string(Float64(value))
json(value::Union{AbstractDict,NamedTuple}) = "{" * json_members(pairs(value)) * "}"
json(value::Union{AbstractArray,Tuple,AbstractSet}) = "[" * join((json(item) for item in value), ",") * "]"
json(value) = json_text(string(value))

json_members(members) = join((json_text(string(key)) * ":" * json(value) for (key, value) in members), ",")

function json_text(text)
    escaped = replace(text, "\\" => "\\\\", "\"" => "\\\"", "\n" => "\\n", "\r" => "\\r", "\t" => "\\t")
    return "\"" * replace(escaped, r"[\x00-\x1f]" => "") * "\""
end

# Whether a value comes back from JSON as it was.
is_plain(::Union{Nothing,Bool,Integer,AbstractString}) = true
is_plain(value::Real) = isfinite(value)
is_plain(value::Union{AbstractArray,Tuple}) = all(is_plain, value)
is_plain(value::Union{AbstractDict,NamedTuple}) = all(is_plain, values(value))
is_plain(value) = false

const JSON_TOKEN = r"\"(?:[^\"\\]|\\.)*\"|-?[0-9][0-9.eE+-]*|true|false|null|[\]\[{}:,]|\S"
const ESCAPES = Dict("n" => "\n", "t" => "\t", "r" => "\r", "b" => "\b", "f" => "\f")

# Julia's standard library reads no JSON.
function parse_json(text)
    tokens = [String(found.match) for found in eachmatch(JSON_TOKEN, text)]
    value, rest = parse_value(tokens, 1)
    rest > length(tokens) || error("unexpected $(tokens[rest])")
    return value
end

function parse_json_or_nothing(text)
    try
        return parse_json(text)
    catch
        return nothing
    end
end

# The value that begins at a token, and the place of the token behind it.
function parse_value(tokens, at)
    at <= length(tokens) || error("the JSON ends too early")
    token = tokens[at]
    if token == "{" || token == "["
        dictionary, vector = Dict{String,Any}(), Any[]
        is_object = token == "{"
        ending = is_object ? "}" : "]"
        at += 1
        while at <= length(tokens) && tokens[at] != ending
            if is_object
                key = parse_text(tokens[at])
                at + 1 <= length(tokens) && tokens[at + 1] == ":" || error("a colon is missing")
                dictionary[key], at = parse_value(tokens, at + 2)
            else
                item, at = parse_value(tokens, at)
                push!(vector, item)
            end
            at <= length(tokens) && tokens[at] == "," && (at += 1)
        end
        at <= length(tokens) || error("the JSON ends too early")
        return (is_object ? dictionary : vector), at + 1
    end
    token == "true" && return true, at + 1
    token == "false" && return false, at + 1
    token == "null" && return nothing, at + 1
    startswith(token, '"') && return parse_text(token), at + 1
    number = something(tryparse(Int, token), tryparse(Float64, token), Some(nothing))
    number === nothing && error("unexpected $token")
    return number, at + 1
end

function parse_text(token)
    startswith(token, '"') && length(token) > 1 || error("unexpected $token")
    return replace(chop(token; head = 1, tail = 1), r"\\(?:u[0-9a-fA-F]{4}|.)" => function (escape)
        code = escape[2:end]
        length(code) == 5 && return string(Char(parse(UInt16, code[2:end]; base = 16)))
        return get(ESCAPES, code, code)
    end)
end

function say(text)
    try
        println(stderr, "savepoint: ", text)
    catch  # nobody reads any more: a pipe whose end was killed, a terminal that is gone
    end
end

end
