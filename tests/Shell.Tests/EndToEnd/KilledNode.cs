using System.Text.Json;
using Nitro.Cli.Demo;
using Nitro.JsonRpc;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A node's process that is killed at random moments and started again, and callers that ask until they have an answer.</summary>
internal sealed class KilledNode : IAsyncDisposable
{
    private const int LongestLifeMilliseconds = 1_600;
    private readonly World _world;
    private readonly CancellationTokenSource _enough = new();
    private readonly List<int> _lives = [];
    private Task _killing = Task.CompletedTask;
    private int _killsLeft;

    private KilledNode(World world, int kills) => (_world, _killsLeft) = (world, kills);

    /// <summary>How often it will still be killed.</summary>
    public int KillsLeft => Volatile.Read(ref _killsLeft);

    /// <summary>Starts the node, and the killing with it.</summary>
    public static async Task<KilledNode> StartAsync(World world, int seed, int kills)
    {
        var node = new KilledNode(world, kills);
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
                catch (RpcUnreachable)
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
            Interlocked.Decrement(ref _killsLeft);
            await _world.StartProcessAsync();
        }
    }
}
