/// Reverts and edges of the contracts' computations.
module Nitro.Core.Tests.Protocol.ContractRulesTests

open System
open Xunit
open Nitro.Kernel
open Nitro.Protocol

let private amount (value: int) = Amount.ofUInt64 (uint64 value)
let private destination (value: int) : Destination = { Bytes32.ofUInt64 (uint64 value) with A = 1UL }

let private allocation kind (value: int) : Allocation =
    { Destination = destination value
      Amount = amount value
      Type = kind
      Metadata = Array.Empty() }

let private simple = allocation AllocationType.simple

let private guarantee (left: int) (right: int) value =
    { allocation AllocationType.guarantee value with
        Metadata = Outcome.guaranteeMetadata (destination left) (destination right) }

let private largest = Amount.addSaturated (Amount.ofSpan (ReadOnlySpan(Array.create 32 255uy))) Amount.one

[<Fact>]
let ``Indices must rise`` () =
    for indices in [ [ 0; 0 ]; [ 1; 0 ] ] do
        Assert.Equal(Error "Indices must be sorted", ContractRules.transfer (amount 5) [ simple 1; simple 2 ] indices)

[<Fact>]
let ``A guarantee is not paid out`` () =
    let refused = Error "cannot transfer a guarantee"
    Assert.Equal(refused, ContractRules.transfer (amount 5) [ simple 1; guarantee 1 1 2 ] [])

    // The contract looks at the allocation whose place is that of the index in the list of indices.
    Assert.Equal(refused, ContractRules.transfer (amount 5) [ guarantee 1 1 2; simple 1 ] [ 1 ])
    Assert.True(Result.isOk (ContractRules.transfer (amount 5) [ simple 1; guarantee 1 1 2 ] [ 1 ]))

[<Fact>]
let ``An index beyond the allocations pays nobody`` () =
    match ContractRules.transfer (amount 5) [ simple 1 ] [ 0; 7 ] with
    | Ok effects ->
        Assert.Equal<Amount list>([ Amount.one; Amount.zero ], effects.Payouts |> List.map _.Amount)
        Assert.True effects.AllZero
    | Error text -> Assert.Fail text

[<Fact>]
let ``A reclaim that the contract would revert is refused with its reason`` () =
    let source = [ simple 1; simple 2; guarantee 1 2 7 ]
    let target = [ simple 3; simple 4 ]
    let reclaim source target index = ContractRules.reclaim source target index |> Result.map (List.map _.Amount)
    Assert.Equal(Ok [ amount 4; amount 6 ], reclaim source target 2)
    Assert.Equal(Error "could not find target", reclaim source target 3)
    Assert.Equal(Error "could not find target", reclaim source target -1)
    Assert.Equal(Error "not a guarantee allocation", reclaim source target 0)
    Assert.Equal(Error "could not find left", reclaim [ simple 2; guarantee 1 2 7 ] target 1)
    Assert.Equal(Error "could not find right", reclaim [ simple 1; guarantee 1 2 7 ] target 1)
    Assert.Equal(Error "totalReclaimed!=guarantee.amount", reclaim [ simple 1; simple 2; guarantee 1 2 8 ] target 2)
    let tooMuch = [ { simple 1 with Amount = largest }; simple 2; guarantee 1 2 7 ]
    Assert.Equal(Error ContractRules.overflow, reclaim tooMuch target 2)
    Assert.Equal(Error ContractRules.outOfBounds, reclaim source [ simple 3 ] 2)
    Assert.Equal(Error ContractRules.withoutData, reclaim [ simple 1; allocation AllocationType.guarantee 7 ] target 1)

[<Fact>]
let ``A reclaim reverts with the first reason on its way`` () =
    let reclaim source target = ContractRules.reclaim source target 0 |> Result.map (List.map _.Amount)
    let target = [ simple 3; simple 4 ]
    Assert.Equal(Error "could not find left", reclaim [ guarantee 1 2 8; simple 2 ] target)
    Assert.Equal(Error ContractRules.overflow, reclaim [ guarantee 1 2 8; { simple 2 with Amount = largest } ] target)
    Assert.Equal(Error "could not find left", reclaim [ guarantee 1 2 8 ] [])

[<Fact>]
let ``Bytes behind a guarantee's two destinations are not looked at`` () =
    let longer = { guarantee 1 2 7 with Metadata = Array.append (Outcome.guaranteeMetadata (destination 1) (destination 2)) [| 9uy |] }
    let credited = [ { simple 1 with Amount = amount 4 }; { simple 2 with Amount = amount 6 } ]
    Assert.Equal(Ok credited, ContractRules.reclaim [ simple 1; simple 2; longer ] [ simple 3; simple 4 ] 2)

[<Fact>]
let ``One destination on both sides gets both shares`` () =
    let found = ContractRules.reclaim [ simple 1; guarantee 1 1 7 ] [ simple 3; simple 4 ] 1
    Assert.Equal(Ok [ { simple 1 with Amount = amount 8 } ], found)

[<Fact>]
let ``A channel is final from its time on`` () =
    let status time = { TurnRecord = 3UL; FinalizesAt = time; Fingerprint = Address.zero }
    Assert.Equal(Open, ContractRules.mode 100UL (status 0UL))
    Assert.Equal(Challenged, ContractRules.mode 100UL (status 101UL))
    Assert.Equal(Finalized, ContractRules.mode 100UL (status 100UL))

[<Fact>]
let ``Sums of outcomes stay in range or are nothing`` () =
    let outcome: Outcome =
        [ { Asset = Address.zero
            MetadataType = 0uy
            Metadata = Array.Empty()
            Allocations = [ { simple 1 with Amount = largest }; simple 2 ] } ]

    Assert.Equal(ValueNone, Outcome.totalAllocated outcome)
    Assert.Equal(ValueNone, Outcome.depositSafetyThreshold (destination 9) outcome)
    Assert.Equal(ValueSome(Map [ Address.zero, largest ]), Outcome.depositSafetyThreshold (destination 2) outcome)
    Assert.Equal(ValueSome(Map [ Address.zero, amount 2 ]), Outcome.allocatedTo (destination 2) outcome)
