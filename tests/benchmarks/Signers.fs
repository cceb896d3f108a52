namespace Nitro.Benchmarks

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.IO
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging.Abstractions
open Nitro.Grpc
open Nitro.Kernel
open Nitro.Ports
open Nitro.Protocol
open Nitro.Secp256k1
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.SignerApi
open Nitro.Signing

/// A signer of its own, at work.
type internal Asking =
    { /// Microseconds from the question to the answer, one at a time.
      Median: float
      Tail: float
      /// With 64 in flight.
      PerSecond: float
      /// Of the processor for each of these, by the node with whoever asks, and by the signer.
      Node: float
      Signer: float }

/// What it costs to have vouchers signed elsewhere: node's stage, Unix socket, a signer process with its policy, its memory and anchor durable.
module internal Signers =
    let private none = CancellationToken.None
    let private address (n: uint64) : Address = { High = 1UL; Middle = n; Low = 3u }
    let private me = (Crypto.real ()).NewKey 1

    let private contracts =
        UseContracts
            { ChainId = 1337UL
              Adjudicator = address 1UL
              ConsensusApp = address 2UL
              VirtualPaymentApp = address 3UL }

    let private channel n : FixedPart =
        { Participants = [ me; address 9UL ]
          Nonce = n
          App = Address.zero
          ChallengeDuration = 100u }

    let private opening n =
        let line who amount : Allocation =
            { Destination = Destination.ofAddress who
              Amount = amount
              Type = AllocationType.simple
              Metadata = [||] }

        NewChannel
            { Fixed = channel n
              Outcome =
                [ { Asset = Address.zero
                    MetadataType = 0uy
                    Metadata = [||]
                    Allocations = [ line me (Amount.ofUInt64 1_000_000_000UL); line (address 9UL) Amount.zero ] } ]
              AppData = [||]
              Dialect = GoNitro }

    let private voucher n total : Voucher = { Channel = FixedPart.channelId (channel n); Total = Amount.ofUInt64 total }
    let private body item = ReadOnlyMemory<byte>(RequestV1.encode item)

    /// Reads and judges one voucher: microseconds of the processor.
    let judging () =
        let _, memory, _ = SignerCore.TryLoad(SignerPolicy.Open, ReadOnlyMemory(me.ToArray()), [||])
        let powers = SignerPowers((fun _ _ _ -> false), (fun _ _ _ -> false))
        let read item = match SignerCore.TryRead(body item) with true, (NonNull found), _ -> found | _ -> invalidOp "unreadable"
        let mutable memory = match memory with NonNull found -> found | Null -> invalidOp "no memory"
        let mutable total = 0UL

        let hear items =
            let verdict = SignerCore.Hear(memory, powers, 1_700_000_000L, items)
            if verdict.Kind <> VerdictKind.Approved then invalidOp verdict.Tag
            memory <- verdict.Memory

        let next () =
            total <- total + 1UL
            hear [| read (SignVoucher(voucher 1UL total)) |]

        hear [| read contracts; read (opening 1UL); read (SignVoucher(voucher 1UL 1UL)) |]
        total <- 1UL
        Bench.warm (fun () -> Bench.round 200 next |> ignore)
        Bench.median 200 next

    let private start folder (socket: string) =
        let key n =
            let path = Path.Combine(folder, $"{n}.key")
            File.WriteAllText(path, "0x" + Convert.ToHexStringLower(Crypto.keyOf n))
            File.SetUnixFileMode(path, UnixFileMode.UserRead ||| UnixFileMode.UserWrite)
            path

        let arguments =
            [ Path.Combine(AppContext.BaseDirectory, "nitro-signer.dll"); "--node"; $"unix://{socket}"; "--data-directory"; Path.Combine(folder, "signer")
              "--channel-key-file"; key 1; "--chain-key-file"; key 2; "--end-with-stdin" ]

        let info = ProcessStartInfo("dotnet", arguments, RedirectStandardInput = true, RedirectStandardError = true)
        let started = match Process.Start info with NonNull found -> found | Null -> invalidOp "the signer does not start"
        started.ErrorDataReceived.Add ignore
        started.BeginErrorReadLine()
        started

    let private recover =
        Nitro.RecoverSigner(fun digest signature found -> Curve.Default.TryRecoverAddress(digest, signature, found))

    /// Vouchers on 64 channels for so long.
    let asking (seconds: float) : Asking =
        Journals.within (fun folder ->
            let socket = Path.Combine(folder, "s.sock")
            let options = SignerApiOptions(Endpoint = GrpcEndpoint.Unix socket)
            let api = SignerApiServer.StartAsync(options, recover, NullLoggerFactory.Instance, none).GetAwaiter().GetResult()
            use signer = start folder socket
            let addresses = api.MetAsync(none).GetAwaiter().GetResult()
            let remote = api.Signer addresses
            let waiters = ConcurrentDictionary<int64, TaskCompletionSource>()
            use stop = new CancellationTokenSource()

            let listen () : Task =
                task {
                    let answers = remote.AnswersAsync(stop.Token).GetAsyncEnumerator(stop.Token)

                    try
                        let mutable isMore = true

                        while isMore do
                            let! more = answers.MoveNextAsync()
                            isMore <- more

                            if more then
                                for answer in answers.Current do
                                    match waiters.TryRemove answer.EffectId with
                                    | true, waiter when isNull answer.RefusedTag -> waiter.SetResult()
                                    | true, waiter -> waiter.SetException(InvalidOperationException $"refused: {answer.RefusedTag}")
                                    | _ -> ()
                    with :? OperationCanceledException -> ()
                }

            let listening = listen ()
            let ids = ref 0L

            let ask n (items: SignerRequest list) =
                let id = Interlocked.Increment ids
                let waiter = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
                waiters[id] <- waiter
                let wanted = match List.last items with SignVoucher voucher -> Payload.digest (VoucherPayload voucher) | _ -> Bytes32.zero
                let request = SignRequest(id, $"lane {n}", [| for item in items -> body item |], ReadOnlyMemory(wanted.ToArray()))

                task {
                    do! remote.SubmitAsync([| request |], none)
                    do! waiter.Task
                }

            let totals = Array.create 65 0UL

            let next n =
                totals[n] <- totals[n] + 1UL
                ask n [ SignVoucher(voucher (uint64 n) totals[n]) ]

            for n in 1..64 do
                totals[n] <- 1UL
                (ask n [ contracts; opening (uint64 n); SignVoucher(voucher (uint64 n) 1UL) ]).GetAwaiter().GetResult()

            let many (seconds: float) =
                let watch = Stopwatch.StartNew()
                let count = ref 0

                let caller n : Task =
                    task {
                        while watch.Elapsed.TotalSeconds < seconds do
                            do! next n
                            Interlocked.Increment count |> ignore
                    }

                Task.WhenAll([| for n in 1..64 -> Task.Run(fun () -> caller n) |]).GetAwaiter().GetResult()
                float count.Value / watch.Elapsed.TotalSeconds

            let spent () =
                signer.Refresh()
                struct (Environment.CpuUsage.TotalTime, signer.TotalProcessorTime)

            Bench.warm (fun () -> many 0.5 |> ignore)
            let struct (nodeBefore, signerBefore) = spent ()
            let before = ids.Value
            let perSecond = many seconds
            let struct (nodeAfter, signerAfter) = spent ()
            let each (time: TimeSpan) = time.TotalMicroseconds / float (ids.Value - before)
            let node, signing = each (nodeAfter - nodeBefore), each (signerAfter - signerBefore)

            let alone () =
                let watch = Stopwatch.StartNew()
                (next 1).GetAwaiter().GetResult()
                watch.Elapsed.TotalMicroseconds

            let single = [| for _ in 1..2_000 -> alone () |] |> Array.sort
            stop.Cancel()
            listening.GetAwaiter().GetResult()
            signer.StandardInput.Close()
            signer.WaitForExit()
            api.DisposeAsync().AsTask().GetAwaiter().GetResult()

            { Median = single[single.Length / 2]
              Tail = single[single.Length * 99 / 100]
              PerSecond = perSecond
              Node = node
              Signer = signing })
