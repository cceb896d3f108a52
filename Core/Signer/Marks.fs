namespace Nitro.Signer

open Nitro.Kernel

/// High-water marks of one channel: the least a signer must remember never to contradict itself.
type internal ChannelMarks =
    { /// State hashes signed, by turn; only the newest `Marks.turnsKept` of them.
      Signed: Map<TurnNumber, Bytes32>
      /// No turn below this may be signed any more: its hash has been forgotten.
      Floor: TurnNumber
      /// Largest voucher total signed.
      VoucherTotal: Amount
      /// A final state was signed: no voucher may follow.
      Final: bool
      /// The post-fund must never be signed: a guarantee for this channel was taken back.
      PostFundBarred: bool }

module internal Marks =
    /// More than a ledger may have in flight, so that a request repeated after a crash still finds its hash.
    let turnsKept = 256UL

    let none =
        { Signed = Map.empty
          Floor = 0UL
          VoucherTotal = Amount.zero
          Final = false
          PostFundBarred = false }

    let withState turn hash isFinal (marks: ChannelMarks) =
        let signed = marks.Signed.Add(turn, hash)

        let oldest = Map.minKeyValue signed |> fst

        if oldest + turnsKept <= turn then
            { marks with Signed = signed.Remove oldest; Floor = max marks.Floor (oldest + 1UL); Final = marks.Final || isFinal }
        else
            { marks with Signed = signed; Final = marks.Final || isFinal }
