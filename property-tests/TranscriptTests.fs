/// Transcripts for people who review a change: commands above a line, what everybody did below it. `NITRO_TRANSCRIPTS=write` writes them anew.
module Nitro.PropertyTests.TranscriptTests

open System
open System.Collections.Generic
open System.IO
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Simulation

/// In the sources, so that writing them anew changes what is reviewed.
let private folder = Path.Combine(__SOURCE_DIRECTORY__, "transcripts")
let private people = dict [ "Alice", Story.alice; "Bob", Story.irene; "Carol", Story.bob; "Dave", Story.ivan ]

/// One world, and the names that a transcript has given to channels.
type private Stage(world: SimulatedWorld) =
    let channels = Dictionary<string, ChannelId>()
    let mutable requests = 0

    let request () =
        requests <- requests + 1
        $"request{requests}"

    let ask who command =
        let name = request ()
        world.Ask(who, Story.request name, command)
        who, name

    let keep name (who, asked) =
        world.RunUntil("asked", 60, (fun () -> Story.isAnswered world who asked))
        channels[name] <- (Story.started world who asked).Channel

    let ledger (channel: ChannelId) who = (ValueOption.get (NodeState.channel channel world.Nodes[who].State)).Terms.IsLedger

    let point name =
        match name with
        | "before-append" -> BeforeAppend
        | "in-append" -> InAppend
        | "after-append" -> AfterAppend
        | "after-release" -> AfterRelease
        | other -> invalidOp $"no point {other} in an append"

    member _.Do(words: string list) =
        match words with
        | "people" :: names -> Story.join world [ for name in names -> people[name] ]
        | [ "ledger"; name; leader; follower; a; b ] ->
            let first, second = people[leader], people[follower]
            keep name (ask first (CreateLedger(second, 100u, Story.outcome Story.native first second (int a) (int b), uint64 requests + 1UL)))
        | [ "channel"; name; payer; "over"; hub; "to"; payee; a ] ->
            let first, last = people[payer], people[payee]
            let opening = Story.outcome Story.native first last (int a) 0
            keep name (ask first (CreatePaymentChannel([ people[hub] ], last, 100u, opening, uint64 requests + 1UL)))
        | [ "pay"; name; amount; "by"; who ] -> ask people[who] (Pay(channels[name], Story.amount (int amount), Sent)) |> ignore
        | [ "close"; name; "by"; who ] ->
            let id = channels[name]
            ask people[who] (if ledger id people[who] then CloseLedger id else ClosePaymentChannel id) |> ignore
        | [ "die"; who; where; "next" ] ->
            let node = world.Nodes[people[who]]
            let next = node.Appends + 1
            node.Fate <- fun append -> if append = next then ValueSome(point where) else ValueNone
        | [ "refuse"; who; "postfund" ] ->
            world.Nodes[people[who]].Signer.Forbids <-
                fun payload ->
                    match payload with
                    | StatePayload(part, variable) when part.Participants.Length > 2 && variable.Turn = Turn.postFund -> ValueSome "policy-transcript"
                    | StatePayload _
                    | VoucherPayload _ -> ValueNone
        | [ "run"; seconds ] -> world.Run(int seconds)
        | other -> invalidOp $"""no such command: {String.Join(" ", other)}"""

/// That a promise was kept, or that nothing is due, is left out.
let private isTold (happening: Happening) =
    let isTidying (line: string) = line.Contains "IntentFinished {" || line.Contains "Woken {"
    Tale.matters happening && not (happening.What.Contains '\n' && happening.What.Split('\n') |> Array.tail |> Array.forall isTidying)

/// Blocks apart by an empty line; in each the commands, four dashes, and what happened.
let private play (text: string) =
    let world = Story.world 1 Faults.none
    world.Ground.IsTracing <- true
    let stage = Stage world
    let start = world.Ground.Agenda.Now
    let blocks = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)

    let played =
        [ for block in blocks do
              let commands = block.Trim().Split '\n' |> Array.takeWhile (fun line -> line <> "----")
              let before = world.Ground.Trace.Count
              for command in commands do
                  if not (command.StartsWith '#') then stage.Do(List.ofArray (command.Split ' '))

              let happened = [ for happening in Seq.skip before world.Ground.Trace do if isTold happening then Tale.line start happening ]
              String.Join("\n", [ yield! commands; "----"; yield! happened ]) ]

    String.Join("\n\n", played) + "\n"

type Transcripts() =
    static member Files: TheoryData<string> =
        let data = TheoryData<string>()
        for file in Directory.GetFiles(folder, "*.txt") |> Array.sort do data.Add(Path.GetFileNameWithoutExtension file |> string)
        data

    [<Theory; MemberData(nameof Transcripts.Files)>]
    member _.``what everybody did is what the transcript says``(name: string) =
        let file = Path.Combine(folder, name + ".txt")
        let told = File.ReadAllText file
        let played = play told

        if Environment.GetEnvironmentVariable "NITRO_TRANSCRIPTS" = "write" then File.WriteAllText(file, played)
        else Assert.Equal(told, played)
