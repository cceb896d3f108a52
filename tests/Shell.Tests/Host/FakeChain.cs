using System.Collections.Concurrent;
using System.Numerics;
using System.Text;
using Nitro.Ports;
using Nitro.Secp256k1;

namespace Nitro.Shell.Tests.Host;

/// <summary>A chain in memory that knows deposits of the native asset and nothing else. Each call is a block.</summary>
internal sealed class FakeChain
{
    private static readonly byte[] DepositedTopic = Hash("Deposited(bytes32,address,uint256)");
    private readonly Lock gate = new();
    private readonly Dictionary<string, BigInteger> holdings = [];
    private readonly List<ChainLog> logs = [];

    /// <summary>How many deposits were made.</summary>
    public int Deposits { get; private set; }

    /// <summary>One account's view of it.</summary>
    public FakeChainEnd End() => new(this);

    internal IReadOnlyList<ChainLog> LogsFrom(int index)
    {
        lock (gate)
        {
            return logs[index..];
        }
    }

    /// <summary>Null where it was done, else why not.</summary>
    internal string? Execute(ChainStep step)
    {
        var data = step.Data.Span;
        var channel = data[36..68].ToArray();
        var expected = new BigInteger(data[68..100], isUnsigned: true, isBigEndian: true);
        var amount = new BigInteger(data[100..132], isUnsigned: true, isBigEndian: true);
        lock (gate)
        {
            var held = holdings.GetValueOrDefault(Convert.ToHexString(channel));
            if (held != expected)
            {
                return "held != expectedHeld";
            }

            holdings[Convert.ToHexString(channel)] = held + amount;
            Deposits++;
            byte[] words = [.. new byte[32], .. Word(held + amount)];
            logs.Add(new ChainLog(logs.Count + 1, new byte[32], 0, new byte[32], [DepositedTopic, channel], words));
            return null;
        }
    }

    internal (byte[] Answer, long Height) Read(ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            return (Word(holdings.GetValueOrDefault(Convert.ToHexString(data[36..68]))), logs.Count);
        }
    }

    private static byte[] Word(BigInteger value)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static byte[] Hash(string text)
    {
        var hash = new byte[32];
        Keccak256.Hash(Encoding.ASCII.GetBytes(text), hash);
        return hash;
    }
}

/// <summary>What one tenant sees of a <see cref="FakeChain"/>.</summary>
internal sealed class FakeChainEnd(FakeChain world) : IChain
{
    private readonly ConcurrentQueue<Func<IChainSink, CancellationToken, ValueTask>> work = new();

    /// <summary>Effects that were submitted and not forgotten.</summary>
    public ConcurrentDictionary<long, ChainCall> Calls { get; } = new();

    public ChainHealth Health => new(true, world.LogsFrom(0).Count, world.LogsFrom(0).Count, Calls.Count, "", world.Deposits, 0);

    public async Task RunAsync(IChainSink sink, CancellationToken cancellationToken)
    {
        var shown = 0;
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (await tick.WaitForNextTickAsync(cancellationToken))
        {
            while (work.TryDequeue(out var next))
            {
                await next(sink, cancellationToken);
            }

            var fresh = world.LogsFrom(shown);
            if (fresh.Count > 0)
            {
                await sink.ShowedAsync(fresh, cancellationToken);
                shown += fresh.Count;
            }
        }
    }

    public ValueTask SubmitAsync(ChainCall call, CancellationToken cancellationToken)
    {
        if (Calls.TryAdd(call.EffectId, call))
        {
            work.Enqueue((sink, token) => world.Execute(call.Steps[^1]) is { } reason
                ? sink.RefusedAsync(new ChainRefusal(call.EffectId, reason, true), token)
                : ValueTask.CompletedTask);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ForgetAsync(long effectId, CancellationToken cancellationToken)
    {
        Calls.TryRemove(effectId, out _);
        return ValueTask.CompletedTask;
    }

    public ValueTask ReadAsync(ChainRead read, CancellationToken cancellationToken)
    {
        work.Enqueue((sink, token) =>
        {
            var (answer, height) = world.Read(read.Data.Span);
            return sink.ReadAsync(new ChainReadResult(read.EffectId, answer, height, new byte[32]), token);
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
