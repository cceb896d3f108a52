namespace Nitro.Benchmarks

open System
open System.Collections.Generic
open System.IO
open System.Text
open System.Threading
open System.Threading.Tasks
open Nitro.Kernel
open Nitro.Node
open Nitro.Host
open Nitro.Host.Link
open Nitro.Ports
open Nitro.Protocol
open Nitro.Signer
open Nitro.Signer.Policy
open Nitro.Signing

/// A chain on which nothing ever happens: payments do not need one.
type internal StillChain() =
    interface IChain with
        member _.RunAsync(_, cancellationToken) = Task.Delay(Timeout.Infinite, cancellationToken)
        member _.SubmitAsync(_, _) = ValueTask.CompletedTask
        member _.ForgetAsync(_, _) = ValueTask.CompletedTask
        member _.ReadAsync(_, _) = ValueTask.CompletedTask
        member _.Health = ChainHealth(true, 0L, 0L, 0, "", 0L, 0L)
        member _.DisposeAsync() = ValueTask.CompletedTask

/// Where the payee is.
type internal Payee =
    /// In this process, reached within it.
    | Within
    /// In another, started by this: the payer's link, and what ends the other process.
    | Apart of start: (Address -> struct (IPeerLink * IDisposable))

/// What paying through some tenants came to.
type internal Paying =
    { Payments: int
      Spent: Nitro.Benchmarks.Spent
      /// Of those in this process together.
      Records: int64
      Bytes: int64
      Commits: int64 }

/// Two whole tenants in this process, with journals and marks on disk: all of the node but the API's transport.
module internal Tenants =
    let private none = CancellationToken.None
    let private wait (task: Task) = task.GetAwaiter().GetResult()
    let private big = 1_000_000_000_000UL

    /// Shows a fresh signer the channels that it pays through, as the node would have shown them when they were opened, and has a first voucher signed on each.
    let private teach (settings: Settings) (signer: ISigner) (facts: seq<struct (int64 * Fact)>) =
        let contracts =
            UseContracts
                { ChainId = settings.ChainId
                  Adjudicator = settings.Adjudicator
                  ConsensusApp = settings.ConsensusApp
                  VirtualPaymentApp = settings.VirtualApp }

        let request (terms: Terms) =
            let voucher: Voucher = { Channel = terms.Id; Total = Amount.one }

            let opening =
                NewChannel
                    { Fixed = terms.Fixed
                      Outcome = Ledger.toExit terms.Dialect terms.Opening
                      AppData = [||]
                      Dialect = terms.Dialect }

            let items = [| for item in [ contracts; opening; SignVoucher voucher ] -> ReadOnlyMemory<byte>(RequestV1.encode item) |]
            SignRequest(0L, terms.Id.ToString(), items, ReadOnlyMemory((Payload.digest (VoucherPayload voucher)).ToArray()))

        let requests =
            [| for struct (_, fact) in facts do
                   match fact with
                   | ChannelAdded terms when terms.Fixed.App = settings.VirtualApp && List.head terms.Fixed.Participants = settings.Me -> request terms
                   | _ -> () |]

        task {
            do! signer.SubmitAsync(requests, none)
            let answers = signer.AnswersAsync(none).GetAsyncEnumerator none
            let mutable left = requests.Length

            while left > 0 do
                let! _ = answers.MoveNextAsync()
                for answer in answers.Current do if not (isNull answer.RefusedTag) then invalidOp $"{answer.RefusedTag}"
                left <- left - answers.Current.Count
        }
        |> wait

    let private openTenant (settings: Settings) (link: IPeerLink) folder (name: string) (n: int) (me: Address) facts : Tenant =
        let journal = Journals.openAt (Path.Combine(folder, name + ".db")) me
        Journals.write journal facts

        let signer =
            InProcessSigner
                .OpenAsync(Crypto.keyOf n, InProcessSignerOptions(MarksPath = Path.Combine(folder, name + ".marks.db")), none)
                .GetAwaiter()
                .GetResult()

        teach settings signer facts

        Tenant
            .OpenAsync(
                TenantParts(
                    Name = name,
                    Settings = Journals.settings me,
                    Journal = journal,
                    Signer = signer,
                    Chain = new StillChain(),
                    Link = link
                ),
                none
            )
            .GetAwaiter()
            .GetResult()

    /// Payments for so long by so many callers at once, caller `n` on channel `n`, wrapping around; then until all are durable at
    /// the payee too. How many there were.
    let private pay (payer: Tenant) (channels: string[]) callers (seconds: float) =
        let count = ref 0
        let watch = Diagnostics.Stopwatch.StartNew()

        let call (channel: string) =
            task {
                let payload = Encoding.UTF8.GetBytes $"""{{"Amount":1,"Channel":"{channel}"}}"""
                let! answer = payer.Port.CallAsync("pay", ReadOnlyMemory payload, null, none)
                match answer.Problem with
                | Null -> Interlocked.Increment count |> ignore
                | NonNull problem -> invalidOp problem.Message
            }

        let caller n =
            task {
                do! call channels[n % channels.Length]
                while watch.Elapsed.TotalSeconds < seconds do do! call channels[n % channels.Length]
            }
            :> Task

        Task.WhenAll [| for n in 0 .. callers - 1 -> Task.Run(fun () -> caller n) |] |> wait
        // The last vouchers are still on their way.
        while payer.Statistics.UnfinishedEffects > 0 do Thread.Yield() |> ignore
        count.Value

    let private measured (payer: Tenant) (tenants: Tenant list) channels callers seconds =
        let counts () =
            let all = [ for tenant in tenants -> tenant.Statistics.Journal ]
            all |> List.sumBy _.Records, all |> List.sumBy _.Bytes, all |> List.sumBy _.Commits

        Bench.warm (fun () -> pay payer channels callers 0.5 |> ignore)
        let records, bytes, commits = counts ()
        let payments = ref 0
        let spent = Bench.spentOn (fun () -> payments.Value <- pay payer channels callers seconds)
        let records', bytes', commits' = counts ()

        { Payments = payments.Value
          Spent = spent
          Records = records' - records
          Bytes = bytes' - bytes
          Commits = commits' - commits }

    /// Microseconds from a payment's call until it is durable at both and known to be so at the payer, one at a time, sorted.
    let private alone (payer: Tenant) channel =
        let once () =
            let watch = Diagnostics.Stopwatch.StartNew()
            pay payer [| channel |] 1 0.0 |> ignore
            watch.Elapsed.TotalMicroseconds

        Bench.warm (fun () -> for _ in 1..200 do once () |> ignore)
        [| for _ in 1..1_000 -> once () |] |> Array.sort

    /// Payer and payee with sixteen open channels: their addresses and facts, the same in each process that asks.
    let private past () =
        let net = BenchNet(Crypto.real ())
        let parties = [ for n in 1..2 -> net.Add n ]
        let journals = [ for _ in parties -> List<struct (int64 * Fact)>() ]
        for who, journal in List.zip parties journals do net.Nodes[who].Journal <- ValueSome journal
        let payer, payee = parties[0], parties[1]
        net.Ledger(payer, payee, big, 1UL) |> ignore

        let channels =
            [| for n in 1..16 ->
                   let id = net.OpenPayment(payer, [], payee, big / 32UL, uint64 (n + 1))
                   net.Drain()
                   id.ToString() |]

        let opened folder (n: int) name link =
            let who = parties[n - 1]
            openTenant net.Nodes[who].Settings link folder name n who journals[n - 1]

        parties, channels, opened

    /// Works while these run.
    let private running (tenants: Tenant list) (work: unit -> 'T) : 'T =
        use stop = new CancellationTokenSource()
        let running = [| for tenant in tenants -> tenant.RunAsync stop.Token |]
        let result = work ()
        stop.Cancel()
        Task.WhenAll running |> wait
        List.iter Journals.close tenants
        result

    /// Works with the payer, those of both that are in this process, and the channels.
    let private opened payee (work: string -> Tenant -> Tenant list -> string[] -> 'T) : 'T =
        Journals.within (fun folder ->
            let parties, channels, opened = past ()

            match payee with
            | Within ->
                let network = InProcessNetwork()
                let link (address: Address) = network.LinkOf(address.ToArray())
                let both = [ opened folder 1 "payer" (link parties[0]); opened folder 2 "payee" (link parties[1]) ]
                running both (fun () -> work folder both[0] both channels)
            | Apart start ->
                let struct (link, other) = start parties[1]
                use _ = other
                let payer = opened folder 1 "payer" link
                running [ payer ] (fun () -> work folder payer [ payer ] channels))

    /// The payee alone, while `work` works.
    let payee (link: IPeerLink) (work: unit -> unit) =
        Journals.within (fun folder ->
            let _, _, opened = past ()
            running [ opened folder 2 "payee" link ] work)

    /// Sixteen payments in flight over sixteen channels, then over one; and what an fsync costs in the same folder.
    let paying payee seconds =
        opened payee (fun folder payer tenants channels ->
            let many = measured payer tenants channels 16 seconds
            let one = measured payer tenants [| channels[0] |] 16 seconds
            many, one, Journals.fsync folder)

    /// One payment at a time: the median and what 99 of 100 stay below, in microseconds of the clock.
    let paysAlone payee =
        opened payee (fun _ payer _ channels ->
            let times = alone payer channels[0]
            times[times.Length / 2], times[times.Length * 99 / 100])
