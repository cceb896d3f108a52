namespace Nitro

open System
open System.Collections.Generic
open Nitro.Kernel
open Nitro.Node
open Nitro.Engine

/// From a signature or a transaction that is wanted back to the API call that wants it.
[<AbstractClass; Sealed>]
type NodeCauses private () =
    /// What a signing effect or a chain call is for: names of objectives (`DirectFunding-0x...`), or request ids of payments. Empty for anything else.
    static member Of(node: NodeHandle, effectId: int64) : IReadOnlyList<string> =
        match Outbox.tryFind (EffectId effectId) node.State.Outbox with
        | ValueSome(SignPayload signing) -> Causes.ofSigning node.State signing |> List.toArray :> IReadOnlyList<string>
        | ValueSome(SubmitCall call) -> Causes.ofCall call |> List.toArray :> IReadOnlyList<string>
        | ValueSome(Tell _)
        | ValueNone -> Array.Empty<string>()

    /// What became of a request: the name of its objective; empty where it is a payment; null where the node does not know it.
    static member ObjectiveOf(node: NodeHandle, requestId: string) : string | null =
        match Table.tryFind (RequestId requestId) node.State.Requests with
        | ValueSome { Result = Bound objective } -> objective.ToString()
        | ValueSome _ -> ""
        | ValueNone -> null
