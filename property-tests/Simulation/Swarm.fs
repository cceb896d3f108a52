namespace Nitro.Simulation

open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node

/// How often callers wish for what: weights.
type internal Wishes =
    { OpenLedger: int
      CloseLedger: int
      OpenPayment: int
      ClosePayment: int
      Pay: int
      /// Several payments on one channel at once.
      Burst: int
      /// A voucher for the caller to hand over.
      HandOut: int
      /// A voucher handed over is presented, once more or late.
      Present: int
      Approve: int
      Reject: int
      /// Things that make no sense.
      Nonsense: int }

/// One run's character, drawn from its seed: what some runs never do, others do all the time.
type internal Swarm =
    { People: Address[]
      /// Between whom ledgers may be opened, leader first.
      Pairs: struct (Address * Address)[]
      Assets: Address[]
      Wishes: Wishes
      /// How many wishes there are, and the most milliseconds between two.
      Count: int
      Pause: int
      /// Wishes, by number, that are passed over: for smaller stories that fail in the same way.
      Skipped: Set<int>
      LedgerFunds: int
      Faults: Faults
      Settings: Address -> Settings }

module internal Swarm =
    let private some (random: Prng) most = if random.Next 3 = 0 then 0 else random.Between(1, most)

    let private wishes (random: Prng) : Wishes =
        { OpenLedger = random.Between(2, 8)
          CloseLedger = some random 4
          OpenPayment = random.Between(4, 20)
          ClosePayment = some random 12
          Pay = some random 20
          Burst = some random 6
          HandOut = some random 10
          Present = some random 6
          Approve = 6
          Reject = some random 3
          Nonsense = some random 3 }

    let private scaled (random: Prng) (faults: Faults) : Faults =
        // Each kind on its own: mostly off, or from a third to three times as likely.
        let some permille = if random.Next 3 > 0 then 0 else permille * random.Between(1, 9) / 3

        { Lost = some faults.Lost
          AnswerLost = some faults.AnswerLost
          Repeated = some faults.Repeated
          Delayed = some faults.Delayed
          Partition = some faults.Partition
          CrashBeforeAppend = some faults.CrashBeforeAppend
          TornAppend = some faults.TornAppend
          CrashAfterAppend = some faults.CrashAfterAppend
          DiskFull = some faults.DiskFull
          Crash = some faults.Crash
          LongOutage = some faults.LongOutage
          Epoch = some faults.Epoch
          ClockJump = some faults.ClockJump
          SignerSlow = some faults.SignerSlow
          SignerAway = some faults.SignerAway
          SignerTwice = some faults.SignerTwice
          SignerRefuses = some faults.SignerRefuses
          SignerWrong = some faults.SignerWrong
          TransactionDelayed = some faults.TransactionDelayed
          TransactionDropped = some faults.TransactionDropped
          TransactionReplaced = some faults.TransactionReplaced
          Reorg = some faults.Reorg
          ViewLags = some faults.ViewLags
          ViewLies = some faults.ViewLies
          Gift = some faults.Gift }

    let private faults (random: Prng) : Faults =
        match random.Next 12 with
        | 0 -> Faults.none
        | 1 -> Faults.network
        | 2 -> Faults.crashes
        | 3 -> Faults.signer
        | 4 -> Faults.chain
        | 5 -> Faults.all
        | _ -> scaled random Faults.all

    let private policy (random: Prng) funds : Policy =
        let perhaps odds value = if random.Next odds = 0 then ValueSome(Places.amount value) else ValueNone

        { Policy.permissive with
            Mode = (if random.Next 6 = 0 then Manual else Automatic)
            AnyAsset = perhaps 6 (random.Between(1, funds))
            AnyLocked = perhaps 6 (random.Between(1, funds))
            AnyUnenforceable = Places.amount (if random.Next 3 = 0 then random.Next funds else 1_000_000) }

    /// `people`: how many, or nothing for 2 to 5.
    let draw (random: Prng) (people: int voption) (given: Faults voption) : Swarm =
        // Drawn even where it is given, so that giving what was drawn leaves all else as it was.
        let drawn = [| 2; 3; 3; 3; 4; 5 |][random.Next 6]
        let count = people |> ValueOption.defaultValue drawn
        let people = [| for i in 0 .. count - 1 -> Places.people[i] |]
        let isDense = random.Next 3 = 0
        let funds = random.Pick [| 100; 100; 1_000; 40 |]

        let pairs =
            [| for i in 0 .. count - 2 do
                   for j in i + 1 .. count - 1 do
                       if j = i + 1 || isDense then
                           if random.Next 2 = 0 then struct (people[i], people[j]) else struct (people[j], people[i]) |]

        // One dialect between two is a matter of both sides' settings; here all agree, or nobody has such a peer.
        let goNitro = if random.Next 6 = 0 then Set.ofArray people else Set.empty
        let drawnFaults = faults random
        let policies = people |> Array.map (fun who -> who, policy random funds) |> Map.ofArray

        // A constant of the program, so the same for all.
        let inFlight = random.Pick [| 1; 2; 32 |]

        let settings who : Settings =
            { Me = who
              ConsensusApp = Places.consensusApp
              VirtualApp = Places.virtualApp
              Adjudicator = Places.adjudicator
              ChainId = Places.chainId
              Confirmations = 1UL
              DefaultChallengeDuration = 86_400u
              GoNitroPeers = goNitro
              Policy = policies[who]
              Limits = { Limits.standard with ProposalsInFlight = inFlight }
              Recover = FakeCurve.recover }

        let settings = people |> Array.map (fun who -> who, settings who) |> Map.ofArray

        { People = people
          Pairs = pairs
          Assets = random.Pick [| [| Places.native |]; [| Places.native |]; [| Places.token |]; [| Places.native; Places.token |] |]
          Wishes = wishes random
          Count = random.Between(10, 70)
          Skipped = Set.empty
          Pause = random.Pick [| 200; 2_000; 20_000; 60_000 |]
          LedgerFunds = funds
          Faults = given |> ValueOption.defaultValue drawnFaults
          Settings = fun who -> settings[who] }
