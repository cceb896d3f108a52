namespace Nitro.Simulation

open Nitro.Kernel

/// A curve without mathematics: a signature names its digest and its signer. Fast, and as hard to forge as the simulation needs.
module internal FakeCurve =
    let sign (who: Address) (digest: Bytes32) : Signature =
        { R = digest
          S = Destination.ofAddress who
          V = 27uy }

    let recover =
        Recover(fun digest signature ->
            if signature.R = digest && signature.V = 27uy then Destination.tryAddress signature.S else ValueNone)
