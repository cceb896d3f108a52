namespace Nitro.Simulation

open System.Text
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Node
open Nitro.Wire

/// Frames that nobody could want, and too many of those that somebody could.
module internal MalloryFrames =
    let private toAnybody (band: Band) (frame: Address -> Node -> byte[]) =
        match band.Victims with
        | [||] -> false
        | victims ->
            let victim = band.Random.Pick victims
            let by = band.Random.Pick band.Members
            band.Send(by, victim.Address, frame by victim)
            true

    /// A good frame with damage, half a frame, or no frame at all.
    let garbage (band: Band) =
        toAnybody band (fun by victim ->
            let good =
                if band.Sent.Count > 0 then Array.copy band.Sent[band.Random.Next band.Sent.Count].Frame
                else PeerV1.encode victim.Address { From = by; Items = [] }

            match band.Random.Next 4 with
            | 0 ->
                for _ in 1 .. band.Random.Between(1, 4) do good[band.Random.Next good.Length] <- byte (band.Random.Next 256)
                good
            | 1 -> Array.truncate (band.Random.Next good.Length) good
            | 2 -> Array.init (band.Random.Next 400) (fun _ -> byte (band.Random.Next 256))
            | _ -> Encoding.UTF8.GetBytes(band.Random.Pick [| ""; "null"; "[]"; "{}"; "{\"To\":null}"; String.replicate 5_000 "[" |]))

    /// More than a frame may have.
    let oversized (band: Band) =
        toAnybody band (fun _ victim -> Array.create (victim.Settings.Limits.FrameBytes + 1) (byte ' '))

    let tooManySignatures (band: Band) =
        toAnybody band (fun by victim ->
            let voucher: Voucher = { Channel = ChannelId(Bytes32.ofUInt64 5UL); Total = Amount.one }
            let item = VoucherItem(voucher, band.Sign(by, Voucher.hash voucher), by)
            PeerV1.encode victim.Address { From = by; Items = List.replicate (victim.Settings.Limits.SignaturesPerFrame + 1) item })

    /// In the name of an honest node, or meant for one.
    let borrowedName (band: Band) =
        match band.Victims with
        | victims when victims.Length > 1 ->
            toAnybody band (fun by victim ->
                let other = victims |> Array.find (fun node -> node.Address <> victim.Address)
                let ids = [ for record in victim.State.Objectives.Items.Values do if record.Ending.IsNone then RejectionItem(Goal.id record.Goal) ]

                if band.Random.Next 2 = 0 then PeerV1.encode victim.Address { From = other.Address; Items = ids }
                else PeerV1.encode other.Address { From = by; Items = ids })
        | _ -> false

    /// Hundreds of messages at once: openings out of nowhere, and whatever else the band has learnt.
    let flood (attempts: (Band -> bool)[]) (band: Band) =
        match Target.find band Target.isRunningLedger with
        | [||] -> false
        | _ when band.Frames > 200 -> false
        | found ->
            let target = band.Random.Pick found

            for _ in 1 .. band.Random.Between(30, 120) do
                if band.Random.Next 2 = 0 then (band.Random.Pick attempts) band |> ignore
                else
                    let asset = if band.Random.Next 3 = 0 then Places.address (band.Random.Next64() % 1_000UL + 1_000UL) else target.Terms.Opening.Asset
                    band.Say(target.By, target.Victim.Address, [ MalloryStates.invention band target asset ])

            true

    /// A hub is gone with so many channels open. Half of them come back at the end.
    let vanishingHub (band: Band) =
        let carries (node: Node) =
            node.State.Channels.Items.Values
            |> Seq.filter (fun channel -> not channel.Terms.IsLedger && Terms.role channel.Terms = Intermediary && Channel.isOpen channel && (Channel.completeFinal channel).IsNone)
            |> Seq.length

        let hubs = [| for who in band.Members do if (band.Node who).IsAlive && carries (band.Node who) > 0 then who |]

        match hubs with
        | [||] -> false
        | _ ->
            band.World.Leave(band.Random.Pick hubs)
            true
