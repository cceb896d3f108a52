namespace Nitro.Core.Tests.Signer

open System
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy

/// One request, and how many seconds after the one before it.
[<Struct>]
type internal Move =
    { Items: SignerRequest list
      Pause: int64 }

/// An owner's life under one policy, and what the attacker has of it: everything that was ever sent.
type internal Scene =
    { Cast: Cast
      Policy: string
      Document: byte[]
      Honest: SignerRequest list[]
      /// The honest conversation, and how it could have gone on.
      Known: SignerRequest list list
      States: State list
      Channels: ChannelTerms list
      /// What the owner's device allowed beyond the policy.
      Approved: int }

/// The node in an attacker's hand.
module internal HackedNode =
    /// Every item goes through its bytes, as between node and signer.
    let private wire (request: SignerRequest) : SignerRequest =
        match RequestV1.decode (ReadOnlyMemory(RequestV1.encode request)) with
        | Ok read when read = request -> read
        | Ok read -> failwith $"written {request}, read {read}"
        | Error text -> failwith $"{text}: {request}"

    let private life (cast: Cast) policy : Deed list =
        let ledgers = [ Opens cast.Left; Opens cast.Right ]

        match policy with
        | "unattended-hub" -> ledgers @ [ Forwards 7; Forwards 12 ]
        | "paying-agent" -> ledgers @ [ Pays(cast.Right, [ 1; 2; 4 ], 0); Earns(cast.Left, [ 3; 6 ]); Pays(cast.Left, [ 4; 8 ], 3) ]
        | _ -> ledgers @ [ Pays(cast.Right, [ 1; 9 ], 0); Forwards 5; Earns(cast.Left, [ 2; 8 ]) ]

    let scene (cast: Cast) (policy, document) : Scene =
        let deeds = life cast policy
        let make more = HonestTalk.make cast (deeds @ more) |> List.map (List.map wire)
        let honest = make [ Closes cast.Right; Closes cast.Left ]
        let known = honest @ make [ Forwards 3; Pays(cast.Right, [ 5; 20 ], 0); Pays(cast.Left, [ 20 ], 0) ]
        let items = List.concat known
        let states = items |> List.choose (fun item -> match item with SignState state -> Some state | RecordPeerSignature(state, _) -> Some state | _ -> None)

        { Cast = cast
          Policy = policy
          Document = document
          Honest = List.toArray honest
          Known = known
          States = List.distinct states
          Channels = items |> List.choose (fun item -> match item with NewChannel terms -> Some terms | _ -> None) |> List.distinct
          Approved = deeds |> List.sumBy (fun deed -> match deed with Pays(_, _, approved) -> approved | Opens _ | Earns _ | Forwards _ | Closes _ -> 0) }

    let config (scene: Scene) : SignerConfig =
        match PolicyPlanV1.decode (ReadOnlyMemory scene.Document) with
        | Ok { Make = make; Contracts = ValueSome contracts } -> make contracts scene.Cast.Me
        | Ok _ -> failwith "no contracts"
        | Error text -> failwith text

    let private bendAt index (change: SignerRequest -> SignerRequest list) (items: SignerRequest list) =
        items |> List.mapi (fun at item -> if at = index then List.map wire (change item) else [ item ]) |> List.concat

    /// One request, honest or not.
    let private vary (scene: Scene) (random: Random) (items: SignerRequest list) =
        let bend = HackedMoves.bend scene.Cast random scene.States scene.Channels
        let other () = HackedMoves.pick random scene.Known

        match random.Next 12 with
        | 0 | 1 | 2 | 3 -> bendAt (items.Length - 1) bend items
        | 4 -> bendAt (random.Next items.Length) bend items
        | 5 -> [ List.last items ]
        | 6 -> (other () |> List.filter (fun item -> (SignerRequest.wanted item).IsNone)) @ items
        | 7 -> (items |> List.filter (fun item -> (SignerRequest.wanted item).IsNone)) @ [ List.last (other ()) ]
        | 8 -> items @ other ()
        | _ -> items

    let private pause (random: Random) =
        match random.Next 20 with
        | 0 -> 86_400L
        | 1 | 2 | 3 -> int64 (random.Next 7_200)
        | _ -> int64 (random.Next 20)

    /// An attack after so many honest requests: those that would follow and any others, in any order, dropped, repeated and changed.
    let attack (scene: Scene) (random: Random) (begun: int) : Move list =
        let mutable next = begun

        [ for _ in 1 .. 6 + random.Next 20 do
              if random.Next 10 < 6 && next < scene.Honest.Length then
                  let honest = scene.Honest[next]
                  next <- next + 1

                  match random.Next 12 with
                  | 0 -> ()
                  | 1 -> yield! [ { Items = honest; Pause = 0L }; { Items = honest; Pause = pause random } ]
                  | _ -> { Items = vary scene random honest; Pause = pause random }
              else
                  { Items = vary scene random (HackedMoves.pick random scene.Known); Pause = pause random } ]
