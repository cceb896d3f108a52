/// What honest nodes say to each other through the whole life of two ledgers and a payment channel: the seeds of damaged messages.
module internal Nitro.Core.Tests.Conversation

open System
open System.Text
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Core.Tests.Vectors

/// A curve on which a signature fits any content: what is damaged still counts as signed, so it gets as far as it can.
let leniently = Recover(fun _ signature -> Destination.tryAddress signature.S)

let private signAs (who: Address) (digest: Bytes32) : Signature = { R = digest; S = Destination.ofAddress who; V = 27uy }
let private named (n: uint64) : Address = Destination.tryAddress (Bytes32.ofUInt64 (0xB000UL + n)) |> Sample.ofText "address"
let alice = named 1UL
let irene = named 2UL
let bob = named 3UL
let private amount (n: int) = Amount.ofUInt64 (uint64 n)

let private settings (goNitro: bool) me : Settings =
    { Me = me
      ConsensusApp = named 100UL
      VirtualApp = named 101UL
      Adjudicator = named 102UL
      ChainId = 0UL
      Confirmations = 1UL
      DefaultChallengeDuration = 100u
      GoNitroPeers = if goNitro then Set.ofList [ alice; irene; bob ] else Set.empty
      Policy = { Policy.permissive with AnyUnenforceable = amount 1_000_000 }
      Limits = Limits.standard
      Recover = leniently }

let outcome first second a b =
    Ledger.toExit
        Nitro
        { Asset = Address.zero
          Leader = Destination.ofAddress first
          LeaderBalance = amount a
          Follower = Destination.ofAddress second
          FollowerBalance = amount b
          Guarantees = Map.empty }

/// A frame, from whom, and the receiver as it stood when the frame came.
type Heard =
    { Settings: Settings
      Before: NodeState
      Sender: Address
      Frame: byte[] }

/// Everything said while two ledgers and a payment channel across them are opened, used and closed.
let conversation goNitro : Heard[] =
    let nodes = [ alice; irene; bob ] |> List.map (fun who -> who, TranscriptNode(settings goNitro who, signAs who)) |> Map.ofList
    let heard = Collections.Generic.List()
    let mutable number = 0UL

    let next () =
        number <- number + 1UL
        number

    let lines = Collections.Generic.Queue()
    let calls = Collections.Generic.Queue()

    let note sender (doings: Doings) =
        for receiver, line in doings.Messages do
            lines.Enqueue(struct (sender, receiver, line))

        for call in doings.Calls do
            calls.Enqueue call

    let hear (struct (sender, receiver, line: string)) =
        let node = nodes[receiver]

        heard.Add
            { Settings = node.Settings
              Before = node.State
              Sender = sender
              Frame = Encoding.UTF8.GetBytes line }

        note receiver (node.Receive(sender, line))

    let show call =
        let height = next ()
        let at = { Height = height; Index = 0u; BlockHash = Bytes32.ofUInt64 height }

        let notice (channel: Channel) =
            match call with
            | Deposit(id, expected, amount) -> ChainNotice.Deposited(id, channel.Terms.Opening.Asset, Amount.addSaturated expected amount)
            | ConcludeAndTransfer id
            | ReadHoldings id -> ChainNotice.PaidOut(id, 0, channel.Terms.Total, Amount.zero)

        for KeyValue(who, node) in nodes do
            match NodeState.channel (Intent.ledger call) node.State with
            | ValueSome channel -> note who (node.Feed(ChainShowed(notice channel, at)))
            | ValueNone -> ()

    /// First come, first heard: what a payer said reaches everyone before what others made of it.
    let rec deliver () =
        match lines.TryDequeue(), calls.TryDequeue() with
        | (true, said), (true, call) ->
            hear said
            show call
            deliver ()
        | (true, said), _ ->
            hear said
            deliver ()
        | _, (true, call) ->
            show call
            deliver ()
        | _ -> ()

    let ask who command =
        let request = next ()
        let doings = nodes[who].Feed(Asked(RequestId $"conversation-{request}", Bytes32.ofUInt64 request, command))
        note who doings
        deliver ()

        doings.Answers
        |> List.pick (fun answer ->
            match answer with
            | ObjectiveStarted id -> Some id.Channel
            | Paid(id, _) -> Some id
            | other -> failwith $"{command}: {other}")

    let left = ask alice (CreateLedger(irene, 100u, outcome alice irene 100 100, 1UL))
    let right = ask irene (CreateLedger(bob, 100u, outcome irene bob 100 100, 2UL))
    let channel = ask alice (CreatePaymentChannel([ irene ], bob, 100u, outcome alice bob 10 0, 3UL))
    ask alice (Pay(channel, amount 2, Sent)) |> ignore
    ask bob (ClosePaymentChannel channel) |> ignore
    ask alice (CloseLedger left) |> ignore
    ask irene (CloseLedger right) |> ignore
    heard.ToArray()

let conversations = lazy (Array.append (conversation true) (conversation false))
