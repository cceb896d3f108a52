/// A node that has lost what it signed hears it with the refusal of anything else: exactly that, and nothing else.
module Nitro.Core.Tests.Signer.RecallTests

open Xunit
open Nitro.Protocol
open Nitro.Signer.Policy
open Nitro.Core.Tests.Signer.PolicyWorld

let private refused state request =
    match fst (ask config state request) with
    | Deny tag -> Recall.instead tag state [ request ]
    | other -> invalidOp $"{other}"

let private adds = proposal rightLedger 2UL (add paying rightLedger)
let private removes turn = proposal rightLedger turn (Remove(id paying, amount 20))

[<Fact>]
let ``Of two proposals for one turn the second brings the first back, each of those not yet countersigned`` () =
    let proposed = after config ledgers (agreed paying @ [ adds ])
    Assert.Equal(ValueSome adds, refused proposed (proposal rightLedger 2UL (Remove(id paying, amount 20))))
    let given = after config proposed [ removes 3UL ]
    Assert.Equal(ValueSome(removes 3UL), refused given (proposal rightLedger 3UL (add paying rightLedger)))
    Assert.Equal(ValueSome adds, refused given (removes 2UL))

[<Fact>]
let ``A ledger's final state brings back the proposal that has its turn`` () =
    let proposed = after config ledgers (agreed paying @ [ adds ])
    Assert.Equal(ValueSome adds, refused proposed (SignState(state rightLedger 2UL true rightLedger.Outcome)))

[<Fact>]
let ``Another final state of a payment channel brings back the one that was signed`` () =
    let closed = after config payer [ SignVoucher(voucher paying 5); SignState(final paying 15 5) ]
    Assert.Equal(ValueSome(SignState(final paying 15 5)), refused closed (SignState(final paying 20 0)))

[<Fact>]
let ``What both have signed, and what is refused for another reason, brings nothing back`` () =
    Assert.Equal(ValueNone, refused payer (removes 2UL))
    let proposed = after config ledgers (agreed paying @ [ adds ])
    Assert.Equal(ValueNone, Recall.instead "turn-next" proposed [ removes 2UL ])
    Assert.Equal(ValueNone, Recall.instead "no-double-sign" proposed [ SignVoucher(voucher paying 5) ])
    Assert.Equal(ValueNone, Recall.instead "no-double-sign" proposed [])
