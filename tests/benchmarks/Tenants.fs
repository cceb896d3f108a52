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

/// What paying through some tenants came to.
type internal Paying =
    { Payments: int
      Spent: Spent
      /// Of payer and payee together.
      Records: int64
      Bytes: int64
      Commits: int64 }

/// Two whole tenants in this process, with journals and marks on disk: all of the node but the API's transport and the network.
module internal Tenants =
    let private none = CancellationToken.None
    let private wait (task: Task) = task.GetAwaiter().GetResult()
    let private big = 1_000_000_000_000UL

    let private openTenant (network: InProcessNetwork) folder (name: string) (n: int) (me: Address) facts : Tenant =
        let journal = Journals.openAt (Path.Combine(folder, name + ".db")) me
        Journals.write journal facts

        let signer =
            InProcessSigner
                .OpenAsync(Crypto.keyOf n, InProcessSignerOptions(MarksPath = Path.Combine(folder, name + ".marks.db")), none)
                .GetAwaiter()
                .GetResult()

        Tenant
            .OpenAsync(
                TenantParts(
                    Name = name,
                    Settings = Journals.settings me,
                    Journal = journal,
                    Signer = signer,
                    Chain = new StillChain(),
                    Link = network.LinkOf(me.ToArray())
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
            task { while watch.Elapsed.TotalSeconds < seconds do do! call channels[n % channels.Length] } :> Task

        Task.WhenAll [| for n in 0 .. callers - 1 -> Task.Run(fun () -> caller n) |] |> wait
        // The last vouchers are still on their way.
        while payer.Statistics.UnfinishedEffects > 0 do Thread.Sleep 1
        count.Value

    let private measured (payer: Tenant) (payee: Tenant) channels callers seconds =
        let counts () =
            let a, b = payer.Statistics.Journal, payee.Statistics.Journal
            a.Records + b.Records, a.Bytes + b.Bytes, a.Commits + b.Commits

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

    /// Sixteen payments in flight over sixteen channels, then over one; and what an fsync costs in the same folder.
    let paying seconds =
        Journals.within (fun folder ->
            let net = BenchNet(Crypto.real ())
            let payer, payee = net.Add 1, net.Add 2
            let journals = List.init 2 (fun _ -> List<struct (int64 * Fact)>())
            for who, journal in List.zip [ payer; payee ] journals do net.Nodes[who].Journal <- ValueSome journal
            net.Ledger(payer, payee, big, 1UL) |> ignore

            let channels =
                [| for n in 1..16 ->
                       let id = net.OpenPayment(payer, [], payee, big / 32UL, uint64 (n + 1))
                       net.Drain()
                       id.ToString() |]

            let network = InProcessNetwork()
            let first = openTenant network folder "payer" 1 payer journals[0]
            let second = openTenant network folder "payee" 2 payee journals[1]
            use stop = new CancellationTokenSource()
            let running = [| for tenant in [ first; second ] -> tenant.RunAsync stop.Token |]
            let many = measured first second channels 16 seconds
            let one = measured first second [| channels[0] |] 16 seconds
            let sync = Journals.fsync folder
            stop.Cancel()
            Task.WhenAll running |> wait
            Journals.close first
            Journals.close second
            many, one, sync)
