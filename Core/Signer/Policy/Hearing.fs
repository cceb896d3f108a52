namespace Nitro.Signer.Policy

open Nitro.Kernel
open Nitro.Signer

/// The answer to one request of the node: evidence, and what is wanted.
type internal Verdict =
    | Approve of digest: Bytes32
    /// Nothing was wanted but to be heard.
    | Noted
    /// For ever.
    | Refuse of tag: string
    /// Ask again later.
    | Wait of tag: string

/// What is wanted stands last in a request, behind the evidence that it needs.
module internal Hearing =
    /// Nothing, or what keeps this item from counting.
    let private obstacle decision =
        match decision with
        | Allow _ -> ValueNone
        | Deny tag -> ValueSome(Refuse tag)
        | Retry tag -> ValueSome(Wait tag)

    let private isEnd request =
        match request with
        | CloseChannel _ -> true
        | UseContracts _
        | NewChannel _
        | ApproveRequest _
        | ObserveDeposit _
        | RecordPeerSignature _
        | SignState _
        | SignProposal _
        | SignVoucher _
        | RecordVoucher _
        | SignChallenge _
        | SignTransaction _
        | SignTransportKey _
        | SignAddressRecord _
        | Heartbeat -> false

    /// Items are judged in order, each on what those before it have taught. What is wanted and allowed is signed whatever became of the
    /// evidence: it may be out already. Else the first item that was not allowed gives the answer, since the rest follows from it; but nothing
    /// follows from a channel's end, nor from what was shown for its sake.
    /// `book`: the standard one but in tests.
    let by (book: Rulebook) (powers: Powers) (config: SignerConfig) now anchor (memory: SignerState) (items: SignerRequest list) =
        let rec walk (memory: SignerState) first items =
            match items with
            | [] -> struct (ValueOption.defaultValue Noted first, memory)
            | request :: rest ->
                let decision, next = Decide.by book powers config memory { Now = now; Anchor = anchor; Request = request }

                match decision with
                | _ when isEnd request && not rest.IsEmpty -> walk next ValueNone rest
                | Allow(ValueSome digest, _, _) when rest.IsEmpty -> struct (Approve digest, next)
                // A request wants one thing at most.
                | Allow(ValueSome _, _, _) -> struct (Refuse "malformed-request", memory)
                | Allow(ValueNone, _, _)
                | Deny _
                | Retry _ -> walk next (if first.IsSome then first else obstacle decision) rest

        walk memory ValueNone items

    let hear powers config now anchor memory items = by Rulebook.standard powers config now anchor memory items
