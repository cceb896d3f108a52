namespace Nitro.PropertyTests.Chain

open System
open System.IO
open System.Net.Http
open System.Text
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Xunit
open Nitro.Kernel
open Nitro.Protocol
open Nitro.Wire
open Nitro.Devnet
open Nitro.Ethereum
open Nitro.Ethereum.Rpc
open Nitro.Simulation

/// What is read of the chain after a call, as words, in the order of what was asked.
type internal View =
    | Status of ChannelId
    | Held of asset: Address * ChannelId
    | TokensOf of token: Address * account: Address
    /// Of the adjudicator.
    | AllowanceOf of token: Address * owner: Address
    /// Of an account that sends no transactions.
    | CoinOf of account: Address

/// Where the tests find what does not belong to them.
module internal Places =
    let rec private above (folder: DirectoryInfo | null) =
        match folder with
        | null -> invalidOp "the tests do not run inside the repository"
        | folder when File.Exists(Path.Combine(folder.FullName, "Nitro.sln")) -> folder.FullName
        | folder -> above folder.Parent

    let repository = lazy (above (DirectoryInfo AppContext.BaseDirectory))

/// A real EVM with the real contracts, which can be put back to where it began.
type public RealChain() =
    let never = CancellationToken.None
    let http = new HttpClient()
    let mutable anvil: Anvil voption = ValueNone
    let mutable snapshot = ""
    let mutable deployed = ValueNone
    let mutable token = Address.zero

    let url () = match anvil with ValueSome running -> running.Url | ValueNone -> invalidOp "the chain was not started"

    let post (body: string) : Task<JsonElement> =
        task {
            use content = new StringContent(body, Encoding.UTF8, "application/json")
            use! response = http.PostAsync(url (), content, never)
            let! text = response.Content.ReadAsStringAsync never
            return JsonDocument.Parse(text).RootElement
        }

    let request (id: int) (method: string) (parameters: string) =
        $"""{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":[{parameters}]}}"""

    let result (answer: JsonElement) =
        match answer.TryGetProperty "result" with
        | true, found -> found
        | _ -> invalidOp $"the chain answered {answer}"

    let ask method parameters =
        task {
            let! answer = post (request 1 method parameters)
            return result answer
        }

    let word (answer: JsonElement) =
        // A balance is a quantity, which has no leading zeros.
        let digits = (string (answer.GetString())).Substring 2

        match Bytes32.tryParse (digits.PadLeft(64, '0')) with
        | ValueSome found -> found
        | ValueNone -> invalidOp $"no word: {answer}"

    let hex (bytes: byte[]) = Hex.Bytes(ReadOnlySpan bytes)

    let read (contract: Address) data = "eth_call", $"""{{"to":"{contract}","data":"{hex data}"}},"latest" """

    let ofAddresses signature (addresses: Address list) =
        Array.concat (ChainNamesV1.selector signature :: (addresses |> List.map (fun one -> (Destination.ofAddress one).ToArray())))

    let view (adjudicator: Address) view =
        match view with
        | Status channel -> read adjudicator (ChainV1.statusOf channel)
        | Held(asset, channel) -> read adjudicator (ChainV1.holdings asset channel)
        | TokensOf(token, account) -> read token (ofAddresses "balanceOf(address)" [ account ])
        | AllowanceOf(token, owner) -> read token (ofAddresses "allowance(address,address)" [ owner; adjudicator ])
        | CoinOf account -> "eth_getBalance", $"\"{account}\",\"latest\""

    let transaction (deployed: Deployed) (sender: Address) (call: Call) =
        let struct (target, value, data) = Calldata.ofCall deployed call
        $"""{{"from":"{sender}","to":"{target}","value":"{Amount.toHex value}","data":"{hex data}","gas":"0x2dc6c0"}}"""

    let log (contract: Address) (log: JsonElement) =
        let text (name: string) = string (log.GetProperty(name).GetString())

        if text "address" <> contract.ToString() then
            []
        else
            let topics =
                [ for topic in log.GetProperty("topics").EnumerateArray() do
                      match Bytes32.tryParse (string (topic.GetString())) with
                      | ValueSome found -> found
                      | ValueNone -> invalidOp "no topic" ]

            match ChainV1.tryEvent topics (ReadOnlyMemory(Hex.Parse(text "data"))) with
            | ValueSome found -> [ found ]
            | ValueNone -> invalidOp $"a log that the core does not read: {log}"

    /// Senders: accounts whose keys the chain holds.
    member internal _.Senders = AnvilAccounts.Keys |> Seq.take 3 |> Seq.map (fun key -> RealCurve.addressOf (key.ToArray())) |> List.ofSeq
    member internal _.Token = token

    /// The model of the chain as `Reset` leaves it. All tokens are the first sender's.
    member internal chain.Model : Contracts =
        match deployed, Amount.tryCreate Deployment.TokenSupply with
        | ValueSome deployed, ValueSome supply -> Contracts.deploy deployed |> Contracts.withToken token chain.Senders.Head supply
        | _ -> invalidOp "the chain was not started"

    /// The time of the last block after `Reset`.
    member _.StartTime = 1_700_001_000UL

    /// Back to the deployed contracts, and nothing else.
    member _.Reset() : Task =
        task {
            if snapshot <> "" then
                let! _ = ask "evm_revert" $"\"{snapshot}\""
                ()

            let! taken = ask "evm_snapshot" ""
            snapshot <- string (taken.GetString())
        }

    /// Whether it would succeed in a block of that time, or why it would revert. Nothing is mined.
    member internal _.Try(deployed: Deployed, blockTime: uint64, sender: Address, call: Call) : Task<Result<unit, string>> =
        task {
            let time = $"""{{"time":"0x{blockTime:x}"}}"""
            let! tried = post (request 1 "eth_call" $"""{transaction deployed sender call},"latest",{{}},{time}""")

            match tried.TryGetProperty "error" with
            | true, error ->
                match error.GetProperty("code").GetInt32(), error.TryGetProperty "data" with
                | 3, (true, data) ->
                    return
                        match RevertReason.Decode(ReadOnlySpan(Hex.Parse(string (data.GetString())))) with
                        | null -> Error ContractRules.withoutData
                        | reason -> Error reason
                | _ -> return invalidOp $"the chain answered {error}"
            | _ -> return Ok()
        }

    /// In a block of that time, later than the last: what the adjudicator logs, or why the call reverts (then nothing is mined).
    member internal chain.Execute(deployed: Deployed, blockTime: uint64, sender: Address, call: Call) : Task<Result<ChainEvent list, string>> =
        task {
            match! chain.Try(deployed, blockTime, sender, call) with
            | Error reason -> return Error reason
            | Ok() ->
                let! _ = ask "evm_setNextBlockTimestamp" (string blockTime)
                let! receipt = ask "eth_sendTransactionSync" (transaction deployed sender call)
                Assert.Equal("0x1", receipt.GetProperty("status").GetString())
                return Ok [ for emitted in receipt.GetProperty("logs").EnumerateArray() do yield! log deployed.Adjudicator emitted ]
        }

    /// One answer for each view, in order.
    member internal _.Read(deployed: Deployed, views: View list) : Task<Bytes32 list> =
        task {
            let batch = views |> List.mapi (fun index asked -> view deployed.Adjudicator asked ||> request index)
            let! answers = post ("[" + String.Join(",", batch) + "]")

            return
                answers.EnumerateArray()
                |> Seq.sortBy _.GetProperty("id").GetInt32()
                |> Seq.map (result >> word)
                |> List.ofSeq
        }

    interface IAsyncLifetime with
        member chain.InitializeAsync() =
            task {
                let folder = Path.Combine(Places.repository.Value, "tests", "devnet")
                let! _ = NpmInstall.EnsureAsync(folder, never)
                let! running = Anvil.StartAsync(AnvilOptions(DevnetFolder = folder, TimestampSeconds = Nullable 1_700_000_000L), never)
                anvil <- ValueSome running
                use rpc = EthereumRpc.Open(running.Url, null, TimeSpan.FromSeconds 20.0, 1 <<< 24)
                let! contracts = Deployment.DeployAsync(DevnetWallet(EthereumNode rpc, AnvilAccounts.Keys[0]), folder, never)
                let address (contract: DeployedContract) = Address.ofSpan contract.Address.Span
                token <- address contracts.Token

                deployed <-
                    ValueSome
                        { Adjudicator = address contracts.NitroAdjudicator
                          ConsensusApp = address contracts.ConsensusApp
                          VirtualPaymentApp = address contracts.VirtualPaymentApp }

                let! _ = ask "evm_setNextBlockTimestamp" (string chain.StartTime)
                let! _ = ask "evm_mine" ""
                ()
            }

        member _.DisposeAsync() =
            task {
                http.Dispose()

                match anvil with
                | ValueSome running -> do! running.DisposeAsync()
                | ValueNone -> ()
            }
