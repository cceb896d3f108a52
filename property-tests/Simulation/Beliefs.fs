namespace Nitro.Simulation

open System.Text.RegularExpressions
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Engine

/// What nodes believe, in words, and the names that people have in a story.
module internal Beliefs =
    let private names = [| "Alice"; "Bob"; "Carol"; "Dave"; "Erin"; "Frank"; "Grace" |]
    let private address = Regex(@"0x0*[aA]0([0-9a-fA-F]{2})\b", RegexOptions.Compiled)
    let private hash = Regex(@"(0x)?([0-9a-fA-F]{6})[0-9a-fA-F]{58}", RegexOptions.Compiled)

    let private nameOf (index: int) = if index >= 1 && index <= names.Length then ValueSome names[index - 1] else ValueNone

    /// Addresses become names, and hashes their first digits.
    let readable (text: string) =
        let named =
            address.Replace(text, (fun (found: Match) ->
                match nameOf (int (System.Convert.ToByte(found.Groups[1].Value, 16))) with
                | ValueSome name -> name
                | ValueNone -> found.Value))

        hash.Replace(named, (fun (found: Match) -> found.Groups[2].Value + "…"))

    let name (who: Address) = readable (string who)

    let private ledger (channel: Channel) (l: LedgerChannel) =
        let queue = if l.Queue.IsEmpty then "" else $", {LedgerChannel.inFlight l} proposals on their way"
        let doubt = if channel.Chain.Doubtful then ", deposits in doubt" else ""
        let guarantees = l.Agreed.Guarantees |> Seq.map (fun pair -> $"{pair.Key}: {pair.Value.Amount}") |> String.concat ", "
        let held = if guarantees = "" then "" else $", guarantees {guarantees}"
        $"ledger {channel.Terms.Id} stands at turn {l.AgreedTurn}: {l.Agreed.LeaderBalance} / {l.Agreed.FollowerBalance}{held}{queue}{doubt}"

    let private payment (state: NodeState) (channel: Channel) =
        let view = Views.payment state channel
        let signed turn = (Channel.at turn channel) |> List.sumBy (fun seen -> seen.Signatures.Count)
        $"channel {channel.Terms.Id} from {channel.Terms.Payer} to {channel.Terms.Payee}: {view.Status}, paid {view.Paid}, {view.Remaining} left; signatures {signed Turn.preFund}, {signed Turn.postFund}, {signed Turn.virtualFinal}"

    let private ofNode (node: Node) =
        let state = node.State
        let who = name node.Address

        [ for channel in state.Channels.Items.Values |> Seq.sortBy (fun channel -> not channel.Terms.IsLedger, channel.Terms.Id) do
              match channel.Ledger with
              | ValueSome l -> readable $"{who} believes: {ledger channel l}"
              | ValueNone when channel.Terms.IsLedger -> readable $"{who} believes: ledger {channel.Terms.Id} is {Status.ofChannel channel}, {channel.Chain.Held} of {channel.Terms.Total} deposited"
              | ValueNone -> readable $"{who} believes: {payment state channel}"
          for record in state.Objectives.Items.Values |> Seq.sortBy (fun record -> Goal.id record.Goal) do
              if record.Ending.IsNone then
                  readable $"{who} waits in {Goal.id record.Goal}: {Views.label node.Settings state record}" ]

    let ofWorld (world: SimulatedWorld) : string list =
        [ for node in world.Nodes.Values do
              if not node.IsStranger then yield! ofNode node ]
