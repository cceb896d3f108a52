namespace Nitro.Node

open Nitro.Kernel
open Nitro.Protocol

/// What must become true next. Intents are made from needs, by the engine, never by objectives.
type internal Need =
    | OwnSignature of channel: ChannelId * turn: TurnNumber * hash: Bytes32
    /// A final state that nobody has written down yet, and our signature on it.
    | OwnFinalState of channel: ChannelId * variable: VariablePart
    | Told of peer: Address * telling: Telling
    | PeerSignature of peer: Address * channel: ChannelId * turn: TurnNumber
    /// The ledger we lead should propose this.
    | Proposed of ledger: ChannelId * proposal: Proposal
    /// The head of the queue of a ledger we follow deserves our signature.
    | Countersignature of ledger: ChannelId * turn: TurnNumber * hash: Bytes32
    /// The ledger has to move, by somebody else's doing.
    | LedgerChange of ledger: ChannelId
    | ChainCalled of ChainCall
    | Holdings of channel: ChannelId
    | Before of Instant
    /// A voucher is being signed.
    | VouchersSettled of channel: ChannelId

/// One condition: met, perhaps leaving things to tell; or unmet, with the reference's label.
type internal Check =
    | Met of Need list
    | Unmet of label: string * needs: Need list

type internal Progress =
    | Done of Need list
    | Waiting of label: string * needs: Need list
    /// It cannot succeed any more.
    | Abandon of reason: string

module internal Check =
    let needs check =
        match check with
        | Met needs
        | Unmet(_, needs) -> needs

    let map change check =
        match check with
        | Met needs -> Met(List.map change needs)
        | Unmet(label, needs) -> Unmet(label, List.map change needs)

    /// Both at once; the first unmet one gives the label.
    let both first second =
        match first, second with
        | Met a, Met b -> Met(a @ b)
        | Unmet(label, a), other -> Unmet(label, a @ needs other)
        | Met a, Unmet(label, b) -> Unmet(label, a @ b)
