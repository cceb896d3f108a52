namespace Nitro.Cli.Demo;

/// <summary>The parties' signers, each a process with the keys; one of them reaches its node through a relay that can be cut.</summary>
internal sealed class DemoSigners : IAsyncDisposable
{
    private const string WaitsByTheLease = "waiting until it is free";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private readonly DemoFolder _folder;
    private readonly Party _through;
    private readonly Relay _relay;
    private readonly Dictionary<Party, ChildProcess> _signers = [];
    private readonly Dictionary<Party, ChildProcess> _seconds = [];

    /// <param name="folder">Where keys, memories and logs are.</param>
    /// <param name="parties">Whose signers they are.</param>
    /// <param name="through">Whose signer goes through the relay.</param>
    public DemoSigners(DemoFolder folder, IEnumerable<Party> parties, Party through)
    {
        (_folder, _through) = (folder, through);
        _relay = Relay.ToSocket(folder.RelaySocket(through), folder.SignerSocket(through));
        foreach (var party in parties)
        {
            Ensure(party);
        }
    }

    /// <summary>All that run.</summary>
    public IReadOnlyList<ChildProcess> Processes => [.. _signers.Values, .. _seconds.Values];

    /// <summary>Starts a party's signer, if it does not run.</summary>
    public void Ensure(Party party)
    {
        if (!_signers.ContainsKey(party))
        {
            _signers[party] = Start(party, _folder.SignerLog(party));
        }
    }

    /// <summary>SIGKILL, and a new signer on the same memory.</summary>
    public async Task KillAndRestartAsync(Party party, CancellationToken cancellationToken)
    {
        await KillAsync(_signers, party, cancellationToken);
        Ensure(party);
        await Stage.AttachedAsync(party, cancellationToken);
    }

    /// <summary>
    /// A second process on the memory of a signer that runs: it waits by the lease. When the first is killed it takes its place, and the
    /// node goes on with it.
    /// </summary>
    public async Task StartTwiceAsync(Party party, CancellationToken cancellationToken)
    {
        var log = Path.ChangeExtension(_folder.SignerLog(party), "second.log");
        _seconds[party] = Start(party, log);
        while (!(await DemoFolder.TailAsync(log, 100, cancellationToken)).Any(line => line.Contains(WaitsByTheLease, StringComparison.Ordinal)))
        {
            await Task.Delay(Poll, cancellationToken);
        }

        await KillAsync(_signers, party, cancellationToken);
        _seconds.Remove(party, out var second);
        _signers[party] = second!;
        await Stage.AttachedAsync(party, cancellationToken);
    }

    /// <summary>The signer that goes through the relay is not reached for a while.</summary>
    public async Task CutOffAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        await _relay.CutAsync();
        await Task.Delay(time, cancellationToken);
        _relay.Heal();
        await Stage.AttachedAsync(_through, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var signer in Processes)
        {
            await signer.DisposeAsync();
        }

        await _relay.DisposeAsync();
    }

    private static async Task KillAsync(Dictionary<Party, ChildProcess> signers, Party party, CancellationToken cancellationToken)
    {
        signers.Remove(party, out var signer);
        await signer!.KillAsync(cancellationToken);
        await signer.DisposeAsync();
    }

    private ChildProcess Start(Party party, string log) => ChildProcess.StartSigner(
        party, "unix://" + (party == _through ? _folder.RelaySocket(party) : _folder.SignerSocket(party)), _folder.SignerData(party), log);
}
