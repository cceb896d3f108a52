using Nitro.Signing;
using Xunit;

namespace Nitro.Shell.Tests.Signing;

/// <summary>An older copy of a signer's memory, a copy that went its own way, and a signer whose memory another has taken over: none signs.</summary>
public sealed class MemoryGuardTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nitro-guard").FullName;
    private ulong last = 1;
    private readonly byte[] address = Convert.FromHexString(FakeSigner.Address.AsSpan(2));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AnOlderMemoryIsRefusedAndTheNewestIsNot()
    {
        Sign("marks.db", "anchor", 10);
        File.Copy(At("marks.db"), At("old.db"));
        Sign("marks.db", "anchor", 20);
        var error = Assert.Throws<MarksException>(() => Sign("old.db", "anchor", 30));
        Assert.Contains("older than its anchor", error.Message, StringComparison.Ordinal);
        Sign("marks.db", "anchor", 40);
    }

    [Fact]
    public void TwoHistoriesOfOneLengthAreToldApart()
    {
        Sign("marks.db", "anchor", 10);
        File.Copy(At("marks.db"), At("other.db"));
        File.Copy(At("anchor"), At("other.anchor"));
        Sign("marks.db", "anchor", 20);
        Sign("other.db", "other.anchor", 21);
        var error = Assert.Throws<MarksException>(() => Sign("other.db", "anchor", 30));
        Assert.Contains("another history", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutItsAnchorTheMemoryMakesANewOne()
    {
        Sign("marks.db", "anchor", 10);
        File.Delete(At("anchor"));
        Sign("marks.db", "anchor", 20);
        using var anchor = Anchor.Open(At("anchor"), address);
        Assert.True(anchor.Version > 0);
    }

    [Fact]
    public void AnAnchorThatFellBehindInACrashIsBroughtUpBeforeAnythingLeaves()
    {
        Sign("marks.db", "anchor", 10);
        File.Copy(At("anchor"), At("behind"));
        Sign("marks.db", "anchor", 20);
        // The commit of 20 had come through, its anchor had not: the same request again changes nothing, and is signed.
        Sign("marks.db", "behind", 20);
        using var anchor = Anchor.Open(At("anchor"), address);
        using var behind = Anchor.Open(At("behind"), address);
        Assert.Equal(anchor.Version, behind.Version);
        Assert.Equal(anchor.Root, behind.Root);
    }

    [Fact]
    public void AnOlderLeaseOpensNothing()
    {
        Sign("marks.db", "anchor", 10, token: 5);
        Assert.Contains("taken", Assert.Throws<MarksException>(() => Sign("marks.db", "anchor", 20, token: 4)).Message, StringComparison.Ordinal);
        Sign("marks.db", "anchor", 20, token: 6);
    }

    private void Sign(string memory, string anchor, int total, ulong? token = null)
    {
        using var store = Open(memory, anchor, token ?? Next());
        var desk = new SigningDesk(FakeSigner.Key, null, store, TimeProvider.System, 16);
        var items = SigningDesk.Read(VoucherRequest.Items(FakeSigner.Address, 1, total));
        var answer = Assert.Single(desk.Answer([new DeskQuestion(items, [])]));
        Assert.Equal(65, answer.Signature.Length);
    }

    private MemoryStore Open(string memory, string anchor, ulong token) => MemoryStore.Open(
        At(memory), address, SignerPolicy.Open, 0, new MemoryGuard(Anchor.Open(At(anchor), address), At(anchor), token));

    private ulong Next() => last++;

    private string At(string name) => Path.Combine(folder, name);
}
