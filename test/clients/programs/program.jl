# Training code of the tests: calls the Julia client as the first argument says, and prints what it returns.
include(joinpath(@__DIR__, "..", "..", "..", "clients", "julia", "Savepoint.jl"))
using .Savepoint

print_json(value) = println(Savepoint.json(value))
show_result(result) = print_json((ok = result.ok, checkpoint = result.checkpoint, error = result.error))

append(file, text) = open(log -> println(log, text), file, "a")

"Writes an output in two parts, and can be held between them or made to fail."
function work()
    append("log", "begun")
    write("output", "half")
    while ispath("hold")
        sleep(0.01)
    end
    ispath("fail") && exit(3)
    write("output", "whole")
    append("log", "ended")
    return (tuple = (1, 2.5), text = "naïve \"x\"\n", nothing = nothing)
end

function main(scenario, first = "", second = "")
    if scenario == "plain"
        show_result(make_checkpoint())
    elseif scenario == "full"
        show_result(make_checkpoint(
            step = 12, total = 40, name = "Epoche \"fünf\" \\ 猫\n\tEnde",
            metrics = (accuracy = 0.914, count = 3, loss = NaN, up = Inf, down = -Inf),
            metadata = Dict("two words" => "naïve"), when = "stage-end", latest = false, again = true))
    elseif scenario == "types"
        show_result(make_checkpoint(
            step = Int8(7), metrics = Dict(:a => 0.1f0, :b => missing, :c => 1 // 3, :d => Inf32),
            metadata = (range = 1:3, matrix = [1 2; 3 4], flag = true, symbol = :low, set = Set(["x"]), control = "bell\a",
                        nested = (x = nothing, y = (1, "é")), complex = 1im)))
    elseif scenario == "loop"
        for step in 0:parse(Int, second)-1
            show_result(make_checkpoint(step = step, name = first))
        end
    elseif scenario == "timeout"
        show_result(make_checkpoint(timeout = 1))
    elseif scenario == "iteration"
        print_json(iteration())
    elseif scenario == "resumed"
        print_json((resumed = is_resumed(), step = resumed_step()))
    elseif scenario == "once"
        print_json(once(work, first; inputs = ["input"], values = (v = second,), outputs = ["output"]))
    elseif scenario == "unkept"
        once(() -> 1im, "complex")
        once(() -> NaN, "nan")
        print_json(once(() -> nothing, "nothing"))
    elseif scenario == "long"
        once(work, "k"^200)
    elseif scenario == "ask"
        print_json([ask("Go on?"; id = "go-on", step = 10, exit_after = parse(Float64, first), default = "none") for _ in 1:2])
    elseif scenario == "story"
        once(work, "prepare"; outputs = ["output"])
        write("answer", Savepoint.json(ask("Go on?"; exit_after = 1)))
    elseif scenario == "choose"
        print_json(ask("Which \"models\"?", ["small", "large one"]; multiple = true))
    elseif scenario == "text"
        print_json(ask("Why?"; kind = "text"))
    end
end

main(ARGS...)
