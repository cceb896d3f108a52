namespace Nitro.Core.Tests.Signer

open System
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Wire
open Nitro.Core.Tests.Signer.PolicyWorld

/// What a hacked node makes of single items of an honest conversation. The peers sign all of it.
module internal HackedMoves =
    let pick (random: Random) (items: 'T list) = List.item (random.Next items.Length) items
    let private strange (cast: Cast) = terms paymentApp 99UL [ cast.Me; cast.Stranger ] HonestTalk.locked 0

    /// Money from one line to another.
    let private shift (random: Random) (outcome: Outcome) : Outcome =
        [ for exit in outcome do
              let count = exit.Allocations.Length

              if count < 2 then exit
              else
                  let from = random.Next count
                  let into = (from + 1 + random.Next(count - 1)) % count
                  let moved = Amount.min exit.Allocations[from].Amount (amount (1 + random.Next 20))

                  let line index (line: Allocation) =
                      if index = from then { line with Amount = Amount.lacking line.Amount moved }
                      elif index = into then { line with Amount = Amount.addSaturated line.Amount moved }
                      else line

                  { exit with Allocations = List.mapi line exit.Allocations } ]

    let private redirect (cast: Cast) (outcome: Outcome) : Outcome =
        let towards (line: Allocation) = { line with Destination = Destination.ofAddress cast.Stranger }
        [ for exit in outcome -> { exit with Allocations = List.mapi (fun index line -> if index = 0 then towards line else line) exit.Allocations } ]

    /// `others`: states of other channels and turns.
    let private twist (cast: Cast) (random: Random) (others: State list) (state: State) : State =
        let variable = state.Variable
        let having variable = { state with Variable = variable }

        match random.Next 10 with
        | 0 | 1 | 2 -> having { variable with Outcome = shift random variable.Outcome }
        | 3 -> having { variable with AppData = [| 9uy |] }
        | 4 -> having { variable with Turn = variable.Turn + 1UL }
        | 5 -> having { variable with Turn = (if variable.Turn = 0UL then 5UL else variable.Turn - 1UL) }
        | 6 -> having { variable with IsFinal = not variable.IsFinal }
        | 7 -> having { variable with Outcome = redirect cast variable.Outcome }
        | 8 -> having { variable with Outcome = shift random variable.Outcome; IsFinal = true; Turn = variable.Turn + 1UL }
        | _ -> { state with Fixed = (pick random others).Fixed }

    let private bendProposal (cast: Cast) (random: Random) (targets: ChannelTerms list) ledger turn (change: Proposal) =
        let parties = List.map Destination.ofAddress [ cast.Me; cast.Left; cast.Right; cast.Stranger ]
        let guarantee target = { Target = target; Amount = amount HonestTalk.locked; Left = pick random parties; Right = pick random parties }

        match random.Next 9, change with
        | 0, _ -> SignProposal(ledger, turn + 1UL, change)
        | 1, _ -> SignProposal(ledger, max 1UL turn - 1UL, change)
        | 2, _ -> SignProposal(ledger, turn, Add({ guarantee (id (strange cast)) with Left = parties[0] }, amount HonestTalk.locked))
        | 3, Add(guarantee, _) -> SignProposal(ledger, turn, Add({ guarantee with Left = guarantee.Right; Right = guarantee.Left }, amount (random.Next 21)))
        | 4, Add(guarantee, deposit) -> SignProposal(ledger, turn, Add({ guarantee with Amount = amount 45 }, deposit))
        | 5, Add(guarantee, _) -> SignProposal(ledger, turn, Add(guarantee, amount (random.Next 21)))
        | _, Remove(target, _) -> SignProposal(ledger, turn, Remove(target, pick random [ Amount.zero; amount HonestTalk.locked; amount (random.Next 21) ]))
        | 6, Add(guarantee, _) -> SignProposal(ledger, turn, Remove(guarantee.Target, amount (random.Next 21)))
        | 7, Add _ -> SignProposal(ledger, turn, Add(guarantee (id (pick random targets)), amount (random.Next 21)))
        | _, Add _ -> SignProposal(id (pick random targets), turn, change)

    let private bendTransaction (cast: Cast) (random: Random) (channels: ChannelTerms list) (transaction: Transaction) =
        match random.Next 11 with
        | 0 -> { transaction with To = ValueSome cast.Stranger }
        | 1 -> { transaction with ChainId = 1UL }
        | 2 -> { transaction with To = ValueNone }
        | 3 -> { transaction with Value = amount (random.Next 200) }
        | 4 -> { transaction with Data = Array.append transaction.Data [| 0uy |] }
        | 5 -> { transaction with Nonce = transaction.Nonce + 1UL + uint64 (random.Next 9) }
        | 6 -> { transaction with MaxFeePerGas = Amount.ofUInt64 (uint64 (random.Next 400) * 1_000_000_000UL); GasLimit = 3_000_000UL }
        | 7 -> { transaction with Data = ChainV1.approve cast.Stranger (amount 50) }
        | 8 -> { transaction with To = ValueSome token; Data = ChainV1.approve adjudicator (amount 500); Value = Amount.zero }
        | 9 -> { transaction with Data = [||] }
        | _ ->
            let value = amount (random.Next 120)
            { transaction with Value = value; Data = ChainV1.deposit coin (id (pick random channels)) (amount (pick random [ 0; 50; 100 ])) value }

    let private bendTerms (cast: Cast) (random: Random) (terms: ChannelTerms) =
        match random.Next 5 with
        | 0 -> { terms with Dialect = GoNitro }
        | 1 -> { terms with Fixed = { terms.Fixed with Nonce = terms.Fixed.Nonce + 1_000UL } }
        | 2 -> { terms with Fixed = { terms.Fixed with ChallengeDuration = 1u } }
        | 3 -> { terms with Outcome = shift random terms.Outcome }
        | _ -> strange cast

    let private bendApproval (random: Random) (others: ChannelTerms list) (approval: Approval) (credential: Credential) =
        let granting grant = ApproveRequest({ approval with Grant = grant }, credential)
        let any = id (pick random others)

        match random.Next 5, approval.Grant with
        | 0, Spend(channel, asset, _, expires) -> granting (Spend(channel, asset, amount 20, expires))
        | 1, Spend(_, asset, amount, expires) -> granting (Spend(any, asset, amount, expires))
        | (0 | 1), Close _ -> granting (Close any)
        | 2, _ -> ApproveRequest({ approval with Nonce = Bytes32.ofUInt64 (uint64 (random.Next 1_000)) }, credential)
        | 3, _ -> ApproveRequest({ approval with IssuedAt = approval.IssuedAt + 3_000L }, credential)
        | _, _ -> ApproveRequest(approval, { credential with Key = Array.append credential.Key [| 1uy |] })

    /// A request in the attacker's own words, with what makes it believable.
    let bend (cast: Cast) (random: Random) (states: State list) (channels: ChannelTerms list) (request: SignerRequest) : SignerRequest list =
        let supported state = if random.Next 2 = 0 then HonestTalk.everybody cast state else []

        match request with
        | SignState state when random.Next 8 = 0 -> [ SignChallenge(twist cast random states state) ]
        | SignState state when random.Next 8 = 0 -> [ SignChallenge state ]
        | SignState state ->
            let twisted = twist cast random states state
            supported twisted @ [ SignState twisted ]
        | SignChallenge state -> [ SignChallenge(twist cast random states state) ]
        | SignProposal(ledger, turn, change) -> [ bendProposal cast random channels ledger turn change ]
        | SignVoucher voucher ->
            let total = pick random [ Amount.addSaturated voucher.Total (amount 1); Amount.lacking voucher.Total (amount 1); amount (random.Next 22); amount 20 ]
            [ SignVoucher { voucher with Total = total } ]
        | SignTransaction transaction -> [ SignTransaction(bendTransaction cast random channels transaction) ]
        | RecordPeerSignature(state, by) ->
            match random.Next 3 with
            | 0 -> HonestTalk.everybody cast (twist cast random states state)
            | 1 -> [ HonestTalk.signed cast cast.Stranger state ]
            | _ -> [ RecordPeerSignature(pick random states, by) ]
        | RecordVoucher(voucher, by) ->
            let higher = { voucher with Total = amount (random.Next 25) }
            pick random [ [ RecordVoucher(higher, by) ]; [ HonestTalk.voucherBy cast cast.Left higher ]; [ HonestTalk.voucherBy cast cast.Stranger higher ] ]
        | ApproveRequest(approval, credential) -> [ bendApproval random channels approval credential ]
        // The chain is believed as it is told: late, twice or never, but no money that is not there.
        | ObserveDeposit(channel, holdings, height, tip) -> [ ObserveDeposit(channel, (if random.Next 2 = 0 then Funds.empty else holdings), height, tip - uint64 (random.Next 9)) ]
        | UseContracts contracts -> [ UseContracts(if random.Next 2 = 0 then { contracts with ChainId = 1UL } else { contracts with Adjudicator = cast.Stranger }) ]
        | NewChannel terms -> [ NewChannel(bendTerms cast random terms) ]
        | CloseChannel _ -> [ CloseChannel(id (pick random channels)) ]
        | SignTransportKey _
        | SignAddressRecord _
        | Heartbeat -> [ SignTransportKey(Bytes32.ofUInt64 (uint64 (random.Next()))); SignAddressRecord(Array.init 64 (fun _ -> byte (random.Next 256)), int64 (random.Next())) ]
