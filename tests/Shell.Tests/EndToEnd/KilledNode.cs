using System.Text.Json;
using Nitro.Cli.Demo;
using Nitro.JsonRpc;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A node's process that is killed at random moments and started again, and callers that ask until they have an answer.</summary>
internal sealed class KilledNode : IAsyncDisposable
{
    private const int LongestLifeMilliseconds = 1_600;
    private readonly World _world;
    private readonly Func<Task> _afterKill;
    private readonly CancellationTokenSource _enough = new();
    private readonly List<int> _lives = [];
    private Task _killing = Task.CompletedTask;
    private int _killsLeft;

    private KilledNode(World world, int kills, Func<Task> afterKill) => (_world, _killsLeft, _afterKill) = (world, kills, afterKill);

    /// <summary>How often it will still be killed.</summary>
    public int KillsLeft => Volatile.Read(ref _killsLeft);

    /// <summary>Starts the node, and the killing with it. <paramref name="afterKill"/>: what else happens before it is started again.</summary>
    public static async Task<KilledNode> StartAsync(World world, int seed, int kills, Func<Task>? afterKill = null)
    {
        var node = new KilledNode(world, kills, afterKill ?? (static () => Task.CompletedTask));
        await world.StartProcessAsync();
        node._killing = node.KillAsync(new Random(seed));
        return node;
    }

    /// <summary>Asks under one request id until there is an answer.</summary>
    public async Task<JsonElement> AskAsync(Party party, string method, Action<Utf8JsonWriter> write, string? requestId)
    {
        JsonElement? answer = null;
        await Wait.UntilAsync(
            async () =>
            {
                if (_killing.IsFaulted)
                {
                    await _killing;
                }

                try
                {
                    answer = await party.CallAsync(method, write, requestId, _world.Token);
                    return true;
                }
                catch (Exception e) when (e is RpcUnreachable or RpcError { Tag: "waiting-for-signer" or "may-be-stale" } || IsLedgerInDoubt(e))
                {
                    return false;
                }
            },
            _world.Token);
        return answer!.Value;
    }

    /// <summary>Waits until an objective is completed at each of these parties.</summary>
    public async Task CompletedAsync(string objective, params string[] parties)
    {
        foreach (var name in parties)
        {
            var last = "never asked";
            try
            {
                await Wait.UntilAsync(async () => (last = await StatusAsync(_world[name], objective)).StartsWith("Completed", StringComparison.Ordinal), _world.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"{name}: {objective} is {last}. Lives in ms: {string.Join(", ", _lives)}\n{_world.Process?.Error}", e);
            }
        }
    }

    /// <summary>Lets the node live.</summary>
    public async Task EndAsync()
    {
        await _enough.CancelAsync();
        await _killing;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _enough.CancelAsync();
        await _killing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _enough.Dispose();
    }

    /// <summary>Refused until the peers of a restored node have spoken.</summary>
    private static bool IsLedgerInDoubt(Exception refusal) => refusal is RpcError { Tag: "no-ledger" } && refusal.Message.Contains("may-be-stale", StringComparison.Ordinal);

    private async Task<string> StatusAsync(Party party, string objective)
    {
        try
        {
            var told = await AskAsync(party, "get_objective", json => json.WriteString("Id", objective), null);
            return $"{told.GetProperty("Status").GetString()} {told.GetProperty("WaitingFor").GetString()} {told.GetProperty("Reason").GetString()}";
        }
        catch (RpcError e)
        {
            // The peer's message about it may still be on its way.
            return e.Message;
        }
    }

    private async Task KillAsync(Random random)
    {
        while (KillsLeft > 0 && !_enough.IsCancellationRequested)
        {
            var life = random.Next(LongestLifeMilliseconds);
            _lives.Add(life);

            // The random moment is what is tested: nothing is waited for.
            using var moment = new CancellationTokenSource(life);
            await Task.Delay(Timeout.Infinite, moment.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _world.Process!.KillAsync(_world.Token);
            await _afterKill();
            Interlocked.Decrement(ref _killsLeft);
            await _world.StartProcessAsync();
        }
    }
}
