namespace Nitro.Benchmarks

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Nitro.Kernel
open Nitro.Libp2p
open Nitro.Libp2p.Addresses
open Nitro.Libp2p.Host
open Nitro.Libp2p.Identity
open Nitro.Libp2p.Kademlia
open Nitro.Libp2p.Link
open Nitro.Libp2p.Records
open Nitro.Ports

/// Messages of 200 bytes on one connection, each answered, sixteen in flight.
[<Struct>]
type internal Messaging =
    { PerSecond: float
      /// Microseconds of the processor for each, where it is sent and where it is answered.
      Sender: float
      Receiver: float }

/// What the wire between two processes of this machine came to.
type internal Wire =
    { /// Milliseconds from the dial to the peer's description of itself, median and worst of fifty.
      Ready: float * float
      Messages: Messaging
      /// Megabytes a second on one stream.
      Stream: float
      /// Kilobytes of an idle connection out of a thousand: of resident memory, of live objects.
      Idle: float * float }

/// Peers over TCP on this machine.
module internal Networks =
    let private none = CancellationToken.None
    let private wait (task: Task) = task.GetAwaiter().GetResult()
    let private got (task: Task<'T>) = task.GetAwaiter().GetResult()
    let private sink = "/bench/sink/1.0.0"
    let private crowd = 1_000
    let private here = Multiaddr.Parse "/ip4/127.0.0.1/tcp/0"

    let private options =
        SwarmOptions(MaxConnections = 2 * crowd, MaxPendingUpgrades = crowd, MaxPendingUpgradesPerSource = crowd)

    /// A host with a hash table and a link, all as a node has them.
    let private linked (key: byte[]) (peers: (string * Multiaddr) list) =
        let identity = got (NetworkIdentity.CreateAsync(LocalNetworkKeys(ReadOnlySpan key), none))
        let swarm = new Swarm(identity.Credentials, options)
        let dht = new KadDht(swarm, KadOptions(), [ AddressRecordValidator() ])
        let known = Collections.Generic.Dictionary(dict peers)
        // What a peer may send within a minute is for a node to bound, and what is measured here is what it could.
        let options = LinkOptions(Address = identity.Address, Peers = known, MaxMessagesPerMinute = 1_000_000_000, MaxBytesPerMinute = 1_000_000_000_000L)
        let link = new Libp2pLink(swarm, dht, identity, options)
        swarm, link

    let private taking =
        { new IPeerSink with
            member _.ReceivedAsync(_, _, _) = ValueTask<PeerAnswer> PeerAnswer.Taken
            member _.SeenAsync(_, _) = ValueTask.CompletedTask }

    let private dialed (address: Multiaddr) =
        let swarm = new Swarm(Secp256k1Identity(ReadOnlySpan(Crypto.keyOf (Random.Shared.Next()))), options)
        let peer = match address.Peer with NonNull peer -> peer | Null -> invalidOp "no peer"

        task {
            let! connection = swarm.DialAsync(peer, [ address ], none)
            let! _ = connection.Described
            return swarm
        }

    /// The other process: takes messages and bytes, and dials a crowd when told where.
    let serve () =
        let swarm, link = linked (Crypto.keyOf 7) []

        swarm.Handle(
            sink,
            StreamHandler(fun stream _ token ->
                task {
                    do! stream.CopyToAsync(IO.Stream.Null, 1 <<< 16, token)
                    do! stream.WriteAsync(ReadOnlyMemory [| 1uy |], token)
                })
        )

        use stop = new CancellationTokenSource()
        let running = link.RunAsync(taking, stop.Token)
        let bound = got (swarm.ListenAsync(here, none))
        Console.WriteLine(bound.WithPeer swarm.LocalPeer)
        let mutable line = Console.ReadLine()
        let all = ResizeArray<Swarm>()

        while not (isNull line) do
            let place = match line with NonNull place -> Multiaddr.Parse place | Null -> invalidOp "nowhere"
            for _ in 1..crowd do all.Add(got (dialed place))
            Console.WriteLine "dialed"
            line <- Console.ReadLine()

        stop.Cancel()
        try wait running with :? OperationCanceledException -> ()

    /// Another process of this program, and the address that it says.
    let private start (role: string) =
        let program = IO.Path.Combine(AppContext.BaseDirectory, "Nitro.Benchmarks.dll")
        let info = ProcessStartInfo("dotnet", [ program; role ], RedirectStandardInput = true, RedirectStandardOutput = true)

        match Process.Start info with
        | NonNull started ->
            match started.StandardOutput.ReadLine() with
            | NonNull line -> started, Multiaddr.Parse line
            | Null -> invalidOp "the other process says nothing"
        | Null -> invalidOp "the other process does not start"

    let private ended (other: Process) =
        other.StandardInput.Close()
        other.WaitForExit()
        other.Dispose()

    /// The other process: the payee, until there is no more input.
    let servePayee () =
        let swarm, link = linked (Crypto.keyOf 2) []

        Tenants.payee link (fun () ->
            let bound = got (swarm.ListenAsync(here, none))
            Console.WriteLine(bound.WithPeer swarm.LocalPeer)
            while not (isNull (Console.ReadLine())) do ())

        swarm.DisposeAsync().AsTask() |> wait

    /// The payee in another process, over TCP.
    let apart =
        Apart(fun payee ->
            let other, place = start "network-payee"
            let swarm, link = linked (Crypto.keyOf 1) [ Convert.ToHexStringLower(payee.ToArray()), place ]

            let ending =
                { new IDisposable with
                    member _.Dispose() =
                        swarm.DisposeAsync().AsTask() |> wait
                        ended other }

            struct (link :> IPeerLink, ending))

    let private ready (swarm: Swarm) (peer: PeerId) (address: Multiaddr) =
        let once () =
            let watch = Stopwatch.StartNew()
            let connection = got (swarm.DialAsync(peer, [ address ], none))
            wait connection.Described
            let time = watch.Elapsed.TotalMilliseconds
            connection.Close()
            connection.Closed.WaitHandle.WaitOne() |> ignore
            time

        for _ in 1..50 do once () |> ignore
        let times = [| for _ in 1..50 -> once () |] |> Array.sort
        times[times.Length / 2], times[times.Length - 1]

    let private sending (other: Process) (link: IPeerLink) (address: byte[]) (seconds: float) : Messaging =
        let frame = ReadOnlyMemory(Array.create 200 (byte 'm'))

        let many (seconds: float) =
            let watch = Stopwatch.StartNew()
            let count = ref 0

            let caller () : Task =
                task {
                    while watch.Elapsed.TotalSeconds < seconds do
                        let! answer = link.SendAsync(ReadOnlyMemory address, frame, none)
                        if answer <> PeerAnswer.Taken then invalidOp $"{answer}"
                        Interlocked.Increment count |> ignore
                }

            let theirs () =
                other.Refresh()
                other.TotalProcessorTime.TotalMicroseconds

            let before = theirs ()
            let spent = Bench.spentOn (fun () -> Task.WhenAll([| for _ in 1..16 -> Task.Run caller |]) |> wait)
            let each = float count.Value

            { PerSecond = each / spent.Clock.TotalSeconds
              Sender = spent.Processor.TotalMicroseconds / each
              Receiver = (theirs () - before) / each }

        Bench.warm (fun () -> many 0.5 |> ignore)
        many seconds

    let private stream (connection: Connection) =
        let chunk = ReadOnlyMemory(Array.zeroCreate<byte> (1 <<< 16))
        let chunks = 4_096

        let once () =
            task {
                use! stream = connection.OpenStreamAsync(sink, none)
                let watch = Stopwatch.StartNew()
                for _ in 1..chunks do do! stream.WriteAsync(chunk, none)
                stream.CloseWrite()
                let! _ = stream.ReadAtLeastAsync(Memory(Array.zeroCreate<byte> 1), 1, true, none)
                return float chunks * float chunk.Length / 1e6 / watch.Elapsed.TotalSeconds
            }

        got (once ()) |> ignore
        got (once ())

    let private idle (swarm: Swarm) (other: Process) (place: Multiaddr) =
        let memory () =
            GC.Collect(2, GCCollectionMode.Aggressive, true, true)
            use own = Process.GetCurrentProcess()
            float own.WorkingSet64, float (GC.GetTotalMemory true)

        let before = swarm.ConnectionCount
        let resident, live = memory ()
        other.StandardInput.WriteLine(place.ToString())
        if other.StandardOutput.ReadLine() <> "dialed" then invalidOp "the crowd did not come"
        if swarm.ConnectionCount < before + crowd then invalidOp $"{swarm.ConnectionCount} connections"
        // Closed streams linger for a while.
        let watch = Stopwatch.StartNew()

        while watch.Elapsed < 2.0 * swarm.Options.LingerTimeout && swarm.Connections |> Seq.exists (fun connection -> connection.StreamCount > 0) do
            Thread.Sleep 100
        let resident', live' = memory ()
        (resident' - resident) / float crowd / 1024.0, (live' - live) / float crowd / 1024.0

    /// Our link and the other process, whose link takes all.
    let private between (work: Process -> Swarm -> Libp2pLink -> Multiaddr -> byte[] -> 'T) : 'T =
        let other, address = start "network-peer"
        let peer = match address.Peer with NonNull peer -> peer | Null -> invalidOp "no peer"
        let them = Convert.FromHexString((match PeerAddress.Of peer with NonNull text -> text | Null -> invalidOp "no address").Substring 2)
        let swarm, link = linked (Crypto.keyOf 6) [ Convert.ToHexStringLower them, address ]
        let result = work other swarm link address them
        swarm.DisposeAsync().AsTask() |> wait
        ended other
        result

    /// Small messages, and megabytes a second on one stream.
    let quick seconds : struct (Messaging * float) =
        between (fun other swarm link address them ->
            let messages = sending other link them seconds
            let connection = match address.Peer with NonNull peer -> got (swarm.DialAsync(peer, [ address ], none)) | Null -> invalidOp "no peer"
            struct (messages, stream connection))

    /// Two processes on this machine.
    let measure seconds : Wire =
        between (fun other swarm link address them ->
            let peer = match address.Peer with NonNull peer -> peer | Null -> invalidOp "no peer"
            let place = (got (swarm.ListenAsync(here, none))).WithPeer swarm.LocalPeer
            let ready = ready swarm peer address
            let messages = sending other link them seconds
            let stream = stream (got (swarm.DialAsync(peer, [ address ], none)))

            { Ready = ready
              Messages = messages
              Stream = stream
              Idle = idle swarm other place })
